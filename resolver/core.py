"""The minimal core of an unsatisfiable problem: clauses that cannot all hold, and none to spare.

By deletion: clauses are left out, in ever smaller groups, as long as the rest is still refuted
(Marques-Silva, "Minimal unsatisfiability", ISMVL 2010; each refutation also drops what it did not
meet).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.errors import DepcheckError
from depcheck.frozen import frozen
from depcheck.resolver.clauses import CONSTRAINT, METADATA, REQUIREMENT, RULE, UNUSABLE
from depcheck.resolver.search import Found, Refuted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depcheck.resolver.clauses import Clause
    from depcheck.resolver.search import Asked, Bench

_ROUNDS = 2_000
"""Budget of each search: a smaller problem is refuted sooner."""
_SEARCHES = 400
_ORDER = (METADATA, UNUSABLE, RULE, CONSTRAINT, REQUIREMENT)
"""What is left out first: the image's own words explain most."""


@frozen
class Core:
    """Clauses that cannot all hold."""

    stated: Mapping[Clause, tuple[Asked, ...]]
    """With the wants that stand for each."""
    minimal: bool
    """Without any one of them the rest has a solution. False where that could not be shown."""
    missing: Mapping[str, int] | None = None
    """As `Refuted.missing`."""


def prove(bench: Bench, refuted: Refuted) -> Core | Found:
    """Prove a refutation by a core, or find the solution that the quick search missed.

    The core is small, so a thorough search can settle it; where all clauses of the core cannot
    hold, those of the problem cannot either.

    Cost: about ``n * log(m)`` searches for a core of n out of m clauses, `_SEARCHES` at most.

    Raises:
        SearchLimitError: neither could be done within the problem's budget.
        NotRecordedError: as `Bench.attempt`.
    """
    proved = _proof(bench) if refuted.missing is None else refuted
    if isinstance(proved, Found):
        return proved
    core = _Deletion(bench).run(proved or refuted)
    if core is not None:
        return core
    outcome = bench.attempt(thorough=True)
    if isinstance(outcome, Found):
        return outcome
    return _Deletion(bench).run(outcome) or Core(stated=outcome.stated, minimal=False)


def _proof(bench: Bench) -> Found | Refuted | None:
    """Return what a thorough search finds out soon, None for nothing."""
    try:
        return bench.attempt(max_rounds=min(_ROUNDS, bench.problem.max_rounds), thorough=True)
    except DepcheckError:
        # The clauses of the quick search may show it, where fewer of them have to be weighed.
        return None


class _Deletion:
    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._searches = 0
        self._unsure = False

    def run(self, refuted: Refuted) -> Core | None:
        """Return a core, None where what was refuted by a quick search cannot be proved."""
        proof = None if refuted.missing is None else refuted
        clauses = _ordered(refuted)
        # What a proof rests upon can seldom be spared.
        size = 1 if proof else max(1, len(clauses) // 2)
        while True:
            place = 0
            while place < len(clauses):
                rest = [*clauses[:place], *clauses[place + size :]]
                found = self._refute(rest, single=size == 1)
                if found is None:
                    place += size
                else:
                    proof = found
                    place = sum(each in found.stated for each in clauses[:place])
                    clauses = [each for each in rest if each in found.stated]
            if size == 1:
                proof = proof or self._refute(clauses, single=False)
                if proof is None:
                    return None
                return Core(stated=proof.stated, minimal=not self._unsure, missing=proof.missing)
            size //= 2

    def _refute(self, clauses: Sequence[Clause], *, single: bool) -> Refuted | None:
        """Return the refutation of some clauses, None if they have a solution or nobody knows."""
        if self._searches < _SEARCHES:
            self._searches += 1
            try:
                outcome = self._bench.attempt(frozenset(clauses), max_rounds=_ROUNDS, thorough=True)
            except DepcheckError:
                # The search gave up, or met what only a build or another recording could tell.
                outcome = None
            if outcome is not None:
                return outcome if isinstance(outcome, Refuted) else None
        self._unsure = self._unsure or single
        return None


def _ordered(refuted: Refuted) -> list[Clause]:
    return sorted(refuted.stated, key=lambda clause: (_ORDER.index(clause.kind), clause))
