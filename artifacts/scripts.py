"""Programs that a wheel installs beside its modules."""

from __future__ import annotations

import configparser
import re
from typing import TYPE_CHECKING

from depcheck.artifacts.layout import PREFIX
from depcheck.artifacts.model import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depcheck.artifacts.model import Member

_GROUPS = ("console_scripts", "gui_scripts")
_SAFE = re.compile(r"[\w.-]+(?<!\.)")
_INTERPRETER = re.compile(r"python[\d.]*|activate.*")


def console_scripts(entry_points: str) -> tuple[str, ...]:
    """Return the names of the programs that an installer writes, sorted."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    try:
        parser.read_string(entry_points)
    except configparser.Error:
        return ()
    return tuple(sorted({name for group in _GROUPS if group in parser for name in parser[group]}))


def unsafe_scripts(entry_points: str, members: Iterable[Member]) -> Iterator[Finding]:
    """Yield programs that would land elsewhere, or in place of the interpreter."""
    scripts = f"{PREFIX}bin/"
    brought = [m.path.removeprefix(scripts) for m in members if m.path.startswith(scripts)]
    for name in (*console_scripts(entry_points), *brought):
        if not _SAFE.fullmatch(name):
            yield _finding(name, "its name leaves the folder of the programs")
        elif _INTERPRETER.fullmatch(name):
            yield _finding(name, "it takes the place of the interpreter's own program")


def _finding(name: str, message: str) -> Finding:
    return Finding(
        code="unsafe-script",
        severity=Severity.ERROR,
        subject=name,
        message=message,
        remedy="do not install it",
    )
