"""Hosts behind a proxy: urllib3 knows how to pass through one. Imported with the first request."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from urllib3 import ProxyManager, Timeout, make_headers
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    SSLError,
)

from depcheck.index.live.connections import (
    CONNECT_SECONDS,
    HEADERS,
    READ_SECONDS,
    is_lasting,
    tls_context,
    told,
)
from depcheck.index.live.credentials import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3 import BaseHTTPResponse

_TIMEOUT = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)


class Proxied:
    """Connections to one host through a proxy, at most so many at once."""

    def __init__(self, host: str, proxy: str, most: int) -> None:
        """Take a host as scheme and name, and the URL of a proxy."""
        self._manager = ProxyManager(
            redacted(proxy),
            maxsize=most,
            block=True,
            ssl_context=tls_context() if host.startswith("https:") else None,
            proxy_ssl_context=tls_context() if proxy.startswith("https:") else None,
            proxy_headers=make_headers(proxy_basic_auth=_user(proxy)),
        )

    def ask(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """Return the answer to one request, its body unread."""
        return self._manager.request(
            "GET",
            url,
            headers={**HEADERS, **headers},
            timeout=_TIMEOUT,
            retries=False,
            redirect=False,
            preload_content=False,
        )


def _user(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return f"{unquote(parts.username)}:{unquote(parts.password or '')}"


def cause_of(error: BaseException) -> tuple[str, bool] | None:
    """Return what `depcheck.index.live.connections.cause_of` has, for what urllib3 raises."""
    if not isinstance(error, HTTPError):
        return None
    chain = list(_chain(error))
    return told(chain[-1]), _is_lasting(chain)


def _is_lasting(chain: list[BaseException]) -> bool:
    lasting = (LocationValueError, ssl.SSLCertVerificationError, SSLError, DecodeError)
    if any(isinstance(each, lasting) for each in chain):
        return True
    names = [each for each in chain if isinstance(each, (socket.gaierror, NameResolutionError))]
    return bool(names) and all(
        is_lasting(each) for each in names if isinstance(each, socket.gaierror)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    yield error
    for inner in (getattr(error, "reason", None), *reversed(error.args), error.__cause__):
        if isinstance(inner, BaseException):
            yield from _chain(inner)
            return
