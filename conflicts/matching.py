"""Decide which rules concern an image, a package, a version or a set of pins. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from depcheck.conflicts.compiled import package_of
from depcheck.conflicts.model import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    from depcheck.conflicts.model import Rule


def active_rules(
    rules: Iterable[Rule], variant: str, root_requirements: Iterable[Requirement]
) -> tuple[Rule, ...]:
    """Return the rules that hold for an image variant, in the order given.

    A rule holds if it names the variant or none, and if each requirement in its ``given`` is
    guaranteed by the image's own direct requirements.
    """
    roots = tuple(root_requirements)
    return tuple(
        rule
        for rule in rules
        if (not rule.variants or variant in rule.variants)
        and all(_guaranteed(given, roots) for given in rule.given)
    )


def rules_about(rules: Iterable[Rule], name: str) -> tuple[Rule, ...]:
    """Return the rules whose scope is this package, in the order given."""
    wanted = canonicalize_name(name)
    return tuple(rule for rule in rules if package_of(rule.when) == wanted)


def rule_matches(rule: Rule, name: str, version: Version) -> bool:
    """Whether this version of this package is in the rule's scope.

    Pre-releases and local versions count: ``2.2.0rc1`` and ``2.2.2+cu121`` are below 2.3.
    """
    return _holds(rule.when, name, version)


def triggers(rule: Rule, pins: Mapping[str, Version]) -> bool:
    """Whether a set of pins (normalised names) meets the rule's trouble.

    A ``require`` rule is met when its need is not fulfilled, a ``forbid`` rule when something that
    it forbids is there, any other rule when its subject is among the pins.
    """
    subject = package_of(rule.when)
    if subject not in pins or not rule_matches(rule, subject, pins[subject]):
        return False
    if rule.kind is RuleKind.REQUIRE:
        return any(_unfulfilled(rule, need, pins) for need in rule.then)
    if rule.kind is RuleKind.FORBID:
        return any(_met(other, pins) for other in rule.then)
    return True


def _unfulfilled(rule: Rule, need: Requirement, pins: Mapping[str, Version]) -> bool:
    if package_of(need) not in pins:
        return rule.install
    return not _met(need, pins)


def _met(requirement: Requirement, pins: Mapping[str, Version]) -> bool:
    name = package_of(requirement)
    return name in pins and _holds(requirement, name, pins[name])


def _holds(requirement: Requirement, name: str, version: Version) -> bool:
    same = package_of(requirement) == canonicalize_name(name)
    return same and requirement.specifier.contains(version, prereleases=True)


def _guaranteed(given: Requirement, roots: Iterable[Requirement]) -> bool:
    """Whether some direct requirement allows nothing but versions in the given range."""
    name = package_of(given)
    return any(
        within(root.specifier, given.specifier)
        for root in roots
        if canonicalize_name(root.name) == name and not root.url
    )


def within(allowed: SpecifierSet, given: SpecifierSet) -> bool:
    """Whether a range allows something, and nothing but versions in the given one."""
    # `===` compares strings: its set has no range to be inside another.
    if any(part.operator == "===" for part in allowed):
        return False
    return not allowed.is_unsatisfiable() and allowed.is_subset(given)
