"""A recording of one or more indexes in one SQLite file, read-only once written.

A project that was never asked about is *not recorded*; one that the index answered "no such
project" for is recorded as absent. Every blob is checked against its digest when it is read.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.index.compiled import (
    CompiledProject,
    decode_file,
    decode_listing,
    decode_project,
)
from depcheck.index.model import (
    DYNAMIC,
    INVALID,
    UNRECORDED,
    CorruptIndexError,
    IndexInfo,
    InvalidMetadataError,
    NotRecordedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depcheck.index.model import CoreMetadata, Dist, FileRecord
    from depcheck.index.project import Project

FORMAT = 1
_SCHEMA = """
create table recording (
  location text primary key, moment text not null, horizon integer, digest text not null
) without rowid;
create table project (
  location text, name text, versions integer not null, files integer not null,
  described integer not null, solve blob, listing blob, digests blob, checksum blob not null,
  primary key (location, name)
);
"""
_REINSTALL = "record the index again, or reinstall depcheck"


def embedded_path() -> Path:
    """Return where the recording that ships with depcheck is."""
    return Path(__file__).parent / "data" / "embedded.sqlite"


def open_snapshot(path: Path | None = None) -> Snapshot:
    """Open a recording, the embedded one by default.

    Raises:
        CorruptIndexError: no such file, or not a recording that this version can read.
    """
    return Snapshot(path or embedded_path())


class Snapshot:
    """One recording, opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = _connect(path)
        self._infos = {info.location: info for info in self._read_infos()}
        self._indexes: dict[str, SnapshotIndex] = {}

    def infos(self) -> tuple[IndexInfo, ...]:
        """Return what was recorded of each index, by location."""
        return tuple(self._infos[location] for location in sorted(self._infos))

    def index(self, location: str) -> SnapshotIndex:
        """Return one recorded index.

        Raises:
            NotRecordedError: the recording has nothing of this index.
        """
        if location not in self._infos:
            raise NotRecordedError(None, index=location)
        if location not in self._indexes:
            self._indexes[location] = SnapshotIndex(self._connection, self._infos[location])
        return self._indexes[location]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _read_infos(self) -> list[IndexInfo]:
        query = """
            select r.location, moment, horizon, count(name), coalesce(sum(versions), 0),
                   coalesce(sum(files), 0), coalesce(sum(described), 0), digest
            from recording r left join project p on p.location = r.location and solve is not null
            group by r.location order by r.location"""
        rows = _rows(self._connection, query, ())
        return [
            IndexInfo(
                location=row[0],
                moment=row[1],
                horizon=row[2],
                projects=row[3],
                versions=row[4],
                files=row[5],
                described=row[6],
                digest=row[7],
            )
            for row in rows
        ]


class SnapshotIndex:
    """One recorded index."""

    def __init__(self, connection: sqlite3.Connection, info: IndexInfo) -> None:
        self._connection = connection
        self.info = info
        self._projects: dict[str, Project | None] = {}
        self._stored: dict[str, list[bytes | None]] = {}
        """What tells of the files of projects that were read, packed as it is."""
        self._files: dict[str, tuple[list[str], bytes]] = {}

    @property
    def location(self) -> str:
        """``default``, or the URL by which a spec names the index."""
        return self.info.location

    def names(self) -> list[str]:
        """Return the names of all recorded projects, absent ones left out, sorted."""
        query = "select name from project where location = ? and solve is not null order by name"
        return [row[0] for row in _rows(self._connection, query, (self.location,))]

    def compiled(self) -> list[CompiledProject]:
        """Return all recorded projects as stored, to be put into another snapshot."""
        query = """select name, versions, files, described, solve, listing, digests from project
            where location = ? and solve is not null order by name"""
        names = ("name", "versions", "files", "described", "solve", "listing", "digests")
        rows = _rows(self._connection, query, (self.location,))
        return [CompiledProject(**dict(zip(names, row, strict=True))) for row in rows]

    def project(self, name: str) -> Project | None:
        """Return a project, None where the index said that there is none."""
        if name not in self._projects:
            solve, *files = self._blobs(name)
            self._stored[name] = files
            found = decode_project(name, self.location, solve) if solve is not None else None
            self._projects[name] = found
        return self._projects[name]

    def core_metadata(self, project: Project, dist: Dist) -> CoreMetadata | None:
        """Return a file's core metadata, None where only a build could tell."""
        if dist.metadata == UNRECORDED:
            subject = f"the core metadata of `{self.file(project, dist).filename}`"
            raise NotRecordedError(subject, index=self.location)
        if dist.metadata == INVALID:
            raise InvalidMetadataError
        return None if dist.metadata == DYNAMIC else project.metadata[dist.metadata]

    def file(self, project: Project, dist: Dist) -> FileRecord:
        """Return where a file is, with its hash and size."""
        if project.name not in self._files:
            listing, digests = self._stored.get(project.name) or self._blobs(project.name)[1:]
            self._files[project.name] = (decode_listing(listing or b""), digests or b"")
        return decode_file(*self._files[project.name], dist.position)

    def _blobs(self, name: str) -> tuple[bytes | None, bytes | None, bytes | None]:
        query = """select solve, listing, digests, checksum from project
            where location = ? and name = ?"""
        rows = _rows(self._connection, query, (self.location, name))
        if not rows:
            raise NotRecordedError(f"`{name}`", index=self.location)
        solve, listing, digests, checksum = rows[0]
        if checksum != _checksum(name, solve, listing, digests):
            raise CorruptIndexError(
                "checksum-mismatch",
                f"the recording of `{name}` on index `{self.location}` was damaged",
                hint=_REINSTALL,
            )
        return solve, listing, digests


def write_snapshot(
    path: Path,
    recordings: Iterable[tuple[str, str, int | None, Iterable[CompiledProject]]],
    absent: Iterable[tuple[str, str]] = (),
) -> None:
    """Write a recording in place of whatever is at ``path``, or not at all.

    Args:
        path: The file to write.
        recordings: Location, moment (ISO 8601), horizon and compiled projects of each index.
        absent: Location and name of projects that an index does not have.
    """
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    missing = sorted(set(absent))
    with closing(sqlite3.connect(temporary)) as connection:
        connection.executescript(f"pragma user_version = {FORMAT};" + _SCHEMA)
        for location, moment, horizon, projects in sorted(recordings, key=lambda each: each[0]):
            rows = [_row(location, project) for project in projects]
            rows += [_absent_row(where, name) for where, name in missing if where == location]
            rows.sort()
            connection.executemany("insert into project values (?,?,?,?,?,?,?,?,?)", rows)
            digest = hashlib.sha256(b"".join(row[-1] for row in rows)).hexdigest()
            connection.execute(
                "insert into recording values (?,?,?,?)", (location, moment, horizon, digest)
            )
        connection.commit()
        connection.execute("vacuum")
    temporary.replace(path)


def _row(location: str, project: CompiledProject) -> tuple[Any, ...]:
    blobs = (project.solve, project.listing, project.digests)
    counts = (project.versions, project.files, project.described)
    return (location, project.name, *counts, *blobs, _checksum(project.name, *blobs))


def _absent_row(location: str, name: str) -> tuple[Any, ...]:
    return (location, name, 0, 0, 0, None, None, None, _checksum(name, None, None, None))


def _checksum(name: str, *blobs: bytes | None) -> bytes:
    total = hashlib.blake2b(name.encode(), digest_size=16)
    for blob in blobs:
        total.update(b"\0" if blob is None else b"\1" + hashlib.blake2b(blob).digest())
    return total.digest()


def _connect(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise CorruptIndexError("no-snapshot", f"there is no snapshot at `{path}`", hint=_REINSTALL)
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    # A recorder reads from several threads; SQLite itself takes care of that.
    try:
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise CorruptIndexError(
            "snapshot-unreadable",
            f"the snapshot `{path}` cannot be opened: {error}",
            hint="check the permissions of the file",
        ) from error
    found = _rows(connection, "pragma user_version", ())[0][0]
    if found != FORMAT:
        raise CorruptIndexError(
            "snapshot-format",
            f"`{path}` is no snapshot of format {FORMAT} (found {found})",
            hint=_REINSTALL,
        )
    return connection


def _rows(
    connection: sqlite3.Connection, query: str, values: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(query, values).fetchall()
    except sqlite3.DatabaseError as error:
        *_, path = connection.execute("pragma database_list").fetchone()
        raise CorruptIndexError(
            "damaged-snapshot", f"the snapshot `{path}` cannot be read: {error}", hint=_REINSTALL
        ) from error
