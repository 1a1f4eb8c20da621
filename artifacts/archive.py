"""Open a zip archive that may be hostile: say what is wrong with it, and read the rest safely.

Nothing is ever written to a path that the archive names. Whatever an entry claims, reading it
costs no more than its stated size, and entries whose statements are absurd are not read.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from depcheck.artifacts.model import Finding, Severity
from depcheck.errors import InputError
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY_SIZE = 46
_ZIP64_COUNT, _ZIP64_SIZE = 0xFFFF, 0xFFFFFFFF
"""Stand for values that only the ZIP64 end record states."""
_LOCAL_HEADER = 30
_MOST_MEMBERS = 200_000
_LARGEST_DIRECTORY = 64 * 1024 * 1024
_BOMB_RATIO, _BOMB_SIZE = 100, 256 * 1024 * 1024
_CHUNK = 1024 * 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1


class UnreadableMemberError(Exception):
    """A member cannot be unpacked."""


@frozen
class Archive:
    """The readable members of an archive, and what is wrong with it."""

    members: tuple[zipfile.ZipInfo, ...]
    """Files whose names and sizes are sound, in the order of the directory."""
    findings: tuple[Finding, ...]
    _zip: zipfile.ZipFile | None
    _file: BinaryIO

    def stream(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield the unpacked content of a member in chunks.

        Raises:
            UnreadableMemberError: the content is not what the directory says.
        """
        if self._zip is None:
            raise UnreadableMemberError("the archive is broken")
        expect = getattr(self._file, "expect", None)
        if expect:
            expect(member.header_offset + _LOCAL_HEADER + 512 + member.compress_size)
        try:
            with self._zip.open(member) as content:
                while chunk := content.read(_CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise UnreadableMemberError(str(error) or type(error).__name__) from error
        except (RuntimeError, ValueError, struct.error, OverflowError, UnicodeError) as error:
            # zipfile's ways to refuse encryption, odd offsets and broken extra fields.
            raise UnreadableMemberError(str(error) or type(error).__name__) from error

    def read(self, member: zipfile.ZipInfo, largest: int = 64 * 1024 * 1024) -> bytes:
        """Return the unpacked content of a small member.

        Raises:
            UnreadableMemberError: it is larger than ``largest``, or not what the directory says.
        """
        if member.file_size > largest:
            raise UnreadableMemberError(f"states {member.file_size} bytes")
        return b"".join(self.stream(member))


def open_archive(file: BinaryIO, name: str) -> Archive:
    """Return an archive whose directory was checked, entry by entry.

    Raises:
        InputError: the file is no zip archive at all.
    """
    refused = _directory(file, name)
    if refused:
        return Archive(members=(), findings=(refused,), _zip=None, _file=file)
    try:
        opened = zipfile.ZipFile(file)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        ValueError,
        struct.error,
        OverflowError,
        UnicodeError,
    ) as error:
        refused = _finding("broken-archive", name, f"its directory is broken: {error}")
        return Archive(members=(), findings=(refused,), _zip=None, _file=file)
    entries = opened.infolist()
    bad: dict[int, list[Finding]] = {}
    for position, entry in enumerate(entries):
        bad[position] = list(_check(entry))
    for position, finding in _clashes(entries, opened.start_dir):
        bad[position].append(finding)
    findings = [finding for position in sorted(bad) for finding in bad[position]]
    sound = [
        entry
        for position, entry in enumerate(entries)
        if not bad[position] and not _is_folder(entry)
    ]
    findings += _around(entries, opened)
    if bomb := _bomb("", sum(e.file_size for e in sound), sum(e.compress_size for e in sound)):
        findings.append(bomb)
        sound = []
    return Archive(members=tuple(sound), findings=tuple(findings), _zip=opened, _file=file)


def _directory(file: BinaryIO, name: str) -> Finding | None:
    """Return a finding where the directory must not even be parsed."""
    size = file.seek(0, io.SEEK_END)
    tail_size = min(size, _END.size + 0xFFFF)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        raise InputError(
            "not-a-wheel",
            f"`{name}` is not a zip archive",
            hint="name a wheel, an installed folder, a lock set, or the URL of a wheel",
        )
    end = _END.unpack_from(tail, place)
    count, length, offset = end[4], end[5], end[6]
    if _ZIP64_COUNT in end[3:5] or _ZIP64_SIZE in end[5:7]:
        found = _end64(file, size - tail_size + place)
        if found is None:
            return _finding("broken-archive", name, "its ZIP64 end record is missing")
        count, length, offset = found
    if count > _MOST_MEMBERS or length > _LARGEST_DIRECTORY:
        return _finding(
            "too-many-members", name, f"states {count} members in a directory of {length} bytes"
        )
    if offset + length > size or count * _ENTRY_SIZE > length:
        return _finding("broken-archive", name, "its directory lies outside the file")
    trailing = len(tail) - place - _END.size - end[7]
    if trailing:
        return _finding(
            "broken-archive", name, f"{abs(trailing)} bytes follow the end of the archive"
        )
    return None


def _end64(file: BinaryIO, end: int) -> tuple[int, int, int] | None:
    if end < _LOCATOR.size:
        return None
    file.seek(end - _LOCATOR.size)
    signature, _, place, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if signature != b"PK\x06\x07" or place + _END64.size > end:
        return None
    file.seek(place)
    found = _END64.unpack(file.read(_END64.size))
    return (found[7], found[8], found[9]) if found[0] == b"PK\x06\x06" else None


def _check(entry: zipfile.ZipInfo) -> Iterator[Finding]:
    """Yield what is wrong with one entry by itself."""
    name = entry.orig_filename
    parts = name.replace("\\", "/").split("/")
    if "\0" in name or "\\" in name or any(ord(character) < ord(" ") for character in name):
        yield _finding("odd-name", name, "its name holds a backslash or a control character")
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        yield _finding("absolute-path", name, "its path is absolute")
    elif ".." in parts:
        yield _finding("path-traversal", name, "its path leaves the folder of the installation")
    elif not name or any(part in {"", "."} for part in parts[:-1]):
        yield _finding("odd-name", name, "its path has empty or `.` steps")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        yield _finding("symbolic-link", name, "it is a symbolic link, which wheels cannot hold")
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        yield _finding("special-file", name, "it is a device, socket or pipe")
    if entry.flag_bits & _ENCRYPTED:
        yield _finding("encrypted-member", name, "it is encrypted")
    if entry.compress_type not in _METHODS:
        yield _finding(
            "unknown-compression",
            name,
            f"its compression method {entry.compress_type} is not deflate",
        )
    if bomb := _bomb(name, entry.file_size, entry.compress_size):
        yield bomb


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith("/")  # its own `is_dir` fails on an empty name


def _clashes(entries: Sequence[zipfile.ZipInfo], end: int) -> Iterator[tuple[int, Finding]]:
    """Yield entries that contradict another one: the same path, or the same bytes."""
    seen: dict[str, int] = {}
    folders = {
        name[:place]
        for name in (entry.filename for entry in entries)
        for place in range(len(name))
        if name[place] == "/"
    }
    for position, entry in enumerate(entries):
        name = entry.filename.rstrip("/")
        if name in seen and not (_is_folder(entry) and _is_folder(entries[seen[name]])):
            yield position, _finding("duplicate-member", name, "it is in the archive twice")
        elif not _is_folder(entry) and name in folders:
            yield position, _finding("duplicate-member", name, "it is both a file and a folder")
        seen.setdefault(name, position)
    ordered = sorted(range(len(entries)), key=lambda position: entries[position].header_offset)
    limits = [entries[after].header_offset for after in ordered[1:]] + [end]
    for position, limit in zip(ordered, limits, strict=False):
        entry = entries[position]
        stop = entry.header_offset + _LOCAL_HEADER + entry.compress_size
        if stop > limit or entry.header_offset < 0:
            yield (
                position,
                _finding(
                    "overlapping-member", entry.filename, "its bytes belong to another entry too"
                ),
            )


def _around(entries: Sequence[zipfile.ZipInfo], opened: zipfile.ZipFile) -> Iterator[Finding]:
    first = min((entry.header_offset for entry in entries), default=0)
    if first:
        yield _finding(
            "leading-data", "", f"{first} bytes stand before the first member", Severity.WARNING
        )
    if opened.comment:
        yield _finding(
            "archive-comment", "", f"it has a comment of {len(opened.comment)} bytes", Severity.INFO
        )


def _bomb(name: str, unpacked: int, packed: int) -> Finding | None:
    if unpacked <= max(_BOMB_SIZE, _BOMB_RATIO * max(packed, 1)):
        return None
    return _finding("compression-bomb", name, f"{packed} bytes state to unpack to {unpacked}")


def _finding(code: str, subject: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        message=message,
        remedy="do not install it" if severity is Severity.ERROR else None,
    )
