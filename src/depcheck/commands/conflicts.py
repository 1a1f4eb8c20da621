"""``depcheck conflicts``: the known-conflict rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from depcheck.conflicts.matching import rules_about
from depcheck.conflicts.model import RuleKind
from depcheck.errors import ExitCode, InputError
from depcheck.settings import chosen_rules
from depcheck.tomlfile import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from depcheck.conflicts.model import Rule
    from depcheck.terminal import Console


def run(options: Namespace, console: Console) -> ExitCode:
    """List rules, show one, or check what a file or an environment holds."""
    if options.action == "check":
        from depcheck.commands.conflicts_check import check  # noqa: PLC0415 - reads many formats

        return check(options, console)
    chosen = chosen_rules(options)
    if options.action == "list":
        return _list(_wanted(chosen.rules, options.package), console)
    rules = (*chosen.rules, *(off.rule for off in chosen.switched_off))
    rule = _find(rules, options.rule)
    if console.as_json:
        console.document(_document(rule))
        return ExitCode.OK
    console.heading(rule.id)
    console.table(_rows(rule), indent="  ")
    return ExitCode.OK


def _list(rules: tuple[Rule, ...], console: Console) -> ExitCode:
    if console.as_json:
        console.document({"rules": [_document(rule) for rule in rules]})
        return ExitCode.OK
    console.table((rule.id, rule.kind.value, _brief(rule)) for rule in rules)
    console.note(f"{len(rules)} rules; `depcheck conflicts show ID` gives reason and evidence")
    return ExitCode.OK


def _wanted(rules: tuple[Rule, ...], package: str | None) -> tuple[Rule, ...]:
    """Return the rules that are about a package, then those that speak of it otherwise."""
    if package is None:
        return rules
    name = canonicalize_name(package)
    about = rules_about(rules, name)
    return (*about, *(rule for rule in rules if rule not in about and name in _spoken_of(rule)))


def _spoken_of(rule: Rule) -> set[str]:
    named = {canonicalize_name(each.name) for each in (*rule.given, *rule.then)}
    return {*named, *rule.drop, *rule.after}


def _find(rules: tuple[Rule, ...], wanted: str) -> Rule:
    by_id = {rule.id: rule for rule in rules}
    if wanted not in by_id:
        raise InputError(
            "unknown-rule",
            f"there is no rule `{wanted}`",
            hint=did_you_mean(wanted, by_id) or "`depcheck conflicts list` names them all",
        )
    return by_id[wanted]


def _brief(rule: Rule) -> str:
    effect = _effect(rule)
    if rule.kind is RuleKind.METADATA:
        effect = f"{len(rule.then) or 'no'} requirement{'s' * (len(rule.then) != 1)}"
    return f"{rule.when}: {effect}" if effect else str(rule.when)


def _effect(rule: Rule) -> str:
    if rule.drop:
        return f"drop {', '.join(rule.drop)}"
    if rule.env:
        return ", ".join(f"{key}={value}" for key, value in rule.env.items())
    if rule.after:
        return f"after {', '.join(rule.after)}"
    return ", ".join(rule.system) or ", ".join(str(each) for each in rule.then)


def _rows(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "kind", rule.kind.value
    if not rule.steers:
        yield "confidence", "reported: warns, and does not steer the solver"
    yield "when", str(rule.when)
    for each in rule.given:
        yield "given", f"the image itself asks for {each}"
    if effect := _effect(rule):
        yield "then", effect + (" (installed)" if rule.install else "")
    if rule.build:
        yield "build", "with isolation" if rule.build.isolation else "without isolation"
    yield "reason", rule.reason
    yield "remedy", rule.remedy
    yield "since", rule.since.isoformat()
    for link in rule.evidence:
        yield "evidence", link
    yield "stated in", rule.origin


def _document(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": rule.kind.value,
        "confidence": rule.confidence.value,
        "when": str(rule.when),
        "given": [str(each) for each in rule.given],
        "variants": list(rule.variants),
        "then": [str(each) for each in rule.then],
        "install": rule.install,
        "drop": list(rule.drop),
        "after": list(rule.after),
        "env": dict(rule.env),
        "system": list(rule.system),
        "reason": rule.reason,
        "remedy": rule.remedy,
        "evidence": list(rule.evidence),
        "since": rule.since.isoformat(),
    }
