"""A recording of one or more indexes in one SQLite file, read-only once written.

A project that was never asked about is *not recorded*; one that the index answered "no such
project" for is recorded as absent. Every blob is checked against its digest when it is read.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.errors import EnvironmentFailure
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
from depcheck.replacing import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depcheck.index.model import CoreMetadata, Dist, FileRecord
    from depcheck.index.project import Project

FORMAT = 2
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
_INFOS = """
select r.location, moment, horizon, count(name), coalesce(sum(versions), 0),
       coalesce(sum(files), 0), coalesce(sum(described), 0), digest
from recording r left join project p on p.location = r.location and solve is not null
group by r.location order by r.location
"""
_INFO_FIELDS = (
    *("location", "moment", "horizon", "projects", "versions", "files", "described", "digest"),
)
_IN_MEMORY = "pragma journal_mode = off; pragma temp_store = memory;"
"""The file is new and nobody else knows it: no journal is wanted beside it."""
_REINSTALL = "record the index again, or install `depcheck-toolkit` again"


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
        rows = _rows(self._connection, _INFOS, ())
        sealed = _rows(self._connection, "pragma application_id", ())[0][0]
        if sealed not in {0, _seal(rows)}:
            raise CorruptIndexError(
                "damaged-snapshot",
                f"what the snapshot `{self.path}` says of its recordings was damaged",
                hint=_REINSTALL,
            )
        return [IndexInfo(**dict(zip(_INFO_FIELDS, row, strict=True))) for row in rows]


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
        found = [row[0] for row in _rows(self._connection, query, (self.location,))]
        if not all(isinstance(name, str) for name in found):
            raise CorruptIndexError(
                "damaged-names",
                f"the names recorded of index `{self.location}` were damaged",
                hint=_REINSTALL,
            )
        return found

    def compiled(self) -> list[CompiledProject]:
        """Return all recorded projects as stored, to be put into another snapshot."""
        query = """select name, versions, files, described, solve, listing, digests, checksum
            from project where location = ? and solve is not null order by name"""
        names = ("name", "versions", "files", "described", "solve", "listing", "digests")
        found = []
        for *row, checksum in _rows(self._connection, query, (self.location,)):
            project = CompiledProject(**dict(zip(names, row, strict=True)))
            self._check(project.name, (project.solve, project.listing, project.digests), checksum)
            found.append(project)
        return found

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
        # The row itself must say whose it is: SQLite's index could lead to another one.
        query = """select location, name, solve, listing, digests, checksum from project
            where rowid = (select rowid from project where location = ? and name = ?)"""
        rows = _rows(self._connection, query, (self.location, name))
        if not rows:
            raise NotRecordedError(f"`{name}`", index=self.location)
        *whose, solve, listing, digests, checksum = rows[0]
        self._check(
            name, (solve, listing, digests), checksum if whose == [self.location, name] else b""
        )
        return solve, listing, digests

    def _check(self, name: object, blobs: tuple[bytes | None, ...], checksum: bytes) -> None:
        if not isinstance(name, str) or checksum != _checksum(name, *blobs):
            raise CorruptIndexError(
                "checksum-mismatch",
                f"the recording of `{name}` on index `{self.location}` was damaged",
                hint=_REINSTALL,
            )


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

    Raises:
        EnvironmentFailure: the file system refuses.
    """
    try:
        with replacing(path) as temporary:
            _fill(temporary, recordings, sorted(set(absent)))
    except (OSError, sqlite3.OperationalError) as error:
        raise EnvironmentFailure(
            "snapshot-not-written",
            f"cannot write `{path}`: {getattr(error, 'strerror', None) or error}",
            hint="check permissions and free disk space, or name another file",
        ) from error


def _fill(
    path: Path,
    recordings: Iterable[tuple[str, str, int | None, Iterable[CompiledProject]]],
    missing: list[tuple[str, str]],
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{_IN_MEMORY} pragma user_version = {FORMAT};" + _SCHEMA)
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
        seal = _seal(connection.execute(_INFOS).fetchall())
        connection.execute(f"pragma application_id = {seal}")
        connection.execute("vacuum")


def _seal(rows: list[tuple[Any, ...]]) -> int:
    """Return a checksum of what is said of the recordings, as SQLite keeps a number in a file."""
    (number,) = struct.unpack("<i", struct.pack("<I", zlib.crc32(repr(rows).encode())))
    return number or 1


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
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes damaged text
        *_, path = connection.execute("pragma database_list").fetchone()
        raise CorruptIndexError(
            "damaged-snapshot", f"the snapshot `{path}` cannot be read: {error}", hint=_REINSTALL
        ) from error
