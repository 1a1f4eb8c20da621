"""The distributions installed in a folder, read from their metadata directories."""

from __future__ import annotations

import csv
import json
import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator

from depcheck.validate.requirements import normalised

_SUFFIXES = (".dist-info", ".egg-info")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]?(.*)")
_LARGEST = 64 * 1024 * 1024
"""More than any metadata file has; a larger one is not read whole."""


@dataclass(frozen=True)
class RecordEntry:
    """One installed file as RECORD states it (PEP 376)."""

    path: str
    """Absolute."""
    stated: str
    """As RECORD spells it."""
    algorithm: str
    """``sha256``; empty where no hash is stated."""
    digest: str
    """URL-safe base64 without padding."""
    size: int | None


@dataclass(frozen=True)
class Distribution:
    """One installed distribution."""

    name: str
    """Normalised; empty where its metadata cannot be read."""
    version: str
    info: Path
    """Its metadata directory (or file, for old eggs)."""
    requires: tuple[str, ...] = ()
    """Requires-Dist as published."""
    requires_python: str = ""
    origins: tuple[str, ...] = ()
    """Commit or hashes of the direct reference that it came from (PEP 610), else its URL."""
    problem: str = ""
    """Why its metadata cannot be used, empty where it can."""

    @property
    def label(self) -> str:
        """Return ``name==version``, for people."""
        return f"{self.name}=={self.version}"

    def record(self) -> tuple[RecordEntry, ...]:
        """Return the files that it owns; none for an egg, which keeps no record.

        Raises:
            OSError: the record cannot be read, or an installation that broke off left none.
            ValueError: it is no table.
        """
        return _record(self.info)


@dataclass(frozen=True)
class Folder:
    """What one folder of packages holds."""

    path: Path
    distributions: tuple[Distribution, ...]
    problem: str = ""
    """Why it cannot be listed, empty where it can."""


@dataclass(frozen=True)
class Installed:
    """All folders of an environment, in the order in which Python searches them."""

    folders: tuple[Folder, ...]
    own: tuple[Path, ...] = field(default=())
    """The environment's own package folders; the others belong to the system or to the user."""

    @property
    def visible(self) -> dict[str, Distribution]:
        """The distribution that counts for each name: the first that Python finds."""
        found: dict[str, Distribution] = {}
        for each in self.all():
            if each.name:
                found.setdefault(each.name, each)
        return found

    def all(self) -> Iterator[Distribution]:
        """Yield every distribution, first found first."""
        for folder in self.folders:
            yield from folder.distributions

    def of_environment(self) -> Iterator[Distribution]:
        """Yield the distributions in the environment's own folders."""
        for folder in self.folders:
            if folder.path in self.own:
                yield from folder.distributions


def read_folders(search_path: tuple[str, ...], own: tuple[str, ...]) -> Installed:
    """Read every folder of a search path once; what is no folder holds nothing.

    The environment's own folders are read even where the search path lacks them.
    """
    resolved_own = tuple(dict.fromkeys(_real(entry) for entry in own if entry))
    wanted = dict.fromkeys([*(_real(entry) for entry in search_path if entry), *resolved_own])
    there = [path for path in wanted if path in resolved_own or path.is_dir()]
    return Installed(folders=tuple(map(_folder, there)), own=resolved_own)


def _real(entry: str) -> Path:
    return Path(os.path.realpath(entry))


def _folder(path: Path) -> Folder:
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        return Folder(path=path, distributions=(), problem=error.strerror or str(error))
    infos = [entry for entry in entries if entry.name.endswith(_SUFFIXES)]
    return Folder(path=path, distributions=tuple(_distribution(info) for info in infos))


def _distribution(info: Path) -> Distribution:
    names = ("METADATA", "PKG-INFO") if info.is_dir() else ("",)
    try:
        path = next((info / name for name in names if (info / name).exists()), None)
        if path is None:
            return _unusable(info, "it has no METADATA")
        headers = _headers(_read(path))
        origins = _origins(info / "direct_url.json") if info.is_dir() else ()
    except (OSError, ValueError, RecursionError) as error:
        return _unusable(info, getattr(error, "strerror", None) or str(error))
    name, version = _first(headers, "name"), _first(headers, "version")
    if not name or not version:
        return _unusable(info, "its METADATA states no name or no version")
    return Distribution(
        name=normalised(name),
        version=version,
        info=info,
        requires=tuple(headers.get("requires-dist", ())),
        requires_python=_first(headers, "requires-python"),
        origins=origins,
    )


def _unusable(info: Path, problem: str) -> Distribution:
    return Distribution(name="", version="", info=info, problem=problem)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_LARGEST).decode("utf-8", errors="replace")


def _headers(text: str) -> dict[str, list[str]]:
    """Return the fields of core metadata by lower-case name, up to the description."""
    found: dict[str, list[str]] = {}
    last: list[str] = []
    for line in text.split("\n"):
        line = line.rstrip("\r")  # noqa: PLW2901  # the line without its ending
        if not line:
            break
        match = _HEADER.fullmatch(line)
        if match:
            last = found.setdefault(match[1].lower(), [])
            last.append(match[2].strip())
        elif last and line[0] in " \t":
            last[-1] += " " + line.strip()
    return found


def _first(headers: dict[str, list[str]], name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def _origins(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    record = json.loads(_read(path))
    if not isinstance(record, dict):
        raise ValueError("direct_url.json holds no object")  # noqa: TRY004  # bad data, as JSON's
    archive, vcs = _object(record, "archive_info"), _object(record, "vcs_info")
    hashes = [*_object(archive, "hashes").values(), str(archive.get("hash")).partition("=")[2]]
    proven = tuple(str(each) for each in [vcs.get("commit_id"), *hashes] if each)
    # uv records no hash of an archive, though it checks it.
    return proven or (str(record.get("url", "")).partition("#")[0],)


def _object(record: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a member that may be missing."""
    found = record.get(name) or {}
    if not isinstance(found, dict):
        raise ValueError(f"`{name}` of direct_url.json is no object")  # noqa: TRY004  # as above
    return found


@lru_cache(maxsize=None)
def _record(info: Path) -> tuple[RecordEntry, ...]:
    path = info / "RECORD"
    if not info.is_dir() or (info.suffix == ".egg-info" and not path.exists()):
        return ()
    root, lines = str(info.parent), _read(path).splitlines()
    try:
        return tuple(_entry(root, row) for row in csv.reader(lines) if row and row[0])
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _entry(root: str, row: list[str]) -> RecordEntry:
    stated, hashed, size = [*row, "", ""][:3]
    algorithm, _, digest = hashed.partition("=")
    return RecordEntry(
        path=_joined(root, stated),
        stated=stated,
        algorithm=algorithm if digest else "",
        digest=digest,
        size=int(size) if size.isdigit() else None,
    )


def _joined(root: str, stated: str) -> str:
    """Join paths fast where that is easy: there are tens of thousands."""
    if stated.startswith("/") or ".." in stated:
        return os.path.normpath(os.path.join(root, stated))  # noqa: PTH118  # absolute wins
    return f"{root}/{stated}"
