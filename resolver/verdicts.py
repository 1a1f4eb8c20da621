"""What rules and overrides did to a search that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.conflicts.compiled import marker_of, package_of
from depcheck.conflicts.matching import triggers
from depcheck.conflicts.model import BuildNeeds, RuleKind
from depcheck.resolver.solution import AppliedRule, Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.version import Version

    from depcheck.conflicts.model import Rule
    from depcheck.resolver.candidates import Candidate
    from depcheck.resolver.dependencies import Deviation
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.search import Found

_FOR_OTHERS = frozenset({RuleKind.REQUIRE, RuleKind.FORBID})


def _bases(found: Found) -> list[Candidate]:
    return [each for each in found.candidates.values() if not each.extra]


def _matched(found: Found) -> Iterator[tuple[Candidate, Rule]]:
    for candidate in _bases(found):
        if candidate.project is not None:
            for rule in found.dependencies.rules(candidate.project, candidate.rank):
                yield candidate, rule


def waivers(found: Found) -> tuple[Waiver, ...]:
    """Return the published requirements that the pins do not meet, with the rule that says why.

    A rule that replaced a requirement which the pins happen to meet needs no waiver.
    """
    kept = {
        Waiver(
            package=candidate.name,
            version=candidate.version,
            requirement=str(each.published),
            replacement=str(each.replacement) if each.replacement else None,
            rule=each.rule,
            reason=each.reason,
        )
        for candidate in found.candidates.values()
        for each in found.dependencies.needs(candidate).deviations
        if _counts(found, candidate, each) and not _met(found, each)
    }
    return tuple(sorted(kept, key=lambda each: (each.package, each.requirement, each.rule)))


def _counts(found: Found, candidate: Candidate, deviation: Deviation) -> bool:
    return found.catalogue.target.matches(deviation.published.marker, candidate.extra)


def _met(found: Found, deviation: Deviation) -> bool:
    pinned = found.candidates.get(deviation.published.name)
    if pinned is None or pinned.project is None:
        return False
    return bool(pinned.project.mask(deviation.published.specifier) >> pinned.rank & 1)


def applied_rules(problem: Problem, found: Found) -> tuple[AppliedRule, ...]:
    """Return the rules that had a pin in their scope, with the pins concerned."""
    subjects: dict[str, set[str]] = {}
    for candidate, rule in _matched(found):
        others = [
            other
            for each in rule.then
            if found.catalogue.target.matches(marker_of(each))
            and (other := found.candidates.get(package_of(each))) is not None
        ]
        if rule.kind in _FOR_OTHERS and not others:
            continue
        concerned = [candidate, *others] if rule.kind in _FOR_OTHERS else [candidate]
        subjects.setdefault(rule.id, set()).update(map(str, concerned))
    return tuple(
        AppliedRule(
            id=rule.id,
            kind=rule.kind.value,
            reason=rule.reason,
            remedy=rule.remedy,
            evidence=rule.evidence,
            subjects=tuple(sorted(subjects[rule.id])),
        )
        for rule in problem.rules
        if rule.id in subjects
    )


def reported_trouble(problem: Problem, pins: Mapping[str, Version]) -> Iterator[str]:
    """Yield a warning for each rule that is only reported and that the pins meet."""
    for rule in problem.reported:
        if triggers(rule, pins):
            name = package_of(rule.when)
            yield (f"reported of `{name}=={pins[name]}`: {rule.reason}; {rule.remedy} [{rule.id}]")


def build_needs(found: Found, candidate: Candidate) -> BuildNeeds | None:
    """Return how a candidate has to be built, where a rule says so."""
    if candidate.project is None:
        return None
    rules = found.dependencies.rules(candidate.project, candidate.rank)
    return next((rule.build for rule in rules if rule.kind is RuleKind.BUILD), None)


def order_edges(found: Found) -> tuple[tuple[str, str], ...]:
    """Return (package, package of an earlier stage) for pins that ``order`` rules concern."""
    edges = {
        (candidate.name, before)
        for candidate, rule in _matched(found)
        if rule.kind is RuleKind.ORDER
        for before in rule.after
        if before in found.candidates
    }
    return tuple(sorted(edges))


def environment(problem: Problem, found: Found) -> dict[str, str]:
    """Return the variables that the image must set; the spec's word beats a rule's."""
    stated: dict[str, str] = {}
    for _, rule in _matched(found):
        if rule.kind is RuleKind.ENV:
            stated.update(rule.env)
    stated.update(problem.variant.env)
    return dict(sorted(stated.items()))


def system_needs(found: Found) -> tuple[str, ...]:
    """Return the shared libraries and OS packages that rules name, sorted."""
    named = {
        need for _, rule in _matched(found) if rule.kind is RuleKind.SYSTEM for need in rule.system
    }
    return tuple(sorted(named))
