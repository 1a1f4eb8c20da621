"""HTTP with retries, deadlines and limits; every failure is one error that names the URL."""

from __future__ import annotations

import os
import socket
import ssl
import time
from base64 import b64encode
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urljoin, urlsplit

from urllib3 import PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    SSLError,
)
from urllib3.util.ssl_ import create_urllib3_context

from depcheck import __version__
from depcheck.errors import EnvironmentFailure
from depcheck.index.live.credentials import Credentials, redacted
from depcheck.index.live.local_files import answer_locally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from typing_extensions import Self
    from urllib3 import BaseHTTPResponse


POLITE = 8
"""Requests under way at once, at most, where much is fetched for later."""
HURRIED = 24
"""The same where somebody waits for the answer."""
ATTEMPTS = 5
DEADLINE_SECONDS = 120
"""For one URL, with all attempts and redirects."""
_TIMEOUT = Timeout(connect=10, read=30)
_LARGEST_BODY = 256 * 1024 * 1024
_MOST_REDIRECTS = 10
_CHUNK = 64 * 1024
_BACKOFF_SECONDS = 0.5
_LONGEST_PAUSE = 30
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may be others a moment later."""
_ABSENT = frozenset({404, 410})
OK, PARTIAL, UNCHANGED = 200, 206, 304
_HEADERS = make_headers(accept_encoding=True, keep_alive=True, user_agent=f"depcheck/{__version__}")


class IndexUnreachableError(EnvironmentFailure):
    """An index did not answer, or not with what was asked for."""


class Waiting(Protocol):
    """Is told what is waited for."""

    def on(self, url: str) -> AbstractContextManager[None]:
        """Take a URL that is waited for while the block runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that was read whole."""

    url: str
    """Where it came from, after redirects; without credentials."""
    status: int
    headers: Mapping[str, str]
    """Names compare without regard to case."""
    body: bytes


class Http:
    """One session: connections are reused, credentials go to their own host only."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        waiting: Waiting | None = None,
    ) -> None:
        self._waiting = waiting
        self._clock = clock
        self._sleep = sleep
        self._credentials = Credentials()
        self._managers: dict[str, PoolManager] = {}
        """By scheme and host; those that need not differ are one."""
        self._shared: dict[tuple[bool, str | None], PoolManager] = {}

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        largest: int = _LARGEST_BODY,
    ) -> Answer | None:
        """Return a response read whole (200, 206 or 304), None where there is nothing (404, 410).

        Args:
            url: What to get; credentials in it count for its host from now on.
            headers: Request headers beside the usual ones.
            largest: Bytes of body beyond which the answer is refused.

        Raises:
            IndexUnreachableError: no answer within attempts and deadline, or another status.
        """
        bare = self._credentials.learn(url)
        ends = self._clock() + DEADLINE_SECONDS
        attempt = 1
        while True:
            try:
                with self._waiting.on(bare) if self._waiting else nullcontext():
                    return self._attempt(bare, headers or {}, largest, ends)
            except _PassingError as passing:
                pause = _pause(attempt, passing.retry_after)
                if attempt == ATTEMPTS or self._clock() + pause > ends:
                    raise passing.failure from passing
            self._sleep(pause)
            attempt += 1

    def stream(self, url: str) -> _Body:
        """Return a file's bytes as they come, to be used in a ``with`` statement.

        Raises:
            IndexUnreachableError: no answer, or another status than 200.
        """
        bare = self._credentials.learn(url)
        try:
            _, response = self._send(bare, {})
        except _PassingError as passing:
            raise passing.failure from passing
        if response.status != OK:
            _drop(response)
            raise _refused(bare, response.status)
        return _Body(bare, response)

    def _attempt(
        self, url: str, headers: Mapping[str, str], largest: int, ends: float
    ) -> Answer | None:
        source, response = self._send(url, headers)
        try:
            status = response.status
            if status in _ABSENT:
                return None
            if status not in {OK, PARTIAL, UNCHANGED}:
                failure = _refused(url, status)
                if status in _PASSING:
                    raise _PassingError(failure, response.headers.get("Retry-After", ""))
                raise failure
            body = self._read(url, response, largest, ends)
            return Answer(url=source, status=status, headers=response.headers, body=body)
        finally:
            _drop(response)

    def _send(self, url: str, headers: Mapping[str, str]) -> tuple[str, BaseHTTPResponse]:
        """Return where an answer comes from, after redirects, and the answer."""
        place = url
        for _ in range(1 + _MOST_REDIRECTS):
            with _as_failures(url):
                if place.startswith("file:"):
                    return answer_locally(place, headers.get("Range", ""))
                response = self._manager(place).request(
                    "GET",
                    place,
                    headers={**_HEADERS, **headers, **self._authorization(place)},
                    timeout=_TIMEOUT,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                target = response.get_redirect_location()
                if not target:
                    return place, response
                _drop(response)
                turned = urljoin(place, target)
                _check_turn(place, turned)
                place = redacted(turned)
        raise _unreachable(url, f"more than {_MOST_REDIRECTS} redirects")

    def _authorization(self, url: str) -> dict[str, str]:
        pair = self._credentials.of(url)
        if pair is None:
            return {}
        return {"Authorization": f"Basic {b64encode(':'.join(pair).encode()).decode()}"}

    def _manager(self, url: str) -> PoolManager:
        """Return what holds the connections to a host; the environment is read once for each."""
        host = "/".join(url.split("/", 3)[:3])
        found = self._managers.get(host)
        if found is None:
            key = (host.startswith("https:"), _proxy(url))
            found = self._shared.get(key) or self._shared.setdefault(key, _new_manager(*key))
            self._managers[host] = found
        return found

    def _read(self, url: str, response: BaseHTTPResponse, largest: int, ends: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        with _as_failures(url):
            for part in response.stream(_CHUNK):
                parts.append(part)
                size += len(part)
                if size > largest:
                    raise IndexUnreachableError(
                        "answer-too-large",
                        f"`{redacted(url)}` answers with more than {largest} bytes",
                        hint="check the address of the index",
                    )
                if self._clock() > ends:
                    raise _unreachable(url, f"not read whole within {DEADLINE_SECONDS} s")
        return b"".join(parts)


def _drop(response: BaseHTTPResponse) -> None:
    """Give the connection back, or close it where more is to come than is worth reading."""
    left = getattr(response, "length_remaining", None)
    if left is not None and left <= _CHUNK:
        response.drain_conn()
    else:
        response.close()
    response.release_conn()


def _new_manager(secure: bool, proxy: str | None) -> PoolManager:  # noqa: FBT001 - a key
    """Return a manager; all share one TLS context: loading it costs more than a request."""
    context = _tls_context() if secure else None
    if proxy is None:
        return PoolManager(maxsize=HURRIED, block=True, ssl_context=context)
    return ProxyManager(
        redacted(proxy),
        maxsize=HURRIED,
        block=True,
        ssl_context=context,
        proxy_ssl_context=_tls_context() if proxy.startswith("https:") else None,
        proxy_headers=make_headers(proxy_basic_auth=_user(proxy)),
    )


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for a URL."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from requests.utils import get_environ_proxies, select_proxy  # noqa: PLC0415 - slow to import

    proxy = select_proxy(url, get_environ_proxies(url))
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _user(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return f"{unquote(parts.username)}:{unquote(parts.password or '')}"


def _check_turn(url: str, target: str) -> None:
    """Refuse a redirect that leaves https, or the network."""
    scheme = target.partition(":")[0].lower()
    if scheme not in {"http", "https"}:
        raise _unreachable(url, f"it redirects to an address that starts with `{scheme}:`")
    if url.startswith("https:") and scheme == "http":
        raise IndexUnreachableError(
            "insecure-redirect",
            f"`{redacted(url)}` redirects from https to http",
            hint="name the index by its secure address",
        )


class _Body:
    """A binary stream that can only be read forward."""

    def __init__(self, url: str, response: BaseHTTPResponse) -> None:
        self._url = url
        self._response = response

    def read(self, size: int = -1) -> bytes:
        try:
            with _as_failures(self._url):
                return self._response.read(None if size < 0 else size, decode_content=False)
        except _PassingError as passing:
            raise passing.failure from passing

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        _drop(self._response)


class _PassingError(Exception):
    """A failure that may be gone at the next attempt."""

    def __init__(self, failure: IndexUnreachableError, retry_after: str = "") -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.retry_after = retry_after


class _as_failures:  # noqa: N801 - used as a statement
    """Turn what the libraries raise into one line, and tell what may pass from what will not."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, HTTPError):
            chain = list(_chain(error))
            failure = _unreachable(self._url, _cause(chain))
            raise failure if _is_lasting(chain) else _PassingError(failure) from error


@cache
def _tls_context() -> ssl.SSLContext:
    """Return a context with the authorities that the environment names, or the usual ones."""
    variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT")
    stated = next((os.environ[each] for each in variables if os.environ.get(each)), None)
    if stated is None:
        from certifi import where  # noqa: PLC0415 - not for http

        stated = where()
    context = create_urllib3_context()
    try:
        context.load_verify_locations(**{"capath" if Path(stated).is_dir() else "cafile": stated})
    except OSError as error:
        raise EnvironmentFailure(
            "authorities-unreadable",
            f"the certificates of the authorities in `{stated}` cannot be read",
            hint=f"check the variables {', '.join(variables)}",
        ) from error
    return context


def _pause(attempt: int, retry_after: str) -> float:
    if retry_after.isdigit():
        return min(int(retry_after), _LONGEST_PAUSE)
    return _BACKOFF_SECONDS * 2.0 ** (attempt - 1)


def _refused(url: str, status: int) -> IndexUnreachableError:
    hints = {
        401: "give credentials in `~/.netrc` or in the index URL",
        403: "an index may answer 403 for a name that it does not have, or want credentials",
        429: "the index asks for patience: try again later",
    }
    return IndexUnreachableError(
        "index-refused",
        f"`{redacted(url)}` answered with HTTP status {status}",
        hint=hints.get(status, "try again later, or check the address of the index"),
    )


def _unreachable(url: str, cause: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        "index-unreachable",
        f"`{redacted(url)}` cannot be read: {cause}",
        hint="check the network, the proxy settings and the address of the index, then try again",
    )


def _is_lasting(chain: list[BaseException]) -> bool:
    """Tell what the next attempt would meet again: certificates, bad URLs, encodings, names."""
    lasting = (LocationValueError, ssl.SSLCertVerificationError, SSLError, DecodeError)
    if any(isinstance(each, lasting) for each in chain):
        return True
    names = [each for each in chain if isinstance(each, (socket.gaierror, NameResolutionError))]
    return bool(names) and not any(
        isinstance(each, socket.gaierror) and each.errno == socket.EAI_AGAIN for each in names
    )


def _cause(chain: list[BaseException]) -> str:
    """Return the innermost reason in one line, without addresses that may hold credentials."""
    inner = chain[-1]
    text = " ".join(str(inner).split()) or type(inner).__name__
    return text if "@" not in text else type(inner).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    yield error
    for inner in (getattr(error, "reason", None), *reversed(error.args), error.__cause__):
        if isinstance(inner, BaseException):
            yield from _chain(inner)
            return
