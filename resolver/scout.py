"""Goes ahead of a search: looks up what it is likely to ask, in the order of the answers."""

from __future__ import annotations

from collections import Counter
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from depcheck.errors import DepcheckError
from depcheck.index.interface import RemoteIndex
from depcheck.index.model import Dist, InvalidMetadataError
from depcheck.index.project import newest_first
from depcheck.resolver.candidates import Candidate
from depcheck.resolver.catalogue import Catalogue
from depcheck.resolver.dependencies import Dependencies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from depcheck.index.interface import PackageIndex
    from depcheck.index.project import Project
    from depcheck.resolver.candidates import Want
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.target import TargetEnvironment

_CHANGES = 8
"""How often a guess is made anew before the search must find out by itself."""


class Scout:
    """Takes, of each package, the newest version that everything known so far allows."""

    def __init__(
        self,
        problem: Problem,
        indexes: Callable[[str], PackageIndex],
        target: TargetEnvironment,
    ) -> None:
        self._catalogue = Catalogue(problem, target, indexes)
        self._dependencies = Dependencies(problem, target, self._catalogue)
        self._allow = problem.variant.prerelease == "allow"
        self._wants: dict[str, dict[str, list[Want]]] = {}
        """By name and by the identifier that states them."""
        self._names: dict[str, list[str]] = {}
        """What each identifier asks for, as it counts now."""
        self._asked: set[str] = set()
        self._known: set[str] = set()
        """The projects that can be looked at."""
        self._taken: dict[str, Candidate] = {}
        self._out: dict[str, int] = {}
        """The ranks of each project that were taken and do not go with the rest."""
        self._changes: Counter[str] = Counter()
        self._waiting = 0
        self._answers: SimpleQueue[Callable[[], None]] = SimpleQueue()
        """What to do with each answer."""

    def run(self) -> None:
        """Look up until nothing is left that the search is likely to ask."""
        self._state("", self._dependencies.roots())
        while self._waiting:
            take = self._answers.get()
            self._waiting -= 1
            try:
                take()
            except (DepcheckError, InvalidMetadataError):
                continue  # the search meets it again, if it matters

    def _after(self, future: Future[object] | None, take: Callable[[], None]) -> None:
        """Do something when an answer is there, which it is where none is under way."""
        self._waiting += 1
        if future is None:
            self._answers.put(take)
        else:
            future.add_done_callback(lambda _: self._answers.put(take))

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
            if name in self._known:
                self._choose(name)
            return
        stated = [want for wants in self._wants[name].values() for want in wants]
        if all(want.weak for want in stated):
            return
        self._asked.add(name)
        future = None
        if name not in self._catalogue.direct:
            index = self._catalogue.index(name)
            future = index.project_ahead(name) if isinstance(index, RemoteIndex) else None
        self._after(future, partial(self._learn, name))

    def _learn(self, name: str) -> None:
        self._known.add(name)
        self._choose(name)

    def _choose(self, name: str) -> None:
        project = self._catalogue.project(name)
        wants = [want for wants in self._wants[name].values() for want in wants]
        strong = {want.extra for want in wants if not want.weak}
        if project is None or not strong:
            return
        mask = project.everything
        for want in wants:
            mask &= want.mask(project)
        if not mask:
            self._reconsider(project)
            return
        mask &= ~self._out.get(name, 0)
        for extra in sorted(strong | {""}):
            self._guess(project, extra, mask)

    def _reconsider(self, project: Project) -> None:
        """Take an older version of what asks for the fewest versions of a project."""
        stated = self._wants[project.name]
        asked = {
            source: sum(want.mask(project).bit_count() for want in wants)
            for source, wants in stated.items()
            if source in self._taken
        }
        if not asked:
            return
        taken = self._taken[min(asked, key=lambda source: (asked[source], source))]
        out = self._out.get(taken.name, 0)
        if not out >> taken.rank & 1:
            self._out[taken.name] = out | 1 << taken.rank
            self._choose(taken.name)

    def _guess(self, project: Project, extra: str, mask: int) -> None:
        candidate = self._likely(project, extra, mask)
        if candidate is None or candidate.dist is None:
            return
        identifier = candidate.identifier
        known = self._taken.get(identifier)
        if known is not None and (
            known.rank == candidate.rank or self._changes[identifier] >= _CHANGES
        ):
            return
        self._taken[identifier] = candidate
        self._changes[identifier] += 1
        future = None
        index = self._catalogue.index(project.name)
        if isinstance(index, RemoteIndex) and not self._dependencies.is_stated(candidate):
            future = index.metadata_ahead(project, candidate.dist)
        self._after(future, partial(self._follow, candidate))

    def _follow(self, candidate: Candidate) -> None:
        if self._taken[candidate.identifier] is candidate:
            self._state(candidate.identifier, self._dependencies.wants(candidate))

    def _likely(self, project: Project, extra: str, mask: int) -> Candidate | None:
        stable = mask if self._allow else mask & ~project.prereleases
        for rank in newest_first(stable or mask):
            dist = self._catalogue.choice(project, rank)
            if isinstance(dist, Dist):
                return Candidate(project.name, extra, project, rank, dist)
        return None
