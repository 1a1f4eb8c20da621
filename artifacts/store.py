"""Recorded facts: what was measured of wheels, by the hash of the file, in one SQLite file.

A wheel never changes under its hash, so that a fact once measured holds for ever. The same facts
give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import sqlite3
import zlib
from contextlib import closing
from os.path import commonprefix
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.artifacts.architectures import KernelImage, parse_architecture
from depcheck.artifacts.model import Artifact, Finding, Member, Severity, SharedObject
from depcheck.errors import EnvironmentFailure, InputError
from depcheck.replacing import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FORMAT = 4
_APPLICATION = 0x64706366
_TABLES = """
CREATE TABLE artifact (
    sha256 BLOB PRIMARY KEY,
    filename TEXT NOT NULL,
    has_kernels INTEGER NOT NULL,
    facts BLOB NOT NULL,
    contested BLOB,
    place INTEGER NOT NULL
);
CREATE TABLE members (content BLOB NOT NULL);
"""
_PAGE = 512
"""Bytes; blobs fill their last page badly, and small pages waste less."""
_BETWEEN = "\0"
_SEAL = b"facts sealed by BLAKE2b "
"""Stands before the digest behind the last page, where SQLite does not look."""
_DIGEST_BYTES = 32
_DAMAGE = (sqlite3.Error, zlib.error, lzma.LZMAError, ValueError, LookupError, TypeError)


class FactStore:
    """Facts of wheels, read one by one."""

    def __init__(self, path: Path) -> None:
        """Open a file of facts.

        Raises:
            InputError: it is none, or of another format.
            EnvironmentFailure: it was damaged.
        """
        self._path = path
        try:
            damaged = _is_damaged(path.read_bytes())
        except OSError as error:
            raise _unreadable(path, (error.strerror or str(error)).lower()) from error
        if damaged:
            raise EnvironmentFailure(
                "corrupt-facts",
                f"`{path}` was damaged after it was written",
                hint="record the facts again, or install `depcheck-toolkit` again",
            )
        try:
            self._database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            application = self._database.execute("PRAGMA application_id").fetchone()[0]
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.Error as error:
            raise _unreadable(path, str(error)) from error
        if (application, version) != (_APPLICATION, _FORMAT):
            raise _unreadable(path, "it does not hold facts of this format")
        self._members: list[str] | None = None

    def artifact(self, sha256: str) -> Artifact | None:
        """Return what was measured of the file with this hash, None where nobody has."""
        row = self._row("facts, place", sha256)
        if row is None:
            return None
        try:
            return _decoded(json.loads(zlib.decompress(row[0])), self._lists()[row[1]])
        except _DAMAGE as error:
            raise self._corrupt(sha256) from error

    def outline(self, sha256: str) -> Artifact | None:
        """Return the same with few of its files: those that wheels of other projects have too.

        They are all that collisions take, and need not be sought in the lists of all wheels.
        """
        row = self._row("facts, contested", sha256)
        if row is None:
            return None
        try:
            files = zlib.decompress(row[1]).decode() if row[1] else ""
            return _decoded(json.loads(zlib.decompress(row[0])), files)
        except _DAMAGE as error:
            raise self._corrupt(sha256) from error

    def _row(self, columns: str, sha256: str) -> tuple[Any, Any] | None:
        query = f"SELECT {columns} FROM artifact WHERE sha256 = ?"  # noqa: S608 - our own words
        try:
            row: tuple[Any, Any] | None = self._database.execute(
                query, (bytes.fromhex(sha256),)
            ).fetchone()
        except sqlite3.Error as error:
            raise self._corrupt(sha256) from error
        return row

    def _corrupt(self, sha256: str) -> EnvironmentFailure:
        return EnvironmentFailure(
            "corrupt-facts",
            f"`{self._path}`: the facts of {sha256} are damaged",
            hint="record them again, or install `depcheck-toolkit` again",
        )

    def _lists(self) -> list[str]:
        """Return the lists of files of all wheels: packed together they take a third."""
        if self._members is None:
            (content,) = self._database.execute("SELECT content FROM members").fetchone()
            self._members = lzma.decompress(content).decode().split(_BETWEEN)
        return self._members

    def with_kernels(self) -> tuple[Artifact, ...]:
        """Return the wheels that hold kernels, without their lists of files."""
        rows = self._database.execute(
            "SELECT facts FROM artifact WHERE has_kernels ORDER BY sha256"
        )
        return tuple(_decoded(json.loads(zlib.decompress(row[0])), "") for row in rows)

    def all(self) -> dict[str, tuple[str, Artifact]]:
        """Return everything: hash -> file name and facts."""
        rows = self._database.execute("SELECT sha256, filename FROM artifact ORDER BY sha256")
        found = {digest.hex(): filename for digest, filename in rows.fetchall()}
        read = {sha256: self.artifact(sha256) for sha256 in found}
        return {sha256: (found[sha256], each) for sha256, each in read.items() if each}


def builtin_facts() -> FactStore | None:
    """Return the facts that come with depcheck, None where this copy has none."""
    path = Path(__file__).parent / "data" / "recorded.sqlite"
    return FactStore(path) if path.exists() else None


def write_facts(path: Path, facts: Mapping[str, tuple[str, Artifact]]) -> None:
    """Write a file of facts: hash -> file name and facts.

    Raises:
        EnvironmentFailure: the file system refuses.
    """
    try:
        with replacing(path) as new:
            _write(new, facts)
    except (OSError, sqlite3.Error) as error:
        raise EnvironmentFailure(
            "facts-not-written",
            f"cannot write `{path}`: {error}",
            hint="check permissions and free disk space, or name another file",
        ) from error


def _write(new: Path, facts: Mapping[str, tuple[str, Artifact]]) -> None:
    with closing(sqlite3.connect(new)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA temp_store = MEMORY")
        database.execute(f"PRAGMA page_size = {_PAGE}")
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {_FORMAT}")
        database.executescript(_TABLES)
        _fill(database, facts)
        database.commit()
        database.execute("VACUUM")
    content = new.read_bytes()
    with new.open("ab") as file:
        file.write(_SEAL + _digest(content))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()


def _is_damaged(content: bytes) -> bool:
    """Whether a sealed file is not what was written; one without a seal tells nothing."""
    place = len(content) - len(_SEAL) - _DIGEST_BYTES
    if content[place : place + len(_SEAL)] != _SEAL:
        return False
    return content[place + len(_SEAL) :] != _digest(content[:place])


def _fill(database: sqlite3.Connection, facts: Mapping[str, tuple[str, Artifact]]) -> None:
    # Wheels of one project stand together, since their files are called alike.
    ordered = sorted(facts.items(), key=lambda fact: (fact[1][0], fact[0]))
    contested = _contested(artifact for _, (_, artifact) in ordered)
    for place, (sha256, (filename, artifact)) in enumerate(ordered):
        own = [each for each in artifact.members if each.path in contested]
        row = (
            bytes.fromhex(sha256),
            filename,
            _has_kernels(artifact),
            _encoded(artifact),
            zlib.compress(_members_text(own).encode(), 9) if own else None,
            place,
        )
        database.execute("INSERT INTO artifact VALUES (?, ?, ?, ?, ?, ?)", row)
    lists = _BETWEEN.join(_members_text(artifact.members) for _, (_, artifact) in ordered)
    packed = lzma.compress(lists.encode(), preset=9)
    database.execute("INSERT INTO members VALUES (?)", (packed,))


def _contested(artifacts: Iterable[Artifact]) -> set[str]:
    """Return the paths that wheels of several projects have."""
    owners: dict[str, set[str | None]] = {}
    for artifact in artifacts:
        for member in artifact.members:
            owners.setdefault(member.path, set()).add(artifact.name)
    return {path for path, names in owners.items() if len(names) > 1 or None in names}


def _has_kernels(artifact: Artifact) -> bool:
    return any(each.images for each in artifact.objects)


def _encoded(artifact: Artifact) -> bytes:
    facts = {
        "name": artifact.name,
        "version": artifact.version,
        "size": artifact.size,
        "whole": artifact.whole,
        "imports": artifact.top_level,
        "programs": artifact.entry_points,
        "objects": [_object_row(each) for each in artifact.objects],
        "findings": [
            [f.code, f.severity.value, f.subject, f.message, f.remedy, f.evidence]
            for f in artifact.findings
        ],
    }
    text = json.dumps(facts, separators=(",", ":"), sort_keys=True)
    return zlib.compress(text.encode(), 9)


def _members_text(members: Sequence[Member]) -> str:
    """Return sizes in one line, then paths, each without what it shares with the one before."""
    lines = [" ".join(str(member.size) for member in members)]
    before = ""
    for member in members:
        shared = len(commonprefix((before, member.path)))  # noqa: RUF071 - characters are meant
        lines.append(f"{shared} {member.path[shared:]}")
        before = member.path
    return "\n".join(lines)


def _members(text: str) -> tuple[Member, ...]:
    sizes, *lines = text.split("\n")
    members: list[Member] = []
    path = ""
    for size, line in zip(sizes.split(), lines, strict=True):
        shared, _, rest = line.partition(" ")
        path = path[: int(shared)] + rest
        members.append(Member(path=path, size=int(size)))
    return tuple(members)


def _decoded(facts: dict[str, Any], files: str) -> Artifact:
    return Artifact(
        name=facts["name"],
        version=facts["version"],
        size=facts["size"],
        whole=facts["whole"],
        top_level=tuple(facts["imports"]),
        entry_points=tuple(facts["programs"]),
        members=_members(files),
        objects=tuple(map(_object, facts["objects"])),
        findings=tuple(map(_finding, facts["findings"])),
    )


def _object_row(found: SharedObject) -> list[Any]:
    return [
        found.path,
        found.machine,
        found.soname,
        found.needed,
        found.run_paths,
        found.floors,
        [_image_row(image) for image in found.kernels],
        [_image_row(image) for image in found.relocatable],
        [_image_row(image) for image in found.embedded],
        found.requires_abi,
        found.provides_abi,
    ]


def _object(row: list[Any]) -> SharedObject:
    path, machine, soname, needed, run_paths, floors, *images, requires, provides = row
    kernels, relocatable, embedded = images
    return SharedObject(
        path=path,
        machine=machine,
        soname=soname,
        needed=tuple(needed),
        run_paths=tuple(run_paths),
        floors=floors,
        kernels=tuple(map(_image, kernels)),
        relocatable=tuple(map(_image, relocatable)),
        embedded=tuple(map(_image, embedded)),
        requires_abi=tuple(requires),
        provides_abi=tuple(provides),
    )


def _image_row(image: KernelImage) -> list[Any]:
    return [str(image.architecture), image.count, image.ptx_version]


def _image(row: list[Any]) -> KernelImage:
    name, count, ptx_version = row
    return KernelImage(architecture=parse_architecture(name), count=count, ptx_version=ptx_version)


def _finding(row: list[Any]) -> Finding:
    code, severity, subject, message, remedy, evidence = row
    return Finding(
        code=code,
        severity=Severity(severity),
        subject=subject,
        message=message,
        remedy=remedy,
        evidence=tuple(evidence),
    )


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        "facts-unreadable",
        f"`{path}` cannot be read as recorded facts: {reason}",
        hint="name a file that `depcheck inspect --record` wrote",
    )
