"""Ask for files without fetching them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import requests

from depcheck.errors import EnvironmentFailure
from depcheck.services import session as http
from depcheck.services.session import AT_ONCE, reason, session

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_HEAD = frozenset({403, 405, 501})
"""What servers say that only take GET."""


def answering(urls: Iterable[str]) -> dict[str, int]:
    """Return the status that each URL answers a HEAD request with.

    Raises:
        EnvironmentFailure: a server does not answer at all.
    """
    asked = sorted(set(urls))
    with session() as opened, ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(asked, pool.map(lambda url: _status(opened, url), asked), strict=True))


def _status(opened: requests.Session, url: str) -> int:
    try:
        status = opened.head(url, allow_redirects=True, timeout=http.TIMEOUT).status_code
        if status not in _NO_HEAD:
            return status
        with opened.get(url, stream=True, timeout=http.TIMEOUT) as response:
            return response.status_code
    except requests.RequestException as error:
        raise EnvironmentFailure(
            "file-unreachable",
            f"cannot ask for `{url}`: {reason(error)}",
            hint="try again, or gate without `--live`",
        ) from error
