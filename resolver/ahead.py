"""Reading ahead of the search, where each look-up costs a request.

The projects that a search is likely to visit, and the metadata of the versions that it is likely to
take, are asked for at once instead of one after the other. The search then finds them in the
index's memory. What it asks and in which order does not change, and so its answer does not either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.errors import DepcheckError
from depcheck.index.interface import RemoteIndex
from depcheck.index.model import Dist, InvalidMetadataError
from depcheck.index.project import newest_first
from depcheck.resolver.candidates import Candidate
from depcheck.resolver.catalogue import Catalogue
from depcheck.resolver.dependencies import Dependencies
from depcheck.resolver.problem import DEFAULT_INDEX
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor, Future

    from depcheck.index.interface import PackageIndex
    from depcheck.index.project import Project
    from depcheck.resolver.candidates import Want
    from depcheck.resolver.problem import Problem

_CHANGES = 8
"""How often a guess is made anew before the search must find out by itself."""


def prepare(problem: Problem, indexes: Callable[[str], PackageIndex]) -> None:
    """Ask indexes, where they are remote, for what the search of a problem is likely to ask."""
    index = indexes(DEFAULT_INDEX)
    if isinstance(index, RemoteIndex) and index.ahead is not None:
        _Scout(problem, indexes, index.ahead).run()


class _Scout:
    """Takes, of each package, the newest version that everything known so far allows."""

    def __init__(
        self, problem: Problem, indexes: Callable[[str], PackageIndex], pool: Executor
    ) -> None:
        self._pool = pool
        target = TargetEnvironment(problem.variant.target)
        self._catalogue = Catalogue(problem, target, indexes)
        self._dependencies = Dependencies(problem, target, self._catalogue)
        self._allow = problem.variant.prerelease == "allow"
        self._wants: dict[str, dict[str, list[Want]]] = {}
        """By name and by the identifier that states them."""
        self._names: dict[str, list[str]] = {}
        """What each identifier asks for, as it counts now."""
        self._pages: dict[Future[object], str] = {}
        self._files: dict[Future[object], Candidate] = {}
        self._asked: set[str] = set()
        self._read: set[tuple[str, int]] = set()
        self._taken: dict[str, Candidate] = {}
        self._changes: dict[str, int] = {}

    def run(self) -> None:
        from concurrent.futures import FIRST_COMPLETED, wait  # noqa: PLC0415 - slow to import

        self._state("", self._dependencies.roots())
        while waiting := {**self._pages, **self._files}:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                self._take(future)

    def _take(self, future: Future[object]) -> None:
        name = self._pages.pop(future, None)
        candidate = self._files.pop(future, None)
        try:
            future.result()
        except (DepcheckError, InvalidMetadataError):
            return  # the search meets it again, if it matters
        if name is not None:
            self._choose(name)
        elif candidate is not None and self._taken.get(candidate.identifier) is candidate:
            self._state(candidate.identifier, self._dependencies.wants(candidate))

    def _state(self, source: str, wants: Iterable[Want]) -> None:
        """Let a source ask for other things than before."""
        changed = set(self._names.pop(source, ()))
        for name in changed:
            self._wants[name].pop(source, None)
        for want in wants:
            if want.impossible:
                continue
            self._wants.setdefault(want.name, {}).setdefault(source, []).append(want)
            self._names.setdefault(source, []).append(want.name)
            changed.add(want.name)
        for name in sorted(changed):
            self._look_at(name)

    def _look_at(self, name: str) -> None:
        if name in self._asked:
            if name not in self._pages.values():
                self._choose(name)
            return
        stated = [want for wants in self._wants[name].values() for want in wants]
        if all(want.weak for want in stated):
            return
        self._asked.add(name)
        if name in self._catalogue.direct:
            self._choose(name)
            return
        self._pages[self._pool.submit(self._catalogue.index(name).project, name)] = name

    def _choose(self, name: str) -> None:
        project = self._catalogue.project(name)
        wants = [want for wants in self._wants[name].values() for want in wants]
        strong = {want.extra for want in wants if not want.weak}
        if project is None or not strong:
            return
        mask = project.everything
        for want in wants:
            mask &= want.mask(project)
        for extra in sorted(strong | {""}):
            self._guess(project, extra, mask)

    def _guess(self, project: Project, extra: str, mask: int) -> None:
        candidate = self._likely(project, extra, mask)
        if candidate is None or candidate.dist is None:
            return
        known = self._taken.get(candidate.identifier)
        changes = self._changes.get(candidate.identifier, 0)
        if known is not None and (known.rank == candidate.rank or changes >= _CHANGES):
            return
        self._taken[candidate.identifier] = candidate
        self._changes[candidate.identifier] = changes + 1
        if self._dependencies.is_stated(candidate):
            self._state(candidate.identifier, self._dependencies.wants(candidate))
            return
        index = self._catalogue.index(project.name)
        self._files[self._pool.submit(index.core_metadata, project, candidate.dist)] = candidate

    def _likely(self, project: Project, extra: str, mask: int) -> Candidate | None:
        stable = mask if self._allow else mask & ~project.prereleases
        for rank in newest_first(stable or mask):
            dist = self._catalogue.choice(project, rank)
            if isinstance(dist, Dist):
                return Candidate(project.name, extra, project, rank, dist)
        return None
