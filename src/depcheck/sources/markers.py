"""Whether a marker holds in a container image whose Python may not be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

if TYPE_CHECKING:
    from collections.abc import Iterable

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
"""Asked where the Python of the image is not said."""
_IMAGE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "sys_platform": "linux",
}


def counts(marker: str | None, python: str | None) -> bool | None:
    """Return whether a marker holds on Linux, x86_64, CPython; None where that is open.

    It is open where it depends on the Python version and none is given, where it asks for an extra
    or a group, and where it compares what cannot be compared.

    Raises:
        InvalidMarker: the text is no marker.
    """
    if marker is None:
        return True
    parsed = Marker(marker)
    if "extra" in marker or "dependency_groups" in marker:
        return None
    pythons = (python,) if python else PYTHONS
    try:
        answers = {parsed.evaluate(_environment(each)) for each in pythons}
    except (UndefinedComparison, UndefinedEnvironmentName):
        return None
    return answers.pop() if len(answers) == 1 else None


def any_counts(markers: Iterable[str], python: str | None) -> bool | None:
    """Return whether one of several markers holds; an empty list holds always."""
    answers = [counts(marker, python) for marker in markers]
    if not answers or True in answers:
        return True
    return None if None in answers else False


def _environment(python: str) -> dict[str, str]:
    minor = ".".join(python.split(".")[:2])
    full = python if python.count(".") > 1 else f"{python}.0"
    return {
        **_IMAGE,
        "implementation_version": full,
        "python_full_version": full,
        "python_version": minor,
        "extra": "",
    }


__all__ = ["PYTHONS", "InvalidMarker", "any_counts", "counts"]
