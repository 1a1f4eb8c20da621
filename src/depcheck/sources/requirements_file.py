"""Read requirements files and the output of ``pip freeze``.

The lines are taken apart by pip-requirements-parser: pip's own parser, cut out of pip with a public
interface, which pip-audit uses for the same purpose. pip's copy is private and changes without
notice; parsers of single lines know neither continuations nor options.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version
from pip_requirements_parser import (
    InstallationError,
    InstallRequirement,
    RequirementsFile,
)

from depcheck.conflicts.inventory import Inventory, Skipped, Stated, merged, specifier_range
from depcheck.errors import InputError
from depcheck.sources.markers import counts

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"


def read_requirements(path: Path, python: str | None) -> Inventory:
    """Return what a requirements file states, with the files that it includes.

    Raises:
        InputError: a file cannot be read, or a line is no requirement; all such lines are named.
    """
    reader = _Reader(python)
    reader.read(path, constraint=False)
    return reader.inventory(str(path))


def parse_requirements(text: str, label: str, python: str | None) -> Inventory:
    """Return what the text of a requirements file states; includes are relative to here.

    Raises:
        InputError: as `read_requirements`.
    """
    reader = _Reader(python)
    with NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        # The parser's own `from_string` does the same, and fails in release 32.0.1.
        reader.take(RequirementsFile.from_file(file.name), Path(label), constraint=False)
    return reader.inventory(label)


class _Reader:
    """Reads one file and those it includes, each once."""

    def __init__(self, python: str | None) -> None:
        self._python = python
        self._seen: set[tuple[Path, bool]] = set()
        self._stated: list[Stated] = []
        self._constraints: list[Stated] = []
        self._skipped: list[Skipped] = []
        self._wrong: list[str] = []

    def read(self, path: Path, *, constraint: bool, origin: str = "") -> None:
        key = (path.resolve(), constraint)
        if key in self._seen:
            return
        self._seen.add(key)
        try:
            if path.is_dir():
                raise IsADirectoryError
            file = RequirementsFile.from_file(str(path))
        except (InstallationError, OSError, UnicodeDecodeError) as error:
            place = f"{origin}: " if origin else ""
            raise InputError(
                "requirements-unreadable",
                f"{place}`{path}` cannot be read",
                hint="check that it is a file of text and that its path is right",
            ) from error
        self.take(file, path, constraint=constraint)

    def take(self, file: RequirementsFile, path: Path, *, constraint: bool) -> None:
        for line in file.invalid_lines:
            reason = str(line.error_message).splitlines()[0].removeprefix("Invalid requirement: : ")
            self._wrong.append(f"{path}:{line.line_number}: `{line.line.strip()}`: {reason}")
        for line in file.requirements:
            self._requirement(line, f"{path}:{line.line_number}", constraint=constraint)
        for line in file.options:
            origin = f"{path}:{line.line_number}"
            for name, included in line.options.items():
                if name in {"requirements", "constraints"}:
                    for each in included:
                        self._include(path, each, origin, constraint=name == "constraints")

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

    def _include(self, path: Path, included: str, origin: str, *, constraint: bool) -> None:
        if "://" in included:
            self._skipped.append(
                Skipped(text=included, origin=origin, reason="an included URL is not fetched")
            )
            return
        self.read(path.parent / included, constraint=constraint, origin=origin)

    def _requirement(self, line: InstallRequirement, origin: str, *, constraint: bool) -> None:
        if line.name is None:
            text = str(line.line).strip()
            reason = "a path or URL without a name"
            self._skipped.append(Skipped(text=text, origin=origin, reason=reason))
            return
        holds = counts(str(line.marker) if line.marker else None, self._python)
        if holds is False:
            return
        specifier = _specifier(line)
        name = canonicalize_name(line.name)
        stated = Stated(
            name=name,
            versions=specifier_range(specifier),
            version=_only_version(specifier),
            text=f"{name}{specifier}",
            origin=origin,
            certain=holds is True and not constraint,
        )
        (self._constraints if constraint else self._stated).append(stated)


def _specifier(line: InstallRequirement) -> str:
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
