"""Rules and waivers as a person reads them, the same in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from depcheck.resolver.solution import AppliedRule, Solution, Waiver
    from depcheck.terminal import Console


STEERING = frozenset({"require", "forbid", "override", "drop", "no-deps", "index"})
"""Kinds of rules that change which versions are chosen."""


def rule_documents(solution: Solution) -> dict[str, Any]:
    """Return the rules and waivers of a solution as data."""
    return {
        "rules": [{"id": rule.id, "subjects": list(rule.subjects)} for rule in solution.rules],
        "waivers": [
            {
                "package": f"{each.package}=={each.version}",
                "requirement": each.requirement,
                "replacement": each.replacement,
                "rule": each.rule,
            }
            for each in solution.waivers
        ],
    }


def waiver_text(waiver: Waiver) -> str:
    """Return what was waived, and what counts instead."""
    published = f"{waiver.package}=={waiver.version} needs {waiver.requirement}"
    if waiver.replacement is None:
        return f"{published}: dropped"
    return f"{published}: taken as {waiver.replacement}"


def write_rules(
    console: Console,
    title: str,
    rules: Iterable[AppliedRule],
    waivers: Sequence[Waiver],
    *,
    evidence: bool = False,
) -> None:
    """Write rules with their reasons, each with the waivers that it justifies.

    A waiver that no rule here justifies is the image spec's own: it states its origin and reason.
    """
    kept = {rule.id: rule for rule in rules}
    stated = [waiver for waiver in waivers if waiver.rule not in kept]
    if kept:
        console.heading(title, indent="  ")
    for rule in kept.values():
        console.styled(f"    {console.paint(rule.id, 'cyan')}  {console.paint(rule.kind, 'dim')}")
        console.paragraph(rule.reason, indent="      ")
        for waiver in waivers:
            if waiver.rule == rule.id:
                console.paragraph(f"waived: {waiver_text(waiver)}", indent="      ")
        if evidence:
            console.paragraph(f"remedy: {rule.remedy}", indent="      ")
            for link in rule.evidence:
                console.paragraph(f"evidence: {link}", indent="      ")
    if stated:
        console.heading("waived by the image spec", indent="  ")
    for waiver in stated:
        console.paragraph(waiver_text(waiver), indent="    ")
        console.paragraph(f"{waiver.reason} ({waiver.rule})", indent="      ")
