"""HTTP with retries, deadlines and limits; every failure is one error that names the URL."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin

from depcheck.errors import EnvironmentFailure
from depcheck.index.live.credentials import Credentials, redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from typing_extensions import Self
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool, ProxyManager


POLITE = 8
"""Requests under way at once, at most, where much is fetched for later."""
HURRIED = 48
"""The same where somebody waits for the answer."""
ATTEMPTS = 5
DEADLINE_SECONDS = 120
"""For one URL, with all attempts and redirects."""
_LARGEST_BODY = 256 * 1024 * 1024
_MOST_REDIRECTS = 10
_CHUNK = 64 * 1024
_BACKOFF_SECONDS = 0.5
_LONGEST_PAUSE = 30
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may be others a moment later."""
_ABSENT = frozenset({404, 410})
OK, PARTIAL, UNCHANGED = 200, 206, 304


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
        self._hosts: dict[str, HTTPConnectionPool | ProxyManager] = {}
        """By scheme and host."""

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
            _, response = self._send(bare, {"accept-encoding": "identity"})
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
                    from depcheck.index.live.local_files import answer_locally  # noqa: PLC0415

                    return answer_locally(place, headers.get("Range", ""))
                response = self._ask(place, {**headers, **self._authorization(place)})
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

    def _ask(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        # Slow to import: a solve whose answers are all in the cache needs none of it.
        from depcheck.index.live.connections import ask, open_host  # noqa: PLC0415

        host = "/".join(url.split("/", 3)[:3])
        connections = self._hosts.get(host)
        if connections is None:
            connections = self._hosts.setdefault(host, open_host(host, HURRIED))
        return ask(connections, url, headers)

    def _read(self, url: str, response: BaseHTTPResponse, largest: int, ends: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        with _as_failures(url):
            for part in _parts(response):
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


def _parts(response: BaseHTTPResponse) -> Iterable[bytes]:
    """Return a body in parts: one that is short, even when it is unpacked, as it is."""
    stated = response.headers.get("Content-Length", "")
    if re.fullmatch(r"[0-9]{1,9}", stated) and int(stated) <= _CHUNK:
        return (response.read(decode_content=True),)
    return response.stream(4 * _CHUNK)


def _drop(response: BaseHTTPResponse) -> None:
    """Give the connection back, or close it where more is to come than is worth reading."""
    left = getattr(response, "length_remaining", None)
    if left is not None and left <= _CHUNK:
        response.drain_conn()
    else:
        response.close()
    response.release_conn()


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
        if error is None:
            return
        from depcheck.index.live.connections import cause_of  # noqa: PLC0415 - slow to import

        found = cause_of(error)
        if found is not None:
            cause, lasting = found
            failure = _unreachable(self._url, cause)
            raise failure if lasting else _PassingError(failure) from error


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
