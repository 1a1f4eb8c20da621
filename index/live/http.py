"""HTTP with retries, deadlines and limits; every failure is one error that names the URL."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from depcheck import __version__
from depcheck.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from typing_extensions import Self

POLITE = 8
"""Requests under way at once, at most."""
_CONNECT_SECONDS, _READ_SECONDS = 10, 30
_DEADLINE_SECONDS = 120
_LARGEST_BODY = 256 * 1024 * 1024
_CHUNK = 64 * 1024
_RETRIES = Retry(
    total=4,
    backoff_factor=0.5,
    backoff_jitter=0.2,
    status_forcelist=(429, 500, 502, 503, 504),
    retry_after_max=30,
    raise_on_status=False,
)
OK, PARTIAL, UNCHANGED = 200, 206, 304
_ABSENT = frozenset({404, 410})


class IndexUnreachableError(EnvironmentFailure):
    """An index did not answer, or not with what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that was read whole."""

    url: str
    """Where it came from, after redirects."""
    status: int
    headers: Mapping[str, str]
    """Names compare without regard to case."""
    body: bytes
    response: requests.Response
    """For libraries that take one; its content is ``body``."""


class Http:
    """One session: connections are reused, `POLITE` at most to a host."""

    def __init__(self) -> None:
        adapter = HTTPAdapter(
            pool_connections=POLITE, pool_maxsize=POLITE, pool_block=True, max_retries=_RETRIES
        )
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"depcheck/{__version__}"
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        largest: int = _LARGEST_BODY,
    ) -> Answer | None:
        """Return a response read whole (200, 206 or 304), None where there is nothing (404, 410).

        Args:
            url: What to get.
            headers: Request headers beside the usual ones.
            largest: Bytes of body beyond which the answer is refused.

        Raises:
            IndexUnreachableError: no answer within retries and deadline, or another status.
        """
        with _as_failures(url):
            response = self._session.get(
                url,
                headers=dict(headers or {}),
                stream=True,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            )
            with response:
                if response.status_code in _ABSENT:
                    return None
                _check(url, response)
                # requests has no bounded read of its own.
                response._content = _read(url, response, largest)  # noqa: SLF001
                return Answer(
                    url=response.url,
                    status=response.status_code,
                    headers=response.headers,
                    body=response.content,
                    response=response,
                )

    def stream(self, url: str) -> _Body:
        """Return a file's bytes as they come, to be used in a ``with`` statement.

        Raises:
            IndexUnreachableError: no answer, or another status than 200.
        """
        with _as_failures(url):
            response = self._session.get(
                url, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS)
            )
            if response.status_code != OK:
                response.close()
                raise _refused(url, response.status_code)
            _check(url, response)
        return _Body(url, response)


class _Body:
    """A binary stream that can only be read forward."""

    def __init__(self, url: str, response: requests.Response) -> None:
        self._url = url
        self._response = response

    def read(self, size: int = -1) -> bytes:
        with _as_failures(self._url):
            content: bytes = self._response.raw.read(None if size < 0 else size)
            return content

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._response.close()


def redacted(url: str) -> str:
    """Return a URL without user name and password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host))


def _check(url: str, response: requests.Response) -> None:
    if response.status_code not in {OK, PARTIAL, UNCHANGED}:
        raise _refused(url, response.status_code)
    hops = [step.url for step in response.history] + [response.url]
    if any(a.startswith("https:") and b.startswith("http:") for a, b in pairwise(hops)):
        raise IndexUnreachableError(
            "insecure-redirect",
            f"`{redacted(url)}` redirects from https to http",
            hint="name the index by its secure address",
        )


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


def _read(url: str, response: requests.Response, largest: int) -> bytes:
    ends = time.monotonic() + _DEADLINE_SECONDS
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > largest:
            raise IndexUnreachableError(
                "answer-too-large",
                f"`{redacted(url)}` answers with more than {largest} bytes",
                hint="check the address of the index",
            )
        if time.monotonic() > ends:
            raise _unreachable(url, f"not read whole within {_DEADLINE_SECONDS} s")
    stated = response.headers.get("Content-Length", "")
    if stated.isdigit() and "Content-Encoding" not in response.headers and int(stated) != size:
        raise _unreachable(url, f"the answer broke off after {size} of {stated} bytes")
    return b"".join(parts)


class _as_failures:  # noqa: N801 - used as a statement
    """Turn what the libraries raise into one line."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        # requests lets urllib3's errors through while a body is read.
        if isinstance(error, (requests.RequestException, HTTPError)):
            raise _unreachable(self._url, _cause(error)) from error


def _unreachable(url: str, cause: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        "index-unreachable",
        f"`{redacted(url)}` cannot be read: {cause}",
        hint="check the network, the proxy settings and the address of the index, then try again",
    )


def _cause(error: BaseException) -> str:
    """Return the innermost reason in one line, without addresses that may hold credentials."""
    *_, inner = _chain(error)
    text = " ".join(str(inner).split()) or type(inner).__name__
    return text if "@" not in text else type(inner).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    yield error
    reason = getattr(error, "reason", None)
    first = error.args[0] if error.args else None
    for inner in (reason, first, error.__cause__):
        if isinstance(inner, BaseException):
            yield from _chain(inner)
            return
