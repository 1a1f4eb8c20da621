"""Read lock files: pylock.toml (PEP 751), uv.lock and poetry.lock."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from packaging.pylock import Pylock, PylockValidationError
from packaging.ranges import VersionRange
from packaging.version import Version

from depcheck.conflicts.inventory import Inventory, Stated, merged, specifier_range
from depcheck.errors import InputError
from depcheck.limits import LARGEST_LOCK
from depcheck.sources.markers import InvalidMarker, any_counts, counts
from depcheck.tomlfile import BadValueError, read_toml
from depcheck.tomlvalues import boolean, package_name, text, version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depcheck.tomlfile import Table, TomlFile

_REFERENCE = "invalid-lock-file"
Holds = Callable[["Table", "str | None"], "bool | None"]
"""Whether one package of a lock counts in an image with this Python."""


def read_pylock(path: Path, python: str | None) -> Inventory:
    """Return what a ``pylock.toml`` installs without extras and groups.

    Raises:
        InputError: it cannot be read, or PEP 751 does not allow what it says.
    """
    file = read_toml(path, reference=_REFERENCE, largest=LARGEST_LOCK)
    lines = _package_lines(file, "packages")
    try:
        lock = Pylock.from_dict(file.document)
    except PylockValidationError as error:
        raise InputError(
            _REFERENCE, f"{path}: {error}", hint="make the lock file again by the tool it is from"
        ) from error
    stated = [
        Stated(
            name=package.name,
            versions=_versions(package.version),
            version=package.version,
            text=f"{package.name}=={package.version}" if package.version else package.name,
            origin=f"{path}:{line}",
            certain=holds is True,
        )
        for package, line in zip(lock.packages, lines, strict=True)
        if (holds := counts(str(package.marker) if package.marker else None, python)) is not False
    ]
    return _locked(path, "pylock", stated)


def read_uv_lock(path: Path, python: str | None) -> Inventory:
    """Return what a ``uv.lock`` holds, with all its extras and groups.

    Raises:
        InputError: it cannot be read, or it is no uv.lock.
    """
    file = read_toml(path, reference=_REFERENCE, largest=LARGEST_LOCK)
    return _locked(path, "uv-lock", list(_entries(file, python, _uv_holds)))


def read_poetry_lock(path: Path, python: str | None) -> Inventory:
    """Return what a ``poetry.lock`` holds, with all its groups; optional packages may be absent.

    Raises:
        InputError: it cannot be read, or it is no poetry.lock.
    """
    file = read_toml(path, reference=_REFERENCE, largest=LARGEST_LOCK)
    return _locked(path, "poetry-lock", list(_entries(file, python, _poetry_holds)))


def _locked(path: Path, form: str, stated: list[Stated]) -> Inventory:
    return Inventory(
        source=str(path),
        format=form,
        packages=merged(stated, alternatives=True),
        complete=True,
    )


def _versions(pinned: Version | None) -> VersionRange:
    return specifier_range("") if pinned is None else VersionRange.singleton(pinned)


def _package_lines(file: TomlFile, table: str) -> list[int]:
    """Return the line of each ``[[table]]`` header; 1 for each where the list is written inline."""
    header = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
    lines = file.raw.decode().splitlines()
    found = [number for number, line in enumerate(lines, start=1) if header.match(line)]
    stated = file.root.items(table)
    return found if len(found) == len(stated) else [1] * len(stated)


def _entries(file: TomlFile, python: str | None, holds: Holds) -> Iterator[Stated]:
    if not file.root.has("package"):
        file.root.complain("", "there is no `[[package]]`", "name a uv.lock or a poetry.lock")
    lines = _package_lines(file, "package")
    for table, line in zip(file.root.tables("package"), lines, strict=False):
        name = table.required("name", package_name, "")
        pinned = table.optional("version", version, None)
        answer = holds(table, python)
        if name and answer is not False:
            yield Stated(
                name=name,
                versions=_versions(Version(pinned) if pinned else None),
                version=Version(pinned) if pinned else None,
                text=f"{name}=={pinned}" if pinned else name,
                origin=f"{file.path}:{line}",
                certain=answer is True,
            )
    file.check()


def _uv_holds(table: Table, python: str | None) -> bool | None:
    """Return whether a package counts: the project itself and the forks of other systems do not."""
    if any(table.table("source").has(key) for key in ("editable", "virtual")):
        return False
    markers = table.values("resolution-markers", _marker)
    return any_counts(markers, python)


def _poetry_holds(table: Table, python: str | None) -> bool | None:
    optional = table.optional("optional", boolean, default=False)
    stated = table.table("markers") if table.is_table("markers") else None
    if stated is not None:
        markers = tuple(stated.optional(name, _marker, "") for name in stated.names())
    else:
        found = table.optional("markers", _marker, None)
        markers = () if found is None else (found,)
    answer = any_counts(tuple(filter(None, markers)), python)
    return None if optional and answer else answer


def _marker(value: object) -> str:
    found = text(value)
    try:
        counts(found, None)
    except InvalidMarker as error:
        raise BadValueError(f"`{found}` is not a marker") from error
    return found
