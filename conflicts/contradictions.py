"""Find rules that cannot both be followed."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from depcheck.conflicts.model import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.requirements import Requirement

    from depcheck.conflicts.model import Rule

_CHANGES_DEPENDENCY = frozenset({RuleKind.OVERRIDE, RuleKind.DROP})


def contradictions(rules: Iterable[Rule]) -> Iterator[tuple[str, str, str]]:
    """Yield (id, id, what they disagree about) for rules that concern one release and clash."""
    by_subject: dict[str, list[Rule]] = {}
    for rule in rules:
        by_subject.setdefault(canonicalize_name(rule.when.name), []).append(rule)
    for subject in sorted(by_subject):
        for first, second in combinations(by_subject[subject], 2):
            if _may_meet(first, second) and (clash := _clash(first, second)):
                yield first.id, second.id, clash


def _may_meet(first: Rule, second: Rule) -> bool:
    """Whether some release in some image is in the scope of both rules."""
    if first.variants and second.variants and not set(first.variants) & set(second.variants):
        return False
    shared = [(first.when, second.when)] + [
        (one, other) for one in first.given for other in second.given if _same(one, other)
    ]
    return not any(_disjoint(one, other) for one, other in shared)


def _clash(first: Rule, second: Rule) -> str | None:
    kinds = {first.kind, second.kind}
    if kinds == {RuleKind.METADATA}:
        return "the dependencies of one sdist are stated twice"
    if kinds <= _CHANGES_DEPENDENCY:
        return _two_changes(first, second)
    for one, other in ((first, second), (second, first)):
        if one.kind is RuleKind.REQUIRE and (clash := _against_need(one, other)):
            return clash
    return None


def _two_changes(first: Rule, second: Rule) -> str | None:
    changed = _changed(first) & _changed(second)
    return f"both change the dependency on {', '.join(sorted(changed))}" if changed else None


def _changed(rule: Rule) -> set[str]:
    return {canonicalize_name(each.name) for each in rule.then} | set(rule.drop)


def _against_need(rule: Rule, other: Rule) -> str | None:
    for need in rule.then:
        for then in other.then:
            if not _same(need, then):
                continue
            if other.kind in {RuleKind.REQUIRE, RuleKind.OVERRIDE} and _disjoint(need, then):
                return f"no version is in `{need}` and in `{then}`"
            if other.kind is RuleKind.FORBID and need.specifier.is_subset(then.specifier):
                return f"`{need}` is needed, and `{then}` forbidden"
    return None


def _same(one: Requirement, other: Requirement) -> bool:
    return canonicalize_name(one.name) == canonicalize_name(other.name)


def _disjoint(one: Requirement, other: Requirement) -> bool:
    return one.specifier.is_disjoint(other.specifier)
