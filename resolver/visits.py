"""Which projects, versions and metadata a solve of a problem could ever look at.

The reachable set over-approximates every search: each version that some reachable version's
requirement allows, narrowed only by what the image itself asks for, since that holds in every
branch of the search. A recorder asks for what is missing, gives answers, and asks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.index.model import Dist, InvalidMetadataError
from depcheck.index.project import newest_first
from depcheck.resolver.candidates import Candidate, Want
from depcheck.resolver.catalogue import Catalogue
from depcheck.resolver.dependencies import Dependencies
from depcheck.resolver.problem import DEFAULT_INDEX, Problem
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depcheck.index.model import CoreMetadata, FileRecord, IndexInfo
    from depcheck.index.project import Project


class _Given:
    """The part of one index that the plan was given so far."""

    info: IndexInfo | None = None

    def __init__(self, location: str) -> None:
        self.location = location
        self.projects: dict[str, Project | None] = {}
        self.metadata: dict[tuple[str, int], CoreMetadata | InvalidMetadataError | None] = {}

    def project(self, name: str) -> Project | None:
        return self.projects[name]

    def core_metadata(self, project: Project, dist: Dist) -> CoreMetadata | None:
        found = self.metadata[project.name, dist.position]
        if isinstance(found, InvalidMetadataError):
            raise found
        return found

    def file(self, project: Project, dist: Dist) -> FileRecord:
        raise NotImplementedError


class Visits:
    """The plan for one problem. Projects given to it must number files as the index lists them."""

    def __init__(self, problem: Problem) -> None:
        self._given: dict[str, _Given] = {}
        self._explicit = problem.index_of
        target = TargetEnvironment(problem.variant.target)
        self._catalogue = Catalogue(problem, target, self._index)
        self._dependencies = Dependencies(problem, target, self._catalogue)
        self._roots = list(self._dependencies.roots())
        self._policy = problem.variant.prerelease
        self._root_mask: dict[str, int] = {}
        self._waiting: dict[str, list[Want]] = {}
        self._queue: list[Want] = [want for want in self._roots if not want.weak]
        self._seen: dict[str, int] = {}
        self._pending: dict[tuple[str, int], list[Candidate]] = {}
        self.wanted: dict[tuple[str, str], int] = {}
        """Ranks that the recording must describe, by index location and project name."""

    def projects(self) -> Iterator[tuple[str, str]]:
        """Yield location and name of each project that is needed next."""
        self._advance()
        for name in sorted(self._waiting):
            yield self._location(name), name

    def give_project(self, location: str, name: str, project: Project | None) -> None:
        """Take a project, None where the index has none; it is taken only if it was asked for."""
        if name not in self._waiting or self._location(name) != location:
            return
        self._index(location).projects[name] = project
        self._queue += self._waiting.pop(name)

    def files(self) -> Iterator[tuple[str, Project, Dist]]:
        """Yield the files whose core metadata is needed next."""
        self._advance()
        for (name, _), (candidate, *_) in sorted(self._pending.items()):
            if candidate.project is not None and candidate.dist is not None:
                yield self._location(name), candidate.project, candidate.dist

    def give_metadata(
        self,
        location: str,
        project: Project,
        dist: Dist,
        metadata: CoreMetadata | InvalidMetadataError | None,
    ) -> None:
        """Take a file's core metadata; it is taken only if it was asked for."""
        key = (project.name, dist.position)
        if self._location(project.name) != location or key not in self._pending:
            return
        self._index(location).metadata[key] = metadata
        for candidate in self._pending.pop(key):
            self._expand(candidate)

    def _location(self, name: str) -> str:
        return self._explicit.get(name, DEFAULT_INDEX)

    def _index(self, location: str) -> _Given:
        return self._given.setdefault(location, _Given(location))

    def _advance(self) -> None:
        while self._queue:
            self._visit(self._queue.pop())

    def _visit(self, want: Want) -> None:
        location = self._location(want.name)
        known = want.name in self._catalogue.direct
        if not known and want.name not in self._index(location).projects:
            self._waiting.setdefault(want.name, []).append(want)
            return
        project = self._catalogue.project(want.name)
        if project is None:
            return
        mask = self._mask(project, want)
        fresh = mask & ~self._seen.get(want.identifier, 0)
        self._seen[want.identifier] = self._seen.get(want.identifier, 0) | mask
        if not known:
            key = (location, want.name)
            self.wanted[key] = self.wanted.get(key, 0) | mask
        for rank in newest_first(fresh):
            self._consider(project, want, rank)

    def _mask(self, project: Project, want: Want) -> int:
        """Return the ranks a want allows that the image itself does not rule out."""
        mask = want.mask(project) & self._narrowed(project)
        if self._policy == "allow" or want.origin is not None:
            return mask
        return mask & ~project.prereleases if self._catalogue.has_stable(project) else mask

    def _narrowed(self, project: Project) -> int:
        if project.name not in self._root_mask:
            mask = project.everything
            for want in self._roots:
                if want.name == project.name:
                    mask &= want.mask(project)
            self._root_mask[project.name] = mask
        return self._root_mask[project.name]

    def _consider(self, project: Project, want: Want, rank: int) -> None:
        dist = self._catalogue.choice(project, rank)
        if not isinstance(dist, Dist):
            return
        candidate = Candidate(project.name, want.extra, project, rank, dist)
        if self._dependencies.is_stated(candidate):
            self._expand(candidate)
            return
        known = self._index(self._location(project.name)).metadata
        if (project.name, dist.position) in known:
            self._expand(candidate)
            return
        self._pending.setdefault((project.name, dist.position), []).append(candidate)

    def _expand(self, candidate: Candidate) -> None:
        wants = self._dependencies.wants(candidate)
        for want in wants:
            if self._dooms(want):
                # The search meets this conflict first, and asks for nothing else.
                self._queue.append(want)
                return
        self._queue += [want for want in wants if not want.weak and not want.impossible]

    def _dooms(self, want: Want) -> bool:
        if want.impossible or want.name not in self._dependencies.root_names:
            return bool(want.impossible)
        location = self._location(want.name)
        project = None
        if want.name in self._catalogue.direct or want.name in self._index(location).projects:
            project = self._catalogue.project(want.name)
        return project is not None and not want.mask(project) & self._narrowed(project)


class Fleet:
    """One plan over several problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._plans = [Visits(problem) for problem in problems]

    def projects(self) -> Iterator[tuple[str, str]]:
        """Yield location and name of each project that some plan needs next, each once."""
        yield from sorted({each for plan in self._plans for each in plan.projects()})

    def give_project(self, location: str, name: str, project: Project | None) -> None:
        """Hand a project to every plan."""
        for plan in self._plans:
            plan.give_project(location, name, project)

    def files(self) -> Iterator[tuple[str, Project, Dist]]:
        """Yield the files whose core metadata some plan needs next, each once."""
        seen: set[tuple[str, str, int]] = set()
        for plan in self._plans:
            for location, project, dist in plan.files():
                key = (location, project.name, dist.position)
                if key not in seen:
                    seen.add(key)
                    yield location, project, dist

    def give_metadata(
        self,
        location: str,
        project: Project,
        dist: Dist,
        metadata: CoreMetadata | InvalidMetadataError | None,
    ) -> None:
        """Hand a file's core metadata to every plan."""
        for plan in self._plans:
            plan.give_metadata(location, project, dist, metadata)

    def wanted(self) -> dict[tuple[str, str], int]:
        """Return the ranks that the recording must describe, by location and project name."""
        total: dict[tuple[str, str], int] = {}
        for plan in self._plans:
            for key, mask in plan.wanted.items():
                total[key] = total.get(key, 0) | mask
        return total
