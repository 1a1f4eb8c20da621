"""Load known-conflict rules from TOML; a rule that does not say why does not load."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from packaging.requirements import Requirement

from depcheck import tomlfile, tomlvalues
from depcheck.cache import remembered
from depcheck.conflicts.compiled import from_documents, with_digest
from depcheck.conflicts.model import BuildNeeds, Confidence, Rule, RuleKind
from depcheck.conflicts.payload import check_examples, check_payload
from depcheck.conflicts.values import confidence, day, evidence, pin, rule_id, rule_kind, scope
from depcheck.errors import InputError
from depcheck.tomlfile import read_toml
from depcheck.tomlvalues import any_text, boolean, env_name, package_name, requirement, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from depcheck.tomlfile import Table

T = TypeVar("T")

_NOBODY = Requirement("unreadable")
"""Stands in for a scope that was reported as wrong; such a rule never leaves the loader."""


def load_builtin_rules() -> tuple[Rule, ...]:
    """Return the rules that come with depcheck, sorted by id.

    What their files come to is kept in the cache: reading and judging them takes longer than a
    solve.

    Raises:
        InputError: a file is wrong, or two rules have one id.
    """
    room = Path(__file__).parent
    stated = sorted(room.glob("data/*.toml"))
    code = (*room.glob("*.py"), Path(tomlfile.__file__), Path(tomlvalues.__file__))

    def documents() -> list[dict[str, Any]]:
        rules = merge_rules([rule for path in stated for rule in load_rules(path)])
        return [with_digest(rule) for rule in rules]

    return from_documents(remembered("rules", (*stated, *code), documents))


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Return the rules of one file, in its order.

    Raises:
        InputError: the file cannot be read or is wrong; all its problems are named together.
    """
    file = read_toml(path, reference="invalid-rule")
    rules = tuple(_rule(table) for table in file.root.tables("rule"))
    file.root.close()
    if not rules:
        file.root.complain("", "there is no rule", "add a table `[[rule]]`")
    seen: dict[str, int] = {}
    for position, rule in enumerate(rules):
        if rule.id and seen.setdefault(rule.id, position) != position:
            file.report(("rule", position, "id"), f"`{rule.id}` is taken", "choose another id")
    file.check()
    return rules


def merge_rules(rules: list[Rule]) -> tuple[Rule, ...]:
    """Return rules of several files as one set, sorted by id.

    Raises:
        InputError: two rules have one id.
    """
    known: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in known:
            raise InputError(
                "duplicate-rule",
                f"rule `{rule.id}` is in {known[rule.id].origin} and in {rule.origin}",
                hint="give one of them another id",
            )
        known[rule.id] = rule
    return tuple(known[name] for name in sorted(known))


def _rule(table: Table) -> Rule:
    problems = len(table.file.problems)
    kind = table.required("kind", rule_kind, None)
    rule = Rule(
        id=table.required("id", rule_id, ""),
        kind=kind or RuleKind.REQUIRE,
        when=table.required("when", scope, _NOBODY),
        reason=table.required("reason", text, ""),
        evidence=_stated(table, "evidence", evidence),
        remedy=table.required("remedy", text, ""),
        since=table.required("since", day, date.min),
        confidence=table.optional("confidence", confidence, Confidence.CONFIRMED),
        given=table.values("given", scope),
        variants=table.values("variants", text),
        then=table.values("then", requirement),
        install=table.optional("install", boolean, default=False),
        drop=table.values("drop", package_name),
        after=table.values("after", package_name),
        build=_build(table.table("build")) if table.has("build") else None,
        env=_env(table.table("env")),
        system=table.values("system", text),
        origin=table.origin("").removesuffix("."),
        example=_stated(table, "example", pin),
        counterexample=_stated(table, "counterexample", pin),
        remedied=table.values("remedied", pin),
    )
    table.close()
    if kind is not None:
        check_payload(table, rule)
    if len(table.file.problems) == problems:
        check_examples(table, rule)
    return rule


def _stated(table: Table, name: str, parse: Callable[[object], T]) -> tuple[T, ...]:
    """Return a list that must have at least one item."""
    found = table.values(name, parse)
    if not table.has(name):
        table.complain("", f"key `{name}` is missing", f"add `{name} = [...]`")
    elif not table.items(name):
        table.complain(name, "must not be empty")
    return found


def _build(table: Table) -> BuildNeeds:
    found = BuildNeeds(
        isolation=table.optional("isolation", boolean, default=True),
        constraints=table.values("constraints", scope),
        env=_env(table.table("env")),
    )
    if not table.names():
        table.complain("", "must not be empty", "state `isolation`, `constraints` or `env`")
    table.close()
    return found


def _env(table: Table) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in table.names():
        table.check_name(name, env_name)
        found[name] = table.optional(name, any_text, "")
    return found
