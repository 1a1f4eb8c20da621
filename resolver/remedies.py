"""Remedies for an unsatisfiable problem, each solved before it is offered.

They are tried from the one that changes least: another version of what the image pins, a constraint
or a requirement less, another Python, a later as-of moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from depcheck.errors import DepcheckError
from depcheck.frozen import frozen
from depcheck.resolver.ahead import prepare
from depcheck.resolver.clauses import CONSTRAINT, REQUIREMENT
from depcheck.resolver.search import Bench, Found, Refuted
from depcheck.resolver.sparing import AllowanceSpentError, Sparing
from depcheck.resolver.standing import stands
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from depcheck.images.model import SpecRequirement
    from depcheck.resolver.candidates import Candidate
    from depcheck.resolver.core import Core
    from depcheck.resolver.problem import Problem

_ROUNDS = 5_000
_SURPRISES = 200
"""Requests to live indexes that could not be foreseen, for all remedies together."""
_MOST_REMEDIES = 5
_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


@frozen
class Remedy:
    """One change of the image with which it has a solution."""

    kind: str
    """relax, drop, python or as-of."""
    text: str
    origin: str | None
    """The requirement or constraint to change; None for the target."""
    value: str | None
    """What to write there; None for dropping it."""

    def document(self) -> dict[str, Any]:
        """Return the remedy as data."""
        return {"kind": self.kind, "text": self.text, "origin": self.origin, "value": self.value}


class Remedies(NamedTuple):
    """What was found, and whether all was looked at that there is to try."""

    found: tuple[Remedy, ...]
    complete: bool


@frozen
class _Proposal:
    problem: Problem
    remedy: Callable[[Found], Remedy]
    stated: SpecRequirement | None = None
    """The requirement for which the remedy offers another one."""
    easier: Problem | None = None
    """Where this one has no solution, the proposal has none either."""


def tried_remedies(bench: Bench, core: Core) -> Remedies:
    """Return the remedies that have a solution, least change first, `_MOST_REMEDIES` at most."""
    found: list[Remedy] = []
    trials = _Trials(bench, core)
    for proposal in _proposals(bench, core):
        try:
            remedy = trials.tried(proposal)
        except AllowanceSpentError:
            return Remedies(tuple(found), complete=False)
        if remedy is not None:
            found.append(remedy)
        if len(found) == _MOST_REMEDIES:
            break
    return Remedies(tuple(found), complete=True)


class _Trials:
    """Solves changed problems: each once, and none that is known to have no solution."""

    def __init__(self, bench: Bench, core: Core) -> None:
        self._bench = bench
        self._core = core
        self._sparing = Sparing(bench.indexes, _SURPRISES)
        self._solved: list[tuple[Problem, Found | Refuted | None]] = []

    def tried(self, proposal: _Proposal) -> Remedy | None:
        """Return the remedy of a proposal, None where it is not known to help."""
        easier = proposal.easier
        if easier is not None and isinstance(self._outcome(easier), Refuted):
            return None
        outcome = self._outcome(proposal.problem)
        if not isinstance(outcome, Found):
            return None
        remedy = proposal.remedy(outcome)
        if proposal.stated is None or remedy.value is None:
            return remedy
        # Without a specifier there is a solution; with the pin that is offered other files count.
        pin = Requirement(remedy.value)
        pinned = _restated(self._bench.problem, proposal.stated, pin)
        fits = self._fits(outcome.candidates[canonicalize_name(pin.name)], pinned)
        return remedy if fits or isinstance(self._outcome(pinned), Found) else None

    def _fits(self, candidate: Candidate, pinned: Problem) -> bool:
        """Tell whether a solution is one too where its candidate is pinned: by the same file."""
        bench = Bench(pinned, self._sparing.counted, target=self._target_of(pinned))
        project, rank = candidate.project, candidate.rank
        roots = [each for each in bench.roots if each.name == candidate.name]
        return (
            project is not None
            and bench.catalogue.choice(project, rank) == candidate.dist
            and all(each.mask(project) >> rank & 1 for each in roots)
        )

    def _outcome(self, problem: Problem) -> Found | Refuted | None:
        """Return what a solve of a problem comes to, None where nobody knows."""
        for solved, outcome in self._solved:
            if solved is problem:
                return outcome
        outcome = self._solve(problem)
        self._solved.append((problem, outcome))
        return outcome

    def _solve(self, problem: Problem) -> Found | Refuted | None:
        target = self._target_of(problem)
        prepare(problem, self._sparing.freely, target)
        try:
            bench = Bench(problem, self._sparing.counted, target=target)
            if stands(self._core, self._bench, bench):
                return Refuted(stated=self._core.stated, missing=self._core.missing)
            return bench.attempt(max_rounds=_ROUNDS, thorough=True)
        except AllowanceSpentError:
            raise
        except DepcheckError:
            # The search gave up, or lacks recorded data.
            return None

    def _target_of(self, problem: Problem) -> TargetEnvironment:
        before, target = self._bench, problem.variant.target
        same = target == before.problem.variant.target
        return before.catalogue.target if same else TargetEnvironment(target)


def _proposals(bench: Bench, core: Core) -> Iterator[_Proposal]:
    problem = bench.problem
    own = {clause.source for clause in core.stated if clause.kind == REQUIREMENT}
    limits = {clause.source for clause in core.stated if clause.kind == CONSTRAINT}
    stated = [each for each in problem.variant.requirements if each.origin in own]
    several = len(problem.variant.requirements) > 1
    rests = [_without_requirement(problem, each) for each in stated if several]
    for place, each in enumerate(stated):
        if each.requirement.specifier:
            yield _relaxed(problem, each, easier=rests[place].problem if several else None)
    for each in problem.variant.constraints:
        if each.origin in limits:
            yield _without_constraint(problem, each)
    yield from rests
    yield from _other_targets(bench)


def _relaxed(problem: Problem, stated: SpecRequirement, *, easier: Problem | None) -> _Proposal:
    loose = Requirement(str(stated.requirement))
    loose.specifier = SpecifierSet()

    def remedy(found: Found) -> Remedy:
        name = canonicalize_name(loose.name)
        exact = Requirement(str(loose))
        exact.specifier = SpecifierSet(f"=={found.candidates[name].version}")
        return Remedy(
            kind="relax",
            text=f"ask for `{exact}` instead of `{stated.requirement}` ({stated.origin})",
            origin=stated.origin,
            value=str(exact),
        )

    return _Proposal(
        problem=_restated(problem, stated, loose), remedy=remedy, stated=stated, easier=easier
    )


def _restated(problem: Problem, stated: SpecRequirement, requirement: Requirement) -> Problem:
    changed = replace(stated, requirement=requirement)
    return _with(
        problem,
        requirements=tuple(
            changed if each is stated else each for each in problem.variant.requirements
        ),
    )


def _without_constraint(problem: Problem, stated: SpecRequirement) -> _Proposal:
    rest = tuple(each for each in problem.variant.constraints if each is not stated)
    return _Proposal(
        problem=_with(problem, constraints=rest),
        remedy=lambda _: _drop("constraint", stated),
    )


def _without_requirement(problem: Problem, stated: SpecRequirement) -> _Proposal:
    rest = tuple(each for each in problem.variant.requirements if each is not stated)
    return _Proposal(
        problem=_with(problem, requirements=rest),
        remedy=lambda _: _drop("requirement", stated),
    )


def _drop(what: str, stated: SpecRequirement) -> Remedy:
    return Remedy(
        kind="drop",
        text=f"leave out the {what} `{stated.requirement}` ({stated.origin})",
        origin=stated.origin,
        value=None,
    )


def _other_targets(bench: Bench) -> Iterator[_Proposal]:
    problem = bench.problem
    target = problem.variant.target
    minor = ".".join(target.python.split(".")[:2])
    for python in _PYTHONS:
        if python != minor:
            changed = _with(problem, target=replace(target, python=python))
            yield _Proposal(problem=changed, remedy=_on_python(python))
    info = bench.catalogue.default_info()
    if problem.variant.as_of is not None and info is not None and info.horizon is not None:
        moment = datetime.fromtimestamp(info.horizon, timezone.utc)
        if moment > problem.variant.as_of:
            yield _Proposal(problem=_with(problem, as_of=moment), remedy=_as_of(moment))


def _on_python(python: str) -> Callable[[Found], Remedy]:
    return lambda _: Remedy(kind="python", text=f"take Python {python}", origin=None, value=python)


def _as_of(moment: datetime) -> Callable[[Found], Remedy]:
    text = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return lambda _: Remedy(kind="as-of", text=f"set `as-of` to {text}", origin=None, value=text)


def _with(problem: Problem, **changes: Any) -> Problem:
    return replace(problem, variant=replace(problem.variant, **changes))
