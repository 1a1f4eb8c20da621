"""Judge an inventory by the rules, in three values: yes, no, and open. Pure functions.

Where all versions are known the judgement is that of `depcheck.conflicts.matching.triggers`. Where
a version is open, a rule counts as violated only if every version that is allowed violates it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from depcheck.conflicts.inventory import specifier_range
from depcheck.conflicts.model import RuleKind
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.requirements import Requirement

    from depcheck.conflicts.inventory import Inventory, Stated
    from depcheck.conflicts.model import Rule

Answer = bool | None
"""Yes, no, or open."""

_HARD = frozenset({RuleKind.REQUIRE, RuleKind.FORBID, RuleKind.INDEX})
"""Kinds that can be violated; the others advise."""
_FOR_THE_SOLVER = frozenset({RuleKind.METADATA})
"""Kinds that tell a reader nothing that they could do."""


class Status(str, Enum):
    """What a rule says of an inventory."""

    VIOLATED = "violated"
    """Every version that is allowed breaks the rule."""
    ADVISES = "advises"
    """Its subject is there: a variable to set, a library to have, a requirement that is wrong.
    So does a broken rule of which only a report is known."""
    POSSIBLE = "possible"
    """Versions or packages that are left open decide."""
    SATISFIED = "satisfied"
    """Its subject is there, and all is well."""


@frozen
class Verdict:
    """One rule that concerns an inventory."""

    rule: Rule
    status: Status
    subjects: tuple[Stated, ...]
    """The packages concerned, the rule's own subject first."""
    missing: tuple[str, ...]
    """Normalised names that the rule asks about and the inventory does not state."""


def judge(rules: Iterable[Rule], inventory: Inventory, variant: str | None) -> tuple[Verdict, ...]:
    """Return what each rule says whose subject is, or may be, in the inventory; by status and id.

    Args:
        rules: The rules to apply.
        inventory: What is stated.
        variant: The accelerator build, None where it is not known: then rules for certain
            variants are left out.
    """
    found = [each for rule in rules if (each := _verdict(rule, inventory, variant)) is not None]
    order = list(Status)
    return tuple(sorted(found, key=lambda each: (order.index(each.status), each.rule.id)))


def _verdict(rule: Rule, inventory: Inventory, variant: str | None) -> Verdict | None:
    if rule.kind in _FOR_THE_SOLVER or (rule.variants and variant not in rule.variants):
        return None
    known = {each.name: each for each in inventory.packages}
    applies = every([_holds(rule.when, known), *(_holds(given, known) for given in rule.given)])
    if applies is False:
        return None
    status = _status(rule, applies, known, complete=inventory.complete)
    if status is None:
        return None
    names = [canonicalize_name(each.name) for each in (rule.when, *rule.given, *rule.then)]
    return Verdict(
        rule=rule,
        status=status,
        subjects=tuple(known[name] for name in dict.fromkeys(names) if name in known),
        missing=tuple(name for name in dict.fromkeys(names) if name not in known),
    )


def _status(
    rule: Rule, applies: Answer, known: dict[str, Stated], *, complete: bool
) -> Status | None:
    if rule.kind not in _HARD:
        return Status.ADVISES if applies else Status.POSSIBLE
    trouble = every([applies, _trouble(rule, known, complete=complete)])
    if trouble:
        return Status.VIOLATED if rule.steers else Status.ADVISES
    if trouble is None:
        # An open version of one package alone says nothing worth reading.
        silent = applies is None and not known.keys() & _others(rule)
        return None if silent else Status.POSSIBLE
    return Status.SATISFIED if applies else None


def _others(rule: Rule) -> set[str]:
    return {canonicalize_name(each.name) for each in rule.then}


def _trouble(rule: Rule, known: dict[str, Stated], *, complete: bool) -> Answer:
    if rule.kind is RuleKind.INDEX:
        return True
    if rule.kind is RuleKind.FORBID:
        return some(_holds(other, known) for other in rule.then)
    return some(_unfulfilled(rule, need, known, complete=complete) for need in rule.then)


def _unfulfilled(
    rule: Rule, need: Requirement, known: dict[str, Stated], *, complete: bool
) -> Answer:
    stated = known.get(canonicalize_name(need.name))
    if stated is None:
        # What an incomplete source does not state may come with another package, in any version.
        return rule.install if complete and need.marker is None else None
    within = _within(stated, need)
    if within:
        return False
    unsure = within is None or not stated.certain or need.marker is not None
    return None if unsure else True


def _holds(requirement: Requirement, known: dict[str, Stated]) -> Answer:
    stated = known.get(canonicalize_name(requirement.name))
    if stated is None:
        return False
    within = _within(stated, requirement)
    return within if within is False or stated.certain else None


def _within(stated: Stated, requirement: Requirement) -> Answer:
    """Whether every version that is stated is one that the requirement means."""
    meant = specifier_range(str(requirement.specifier))
    if stated.versions.is_disjoint(meant):
        return False
    return True if stated.versions.is_subset(meant) else None


def every(answers: Iterable[Answer]) -> Answer:
    """Return whether all hold: one no decides."""
    found = list(answers)
    if False in found:
        return False
    return None if None in found else True


def some(answers: Iterable[Answer]) -> Answer:
    """Return whether any holds: one yes decides."""
    found = list(answers)
    if True in found:
        return True
    return None if None in found else False
