"""The target's verdict on markers, Requires-Python and wheel tags, each worked out once."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name
from packaging.version import Version

from depcheck.errors import InputError
from depcheck.images.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.index.compiled import ParsedFile

_PLATFORM = re.compile(r"manylinux_(\d+)_(\d+)_([a-z0-9_]+)")
_ENDS_WITH_EXTRA = re.compile(r"""(.+ and )?extra == ["']([A-Za-z0-9._-]+)["']""")
_OR = re.compile(r"\bor\b")
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_OLDEST_GLIBC_MINOR = 5
_RECORDED_PYTHONS = ("3.10", "3.11", "3.12")
_RECORDED_PLATFORM = "manylinux_2_39_x86_64"


class TargetEnvironment:
    """A declared target: it never looks at the machine that solves."""

    def __init__(self, target: Target) -> None:
        self.python = Version(target.python)
        self.markers = _marker_environment(target)
        self._platforms = _platforms(target.platform)
        self._by_tag_set: dict[str, int | None] = {}
        self._by_marker: dict[tuple[str, str], bool] = {}
        self._by_requires_python: dict[str, bool] = {}

    @cached_property
    def _priorities(self) -> dict[str, int]:
        """The target's tags, best first: some 900, of no use to who only judges markers."""
        return {tag: rank for rank, tag in enumerate(_tags(self.python, self._platforms))}

    def matches(self, marker: str | None, extra: str = "") -> bool:
        """Tell whether a marker holds on the target, for one extra (PEP 508).

        One that compares what cannot be compared, such as texts by ``~=``, holds nowhere, as in uv.
        """
        if marker is None:
            return True
        key = (marker, extra)
        found = self._by_marker.get(key)
        if found is None:
            found = _of_extra(marker, extra)
            if found is None:
                environment: dict[str, str] = {**self.markers, "extra": extra}
                try:
                    found = Marker(marker).evaluate(environment)
                except (UndefinedComparison, UndefinedEnvironmentName):
                    found = False
            self._by_marker[key] = found
        return found

    def accepts_python(self, requires_python: str | None) -> bool:
        """Tell whether the target's Python is allowed, upper bounds included (PEP 345).

        Text that is no specifier set allows every Python, as pip and uv have it.
        """
        if not requires_python:
            return True
        found = self._by_requires_python.get(requires_python)
        if found is None:
            found = self._by_requires_python[requires_python] = self._contains(requires_python)
        return found

    def _contains(self, requires_python: str) -> bool:
        try:
            return SpecifierSet(requires_python).contains(self.python, prereleases=True)
        except InvalidSpecifier:
            return True

    def priority(self, tags: str) -> int | None:
        """Return the place of a wheel's best tag in the target's order (0 is best), or None."""
        if tags not in self._by_tag_set:
            ranks = [self._priorities[tag] for tag in _expand(tags) if tag in self._priorities]
            self._by_tag_set[tags] = min(ranks, default=None)
        return self._by_tag_set[tags]


def _of_extra(marker: str, extra: str) -> bool | None:
    """Judge the commonest markers by the extra that they end with, None where that tells nothing.

    It spares parsing thousands of them that belong to extras nobody asked for.
    """
    match = _ENDS_WITH_EXTRA.fullmatch(marker)
    if match is None or _OR.search(marker):
        return None
    if canonicalize_name(match[2]) != canonicalize_name(extra):
        return False
    return None if match[1] else True


def is_of_use(file: ParsedFile) -> bool:
    """Tell whether a recording keeps a file: sdists, and wheels that some image could install."""
    return file.tags is None or any(
        target.priority(file.tags) is not None for target in _recorded_targets()
    )


@lru_cache(maxsize=1)
def _recorded_targets() -> tuple[TargetEnvironment, ...]:
    return tuple(
        TargetEnvironment(Target(python=python, platform=_RECORDED_PLATFORM))
        for python in _RECORDED_PYTHONS
    )


def _expand(tags: str) -> Iterator[str]:
    interpreters, abis, platforms = tags.lower().split("-")
    for interpreter in interpreters.split("."):
        for abi in abis.split("."):
            for platform in platforms.split("."):
                yield f"{interpreter}-{abi}-{platform}"


def _tags(python: Version, platforms: list[str]) -> Iterator[str]:
    major, minor = python.release[:2]
    interpreter = f"cp{major}{minor}"
    for tag in cpython_tags((major, minor), [interpreter], platforms):
        yield str(tag)
    for tag in compatible_tags((major, minor), interpreter, platforms):
        yield str(tag)


def _platforms(platform: str) -> list[str]:
    match = _PLATFORM.fullmatch(platform)
    if match is None:
        raise InputError(
            "unknown-platform",
            f"platform `{platform}` is not supported",
            hint="use the tag of the base image's glibc, such as `manylinux_2_35_x86_64`",
        )
    major, newest, architecture = match.groups()
    found: list[str] = []
    for minor in range(int(newest), _OLDEST_GLIBC_MINOR - 1, -1):
        found.append(f"manylinux_{major}_{minor}_{architecture}")
        if minor in _LEGACY:
            found.append(f"{_LEGACY[minor]}_{architecture}")
    return [*found, f"linux_{architecture}"]


def _marker_environment(target: Target) -> dict[str, str]:
    release = (*Version(target.python).release, 0, 0)[:3]
    full = ".".join(map(str, release))
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": target.platform.split("_", 3)[-1],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": ".".join(map(str, release[:2])),
        "sys_platform": "linux",
    }
