"""The search that leaves nothing out: where it finds no solution, it says what proves that."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from resolvelib.resolvers import RequirementsConflicted
from resolvelib.structs import RequirementInformation

from depcheck.index.project import newest_first
from depcheck.resolver.candidates import ABSENT, Candidate, Want
from depcheck.resolver.resolution import ForgetfulResolution, RankedCriterion, ranked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from resolvelib import BaseReporter
    from resolvelib.resolvers import Criterion

    from depcheck.resolver.provider import Provider
    from depcheck.resolver.resolution import Criteria, Information

_TROUBLED = 5
"""Failures from which on a package is decided first."""


class Grounds:
    """Why some pins do not go together: what was asked, and the grounds that this rests upon."""

    __slots__ = ("asked", "never", "ranks", "rests_on")

    def __init__(
        self,
        asked: Iterable[Information],
        rests_on: Iterable[Grounds] = (),
        *,
        never: Mapping[int, Grounds] | None = None,
        ranks: int = 0,
    ) -> None:
        self.asked = asked
        self.rests_on = rests_on
        self.never = never or {}
        self.ranks = ranks
        """The ranks of a package that are in no solution at all; `never` has the grounds."""

    def everything(self) -> Iterator[Information]:
        """Yield all that was asked, once for each of the grounds that it belongs to."""
        waiting = [self]
        met = {id(self)}
        told: Counter[int] = Counter()
        while waiting:
            grounds = waiting.pop()
            yield from grounds.asked
            never = grounds.never
            fresh = grounds.ranks & ~told[id(never)]
            told[id(never)] |= fresh
            for each in chain(grounds.rests_on, map(never.__getitem__, newest_first(fresh))):
                if id(each) not in met:
                    met.add(id(each))
                    waiting.append(each)


class _Blame(NamedTuple):
    """The pins that rule something out, and why they do."""

    pins: frozenset[str]
    grounds: Grounds

    def without(self, name: str) -> _Blame:
        return self._replace(pins=self.pins - {name})


class ThoroughResolution(ForgetfulResolution):
    """A complete depth-first search: a pin that contradicts an earlier one is turned down.

    Every version that is ruled out has its reason: the pins that rule it out. When all versions of
    a package are, the search goes back to the latest pin among all those reasons, since nothing
    later can help (conflict-directed backjumping), and rules that pin out for the rest of them.
    That these do not go together is learned: it is not tried again anywhere in the search.
    """

    def __init__(self, provider: Provider, reporter: BaseReporter[Want, Candidate, str]) -> None:
        super().__init__(provider, reporter)
        self._blamed = _Blame(frozenset(), Grounds(()))
        """What stood in the way last."""
        self._reasons: dict[Candidate, _Blame] = {}
        """What rules out each candidate that is now ruled out by an earlier conflict."""
        self._never: dict[str, dict[int, Grounds]] = {}
        """Why ranks are in no solution at all, by identifier."""
        self._failures: Counter[str] = Counter()
        """How often no version of a package could be pinned."""
        self._troubled: set[str] = set()
        self._learned: dict[Candidate, list[tuple[frozenset[Candidate], Grounds]]] = {}
        """For each candidate the sets of others that it does not go together with."""

    @property
    def grounds(self) -> Grounds:
        """Why there is no solution, once the search has ended without one."""
        return self._blamed.grounds

    def _attempt_to_pin_criterion(self, name: str) -> list[Criterion[Want, Candidate]]:
        state = self.state
        criterion = state.criteria[name]
        blames: list[_Blame] = []
        causes: list[Criterion[Want, Candidate]] = []
        for candidate in criterion.candidates:
            blame = self._known_to_stand_against(candidate)
            if blame is None:
                try:
                    criteria = self._get_updated_criteria(candidate)
                except RequirementsConflicted as conflict:
                    self._r.rejecting_candidate(conflict.criterion, candidate)
                    causes.append(conflict.criterion)
                else:
                    state.criteria.update(criteria)
                    state.mapping[name] = candidate
                    return []
                blame = self._blamed.without(name)
                self._learn(candidate, blame)
            blames.append(blame)
        self._blamed = _joined([self._blame(criterion), *blames]).without(name)
        self._failures[name] += 1
        if self._failures[name] == _TROUBLED:
            self._troubled.add(name)
        return causes or [criterion]

    def _next(self, undecided: Collection[str]) -> str:
        # What fails again and again is decided before what it fails on, else each of these is
        # tried with all of it.
        troubled = [
            each
            for each in self._troubled.intersection(undecided)
            if not self._get_preference(each).unneeded
        ]
        if troubled:
            return max(troubled, key=lambda each: (self._failures[each], each))
        return super()._next(undecided)

    def _drop_displaced(self, name: str) -> None:
        """Nothing is displaced here."""

    def _known_to_stand_against(self, candidate: Candidate) -> _Blame | None:
        """Return what a candidate is known not to go together with, None if it may do."""
        mapping = self.state.mapping
        for others, grounds in self._learned.get(candidate, ()):
            if all(mapping.get(each.identifier) is each for each in others):
                return _Blame(frozenset(each.identifier for each in others), grounds)
        return None

    def _learn(self, candidate: Candidate, blame: _Blame) -> None:
        if not blame.pins and candidate.rank != ABSENT:
            self._p.rule_out(candidate)
            never = self._never.setdefault(candidate.identifier, {})
            never.setdefault(candidate.rank, blame.grounds)
        together = frozenset([candidate, *(self.state.mapping[each] for each in blame.pins)])
        for each in together:
            self._learned.setdefault(each, []).append((together - {each}, blame.grounds))

    def _add_to_criteria(
        self, criteria: Criteria, requirement: Want, parent: Candidate | None
    ) -> None:
        try:
            super()._add_to_criteria(criteria, requirement, parent)
        except RequirementsConflicted as conflict:
            self._blamed = self._blame(conflict.criterion)
            raise

    def _get_updated_criteria(self, candidate: Candidate) -> Criteria:
        wants = self._p.get_dependencies(candidate)
        name = candidate.identifier
        for want in wants:
            # It asks for another version of itself.
            if want.identifier == name and not want.impossible:
                self._check(want, candidate, candidate, self.state.criteria[name])
        criteria = super()._get_updated_criteria(candidate)
        for want in wants:
            pin = self.state.mapping.get(want.identifier)
            if pin is not None:
                self._check(want, candidate, pin, criteria[want.identifier])
        return criteria

    def _check(
        self,
        want: Want,
        candidate: Candidate,
        pin: Candidate,
        criterion: Criterion[Want, Candidate],
    ) -> None:
        """Raise `RequirementsConflicted` where a pin is none that a candidate wants."""
        if self._p.is_satisfied_by(want, pin):
            return
        asked = RequirementInformation(want, candidate)
        self._blamed = _Blame(frozenset([pin.identifier, candidate.identifier]), Grounds([asked]))
        others = (each for each in criterion.information if each != asked)
        raise RequirementsConflicted(RankedCriterion((), [*others, asked], (), 0))

    def _blame(self, criterion: Criterion[Want, Candidate]) -> _Blame:
        """Return the pins without which a package would have more versions to choose from."""
        ranks = ranked(criterion).ranks
        if ranks == 0:
            asked = self._contradiction(criterion.information)
            return _Blame(_parents(asked), Grounds(asked))
        asked = list(criterion.information)
        want = asked[0].requirement
        asked += [RequirementInformation(each, None) for each in self._p.roots_on_base_of(want)]
        broken = [
            self._reasons[each]
            for each in criterion.incompatibilities
            if ranks is None or ranks >> each.rank & 1
        ]
        pins = _parents(asked).union(*(each.pins for each in broken))
        grounds = Grounds(
            asked,
            [each.grounds for each in broken],
            never=self._never.get(want.identifier),
            ranks=self._p.ruled_out(want.identifier) & (ranks or 0),
        )
        return _Blame(pins, grounds)

    def _contradiction(self, information: Collection[Information]) -> Collection[Information]:
        """Return the last demand alone or with one other, where these contradict already.

        That a package has no version left contradicts only who needs it.
        """
        *others, last = information
        project = self._p.find_project(last.requirement.name)
        ranks = last.requirement.mask(project) if project else 0
        needed = not last.requirement.weak
        if needed and not ranks:
            return [last]
        for each in sorted(others, key=_is_from_package):
            left = each.requirement.mask(project) & ranks if project else 0
            if not left and (needed or not each.requirement.weak):
                return [each, last]
        return information

    def _backjump(self, causes: list[Information]) -> bool:  # noqa: ARG002 - resolvelib's signature
        blamed = self._blamed
        del self._states[-1]
        while len(self._states) > 1:
            broken = self._states.pop()
            name, candidate = broken.mapping.popitem()
            if name not in blamed.pins:
                continue
            reason = self._reasons[candidate] = blamed.without(name)
            self._learn(candidate, reason)
            known = [(key, each.incompatibilities) for key, each in broken.criteria.items()]
            self._push_new_state()
            gone = [candidate] if reason.pins or candidate.rank == ABSENT else []
            exhausted = self._exhausted([*(each for each in known if each[1]), (name, gone)])
            if exhausted is None:
                return True
            blamed = exhausted
            del self._states[-1]
        self._blamed = blamed
        return False

    def _exhausted(self, ruled_out: Iterable[tuple[str, Collection[Candidate]]]) -> _Blame | None:
        """Rule candidates out; return who is to blame where a package has none left then.

        It need not be the package that the search went back to: what was shown meanwhile to be in
        no solution at all is gone from the others too.
        """
        criteria = self.state.criteria
        for name, candidates in ruled_out:
            if name in criteria:
                criterion = self._without(name, candidates)
                if not criterion.candidates:
                    return self._blame(criterion)
                criteria[name] = criterion
        return None


def _joined(blames: Sequence[_Blame]) -> _Blame:
    if len(blames) == 1:
        return blames[0]
    pins = blames[0].pins.union(*(each.pins for each in blames))
    return _Blame(pins, Grounds((), [each.grounds for each in blames]))


def _parents(asked: Iterable[Information]) -> frozenset[str]:
    return frozenset(each.parent.identifier for each in asked if each.parent is not None)


def _is_from_package(information: Information) -> bool:
    return information.parent is not None
