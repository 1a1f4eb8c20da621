"""Whether every locked URL still answers: an index may list what is not there any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.gate.codes import finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from depcheck.gate.finding import Finding
    from depcheck.gate.lock import LockedPin

_GONE = frozenset({404, 410})
_FIRST_ERROR = 400
_PRIVATE = frozenset({401, 403})


def gone(pins: Iterable[LockedPin], statuses: Mapping[str, int]) -> Iterator[Finding]:
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


def private(pins: Iterable[LockedPin], statuses: Mapping[str, int]) -> Iterator[str]:
    """Yield that servers keep files for those whom they know; a locked URL has no credentials."""
    names = [pin.name for pin in pins if statuses.get(pin.url or "") in _PRIVATE]
    if names:
        yield (
            f"whether the files of {', '.join(names)} are there is told only to whom their "
            "servers know"
        )
