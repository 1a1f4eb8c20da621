"""A file behind a URL that is read by HTTP range requests, so that `zipfile` can open it."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from depcheck.index.live.credentials import redacted
from depcheck.index.live.http import PARTIAL, IndexUnreachableError

if TYPE_CHECKING:
    from depcheck.index.live.http import Http

_TAIL = 64 * 1024
"""Bytes of the first request: a wheel's metadata and central directory are at its end."""
_STEP = 16 * 1024
_LARGEST_WHOLE = 512 * 1024 * 1024
_LARGEST_WINDOW = 64 * 1024 * 1024
_LARGEST_HASHED = 8 * 1024**3
_CHUNK = 1024 * 1024


def hash_of(http: Http, url: str, *, largest: int = _LARGEST_HASHED) -> tuple[str, int]:
    """Return SHA-256 and size of a file, which is downloaded and not kept.

    Raises:
        IndexUnreachableError: no such file, not all of it, or more than the largest size.
    """
    digest, size = hashlib.sha256(), 0
    with http.stream(url) as body:
        while chunk := body.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size > largest:
                raise IndexUnreachableError(
                    "file-too-large",
                    f"`{redacted(url)}` has more than {largest} bytes, and its hash is not known",
                    hint="pin another version, one whose hash is recorded",
                )
    return digest.hexdigest(), size


class RemoteFile(io.RawIOBase):
    """A seekable, read-only view; what was read once is kept.

    ``transferred`` counts the bytes of all bodies. A server that ignores ranges sends the file
    whole, once.

    Raises:
        IndexUnreachableError: no such file, no answer, or another range than asked for.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        size: int | None = None,
        tail: int = _TAIL,
        window: int | None = None,
        sha256: str | None = None,
    ) -> None:
        """Read the end of a file.

        Args:
            http: Sends the requests.
            url: The file.
            size: Its size, where it is known already.
            tail: Bytes of the first request.
            window: Bytes to read ahead at most. What is read then is dropped after it was used,
                so that memory stays bounded, and a server that ignores ranges is an error.
            sha256: What the file must have, where it is sent whole.
        """
        super().__init__()
        self._window = window
        self._sha256 = sha256
        self._until: int | None = None
        self._http = http
        self._url = url
        self._place = 0
        self._parts: list[tuple[int, bytes]] = []
        self.transferred = 0
        wanted = f"-{tail}" if size is None else f"{max(0, size - tail)}-{size - 1}"
        self.size = size if size is not None else 0
        self.size = self._fetch(wanted)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place of the next read."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the place of the next read and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes from here, all the rest for a negative size."""
        end = self.size if size < 0 else min(self.size, self._place + size)
        pieces: list[bytes] = []
        while self._place < end:
            piece = self._known(self._place, end)
            if not piece:
                last = min(self.size, self._ahead(end), self._next_known(end))
                self._fetch(f"{self._place}-{last - 1}")
                continue
            pieces.append(piece)
            self._place += len(piece)
        return b"".join(pieces)

    def expect(self, end: int) -> None:
        """Say that everything up to ``end`` will be read, so that it may be fetched ahead."""
        self._until = end

    def _ahead(self, end: int) -> int:
        """Return where the next request ends that must at least reach ``end``."""
        if self._window is None or self._until is None or self._until <= end:
            return max(end, self._place + _STEP)
        return max(end, min(self._until, self._place + self._window))

    def _known(self, start: int, end: int) -> bytes:
        for first, content in self._parts:
            if first <= start < first + len(content):
                return content[start - first : end - first]
        return b""

    def _next_known(self, end: int) -> int:
        return min((first for first, _ in self._parts if first >= end), default=self.size)

    def _fetch(self, span: str) -> int:
        """Get one range and return the size of the whole file."""
        largest = _LARGEST_WHOLE if self._window is None else _LARGEST_WINDOW
        answer = self._http.get(self._url, {"Range": f"bytes={span}"}, largest=largest)
        if answer is None:
            raise IndexUnreachableError(
                "file-gone",
                f"`{redacted(self._url)}` is listed by its index, but it is not there",
                hint="the index is inconsistent: try again later",
            )
        self.transferred += len(answer.body)
        if answer.status != PARTIAL:
            self._check(answer.body)
            self._parts = [(0, answer.body)]
            return len(answer.body)
        first, total = self._span(answer.headers.get("Content-Range", ""), len(answer.body))
        if span[0] != "-" and (first != int(span.partition("-")[0]) or total != self.size):
            raise self._wrong_range()
        if self._window is not None:
            del self._parts[1:]
        self._parts.append((first, answer.body))
        return total

    def _check(self, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        if self._sha256 not in {None, digest}:
            raise IndexUnreachableError(
                "file-hash-mismatch",
                f"`{redacted(self._url)}` has SHA-256 {digest}, and its index states "
                f"{self._sha256}",
                hint="the index is inconsistent, or somebody changed the file on its way: "
                "try again later",
            )

    def _span(self, stated: str, length: int) -> tuple[int, int]:
        span, _, total = stated.removeprefix("bytes ").partition("/")
        first, _, last = span.partition("-")
        if not (first.isdigit() and last.isdigit() and total.isdigit()):
            raise self._wrong_range()
        if not length or int(last) - int(first) + 1 != length or int(last) >= int(total):
            raise self._wrong_range()
        return int(first), int(total)

    def _wrong_range(self) -> IndexUnreachableError:
        return IndexUnreachableError(
            "wrong-range",
            f"`{redacted(self._url)}` answers a range request with another range",
            hint="the index or a proxy before it is at fault: try again, or use another index",
        )
