"""HTTP with retries, deadlines and limits; every failure is one error that names the URL."""

from __future__ import annotations

import os
import socket
import ssl
import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies
from urllib3 import Retry
from urllib3.exceptions import HTTPError, NameResolutionError, SSLError
from urllib3.util.ssl_ import create_urllib3_context

from depcheck import __version__
from depcheck.errors import EnvironmentFailure
from depcheck.index.live.credentials import Credentials, redacted
from depcheck.index.live.local_files import LocalFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from requests import PreparedRequest, Response
    from typing_extensions import Self


POLITE = 8
"""Requests under way at once, at most, where much is fetched for later."""
HURRIED = 24
"""The same where somebody waits for the answer."""
ATTEMPTS = 5
DEADLINE_SECONDS = 120
"""For one URL, with all attempts and redirects."""
_CONNECT_SECONDS, _READ_SECONDS = 10, 30
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
        self._session = _Session(self._credentials)
        self._proxies: dict[str, dict[str, str]] = {}

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
            response = self._send(bare, {})
        except _PassingError as passing:
            raise passing.failure from passing
        if response.status_code != OK:
            response.close()
            raise _refused(bare, response.status_code)
        return _Body(bare, response)

    def _attempt(
        self, url: str, headers: Mapping[str, str], largest: int, ends: float
    ) -> Answer | None:
        with self._send(url, headers) as response:
            status = response.status_code
            if status in _ABSENT:
                return None
            if status not in {OK, PARTIAL, UNCHANGED}:
                failure = _refused(url, status)
                if status in _PASSING:
                    raise _PassingError(failure, response.headers.get("Retry-After", ""))
                raise failure
            return Answer(
                url=redacted(response.url),
                status=status,
                headers=response.headers,
                body=self._read(url, response, largest, ends),
            )

    def _send(self, url: str, headers: Mapping[str, str]) -> Response:
        with _as_failures(url):
            return self._session.get(
                url,
                headers=dict(headers),
                stream=True,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                auth=self._credentials.of(url),
                proxies=self._proxies_for(url),
            )

    def _proxies_for(self, url: str) -> dict[str, str]:
        """Return the proxies that the environment names; it is read once for each host."""
        host = "/".join(url.split("/", 3)[:3])
        if host not in self._proxies:
            self._proxies[host] = get_environ_proxies(url)
        return self._proxies[host]

    def _read(self, url: str, response: Response, largest: int, ends: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        with _as_failures(url):
            for part in response.iter_content(_CHUNK):
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
        stated = response.headers.get("Content-Length", "")
        if stated.isdigit() and "Content-Encoding" not in response.headers and int(stated) != size:
            failure = _unreachable(url, f"the answer broke off after {size} of {stated} bytes")
            raise _PassingError(failure)
        return b"".join(parts)


class _Session(requests.Session):
    """Takes nothing from the environment by itself, and does not go from https to http."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials
        self.trust_env = False
        self.max_redirects = _MOST_REDIRECTS
        self.headers["User-Agent"] = f"depcheck/{__version__}"
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter())
        self.mount("file://", LocalFiles())

    def get_redirect_target(self, resp: Response) -> str | None:
        """Return where a response points, if it points anywhere; refuse to leave https."""
        target = super().get_redirect_target(resp)
        failure = _bad_turn(resp.url, target.lower()) if target else None
        if failure is not None:
            resp.close()
            raise failure
        return target

    def rebuild_auth(self, prepared_request: PreparedRequest, response: Response) -> None:
        """Send to another host the credentials for that host, and no others."""
        super().rebuild_auth(prepared_request, response)
        found = self._credentials.of(redacted(prepared_request.url or ""))
        if found is not None:
            prepared_request.prepare_auth(found)


def _bad_turn(url: str, target: str) -> IndexUnreachableError | None:
    """Return why a redirect is not followed, None where it is."""
    if target.startswith("file:"):
        return _unreachable(url, "it redirects to a file of this machine")
    if url.startswith("https:") and target.startswith("http:"):
        return IndexUnreachableError(
            "insecure-redirect",
            f"`{redacted(url)}` redirects from https to http",
            hint="name the index by its secure address",
        )
    return None


class _Adapter(HTTPAdapter):
    """All connections share one TLS context: loading the authorities costs more than a request."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=HURRIED, pool_block=True, max_retries=Retry(0, read=False))

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what tells connections apart, for urllib3."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        secure = host["scheme"] == "https"
        return host, {"ssl_context": _tls_context()} if secure else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave it to the context."""


class _Body:
    """A binary stream that can only be read forward."""

    def __init__(self, url: str, response: Response) -> None:
        self._url = url
        self._response = response

    def read(self, size: int = -1) -> bytes:
        try:
            with _as_failures(self._url):
                content: bytes = self._response.raw.read(None if size < 0 else size)
                return content
        except _PassingError as passing:
            raise passing.failure from passing

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._response.close()


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
        # requests lets urllib3's errors through while a body is read.
        if isinstance(error, (requests.RequestException, HTTPError)):
            chain = list(_chain(error))
            failure = _unreachable(self._url, _cause(chain))
            raise failure if _is_lasting(chain) else _PassingError(failure) from error


@cache
def _tls_context() -> ssl.SSLContext:
    """Return a context with the authorities that the environment names, or the usual ones."""
    variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT")
    stated = next(
        (os.environ[each] for each in variables if os.environ.get(each)), DEFAULT_CA_BUNDLE_PATH
    )
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
    """Tell what the next attempt would meet again: certificates, redirects, names, bad URLs."""
    lasting = (
        *(requests.TooManyRedirects, requests.exceptions.InvalidURL, ssl.SSLCertVerificationError),
        *(requests.exceptions.InvalidSchema, requests.exceptions.ContentDecodingError, SSLError),
        *(requests.exceptions.MissingSchema, requests.exceptions.InvalidHeader),
    )
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
