"""Clauses: the statements that a search weighs; each can be left out to see whether it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from depcheck.resolver.candidates import Candidate, Want

REQUIREMENT, CONSTRAINT, RULE, METADATA, UNUSABLE = (
    "requirement",
    "constraint",
    "rule",
    "metadata",
    "unusable",
)


class Clause(NamedTuple):
    """One statement, over all versions of the package that makes it."""

    kind: str
    """requirement or constraint (the image's own), rule, metadata or unusable."""
    source: str
    """The origin of a direct requirement, the id of a rule, else the package that states it."""
    package: str
    """The package that it is about."""


def clause_of(want: Want, parent: Candidate | None) -> Clause | None:
    """Return the clause that a want belongs to, None for what holds by itself.

    An extra's hold on its base package is no statement of anybody.
    """
    if parent is None:
        return Clause(CONSTRAINT if want.weak else REQUIREMENT, want.origin or "", want.name)
    if want.impossible:
        return Clause(UNUSABLE, parent.name, parent.name)
    if want.rank is not None:
        return None
    if not want.declared:
        return Clause(RULE, want.rule or "", want.name)
    return Clause(METADATA, parent.name, want.name)


def counts(want: Want, parent: Candidate | None, kept: frozenset[Clause]) -> bool:
    """Tell whether a want counts where only these clauses are kept."""
    clause = clause_of(want, parent)
    return clause is None or clause in kept
