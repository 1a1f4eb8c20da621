"""The bounded search: resolvelib over the provider, and what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution

from depcheck.errors import EnvironmentFailure
from depcheck.resolver.candidates import ABSENT, Candidate, Want
from depcheck.resolver.catalogue import Catalogue
from depcheck.resolver.dependencies import Dependencies
from depcheck.resolver.explanation import explain_conflict
from depcheck.resolver.provider import Provider
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from resolvelib.resolvers import Criterion
    from resolvelib.structs import RequirementInformation

    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.problem import Problem


class SearchLimitError(EnvironmentFailure):
    """The search gave up within its budget: nothing was proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One want that counted in the end, and who stated it."""

    want: Want
    parent: Candidate | None
    """None for the image itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A search that ended: candidates that are needed, by identifier, and what was asked."""

    candidates: Mapping[str, Candidate]
    asked: Mapping[str, tuple[Asked, ...]]
    rejected: Mapping[tuple[str, int], str]
    """Why a candidate was turned down, by identifier and rank."""
    rounds: int
    catalogue: Catalogue
    dependencies: Dependencies


class _Journal(BaseReporter[Want, Candidate, str]):
    """Keeps why each candidate was turned down last, and who asked for each package first."""

    def __init__(self) -> None:
        self.rejected: dict[tuple[str, int], str] = {}
        self.asked_by: dict[str, tuple[Want, Candidate | None]] = {}
        self.rounds = 0

    def adding_requirement(self, requirement: Want, parent: Candidate | None) -> None:
        if not requirement.weak and not requirement.impossible:
            self.asked_by.setdefault(requirement.identifier, (requirement, parent))

    def ending_round(self, index: int, state: object) -> None:  # noqa: ARG002
        self.rounds = index + 1

    def rejecting_candidate(
        self, criterion: Criterion[Want, Candidate], candidate: Candidate
    ) -> None:
        *others, last = criterion.information
        if last.requirement.impossible:
            reason = last.requirement.impossible
        else:
            reason = f"it needs `{last.requirement}`" + _against(last.requirement, others)
        self.rejected[candidate.identifier, candidate.rank] = reason


class _Resolution(Resolution[Want, Candidate, str]):
    """resolvelib's search, which also forgets packages that nobody asks for any more.

    When a pin changes, resolvelib 1.2.1 takes back what the old pin asked, but keeps the packages
    that only it had asked for: they go on narrowing others, and those not decided yet are decided
    on requirements that no longer exist. Both can turn a satisfiable problem down.
    """

    def _remove_information_from_criteria(
        self, criteria: dict[str, Criterion[Want, Candidate]], parents: Collection[str]
    ) -> None:
        gone = set(parents)
        while gone:
            super()._remove_information_from_criteria(criteria, gone)
            orphans = {key for key, criterion in criteria.items() if not criterion.information}
            for key in orphans:
                del criteria[key]
            gone = {key for key in orphans if self.state.mapping.pop(key, None) is not None}


def _against(want: Want, others: list[RequirementInformation[Want, Candidate]]) -> str:
    rule = f" [{want.rule}]" if want.rule else ""
    stated = sorted({_stated(each) for each in others if not each.requirement.impossible})
    return f"{rule}, but {' and '.join(stated)}" if stated else f"{rule}, which no version meets"


def _stated(information: RequirementInformation[Want, Candidate]) -> str:
    want, parent = information.requirement, information.parent
    rule = f" [{want.rule}]" if want.rule else ""
    return f"`{parent or want.origin}` needs `{want}`{rule}"


def search(problem: Problem, indexes: Callable[[str], PackageIndex]) -> Found:
    """Search for candidates that satisfy a problem.

    Raises:
        UnsatisfiableError: proved that there are none.
        SearchLimitError: the budget of rounds ran out.
        NotRecordedError: the recording does not know something that the answer depends on.
        InputError: a dependency that nobody can state without a build.
    """
    target = TargetEnvironment(problem.variant.target)
    catalogue = Catalogue(problem, target, indexes)
    dependencies = Dependencies(problem, target, catalogue)
    roots = list(dependencies.roots())
    provider = Provider(catalogue, dependencies, roots=roots, prerelease=problem.variant.prerelease)
    journal = _Journal()
    try:
        state = _Resolution(provider, journal).resolve(roots, max_rounds=problem.max_rounds)
    except ResolutionImpossible as impossible:
        raise explain_conflict(
            problem, catalogue, impossible.causes, journal.asked_by
        ) from impossible
    except ResolutionTooDeep as deep:
        raise _gave_up(problem) from deep
    asked = {
        name: tuple(
            Asked(want=each.requirement, parent=each.parent) for each in criterion.information
        )
        for name, criterion in state.criteria.items()
    }
    return Found(
        candidates=_needed(roots, state.mapping, dependencies),
        asked=asked,
        rejected=journal.rejected,
        rounds=journal.rounds,
        catalogue=catalogue,
        dependencies=dependencies,
    )


def _gave_up(problem: Problem) -> SearchLimitError:
    return SearchLimitError(
        "search-limit",
        f"the search for `{problem.image}` was stopped after {problem.max_rounds} rounds: "
        "neither solved nor proved unsatisfiable",
        hint="pin one of the packages that the image names without a version",
    )


def _needed(
    roots: list[Want], mapping: Mapping[str, Candidate], dependencies: Dependencies
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
        waiting += _strong(dependencies.wants(candidate))
    return dict(sorted(found.items()))


def _strong(wants: tuple[Want, ...]) -> Iterator[str]:
    return (want.identifier for want in wants if not want.weak)
