"""HTTP for the checks of the gate that ask a service: retries, deadlines, its own name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from depcheck import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE = 8
"""Requests under way at once, at most."""
TIMEOUT: tuple[float, float] = (10, 30)
"""Seconds to connect, and to wait for a part of the answer."""
RETRIES = Retry(
    total=3,
    connect=1,
    read=False,  # a service that hangs will hang again
    backoff_factor=0.5,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,  # the gate changes nothing, whatever the method
    retry_after_max=10,
    raise_on_status=False,
)


@contextmanager
def session() -> Iterator[requests.Session]:
    """Yield a session for `AT_ONCE` threads."""
    with requests.Session() as opened:
        opened.headers["User-Agent"] = f"depcheck/{__version__}"
        adapter = HTTPAdapter(max_retries=RETRIES, pool_maxsize=AT_ONCE, pool_block=True)
        opened.mount("https://", adapter)
        opened.mount("http://", adapter)
        yield opened


def reason(error: requests.RequestException) -> str:
    """Return why there is no answer, in words."""
    if isinstance(error, requests.Timeout):
        return "it did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "it cannot be reached"
    return type(error).__name__
