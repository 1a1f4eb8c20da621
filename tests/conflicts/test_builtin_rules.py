"""The rules that come with depcheck: complete, and each bites on its example alone."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depcheck.conflicts.contradictions import contradictions
from depcheck.conflicts.loader import load_builtin_rules
from depcheck.conflicts.matching import active_rules, triggers
from depcheck.conflicts.model import Rule, RuleKind
from depcheck.conflicts.values import exact_version

RULES = load_builtin_rules()
PAIRS = [rule for rule in RULES if rule.kind in {RuleKind.REQUIRE, RuleKind.FORBID}]
PINS = [Requirement("torch==2.2.2"), Requirement("axolotl==0.5.2")]


def bites(rule: Rule, pins: tuple[Requirement, ...]) -> bool:
    versions = {str(canonicalize_name(pin.name)): exact_version(pin) for pin in pins}
    variant = rule.variants[0] if rule.variants else "cu121"
    return bool(active_rules([rule], variant, pins)) and triggers(rule, versions)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_bites_on_its_example(rule: Rule) -> None:
    assert bites(rule, rule.example)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_leaves_its_counterexample_alone(rule: Rule) -> None:
    assert not bites(rule, rule.counterexample)


@pytest.mark.parametrize("rule", PAIRS, ids=lambda rule: rule.id)
def test_remedy_ends_the_trouble(rule: Rule) -> None:
    """``remedied`` shows it, or a counterexample: the same packages, or one of a pair alone."""
    shown = rule.remedied or rule.counterexample
    same = {canonicalize_name(pin.name) for pin in rule.example} <= {
        canonicalize_name(pin.name) for pin in shown
    }

    assert not bites(rule, shown)
    assert same or rule.remedied or rule.kind is RuleKind.FORBID


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_says_why_and_what_to_do(rule: Rule) -> None:
    assert rule.reason
    assert rule.evidence
    assert rule.remedy
    assert rule.since.year >= 2010


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_counterexample_is_close_by(rule: Rule) -> None:
    """A counterexample that has none of the example's packages would prove nothing."""
    names = {canonicalize_name(pin.name) for pin in rule.example}

    assert names & {canonicalize_name(pin.name) for pin in rule.counterexample}


def test_ids_are_unique_and_sorted() -> None:
    ids = [rule.id for rule in RULES]

    assert ids == sorted(set(ids))


def test_every_range_allows_something() -> None:
    empty = [
        rule.id
        for rule in RULES
        for requirement in (rule.when, *rule.given, *rule.then)
        if requirement.specifier.is_unsatisfiable()
    ]

    assert empty == []


def test_no_two_rules_contradict_each_other() -> None:
    assert [] == list(contradictions(RULES))


def test_axolotl_keeps_its_own_pins_beside_torch_2_5() -> None:
    beside_old = {rule.id for rule in active_rules(RULES, "cu121", PINS)}
    beside_new = {rule.id for rule in active_rules(RULES, "cu121", [Requirement("torch==2.5.1")])}

    assert {
        "axolotl-0.5.2-liger-torch-2.2",
        "axolotl-0.5.2-torch-2.2",
        "axolotl-0.5.2-torchao-torch-2.2",
        "axolotl-0.5.2-triton-torch-2.2",
        "axolotl-0.5.2-xformers-torch-2.2",
    } == beside_old - beside_new
