"""The formats by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from depcheck.errors import InputError

if TYPE_CHECKING:
    from depcheck.gate.report import Report

FORMATS = ("json", "sarif", "junit", "github", "summary", "gitlab")
"""Each is a module of this package with a function ``render``."""


def rendered(report: Report, name: str) -> str:
    """Return a report in a format; it ends with a line break, or is empty."""
    text: str = import_module(f"depcheck.gate.formats.{name}").render(report)
    return text


def parse_output(stated: str) -> tuple[str, str]:
    """Return format and file of ``FORMAT=FILE``.

    Raises:
        InputError: there is no such format, or no file is named.
    """
    name, _, file = stated.partition("=")
    if name in FORMATS and file:
        return name, file
    from depcheck.tomlfile import did_you_mean  # noqa: PLC0415 - only after a mistake

    problem = f"there is no format `{name}`" if name not in FORMATS else "no file is named"
    raise InputError(
        "bad-output",
        f"--output {stated}: {problem}",
        hint=(did_you_mean(name, FORMATS) if name not in FORMATS else None)
        or f"write `FORMAT=FILE`; the formats are {', '.join(FORMATS)}",
    )
