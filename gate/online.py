"""Ask whether every locked URL still answers: an index may list what is not there any more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import requests

from depcheck.errors import EnvironmentFailure
from depcheck.gate import session as http
from depcheck.gate.codes import finding
from depcheck.gate.session import AT_ONCE, reason, session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depcheck.gate.finding import Finding
    from depcheck.gate.lock import LockedPin

_GONE = frozenset({404, 410})
_NO_HEAD = frozenset({403, 405, 501})
"""What servers say that only take GET."""
_FIRST_ERROR = 400
_PRIVATE = frozenset({401, 403})


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


def gone(pins: Iterable[LockedPin], statuses: dict[str, int]) -> Iterator[Finding]:
    """Yield the pins whose file is not where the lock says, or not given to us."""
    for pin in pins:
        status = statuses.get(pin.url or "", 0)
        if status >= _FIRST_ERROR and status not in _PRIVATE:
            what = "is not there any more" if status in _GONE else f"answers with status {status}"
            yield finding(
                "url-dead",
                str(pin),
                f"`{pin.url}` {what}",
                at=pin.location,
                remedy="solve again, or serve the file from a mirror that keeps what is locked",
            )


def private(pins: Iterable[LockedPin], statuses: dict[str, int]) -> Iterator[str]:
    """Yield that servers keep files for those whom they know; a locked URL has no credentials."""
    names = [pin.name for pin in pins if statuses.get(pin.url or "") in _PRIVATE]
    if names:
        yield (
            f"whether the files of {', '.join(names)} are there is told only to whom their "
            "servers know"
        )
