"""Measure wheels over the network, several at a time, by range requests only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from depcheck.artifacts.sources import inspect_url
from depcheck.errors import EnvironmentFailure, InputError
from depcheck.frozen import frozen
from depcheck.index.live.http import POLITE, Http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from depcheck.artifacts.model import Artifact

LARGEST = 1_000_000_000
"""Bytes; larger wheels are not read."""


@frozen
class WheelFile:
    """A wheel behind a URL."""

    url: str
    sha256: str
    size: int | None

    @property
    def filename(self) -> str:
        """Its name, without folder."""
        return self.url.partition("#")[0].rpartition("/")[2]


@frozen
class Recorded:
    """What became of one wheel."""

    wheel: WheelFile
    artifact: Artifact | None
    transferred: int = 0
    problem: str | None = None
    """Why there is no artifact."""


def record_facts(
    wheels: Iterable[WheelFile], *, progress: Callable[[Recorded], None]
) -> tuple[Recorded, ...]:
    """Measure wheels; one that cannot be read does not keep the others from being read.

    The result is in the order of the wheels; progress is told of each as it is done.
    """
    http = Http()

    def measure(wheel: WheelFile) -> Recorded:
        recorded = _measure(http, wheel)
        progress(recorded)
        return recorded

    with ThreadPoolExecutor(POLITE // 2) as pool:
        return tuple(pool.map(measure, wheels))


def _measure(http: Http, wheel: WheelFile) -> Recorded:
    if wheel.size is not None and wheel.size > LARGEST:
        return Recorded(wheel=wheel, artifact=None, problem="it is larger than 1 GB")
    try:
        found = inspect_url(http, wheel.url, size=wheel.size)
    except (EnvironmentFailure, InputError) as error:
        return Recorded(wheel=wheel, artifact=None, problem=error.message)
    if wheel.size is not None and found.artifact.size not in {None, wheel.size}:
        return Recorded(wheel=wheel, artifact=None, problem="its size is not that of the lock")
    return Recorded(wheel=wheel, artifact=found.artifact, transferred=found.transferred or 0)
