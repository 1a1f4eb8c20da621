"""Metadata inside distributions, read over the network: METADATA of a wheel, PKG-INFO of an sdist.

No code of a distribution is run.
"""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Protocol, cast

from depcheck.index.live.credentials import redacted
from depcheck.index.live.http import IndexUnreachableError
from depcheck.index.live.remote_file import RemoteFile
from depcheck.index.model import InvalidMetadataError

if TYPE_CHECKING:
    from depcheck.index.live.http import Http

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
