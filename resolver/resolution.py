"""resolvelib's search, mended where its answers would be wrong, complete where that counts.

The quick search jumps back over decisions by the last conflict alone, and so may miss a solution:
when it finds none, that is no proof. The thorough one goes back only to a pin that is to blame, and
learns from every conflict which pins do not go together.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING

from resolvelib.resolvers import (
    Criterion,
    RequirementsConflicted,
    Resolution,
    ResolutionImpossible,
    ResolutionTooDeep,
)
from resolvelib.structs import IteratorMapping, RequirementInformation, State, build_iter_view

from depcheck.resolver.candidates import Candidate, Want

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from resolvelib import BaseReporter

    from depcheck.resolver.preference import Preference
    from depcheck.resolver.provider import Provider

    Information = RequirementInformation[Want, Candidate]
    Criteria = dict[str, Criterion[Want, Candidate]]


_PATIENCE = 1_500
"""Rounds after which the quick search gives way. Real requirements take some hundred."""


_TROUBLED = 5
"""Failures from which on the thorough search decides a package first."""


class NoHeadwayError(Exception):
    """The quick search met a set of pins again, or has tried for long: a better one is needed."""


class RankedCriterion(Criterion[Want, Candidate]):
    """What is asked of one package, with the ranks that all of it allows together."""

    def __init__(
        self,
        candidates: Iterable[Candidate],
        information: Collection[Information],
        incompatibilities: Collection[Candidate],
        ranks: int,
    ) -> None:
        super().__init__(candidates, information, incompatibilities)
        self.ranks = ranks


class ForgetfulResolution(Resolution[Want, Candidate, str]):
    """resolvelib's search, which also forgets what no longer counts, and works nothing out twice.

    When a pin no longer satisfies, resolvelib 1.2.1 takes back what it asked, but keeps the pin:
    should it satisfy again, it counts as decided, and what it asks for is never added. It also
    keeps the packages that only that pin had asked for: they go on narrowing others, and those not
    decided yet are decided on requirements that no longer exist. The first gives wrong answers, the
    second turns satisfiable problems down. Here a pin that no longer satisfies is gone, so that
    what is undecided is what has no pin; resolvelib asks every pin twice a round whether it still
    satisfies, which takes most of its time where there are many.
    """

    def __init__(
        self,
        provider: Provider,
        reporter: BaseReporter[Want, Candidate, str],
    ) -> None:
        super().__init__(provider, reporter)
        self._p: Provider
        self._preferences: dict[str, tuple[Criterion[Want, Candidate], Preference]] = {}
        self._optimism_ends: int | None = None

    def resolve(self, requirements: Iterable[Want], max_rounds: int) -> State[Want, Candidate, str]:
        """Return a state in which everything that is asked for is pinned.

        Raises:
            ResolutionImpossible: the search found none.
            ResolutionTooDeep: the rounds ran out.
        """
        self._states = [State(mapping={}, criteria={}, backtrack_causes=[])]
        try:
            for requirement in requirements:
                self._add_to_criteria(self.state.criteria, requirement, parent=None)
        except RequirementsConflicted as conflict:
            raise ResolutionImpossible(conflict.criterion.information) from conflict
        self._push_new_state()
        for index in range(max_rounds):
            if self._was_too_optimistic(index, max_rounds):
                self._rollback_states()
                continue
            undecided = self.state.criteria.keys() - self.state.mapping.keys()
            if not undecided:
                return self.state
            name = self._next(undecided)
            conflicts = self._attempt_to_pin_criterion(name)
            if conflicts:
                self._go_back(self._extract_causes(conflicts))
            else:
                self._drop_displaced(name)
                self._push_new_state()
            self._r.ending_round(index=index, state=self.state)
        raise ResolutionTooDeep(max_rounds)

    def _was_too_optimistic(self, index: int, max_rounds: int) -> bool:
        """Tell whether jumping back far has led nowhere for a tenth of the rounds left."""
        if not self._optimistic_backjumping_ratio or self._save_states is None:
            return False
        if self._optimism_ends is None:
            patience = int((max_rounds - index) * self._optimistic_backjumping_ratio)
            self._optimism_ends = index + patience
            return patience <= 0
        return index >= self._optimism_ends

    def _next(self, undecided: Collection[str]) -> str:
        criteria = self.state.criteria
        pool = self._p.narrow_requirement_selection(
            identifiers=undecided,
            resolutions=self.state.mapping,
            candidates=IteratorMapping(criteria, attrgetter("candidates")),
            information=IteratorMapping(criteria, attrgetter("information")),
            backtrack_causes=self.state.backtrack_causes,
        )
        return min(pool, key=self._get_preference)

    def _get_preference(self, name: str) -> Preference:
        criterion = self.state.criteria[name]
        known = self._preferences.get(name)
        if known is None or known[0] is not criterion:
            found: Preference = super()._get_preference(name)  # type: ignore[assignment]
            known = self._preferences[name] = (criterion, found)
        return known[1]

    def _go_back(self, causes: list[Information]) -> None:
        self._r.resolving_conflicts(causes=causes)
        try:
            mended = self._backjump(causes)
        except ResolutionImpossible:
            mended = False
        if not mended and self._optimistic_backjumping_ratio and self._save_states:
            self._rollback_states()
            return
        if not mended:
            raise ResolutionImpossible(causes)
        self.state.backtrack_causes[:] = causes

    def _drop_displaced(self, name: str) -> None:
        """Take back the pins that what was just pinned does not agree with."""
        state = self.state
        asked = {want.identifier for want in self._p.get_dependencies(state.mapping[name])}
        displaced = {
            key
            for key in asked
            if key != name
            and key in state.mapping
            and not self._is_current_pin_satisfying(key, state.criteria[key])
        }
        if displaced:
            self._remove_information_from_criteria(state.criteria, displaced)

    def _add_to_criteria(
        self, criteria: Criteria, requirement: Want, parent: Candidate | None
    ) -> None:
        name = requirement.identifier
        known = criteria.get(name)
        if known is None or all(each.weak for each in known.iter_requirement()):
            super()._add_to_criteria(criteria, requirement, parent)
            return
        before = self._ranks(known)
        ranks = before & requirement.mask(self._p.project(requirement.name))
        if ranks and ranks != before:
            super()._add_to_criteria(criteria, requirement, parent)
            added = criteria[name]
            criteria[name] = RankedCriterion(
                added.candidates, added.information, added.incompatibilities, ranks
            )
            return
        # Most of what is asked narrows nothing, or contradicts outright: no need to look further.
        self._r.adding_requirement(requirement=requirement, parent=parent)
        information = [*known.information, RequirementInformation(requirement, parent)]
        candidates = known.candidates if ranks else ()
        criterion = RankedCriterion(candidates, information, known.incompatibilities, ranks)
        if not ranks:
            raise RequirementsConflicted(criterion)
        criteria[name] = criterion

    def _ranks(self, criterion: Criterion[Want, Candidate]) -> int:
        """Return the ranks that everything asked of a needed package allows."""
        if isinstance(criterion, RankedCriterion):
            return criterion.ranks
        first, *others = criterion.iter_requirement()
        project = self._p.project(first.name)
        ranks = first.mask(project)
        for want in others:
            ranks &= want.mask(project)
        return ranks

    def _get_updated_criteria(self, candidate: Candidate) -> Criteria:
        criteria = super()._get_updated_criteria(candidate)
        own = criteria[candidate.identifier]
        if own is not self.state.criteria[candidate.identifier] and not all(
            self._p.is_satisfied_by(each, candidate) for each in own.iter_requirement()
        ):
            # It asks for another version of itself.
            raise RequirementsConflicted(own)
        return criteria

    def _remove_information_from_criteria(
        self, criteria: Criteria, parents: Collection[str]
    ) -> None:
        mapping = self.state.mapping
        last = next(reversed(mapping))
        gone = set(parents)
        while gone:
            for key in gone:
                mapping.pop(key, None)
            orphans: set[str] = set()
            for key, criterion in criteria.items():
                kept = [
                    each
                    for each in criterion.information
                    if each.parent is None or each.parent.identifier not in gone
                ]
                if len(kept) < len(criterion.information):
                    criteria[key] = self._loosened(key, criterion, kept)
                # Backjumping looks for the pin just made at the end of the mapping. Where nobody
                # asks for it any more, it goes the next time.
                if not kept and key != last:
                    orphans.add(key)
            gone = orphans
            for key in gone:
                del criteria[key]

    def _loosened(
        self, name: str, criterion: Criterion[Want, Candidate], kept: list[Information]
    ) -> Criterion[Want, Candidate]:
        if not kept:
            return Criterion(criterion.candidates, kept, criterion.incompatibilities)
        matches = self._p.find_matches(
            name,
            {name: iter([each.requirement for each in kept])},
            {name: iter(criterion.incompatibilities)},
        )
        return Criterion(build_iter_view(matches), kept, criterion.incompatibilities)


class QuickResolution(ForgetfulResolution):
    """The search that jumps back, and that stops where it gets nowhere."""

    def __init__(self, provider: Provider, reporter: BaseReporter[Want, Candidate, str]) -> None:
        super().__init__(provider, reporter)
        self._pinned: set[str] = set()
        self._met: set[frozenset[int]] = set()
        """Names that were pinned, and sets of pins that were met, since the last conflict."""
        self._attempts = 0

    def _attempt_to_pin_criterion(self, name: str) -> list[Criterion[Want, Candidate]]:
        self._attempts += 1
        if self._attempts > _PATIENCE:
            raise NoHeadwayError
        # Where pins displace each other, each in turn, no conflict ever shows.
        causes = super()._attempt_to_pin_criterion(name)
        if causes:
            self._pinned.clear()
            self._met.clear()
        elif name in self._pinned:
            pins = frozenset(map(id, self.state.mapping.values()))
            if pins in self._met:
                raise NoHeadwayError
            self._met.add(pins)
        self._pinned.add(name)
        return causes


class ThoroughResolution(ForgetfulResolution):
    """A complete depth-first search: a pin that contradicts an earlier one is turned down.

    Every version that is ruled out has its reason: the pins that rule it out. When all versions of
    a package are, the search goes back to the latest pin among all those reasons, since nothing
    later can help (conflict-directed backjumping), and rules that pin out for the rest of them.
    That these do not go together is learned: it is not tried again anywhere in the search.
    """

    def __init__(self, provider: Provider, reporter: BaseReporter[Want, Candidate, str]) -> None:
        super().__init__(provider, reporter)
        self._blamed: set[str] = set()
        """The pins that stood in the way of the package being pinned."""
        self._reasons: dict[Candidate, frozenset[str]] = {}
        """The pins that rule out each candidate that is now ruled out by an earlier conflict."""
        self._failures: Counter[str] = Counter()
        """How often no version of a package could be pinned."""
        self._learned: dict[Candidate, list[frozenset[Candidate]]] = {}
        """For each candidate the sets of others that it does not go together with."""

    def _attempt_to_pin_criterion(self, name: str) -> list[Criterion[Want, Candidate]]:
        state = self.state
        criterion = state.criteria[name]
        blamed = self._blame(criterion)
        causes: list[Criterion[Want, Candidate]] = []
        for candidate in criterion.candidates:
            against = self._known_to_stand_against(candidate)
            if against is None:
                self._blamed = set()
                try:
                    state.criteria.update(self._get_updated_criteria(candidate))
                except RequirementsConflicted as conflict:
                    self._r.rejecting_candidate(conflict.criterion, candidate)
                    causes.append(conflict.criterion)
                else:
                    state.mapping[name] = candidate
                    return []
                against = self._blamed - {name}
                self._learn(candidate, against)
            blamed |= against
        self._blamed = blamed - {name}
        self._failures[name] += 1
        return causes or [criterion]

    def _next(self, undecided: Collection[str]) -> str:
        # What fails again and again is decided before what it fails on, else each of these is
        # tried with all of it.
        troubled = [
            each
            for each in undecided
            if self._failures[each] >= _TROUBLED and not self._get_preference(each).unneeded
        ]
        if troubled:
            return max(troubled, key=lambda each: (self._failures[each], each))
        return super()._next(undecided)

    def _known_to_stand_against(self, candidate: Candidate) -> set[str] | None:
        """Return pins that a candidate is known not to go together with, None if it may do."""
        mapping = self.state.mapping
        for others in self._learned.get(candidate, ()):
            if all(mapping.get(each.identifier) is each for each in others):
                return {each.identifier for each in others}
        return None

    def _learn(self, candidate: Candidate, blamed: Collection[str]) -> None:
        if not blamed:
            self._p.rule_out(candidate)
        together = frozenset([candidate, *(self.state.mapping[each] for each in blamed)])
        for each in together:
            self._learned.setdefault(each, []).append(together - {each})

    def _get_updated_criteria(self, candidate: Candidate) -> Criteria:
        try:
            criteria = super()._get_updated_criteria(candidate)
        except RequirementsConflicted as conflict:
            self._blamed |= self._blame(conflict.criterion)
            raise
        for want in self._p.get_dependencies(candidate):
            pin = self.state.mapping.get(want.identifier)
            if pin is not None and not self._p.is_satisfied_by(want, pin):
                self._blamed.add(want.identifier)
                raise RequirementsConflicted(criteria[want.identifier])
        return criteria

    def _blame(self, criterion: Criterion[Want, Candidate]) -> set[str]:
        """Return the pins without which a package would have more versions to choose from."""
        blamed = {each.identifier for each in criterion.iter_parent() if each is not None}
        return blamed.union(*(self._reasons[each] for each in criterion.incompatibilities))

    def _backjump(self, causes: list[Information]) -> bool:  # noqa: ARG002 - resolvelib's signature
        blamed = self._blamed
        del self._states[-1]
        while len(self._states) > 1:
            broken = self._states.pop()
            name, candidate = broken.mapping.popitem()
            if name not in blamed:
                continue
            self._reasons[candidate] = frozenset(blamed - {name})
            self._learn(candidate, self._reasons[candidate])
            known = [(key, list(each.incompatibilities)) for key, each in broken.criteria.items()]
            self._push_new_state()
            exhausted = self._exhausted([*known, (name, [candidate])])
            if exhausted is None:
                return True
            blamed = exhausted
            del self._states[-1]
        return False

    def _exhausted(self, ruled_out: list[tuple[str, list[Candidate]]]) -> set[str] | None:
        """Rule candidates out; return who is to blame where a package has none left then.

        It need not be the package that the search went back to: what was shown meanwhile to be in
        no solution at all is gone from the others too.
        """
        for name, candidates in ruled_out:
            if not self._patch_criteria([(name, candidates)]):
                blamed = self._blame(self.state.criteria[name])
                return blamed.union(*(self._reasons[each] for each in candidates))
        return None
