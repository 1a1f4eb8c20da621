"""Core metadata of one file: from its PEP 658 sibling, from inside a wheel, or from an sdist.

No code of a distribution is run. An sdist counts only where it says that its dependencies are not
dynamic (PEP 643).
"""

from __future__ import annotations

import hashlib
import re
import tarfile
import zipfile
import zlib
from email.errors import MessageError
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Protocol, cast

from packaging.markers import InvalidMarker, Marker
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from depcheck.index.live.credentials import redacted
from depcheck.index.live.http import IndexUnreachableError
from depcheck.index.live.remote_file import RemoteFile
from depcheck.index.model import CoreMetadata, Dependency, InvalidMetadataError
from depcheck.limits import has_endless_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.metadata import RawMetadata

    from depcheck.index.live.http import Http

_PEP_643 = Version("2.2")
"""From this Metadata-Version on, an sdist says which of its fields are dynamic."""
_BODY = re.compile(rb"\r?\n\r?\n")
_LARGEST_METADATA = 16 * 1024 * 1024
_LARGEST_SDIST_READ = 128 * 1024 * 1024
_ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,  # an archive that says that it is encrypted
)


class Readable(Protocol):
    """What comes over the network, bytes after bytes."""

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, none at the end."""
        ...


def parse_metadata(content: bytes) -> CoreMetadata:
    """Return what core metadata says of dependencies.

    Raises:
        InvalidMetadataError: a field cannot be understood.
    """
    raw = _raw(content)
    return CoreMetadata(
        tuple(map(_dependency, raw.get("requires_dist", ()))),
        _extras(raw.get("provides_extra", ())),
        raw.get("requires_python"),
    )


def parse_sdist_metadata(content: bytes) -> CoreMetadata | None:
    """Return what an sdist's PKG-INFO says of dependencies, None where only a build could tell."""
    raw = _raw(content)
    try:
        version = Version(raw.get("metadata_version", ""))
    except InvalidVersion as error:
        raise InvalidMetadataError(str(error)) from error
    dynamic = {each.lower() for each in raw.get("dynamic", ())}
    if version < _PEP_643 or dynamic & {"requires-dist", "provides-extra", "requires-python"}:
        return None
    return parse_metadata(content)


def _raw(content: bytes) -> RawMetadata:
    head = _BODY.split(content, maxsplit=1)[0]  # what follows is the description
    try:
        raw, _ = parse_email(head)
    except (MessageError, ValueError) as error:
        raise InvalidMetadataError(str(error)) from error
    stated = (*raw.get("requires_dist", ()), raw.get("requires_python") or "")
    if any(map(has_endless_number, (raw.get("metadata_version", ""), *stated))):
        raise InvalidMetadataError("it has a number of endless digits")
    return raw


def _extras(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(canonicalize_name(name) for name in names))


@lru_cache(maxsize=1 << 16)  # most versions of a project repeat what the one before asked for
def _dependency(text: str) -> Dependency:
    wanted, semicolon, condition = text.partition(";")
    try:
        if "@" in wanted:  # a URL may hold semicolons
            requirement = Requirement(text)
            marker = str(requirement.marker) if requirement.marker else None
        else:
            requirement = Requirement(wanted)
            marker = _marker(condition.strip()) if semicolon else None
    except (InvalidRequirement, InvalidMarker) as error:
        raise InvalidMetadataError(f"`{text}` is no requirement") from error
    return Dependency(
        canonicalize_name(requirement.name),
        tuple(sorted(canonicalize_name(extra) for extra in requirement.extras)),
        str(requirement.specifier),
        marker,
        requirement.url,
    )


@lru_cache(maxsize=1 << 12)  # there are few, and requirements by the thousand
def _marker(text: str) -> str:
    return str(Marker(text))


def read_wheel(
    http: Http, url: str, size: int | None, sha256: str | None = None
) -> tuple[bytes, int]:
    """Return a remote wheel's METADATA, and how many bytes were transferred.

    The hash of a wheel can be checked only where the server sends it whole.

    Raises:
        IndexUnreachableError: the server does not answer.
        InvalidMetadataError: the file is no wheel, or has no METADATA.
    """
    try:
        file = RemoteFile(http, url, size=size, sha256=sha256)
        with zipfile.ZipFile(file) as archive:
            return _member(archive, ".dist-info/METADATA"), file.transferred
    except _ARCHIVE_ERRORS as error:
        raise InvalidMetadataError(f"the wheel cannot be read: {error}") from error


def _member(archive: zipfile.ZipFile, ending: str) -> bytes:
    names = [each for each in archive.namelist() if each.endswith(ending) and each.count("/") == 1]
    if len(names) != 1:
        raise InvalidMetadataError(f"it has {len(names)} files `*{ending}`")
    if archive.getinfo(names[0]).file_size > _LARGEST_METADATA:
        raise InvalidMetadataError(f"`{names[0]}` is larger than {_LARGEST_METADATA} bytes")
    return archive.read(names[0])


def read_sdist(http: Http, url: str, filename: str, sha256: str | None = None) -> bytes:
    """Return a remote sdist's PKG-INFO.

    Where the hash of the file is known it is read to its end and compared: nothing inside an sdist
    protects PKG-INFO. A zip archive has a checksum of each member.

    Raises:
        IndexUnreachableError: the server does not answer, or the file has another hash.
        InvalidMetadataError: the file is no sdist, or has no PKG-INFO.
    """
    try:
        if filename.endswith(".zip"):
            with zipfile.ZipFile(RemoteFile(http, url)) as archive:
                return _member(archive, "/PKG-INFO")
        return _tar_member(http, url, sha256)
    except _ARCHIVE_ERRORS as error:
        raise InvalidMetadataError(f"the sdist cannot be read: {error}") from error


class _Hashing:
    """A stream that hashes what is read from it."""

    def __init__(self, body: Readable) -> None:
        self._body = body
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        content = self._body.read(size)
        self._hash.update(content)
        self.size += len(content)
        return content

    def digest(self) -> str | None:
        """Read to the end and return the hash of all, None for a file that is too large."""
        while self.size <= _LARGEST_SDIST_READ and self.read(1 << 16):
            pass
        return self._hash.hexdigest() if self.size <= _LARGEST_SDIST_READ else None


def _tar_member(http: Http, url: str, sha256: str | None) -> bytes:
    with http.stream(url) as body:
        hashing = _Hashing(body)
        content = _pkg_info(hashing)
        found = hashing.digest() if sha256 else None
    if found not in {None, sha256}:
        raise IndexUnreachableError(
            "file-hash-mismatch",
            f"`{redacted(url)}` has SHA-256 {found}, and its index states {sha256}",
            hint="the index is inconsistent, or somebody changed the file on its way",
        )
    return content


def _pkg_info(body: Readable) -> bytes:
    with tarfile.open(fileobj=cast("IO[bytes]", body), mode="r|*") as archive:
        for member in archive:
            if member.offset_data > _LARGEST_SDIST_READ:
                break
            name = member.name.removeprefix("./")
            if not (name.count("/") == 1 and name.endswith("/PKG-INFO") and member.isreg()):
                continue
            file = archive.extractfile(member)
            if file is not None and member.size <= _LARGEST_METADATA:
                return file.read()
    raise InvalidMetadataError("it has no PKG-INFO")
