"""Connections to hosts: TLS, proxies, what failures mean. Imported with the first request."""

from __future__ import annotations

import os
import socket
import ssl
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager, Timeout, make_headers
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    SSLError,
)
from urllib3.util import parse_url
from urllib3.util.ssl_ import create_urllib3_context

from depcheck import __version__
from depcheck.errors import EnvironmentFailure
from depcheck.index.live.credentials import redacted
from depcheck.paths import is_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3 import BaseHTTPResponse

_TIMEOUT = Timeout(connect=10, read=30)
_HEADERS = make_headers(accept_encoding=True, keep_alive=True, user_agent=f"depcheck/{__version__}")


def ask(
    host: HTTPConnectionPool | ProxyManager, url: str, headers: Mapping[str, str]
) -> BaseHTTPResponse:
    """Return the answer to one request, its body unread."""
    return host.urlopen(
        "GET",
        url if isinstance(host, ProxyManager) else _target(url),
        headers={**_HEADERS, **headers},
        timeout=_TIMEOUT,
        retries=False,
        redirect=False,
        preload_content=False,
    )


def _target(url: str) -> str:
    """Return what a host is asked for."""
    return f"/{''.join(url.split('/', 3)[3:])}"


def open_host(host: str, most: int) -> HTTPConnectionPool | ProxyManager:
    """Return what keeps up to so many connections to a host open, given as scheme and name."""
    proxy = _proxy(host)
    if proxy is None:
        return _direct(host, most)
    return ProxyManager(
        redacted(proxy),
        maxsize=most,
        block=True,
        ssl_context=_tls_context() if host.startswith("https:") else None,
        proxy_ssl_context=_tls_context() if proxy.startswith("https:") else None,
        proxy_headers=make_headers(proxy_basic_auth=_user(proxy)),
    )


def _direct(host: str, most: int) -> HTTPConnectionPool:
    """Return connections without a manager of many hosts, which each request would go through."""
    parts = parse_url(host)
    if parts.host is None:
        raise LocationValueError("no host is named")
    if parts.scheme == "https":
        return HTTPSConnectionPool(
            parts.host, parts.port, maxsize=most, block=True, ssl_context=_tls_context()
        )
    return HTTPConnectionPool(parts.host, parts.port, maxsize=most, block=True)


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


@cache
def _tls_context() -> ssl.SSLContext:
    """Return a context with the authorities that the environment names, or the usual ones.

    All connections share it: loading it costs more than a request.
    """
    variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT")
    stated = next((os.environ[each] for each in variables if os.environ.get(each)), None)
    if stated is None:
        from certifi import where  # noqa: PLC0415 - not for http

        stated = where()
    context = create_urllib3_context()
    try:
        context.load_verify_locations(**{"capath" if is_folder(stated) else "cafile": stated})
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
    if not isinstance(error, HTTPError):
        return None
    chain = list(_chain(error))
    inner = chain[-1]
    text = " ".join(str(inner).split()) or type(inner).__name__
    return text if "@" not in text else type(inner).__name__, _is_lasting(chain)


def _is_lasting(chain: list[BaseException]) -> bool:
    """Tell what the next attempt would meet again: certificates, bad URLs, encodings, names."""
    lasting = (LocationValueError, ssl.SSLCertVerificationError, SSLError, DecodeError)
    if any(isinstance(each, lasting) for each in chain):
        return True
    names = [each for each in chain if isinstance(each, (socket.gaierror, NameResolutionError))]
    return bool(names) and not any(
        isinstance(each, socket.gaierror) and each.errno == socket.EAI_AGAIN for each in names
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    yield error
    for inner in (getattr(error, "reason", None), *reversed(error.args), error.__cause__):
        if isinstance(inner, BaseException):
            yield from _chain(inner)
            return
