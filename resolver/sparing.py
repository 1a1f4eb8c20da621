"""Remote indexes that answer only so many questions which nobody could foresee.

Each of those is a request that is waited for. A remedy that would take too many is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.errors import EnvironmentFailure
from depcheck.index.interface import RemoteIndex

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from depcheck.index.interface import PackageIndex
    from depcheck.index.model import CoreMetadata, Dist, FileRecord, IndexInfo
    from depcheck.index.project import Project


class AllowanceSpentError(EnvironmentFailure):
    """No further question is answered."""


class Sparing:
    """Looks up indexes; remote ones count what they are asked for the first time."""

    def __init__(self, indexes: Callable[[str], PackageIndex], allowance: int) -> None:
        self._indexes = indexes
        self._known: set[tuple[str, str, int]] = set()
        self._wrapped: dict[tuple[str, bool], PackageIndex] = {}
        self.left = allowance

    def freely(self, location: str) -> PackageIndex:
        """Return an index whose answers are not counted, now and later."""
        return self._index(location, counted=False)

    def counted(self, location: str) -> PackageIndex:
        """Return an index that raises `AllowanceSpentError` when the allowance is spent."""
        return self._index(location, counted=True)

    def _index(self, location: str, *, counted: bool) -> PackageIndex:
        found = self._wrapped.get((location, counted))
        if found is None:
            found = self._indexes(location)
            if isinstance(found, RemoteIndex):
                found = _Counting(found, found, self._spend if counted else self._learn)
            self._wrapped[location, counted] = found
        return found

    def _learn(self, key: tuple[str, str, int]) -> None:
        self._known.add(key)

    def _spend(self, key: tuple[str, str, int]) -> None:
        if key in self._known:
            return
        if not self.left:
            raise AllowanceSpentError(
                "too-many-requests",
                "what is known of the index does not suffice",
                hint="record the index, then solve again",
            )
        self._known.add(key)
        self.left -= 1


class _Counting:
    """One index."""

    def __init__(
        self,
        index: PackageIndex,
        remote: RemoteIndex,
        count: Callable[[tuple[str, str, int]], None],
    ) -> None:
        self._index = index
        self._remote = remote
        self.hurried = remote.hurried
        self._count = count

    @property
    def location(self) -> str:
        return self._index.location

    @property
    def info(self) -> IndexInfo | None:
        return self._index.info

    def project(self, name: str) -> Project | None:
        self._count((self.location, name, -1))
        return self._index.project(name)

    def core_metadata(self, project: Project, dist: Dist) -> CoreMetadata | None:
        self._count((self.location, project.name, dist.position))
        return self._index.core_metadata(project, dist)

    def project_ahead(self, name: str) -> Future[object] | None:
        self._count((self.location, name, -1))
        return self._remote.project_ahead(name)

    def metadata_ahead(self, project: Project, dist: Dist) -> Future[object] | None:
        self._count((self.location, project.name, dist.position))
        return self._remote.metadata_ahead(project, dist)

    def file(self, project: Project, dist: Dist) -> FileRecord:
        return self._index.file(project, dist)
