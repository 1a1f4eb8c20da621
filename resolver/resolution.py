"""resolvelib's search, mended where its answers would be wrong, and stopped where it gets nowhere.

The quick search jumps back over decisions by the last conflict alone, and so may miss a solution:
when it finds none, that is no proof.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from resolvelib.resolvers import (
    Criterion,
    RequirementsConflicted,
    Resolution,
    ResolutionImpossible,
    ResolutionTooDeep,
)
from resolvelib.structs import IteratorMapping, RequirementInformation, State

from depcheck.resolver.candidates import Candidate, Want
from depcheck.resolver.provider import ranks_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from resolvelib import BaseReporter

    from depcheck.resolver.preference import Preference
    from depcheck.resolver.provider import Provider
    from depcheck.resolver.thorough import Grounds

    Information = RequirementInformation[Want, Candidate]
    Criteria = dict[str, Criterion[Want, Candidate]]


_ROUNDS = 1_500
_CONFLICTS = 50
"""After these the quick search gives way. Real requirements take some hundred and some dozen."""


class NoHeadwayError(Exception):
    """The quick search met a set of pins again, or has tried for long: a better one is needed."""


class RankedCriterion(Criterion[Want, Candidate]):
    """What is asked of one package, with the ranks that all of it allows together."""

    def __init__(
        self,
        candidates: Iterable[Candidate],
        information: Collection[Information],
        incompatibilities: Collection[Candidate],
        ranks: int | None,
    ) -> None:
        super().__init__(candidates, information, incompatibilities)
        self.ranks = ranks
        """None where nobody needs the package: then it is not looked up."""


def ranked(criterion: Criterion[Want, Candidate]) -> RankedCriterion:
    """Return a criterion as what it is: no other ones are made here."""
    if not isinstance(criterion, RankedCriterion):
        raise TypeError(criterion)
    return criterion


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

    @property
    def grounds(self) -> Grounds | None:
        """Why there is no solution, once the search has ended without one; None for no proof."""
        return None

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
        self._r.adding_requirement(requirement=requirement, parent=parent)
        name = requirement.identifier
        known = criteria.get(name)
        stated = RequirementInformation(requirement, parent)
        if known is None:
            criterion = self._criterion(name, [stated], (), self._ranks([stated]))
        else:
            information = [*known.information, stated]
            broken = known.incompatibilities
            before = ranks = ranked(known).ranks
            if ranks is None:
                ranks = self._ranks(information)
            else:
                ranks &= requirement.mask(self._p.project(requirement.name))
            if ranks and ranks == before:
                # Most of what is asked narrows nothing: no need to look further.
                criterion = RankedCriterion(known.candidates, information, broken, ranks)
                criteria[name] = criterion
                return
            criterion = self._criterion(name, information, broken, ranks)
        if not criterion.candidates:
            raise RequirementsConflicted(criterion)
        criteria[name] = criterion

    def _ranks(self, information: Collection[Information]) -> int | None:
        """Return the ranks that all demands of a package allow, None where nobody needs it."""
        wants = [each.requirement for each in information]
        if all(want.weak for want in wants):
            return None
        project = self._p.find_project(wants[0].name)
        if project is None:
            return 0
        ranks = project.everything
        for want in wants:
            ranks &= want.mask(project)
        return ranks

    def _criterion(
        self,
        name: str,
        information: Collection[Information],
        broken: Collection[Candidate],
        ranks: int | None,
    ) -> RankedCriterion:
        """Return what is asked of a package, with the candidates that are left."""
        candidates: Iterable[Candidate] = ()
        if ranks is None:
            candidates = self._p.unneeded(name, broken)
        elif ranks and (left := ranks & ~ranks_of(broken)):
            first = next(iter(information)).requirement
            candidates = self._p.offered(first, left)
        return RankedCriterion(candidates, information, broken, ranks)

    def _patch_criteria(
        self, incompatibilities_from_broken: list[tuple[str, list[Candidate]]]
    ) -> bool:
        criteria = self.state.criteria
        for name, broken in incompatibilities_from_broken:
            if not broken or name not in criteria:
                continue
            criterion = self._without(name, broken)
            if not criterion.candidates:
                return False
            criteria[name] = criterion
        return True

    def _without(self, name: str, broken: Iterable[Candidate]) -> RankedCriterion:
        """Return what is asked of a package, with more candidates ruled out."""
        known = ranked(self.state.criteria[name])
        together = list(dict.fromkeys([*broken, *known.incompatibilities]))
        return self._criterion(name, known.information, together, known.ranks)

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
    ) -> RankedCriterion:
        broken = criterion.incompatibilities
        if not kept:
            return RankedCriterion(criterion.candidates, kept, broken, None)
        return self._criterion(name, kept, broken, self._ranks(kept))


class QuickResolution(ForgetfulResolution):
    """The search that jumps back, and that stops where it gets nowhere."""

    def __init__(self, provider: Provider, reporter: BaseReporter[Want, Candidate, str]) -> None:
        super().__init__(provider, reporter)
        self._pinned: set[str] = set()
        self._met: set[frozenset[int]] = set()
        """Names that were pinned, and sets of pins that were met, since the last conflict."""
        self._attempts = 0
        self._conflicts = 0

    def _attempt_to_pin_criterion(self, name: str) -> list[Criterion[Want, Candidate]]:
        self._attempts += 1
        if self._attempts > _ROUNDS or self._conflicts > _CONFLICTS:
            raise NoHeadwayError
        # Where pins displace each other, each in turn, no conflict ever shows.
        causes = super()._attempt_to_pin_criterion(name)
        if causes:
            self._conflicts += 1
            self._pinned.clear()
            self._met.clear()
        elif name in self._pinned:
            pins = frozenset(map(id, self.state.mapping.values()))
            if pins in self._met:
                raise NoHeadwayError
            self._met.add(pins)
        self._pinned.add(name)
        return causes
