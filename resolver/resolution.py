"""resolvelib's search, mended where its answers would be wrong, complete where that counts.

The quick search jumps back over decisions by the last conflict alone, and so may miss a solution:
when it finds none, that is no proof. The thorough one goes back step by step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resolvelib.resolvers import RequirementsConflicted, Resolution

from depcheck.resolver.candidates import Candidate, Want

if TYPE_CHECKING:
    from collections.abc import Collection

    from resolvelib import AbstractProvider, BaseReporter
    from resolvelib.resolvers import Criterion
    from resolvelib.structs import RequirementInformation


class RunningInCirclesError(Exception):
    """The quick search met a set of pins again, with no conflict in between."""


class ForgetfulResolution(Resolution[Want, Candidate, str]):
    """resolvelib's search, which also forgets what no longer counts.

    When a pin no longer satisfies, resolvelib 1.2.1 takes back what it asked, but keeps the pin:
    should it satisfy again, it counts as decided, and what it asks for is never added. It also
    keeps the packages that only that pin had asked for: they go on narrowing others, and those not
    decided yet are decided on requirements that no longer exist. The first gives wrong answers, the
    second turns satisfiable problems down.
    """

    def __init__(
        self,
        provider: AbstractProvider[Want, Candidate, str],
        reporter: BaseReporter[Want, Candidate, str],
    ) -> None:
        super().__init__(provider, reporter)
        self._verdicts: dict[str, tuple[Criterion[Want, Candidate], Candidate, bool]] = {}

    def _is_current_pin_satisfying(self, name: str, criterion: Criterion[Want, Candidate]) -> bool:
        # Asked twice a round of every package, and hardly ever about anything new.
        pin = self.state.mapping.get(name)
        if pin is None:
            return False
        known = self._verdicts.get(name)
        if known is not None and known[0] is criterion and known[1] is pin:
            return known[2]
        verdict = super()._is_current_pin_satisfying(name, criterion)
        self._verdicts[name] = (criterion, pin, verdict)
        return verdict

    def _remove_information_from_criteria(
        self, criteria: dict[str, Criterion[Want, Candidate]], parents: Collection[str]
    ) -> None:
        mapping = self.state.mapping
        last = next(reversed(mapping))
        gone = set(parents)
        while gone:
            super()._remove_information_from_criteria(criteria, gone)
            for key in gone:
                mapping.pop(key, None)
            # Backjumping looks for the pin just made at the end of the mapping. Where nobody asks
            # for it any more, it goes the next time.
            gone = {
                key
                for key, criterion in criteria.items()
                if not criterion.information and key != last
            }
            for key in gone:
                del criteria[key]


class QuickResolution(ForgetfulResolution):
    """The search that jumps back, and that stops where pins displace each other for ever."""

    def __init__(
        self,
        provider: AbstractProvider[Want, Candidate, str],
        reporter: BaseReporter[Want, Candidate, str],
    ) -> None:
        super().__init__(provider, reporter)
        self._pinned: set[str] = set()
        self._met: set[frozenset[int]] = set()
        """Names that were pinned, and sets of pins that were met, since the last conflict."""

    def _attempt_to_pin_criterion(self, name: str) -> list[Criterion[Want, Candidate]]:
        # Where pins displace each other, each in turn, no conflict ever shows.
        causes = super()._attempt_to_pin_criterion(name)
        if causes:
            self._pinned.clear()
            self._met.clear()
        elif name in self._pinned:
            pins = frozenset(map(id, self.state.mapping.values()))
            if pins in self._met:
                raise RunningInCirclesError
            self._met.add(pins)
        self._pinned.add(name)
        return causes


class ThoroughResolution(ForgetfulResolution):
    """A complete depth-first search: a pin that contradicts an earlier one is turned down."""

    def _get_updated_criteria(self, candidate: Candidate) -> dict[str, Criterion[Want, Candidate]]:
        criteria = super()._get_updated_criteria(candidate)
        known = self.state.criteria
        for key in self.state.mapping:
            criterion = criteria.get(key)
            changed = criterion is not None and criterion is not known.get(key)
            if criterion and changed and not self._is_current_pin_satisfying(key, criterion):
                raise RequirementsConflicted(criterion)
        return criteria

    def _backjump(self, causes: list[RequirementInformation[Want, Candidate]]) -> bool:  # noqa: ARG002
        while len(self._states) >= 3:  # noqa: PLR2004 - root, the state to mend, the broken one
            del self._states[-1]
            broken = self._states.pop()
            name, candidate = broken.mapping.popitem()
            known = [(key, list(each.incompatibilities)) for key, each in broken.criteria.items()]
            self._push_new_state()
            if self._patch_criteria([*known, (name, [candidate])]):
                return True
        return False
