"""The resolvelib provider: an adapter that asks the catalogue and the dependencies."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from resolvelib import AbstractProvider
from resolvelib.structs import build_iter_view

from depcheck.index.model import Dist
from depcheck.index.project import newest_first
from depcheck.resolver.candidates import ABSENT, Candidate, Want
from depcheck.resolver.clauses import counts
from depcheck.resolver.preference import Preference, preference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from resolvelib.structs import RequirementInformation

    from depcheck.index.project import Project
    from depcheck.resolver.catalogue import Catalogue
    from depcheck.resolver.clauses import Clause
    from depcheck.resolver.dependencies import Dependencies

_LAST = 1 << 30


class Provider(AbstractProvider[Want, Candidate, str]):
    """What resolvelib asks, answered in ranks."""

    def __init__(
        self,
        catalogue: Catalogue,
        dependencies: Dependencies,
        *,
        roots: Sequence[Want],
        prerelease: str,
        preferred: Mapping[str, str] | None = None,
        kept: frozenset[Clause] | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._dependencies = dependencies
        self._order = {want.name: place for place, want in reversed(list(enumerate(roots)))}
        self._roots = [each for each in roots if kept is None or counts(each, None, kept)]
        self._prerelease = prerelease
        self._preferred = preferred or {}
        self._explicit_pre = _names_with_prereleases(roots)
        self._kept = kept
        self._wants: dict[Candidate, list[Want]] = {}
        """What candidates ask for, where not all clauses count."""
        self._candidates: dict[tuple[str, int], Candidate] = {}
        self.missing: dict[str, int] = {}
        """The ranks that were met and that have no file for the target, by project."""
        self._offers: dict[tuple[str, int], Iterable[Candidate]] = {}
        """What is on offer among ranks, by identifier: the same is asked again and again."""
        self._ruled_out: dict[str, int] = {}
        """The ranks that no solution can have, by identifier."""

    def identify(self, requirement_or_candidate: Want | Candidate) -> str:
        """Return the package, or the extra of it."""
        return requirement_or_candidate.identifier

    def get_dependencies(self, candidate: Candidate) -> Iterable[Want]:
        """Return what a candidate asks for on the target, as far as its clauses count."""
        if self._kept is None:
            return self._dependencies.wants(candidate)
        found = self._wants.get(candidate)
        if found is None:
            wants = self._dependencies.wants(candidate)
            found = [want for want in wants if counts(want, candidate, self._kept)]
            self._wants[candidate] = found
        return found

    def is_satisfied_by(self, requirement: Want, candidate: Candidate) -> bool:
        """Tell whether a candidate is among those that a want allows."""
        if candidate.project is None:
            return requirement.weak
        return bool(requirement.mask(candidate.project) >> candidate.rank & 1)

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Want]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> Iterable[Candidate]:
        """Return the candidates that all wants allow, newest first, found as they are needed."""
        wants = list(requirements[identifier])
        broken = list(incompatibilities[identifier])
        if all(want.weak for want in wants):
            return self.unneeded(identifier, broken)
        project = self._catalogue.project(wants[0].name)
        if project is None:
            return ()
        ranks = project.everything & ~ranks_of(broken)
        for want in wants:
            ranks &= want.mask(project)
        return self.offered(wants[0], ranks)

    def unneeded(self, identifier: str, broken: Collection[Candidate]) -> Sequence[Candidate]:
        """Return the candidates of a package that nobody needs: none but its absence."""
        absent = self._absent(identifier)
        return () if absent in broken else (absent,)

    def offered(self, want: Want, ranks: int) -> Iterable[Candidate]:
        """Return the candidates among ranks of what a want names, found as they are needed."""
        project = self.project(want.name)
        for each in self.roots_on_base_of(want):
            ranks &= each.mask(project)
        ranks &= ~self.ruled_out(want.identifier)
        key = (want.identifier, ranks)
        found = self._offers.get(key)
        if found is None:
            found = build_iter_view(lambda: self._usable(project, want.extra, ranks))
            self._offers[key] = found
        return found

    def roots_on_base_of(self, want: Want) -> list[Want]:
        """Return what the image asks of an extra's base: it holds in every branch of the search."""
        if not want.extra:
            return []
        return [each for each in self._roots if each.name == want.name]

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[str],
        resolutions: Mapping[str, Candidate],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[str, Iterator[Candidate]],  # noqa: ARG002
        information: Mapping[str, Iterator[RequirementInformation[Want, Candidate]]],
        backtrack_causes: Sequence[RequirementInformation[Want, Candidate]],
    ) -> Iterable[str]:
        """Return the packages that may be decided next: causes of the last conflict come first.

        What only constraints name is decided when nothing is left that may come to need it.
        """
        causes = {cause.requirement.identifier for cause in backtrack_causes}
        causes |= {cause.parent.identifier for cause in backtrack_causes if cause.parent}
        urgent = causes.intersection(identifiers)
        needed = [each for each in urgent if _is_needed(information[each])]
        return needed or identifiers

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],  # noqa: ARG002
        candidates: Mapping[str, Iterator[Candidate]],  # noqa: ARG002
        information: Mapping[str, Iterator[RequirementInformation[Want, Candidate]]],
        backtrack_causes: Sequence[RequirementInformation[Want, Candidate]],  # noqa: ARG002
    ) -> Preference:
        """Return the sort key of one undecided package: it depends on what is asked of it alone."""
        wants = [each.requirement for each in information[identifier]]
        return preference(identifier, wants, self._order.get(wants[0].name, _LAST))

    def rule_out(self, candidate: Candidate) -> None:
        """Offer a candidate no more: it was shown that no solution has it."""
        if candidate.rank != ABSENT:
            known = self._ruled_out.get(candidate.identifier, 0)
            self._ruled_out[candidate.identifier] = known | 1 << candidate.rank

    def ruled_out(self, identifier: str) -> int:
        """Return the ranks that are offered no more."""
        return self._ruled_out.get(identifier, 0)

    def find_project(self, name: str) -> Project | None:
        """Return a project, None where its index has no such name."""
        return self._catalogue.project(name)

    def project(self, name: str) -> Project:
        """Return a project that there is."""
        found = self._catalogue.project(name)
        if found is None:
            raise AssertionError(name)
        return found

    def _usable(self, project: Project, extra: str, mask: int) -> Iterator[Candidate]:
        """Yield usable candidates; pre-releases as the policy says.

        ``if-necessary`` is uv's rule: only of packages that have nothing else.
        """
        named = project.name in self._explicit_pre and self._prerelease != "disallow"
        if self._prerelease == "allow" or named:
            yield from self._newest(project, extra, mask)
            return
        yield from self._newest(project, extra, mask & ~project.prereleases)
        if self._prerelease == "if-necessary" and not self._catalogue.has_stable(project):
            yield from self._newest(project, extra, mask & project.prereleases)

    def _newest(self, project: Project, extra: str, mask: int) -> Iterator[Candidate]:
        mask &= ~self.missing.get(project.name, 0)
        first = mask & self._preference_mask(project)
        for rank in chain(newest_first(first), newest_first(mask & ~first)):
            dist = self._catalogue.choice(project, rank)
            if isinstance(dist, Dist):
                yield self._candidate(project, extra, rank, dist)
            else:
                self.missing[project.name] = self.missing.get(project.name, 0) | 1 << rank

    def _preference_mask(self, project: Project) -> int:
        version = self._preferred.get(project.name)
        return project.mask(f"==={version}") if version is not None else 0

    def _candidate(self, project: Project, extra: str, rank: int, dist: Dist) -> Candidate:
        candidate = Candidate(project.name, extra, project, rank, dist)
        return self._candidates.setdefault((candidate.identifier, rank), candidate)

    def _absent(self, identifier: str) -> Candidate:
        candidate = Candidate(identifier, "", None, ABSENT, None)
        return self._candidates.setdefault((identifier, ABSENT), candidate)


def ranks_of(candidates: Iterable[Candidate]) -> int:
    """Return the ranks of candidates; the absent one has none."""
    ranks = 0
    for each in candidates:
        if each.rank != ABSENT:
            ranks |= 1 << each.rank
    return ranks


def _is_needed(information: Iterable[RequirementInformation[Want, Candidate]]) -> bool:
    return not all(each.requirement.weak for each in information)


def _names_with_prereleases(roots: Sequence[Want]) -> frozenset[str]:
    """Return the packages whose direct requirement names a pre-release."""
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415

    return frozenset(
        want.name for want in roots if want.specifier and SpecifierSet(want.specifier).prereleases
    )
