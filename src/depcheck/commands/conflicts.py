"""``depcheck conflicts``: the known-conflict rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.errors import ExitCode, InputError
from depcheck.terminal import columns

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from depcheck.conflicts.model import Rule
    from depcheck.terminal import Console


def run(options: Namespace, console: Console) -> ExitCode:
    """List all rules, or show one."""
    rules = load_builtin_rules()
    if options.action == "list":
        return _list(rules, console)
    rule = _find(rules, options.rule)
    if console.as_json:
        console.document(_document(rule))
        return ExitCode.OK
    console.styled(console.paint(rule.id, "bold"))
    for line in columns(_rows(rule), indent="  "):
        console.result(line)
    return ExitCode.OK


def _list(rules: tuple[Rule, ...], console: Console) -> ExitCode:
    if console.as_json:
        console.document({"rules": [_document(rule) for rule in rules]})
        return ExitCode.OK
    for line in columns(
        (rule.id, rule.kind.value, str(rule.when), _effect(rule)) for rule in rules
    ):
        console.result(line)
    console.note(f"{len(rules)} rules; `depcheck conflicts show ID` gives reason and evidence")
    return ExitCode.OK


def _find(rules: tuple[Rule, ...], wanted: str | None) -> Rule:
    by_id = {rule.id: rule for rule in rules}
    if wanted in by_id:
        return by_id[wanted]
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    close = get_close_matches(wanted or "", by_id, n=1)
    raise InputError(
        "unknown-rule",
        f"there is no rule `{wanted}`" if wanted else "`conflicts show` needs a rule's id",
        hint=f"did you mean `{close[0]}`?" if close else "`depcheck conflicts list` names them all",
    )


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
