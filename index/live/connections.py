"""Connections to hosts, on the standard library's HTTP: TLS, reuse, what failures mean.

Imported with the first request. A host behind a proxy is `depcheck.index.live.proxied`'s matter.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import zlib
from functools import cache, partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead, InvalidURL
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlsplit

from depcheck import __version__
from depcheck.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from http.client import HTTPResponse

CONNECT_SECONDS, READ_SECONDS = 10, 30
HEADERS = {
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"depcheck/{__version__}",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PIECE = 64 * 1024
_UNSAFE = re.compile(r"[^!-~]")
_PUNCTUATION = "!#$%&'()*+,/:;=?@[]~|"
"""What may stand in the path and the query of a URL beside letters and digits."""


class EncodingError(Exception):
    """A body is not encoded as its headers say."""


class Response:
    """An answer whose body is unread; it holds its connection until it is released."""

    def __init__(self, raw: HTTPResponse, release: Callable[[bool], None]) -> None:
        self.status = raw.status
        self.headers = cast("Mapping[str, str]", raw.headers)
        self._raw = raw
        self._release: Callable[[bool], None] | None = release

    @property
    def length_remaining(self) -> int | None:
        """How many bytes of the body were not read, None where that is not known."""
        return 0 if self._raw.isclosed() else self._raw.length

    def get_redirect_location(self) -> str | None:
        """Return where the answer leads, None where it is one itself."""
        return self.headers.get("Location") if self.status in _REDIRECTS else None

    def read(self, size: int | None = None, *, decode_content: bool = False) -> bytes:
        """Return up to so many bytes of the body, all for None; the encoding stays."""
        if decode_content:
            raise NotImplementedError
        content = self._raw.read(size)
        if not content and size != 0 and self._raw.length:
            raise IncompleteRead(b"", self._raw.length)
        return content

    def stream(self, size: int) -> Iterator[bytes]:
        """Yield the body in decoded parts of about this size."""
        encoding = self.headers.get("Content-Encoding", "identity").strip().lower()
        parts = self._parts(size)
        return parts if encoding in {"identity", ""} else _decoded(parts, encoding, size)

    def _parts(self, size: int) -> Iterator[bytes]:
        while not self._raw.isclosed():
            part = self._raw.read(size)
            if len(part) < size and self._raw.length:
                raise IncompleteRead(part, self._raw.length)
            if part:
                yield part

    def drain_conn(self) -> None:
        """Read what is left, so that the connection can be used again."""
        try:
            if not self._raw.isclosed():
                self._raw.read()
        except (OSError, HTTPException):
            self.close()

    def close(self) -> None:
        """Give the connection up, with what is left of the body."""
        self._give(again=False)
        self._raw.close()

    def release_conn(self) -> None:
        """Give the connection back, for the next request where the body was read to its end."""
        self._give(again=self._raw.isclosed() and not self._raw.will_close)

    def _give(self, *, again: bool) -> None:
        release, self._release = self._release, None
        if release is not None:
            release(again)


class Direct:
    """Connections to one host, at most so many at once, used again and again."""

    def __init__(self, host: str, most: int) -> None:
        """Take a host as scheme and name."""
        self._host = host
        self._idle: list[HTTPConnection] = []
        self._places = Semaphore(most)

    def ask(self, url: str, headers: Mapping[str, str]) -> Response:
        """Return the answer to one request, its body unread."""
        target = _target(url)
        self._places.acquire()
        try:
            return self._ask(target, {**HEADERS, **headers})
        except BaseException:
            self._places.release()
            raise

    def _ask(self, target: str, headers: dict[str, str]) -> Response:
        while True:
            try:
                connection, idle = self._idle.pop(), True
            except IndexError:
                connection, idle = _connection(self._host), False
            try:
                connection.request("GET", target, headers=headers)
                raw = connection.getresponse()
            except (ConnectionError, ssl.SSLEOFError):
                connection.close()
                if not idle:  # else the host may have closed it meanwhile
                    raise
            except BaseException:
                connection.close()
                raise
            else:
                return Response(raw, partial(self._take_back, connection))

    def _take_back(self, connection: HTTPConnection, again: bool) -> None:  # noqa: FBT001 - bound
        if again:
            self._idle.append(connection)
        else:
            connection.close()
        self._places.release()


class _Plain(HTTPConnection):
    def connect(self) -> None:
        self.sock = _socket(self.host, self.port)


class _Secure(HTTPSConnection):
    def connect(self) -> None:
        bare = _socket(self.host, self.port)
        try:
            self.sock = tls_context().wrap_socket(bare, server_hostname=self.host)
        except BaseException:
            bare.close()
            raise


def _connection(host: str) -> HTTPConnection:
    try:
        parts = urlsplit(host)
        name, port = parts.hostname, parts.port
        if not name:
            raise InvalidURL("it names no host")
        if parts.scheme == "https":
            return _Secure(name, port, context=tls_context())
        return _Plain(name, port)
    except ValueError as error:
        raise InvalidURL(str(error)) from error


def _socket(name: str, port: int) -> socket.socket:
    try:
        found = socket.create_connection((name, port), timeout=CONNECT_SECONDS)
    except UnicodeError as error:
        raise InvalidURL(f"`{name}` is no name of a host") from error
    found.settimeout(READ_SECONDS)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def _target(url: str) -> str:
    """Return what a request names: path and query, with nothing in it that needs a quote."""
    bare = url.partition("#")[0]
    place = bare.find("/", bare.index("://") + 3)
    target = bare[place:] if place >= 0 else "/"
    return quote(target, safe=_PUNCTUATION) if _UNSAFE.search(target) else target


def _decoded(parts: Iterator[bytes], encoding: str, size: int) -> Iterator[bytes]:
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise EncodingError(f"its content encoding is {encoding}")
    window = zlib.MAX_WBITS + 32  # gzip or zlib, whichever its first bytes say
    decoder = zlib.decompressobj(window)
    try:
        for part in parts:
            left = part
            while left:
                if decoder.eof:  # one member ended, and another begins
                    decoder = zlib.decompressobj(window)
                if piece := decoder.decompress(left, size):
                    yield piece
                left = decoder.unconsumed_tail or decoder.unused_data
    except zlib.error as error:
        raise EncodingError(str(error)) from error
    if not decoder.eof:
        raise EncodingError("its encoded body breaks off")


@cache
def tls_context() -> ssl.SSLContext:
    """Return a context with the authorities that the environment names, or the usual ones.

    All connections share it: loading it costs more than a request.
    """
    variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT")
    stated = next((os.environ[each] for each in variables if os.environ.get(each)), None)
    if stated is None:
        from certifi import where  # noqa: PLC0415 - not for http

        stated = where()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_verify_locations(**{"capath" if Path(stated).is_dir() else "cafile": stated})
    except OSError as error:
        raise EnvironmentFailure(
            "authorities-unreadable",
            f"the certificates of the authorities in `{stated}` cannot be read",
            hint=f"check the variables {', '.join(variables)}",
        ) from error
    return context


def cause_of(error: BaseException) -> tuple[str, bool] | None:
    """Return why a request failed, in one line, and whether the next attempt would fail too.

    None stands for what is no failure of a request.
    """
    if not isinstance(error, (OSError, HTTPException, EncodingError)):
        return None
    return told(error), is_lasting(error)


def told(error: BaseException) -> str:
    """Return an error as one line that shows no credentials."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if "@" not in text else type(error).__name__


def is_lasting(error: BaseException) -> bool:
    """Tell what the next attempt would meet again: certificates, bad URLs, encodings, names."""
    if isinstance(error, socket.gaierror):
        return error.errno != socket.EAI_AGAIN
    if isinstance(error, ssl.SSLEOFError):
        return False
    return isinstance(error, (ssl.SSLError, PermissionError, InvalidURL, EncodingError))
