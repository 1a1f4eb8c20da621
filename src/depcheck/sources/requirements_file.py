"""Read requirements files and the output of ``pip freeze``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from depcheck.conflicts.inventory import Inventory, Skipped, Stated, merged, specifier_range
from depcheck.errors import InputError
from depcheck.sources.markers import counts
from depcheck.sources.requirement_lines import STDIN, IncludedURL, Walk, Wrong
from depcheck.sources.requirement_lines import Stated as StatedLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pip_requirements_parser import InstallRequirement

    from depcheck.sources.requirement_lines import Line, Plain

__all__ = ["STDIN", "parse_requirements", "read_requirements"]


def read_requirements(path: Path, python: str | None) -> Inventory:
    """Return what a requirements file states, with the files that it includes.

    Raises:
        InputError: a file cannot be read, or a line is no requirement; all such lines are named.
    """
    reader = _Reader(python)
    reader.take(Walk().file(path))
    return reader.inventory(str(path))


def parse_requirements(text: str, label: str, python: str | None) -> Inventory:
    """Return what the text of a requirements file states; includes are relative to here.

    Raises:
        InputError: as `read_requirements`.
    """
    reader = _Reader(python)
    reader.take(Walk().text(text, label))
    return reader.inventory(label)


class _Reader:
    """Collects what the lines of files state, for an image with this Python."""

    def __init__(self, python: str | None) -> None:
        self._python = python
        self._stated: list[Stated] = []
        self._constraints: list[Stated] = []
        self._skipped: list[Skipped] = []
        self._wrong: list[str] = []

    def take(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if isinstance(line, StatedLine):
                self._requirement(line)
            elif isinstance(line, Wrong):
                self._wrong.append(f"{line.origin}: `{line.text}`: {line.reason}")
            elif isinstance(line, IncludedURL):
                reason = "an included URL is not fetched"
                self._skipped.append(Skipped(text=line.url, origin=line.origin, reason=reason))

    def inventory(self, label: str) -> Inventory:
        if self._wrong:
            head, *more = self._wrong
            message = head if not more else "\n  ".join([f"{label}: wrong lines", *self._wrong])
            raise InputError(
                "invalid-requirement",
                message,
                hint="write requirements like `torch==2.2.2` or `name @ https://host/file.whl`",
            )
        return Inventory(
            source=label,
            format="requirements",
            packages=_constrained(merged(self._stated, alternatives=False), self._constraints),
            complete=False,
            skipped=tuple(self._skipped),
        )

    def _requirement(self, line: StatedLine) -> None:
        parsed = line.parsed
        if parsed.name is None:
            reason = "a path or URL without a name"
            self._skipped.append(Skipped(text=line.text, origin=line.origin, reason=reason))
            return
        holds = counts(str(parsed.marker) if parsed.marker else None, self._python)
        if holds is False:
            return
        specifier = _specifier(parsed)
        name = canonicalize_name(parsed.name)
        stated = Stated(
            name=name,
            versions=specifier_range(specifier),
            version=_only_version(specifier),
            text=f"{name}{specifier}",
            origin=line.origin,
            certain=holds is True and not line.constraint,
        )
        (self._constraints if line.constraint else self._stated).append(stated)


def _specifier(line: InstallRequirement | Plain) -> str:
    """Return the versions that a line allows; a wheel's file name says its version."""
    if line.link is not None:
        try:
            _, version, *_ = parse_wheel_filename(line.link.filename)
        except InvalidWheelFilename:
            return ""
        return f"=={version}"
    return str(line.specifier) if line.specifier else ""


def _only_version(specifier: str) -> Version | None:
    """Return the version that an ``==`` pin names."""
    pinned = specifier.removeprefix("==")
    if pinned == specifier or "," in specifier:
        return None
    try:
        return Version(pinned)
    except InvalidVersion:
        return None


def _constrained(packages: tuple[Stated, ...], constraints: list[Stated]) -> tuple[Stated, ...]:
    """Narrow packages by constraints; a package that is only constrained may never be there."""
    return tuple(_narrowed(packages, merged(constraints, alternatives=False)))


def _narrowed(packages: tuple[Stated, ...], constraints: tuple[Stated, ...]) -> Iterator[Stated]:
    limits = {each.name: each for each in constraints}
    named = {each.name for each in packages}
    found = [each for each in constraints if each.name not in named]
    for each in packages:
        limit = limits.get(each.name)
        if limit is None or limit.text == each.text:
            found.append(each)
            continue
        found.append(
            Stated(
                name=each.name,
                versions=each.versions.intersection(limit.versions),
                text=f"{each.text}, {limit.text}",
                origin=f"{each.origin}, {limit.origin}",
                certain=each.certain,
            )
        )
    yield from sorted(found, key=lambda each: each.name)
