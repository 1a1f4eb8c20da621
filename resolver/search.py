"""The bounded search: resolvelib over the provider, and what it leaves behind.

A `Bench` keeps what was read of the candidates, so that one problem can be searched again and again
with some of its clauses left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep

from depcheck.errors import EnvironmentFailure
from depcheck.frozen import frozen
from depcheck.resolver.candidates import ABSENT, Candidate, Want
from depcheck.resolver.catalogue import Catalogue
from depcheck.resolver.clauses import Clause, clause_of, counts
from depcheck.resolver.dependencies import Dependencies
from depcheck.resolver.provider import Provider
from depcheck.resolver.resolution import NoHeadwayError, QuickResolution
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from resolvelib.resolvers import Criterion
    from resolvelib.structs import RequirementInformation

    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.resolution import ForgetfulResolution


class SearchLimitError(EnvironmentFailure):
    """The search gave up within its budget: nothing was proved."""


@frozen
class Asked:
    """One want that counted in the end, and who stated it."""

    want: Want
    parent: Candidate | None
    """None for the image itself."""


@frozen
class Found:
    """A search that ended: candidates that are needed, by identifier, and what was asked."""

    candidates: Mapping[str, Candidate]
    asked: Mapping[str, tuple[Asked, ...]]
    rejected: Mapping[tuple[str, int], str]
    """Why a candidate was turned down, by identifier and rank."""
    rounds: int
    catalogue: Catalogue
    dependencies: Dependencies


@frozen
class Refuted:
    """A search that found no solution."""

    stated: Mapping[Clause, tuple[Asked, ...]]
    """The clauses that it rests upon, with the wants that stand for each."""
    missing: Mapping[str, int] | None
    """The ranks that it counts as not on offer, by project; None where nothing is proved: then the
    clauses are all that were met on the way."""


class _Journal(BaseReporter[Want, Candidate, str]):
    """Keeps why each candidate was turned down last, and what was asked on the way.

    It puts nothing into words before somebody asks: most of it nobody ever reads.
    """

    def __init__(self) -> None:
        self.rejected = _Rejections()
        self.rounds = 0
        self.asked: dict[tuple[Want, Candidate | None], None] = {}

    def adding_requirement(self, requirement: Want, parent: Candidate | None) -> None:
        self.asked[requirement, parent] = None

    def ending_round(self, index: int, state: object) -> None:  # noqa: ARG002
        self.rounds = index + 1

    def resolving_conflicts(
        self, causes: Collection[RequirementInformation[Want, Candidate]]
    ) -> None:
        for cause in causes:
            if cause.parent is None or cause.requirement.impossible:
                continue
            key = (cause.parent.identifier, cause.parent.rank)
            self.rejected.setdefault(key, partial(_caused, cause, causes))

    def rejecting_candidate(
        self, criterion: Criterion[Want, Candidate], candidate: Candidate
    ) -> None:
        self.rejected[candidate.identifier, candidate.rank] = partial(
            _turned_down, criterion.information
        )


class _Rejections(Mapping[tuple[str, int], str]):
    """Why candidates were turned down, by identifier and rank, put into words when asked."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, int], Callable[[], str]] = {}

    def __getitem__(self, key: tuple[str, int]) -> str:
        return self._said[key]()

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)

    def __setitem__(self, key: tuple[str, int], said: Callable[[], str]) -> None:
        self._said[key] = said

    def setdefault(self, key: tuple[str, int], said: Callable[[], str]) -> None:
        """Keep what is said of a candidate of which nothing was said."""
        self._said.setdefault(key, said)


def _caused(
    cause: RequirementInformation[Want, Candidate],
    causes: Collection[RequirementInformation[Want, Candidate]],
) -> str:
    others = [each for each in causes if each is not cause]
    return f"it needs `{cause.requirement}`" + _in_the_way(cause.requirement, others)


def _turned_down(information: Iterable[RequirementInformation[Want, Candidate]]) -> str:
    *others, last = information
    if last.requirement.impossible:
        return last.requirement.impossible
    return f"it needs `{last.requirement}`" + _against(last.requirement, others)


def _in_the_way(want: Want, others: list[RequirementInformation[Want, Candidate]]) -> str:
    for each in others:
        if each.requirement.impossible and each.parent and each.parent.name == want.name:
            return f", and of `{each.parent}` {each.requirement.impossible}"
    return _against(want, others)


def _against(want: Want, others: list[RequirementInformation[Want, Candidate]]) -> str:
    rule = f" [{want.rule}]" if want.rule else ""
    stated = sorted({_stated(each) for each in others if not each.requirement.impossible})
    return f"{rule}, but {' and '.join(stated)}" if stated else f"{rule}, which no version meets"


def _stated(information: RequirementInformation[Want, Candidate]) -> str:
    want, parent = information.requirement, information.parent
    rule = f" [{want.rule}]" if want.rule else ""
    return f"`{parent or want.stated_in}` needs `{want}`{rule}"


class Bench:
    """One problem, ready to be searched."""

    def __init__(
        self,
        problem: Problem,
        indexes: Callable[[str], PackageIndex],
        *,
        target: TargetEnvironment | None = None,
    ) -> None:
        self.problem = problem
        self.indexes = indexes
        target = target or TargetEnvironment(problem.variant.target)
        self.catalogue = Catalogue(problem, target, indexes)
        self.dependencies = Dependencies(problem, target, self.catalogue)
        self.roots = tuple(self.dependencies.roots())

    def attempt(
        self,
        kept: frozenset[Clause] | None = None,
        *,
        max_rounds: int | None = None,
        thorough: bool = False,
    ) -> Found | Refuted:
        """Search for candidates that satisfy the problem, or those of its clauses that are kept.

        Args:
            kept: The clauses that count; None for all.
            max_rounds: The budget, where it is not the problem's own.
            thorough: Leave nothing out, so that a refutation is a proof. Slower by far where much
                has to be tried.

        Raises:
            SearchLimitError: the budget of rounds ran out.
            NotRecordedError: the recording does not know something that the answer depends on.
        """
        roots = [want for want in self.roots if kept is None or counts(want, None, kept)]
        provider = Provider(
            self.catalogue,
            self.dependencies,
            roots=self.roots,
            prerelease=self.problem.variant.prerelease,
            preferred=self.problem.preferred,
            kept=kept,
        )
        journal = _Journal()
        limit = max_rounds or self.problem.max_rounds
        # Constraints first: what they rule out is not looked at, and need not be recorded.
        # Extras last: what is asked of their base narrows them.
        ordered = sorted(roots, key=lambda want: (not want.weak, want.extra))
        resolution = _resolution(provider, journal, thorough=thorough)
        try:
            state = resolution.resolve(ordered, max_rounds=limit)
        except NoHeadwayError:
            return self.attempt(kept, max_rounds=max_rounds, thorough=True)
        except ResolutionImpossible:
            grounds = resolution.grounds
            asked = journal.asked if grounds is None else grounds.everything()
            missing = None if grounds is None else provider.missing
            return Refuted(stated=_by_clause(asked), missing=missing)
        except ResolutionTooDeep as deep:
            raise _gave_up(self.problem, limit) from deep
        return Found(
            candidates=_needed(roots, state.mapping, provider),
            asked={
                name: tuple(
                    Asked(want=each.requirement, parent=each.parent)
                    for each in criterion.information
                )
                for name, criterion in state.criteria.items()
            },
            rejected=journal.rejected,
            rounds=journal.rounds,
            catalogue=self.catalogue,
            dependencies=self.dependencies,
        )


def _resolution(provider: Provider, journal: _Journal, *, thorough: bool) -> ForgetfulResolution:
    if not thorough:
        return QuickResolution(provider, journal)
    from depcheck.resolver.thorough import (  # noqa: PLC0415 - only where the quick one fails
        ThoroughResolution,
    )

    return ThoroughResolution(provider, journal)


def _by_clause(
    asked: Iterable[tuple[Want, Candidate | None]],
) -> dict[Clause, tuple[Asked, ...]]:
    """Return the clauses of what was asked, with the wants that stand for each."""
    found: dict[Clause, dict[tuple[str, str, int], Asked]] = {}
    for want, parent in asked:
        clause = clause_of(want, parent)
        if clause is not None:
            key = (str(want), parent.identifier if parent else "", parent.rank if parent else 0)
            found.setdefault(clause, {})[key] = Asked(want=want, parent=parent)
    return {clause: tuple(wants.values()) for clause, wants in found.items()}


def _gave_up(problem: Problem, limit: int) -> SearchLimitError:
    return SearchLimitError(
        "search-limit",
        f"the search for `{problem.image}` was stopped after {limit} rounds: "
        "neither solved nor proved unsatisfiable",
        hint="pin one of the packages that are named without a version",
    )


def _needed(
    roots: list[Want], mapping: Mapping[str, Candidate], provider: Provider
) -> dict[str, Candidate]:
    """Return the candidates that the roots lead to.

    resolvelib's own walk recurses without a visited set and overflows on a dependency cycle.
    """
    found: dict[str, Candidate] = {}
    waiting = [want.identifier for want in roots if not want.weak]
    while waiting:
        name = waiting.pop()
        candidate = mapping[name]
        if name in found or candidate.rank == ABSENT:
            continue
        found[name] = candidate
        waiting += _strong(provider.get_dependencies(candidate))
    return dict(sorted(found.items()))


def _strong(wants: Iterable[Want]) -> Iterator[str]:
    return (want.identifier for want in wants if not want.weak)
