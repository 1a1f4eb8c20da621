"""What a rule of each kind must say, and must not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from depcheck.conflicts.matching import active_rules, triggers
from depcheck.conflicts.model import Rule, RuleKind
from depcheck.conflicts.values import exact_version

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.version import Version

    from depcheck.tomlfile import Table

_PAYLOAD = {
    RuleKind.REQUIRE: "then",
    RuleKind.FORBID: "then",
    RuleKind.OVERRIDE: "then",
    RuleKind.DROP: "drop",
    RuleKind.NO_DEPS: "then",
    RuleKind.METADATA: "then",
    RuleKind.ORDER: "after",
    RuleKind.BUILD: "build",
    RuleKind.INDEX: "variants",
    RuleKind.ENV: "env",
    RuleKind.SYSTEM: "system",
}
"""The key that each kind cannot do without."""
_MAY_BE_EMPTY = frozenset({RuleKind.METADATA, RuleKind.NO_DEPS})
"""Kinds whose list of dependencies is a statement even when it is empty."""
_REMEDIABLE = frozenset({RuleKind.REQUIRE, RuleKind.FORBID})
_KEYS = ("then", "drop", "after", "build", "env", "system")


def check_payload(table: Table, rule: Rule) -> None:
    """Report what the rule's kind lacks, and what belongs to other kinds."""
    own = _PAYLOAD[rule.kind]
    stated = table.has(own) if rule.kind in _MAY_BE_EMPTY else bool(getattr(rule, own))
    if not stated:
        table.complain("", f"a rule of kind `{rule.kind.value}` needs `{own}`", f"add `{own}`")
    for key in _KEYS:
        if key != own and table.has(key):
            table.complain(key, f"is not for rules of kind `{rule.kind.value}`", "leave it out")
    if rule.install and rule.kind is not RuleKind.REQUIRE:
        table.complain("install", "is only for rules of kind `require`", "leave it out")
    if rule.remedied and rule.kind not in _REMEDIABLE:
        table.complain(
            "remedied", "is only for rules of kind `require` and `forbid`", "leave it out"
        )
    for position, need in enumerate(rule.then):
        _check_need(table, rule, position, need)


def _check_need(table: Table, rule: Rule, position: int, need: Requirement) -> None:
    key = (*table.key, "then", position)
    bounded = bool(need.specifier) or bool(need.url)
    free = rule.kind in {RuleKind.METADATA, RuleKind.NO_DEPS, RuleKind.FORBID} or rule.install
    if not bounded and not free:
        table.file.report(key, f"`{need}` allows every version", "add a range, like `numpy<2`")
    if need.specifier.is_unsatisfiable():
        table.file.report(key, f"`{need}` allows no version", "mend the range")


def check_examples(table: Table, rule: Rule) -> None:
    """Report an example that the rule leaves alone, and other pins that it does not."""
    for key, pins, expected in (
        ("example", rule.example, True),
        ("counterexample", rule.counterexample, False),
        ("remedied", rule.remedied, False),
    ):
        if pins and applies(rule, pins) is not expected:
            verb = "leaves this alone" if expected else "has something to say about this"
            table.complain(key, f"the rule {verb}", "mend the rule or its example")


def applies(rule: Rule, pins: tuple[Requirement, ...]) -> bool:
    """Whether an image that asks for exactly these pins meets the rule's trouble."""
    variant = rule.variants[0] if rule.variants else ""
    versions: dict[str, Version] = {canonicalize_name(pin.name): exact_version(pin) for pin in pins}
    return bool(active_rules((rule,), variant, pins)) and triggers(rule, versions)
