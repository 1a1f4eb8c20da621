"""Write docs/rules.md, the page of all built-in rules: ``python -m tools.rules_page [--check]``."""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.conflicts.model import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.requirements import Requirement

    from depcheck.conflicts.model import Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
_CODE = re.compile(r"(`[^`]*`)")
_MARKUP = re.compile(r"([\\*_\[\]<])")
_KINDS = {
    RuleKind.REQUIRE: "an undeclared need between packages that are present",
    RuleKind.FORBID: "two packages that must not meet",
    RuleKind.OVERRIDE: "a published requirement that is wrong, and what counts instead",
    RuleKind.DROP: "a published dependency that is not needed",
    RuleKind.NO_DEPS: "published dependencies to ignore, and those that matter",
    RuleKind.METADATA: "the dependencies of an sdist that cannot state them",
    RuleKind.ORDER: "what must be installed before",
    RuleKind.BUILD: "how an sdist has to be built",
    RuleKind.INDEX: "a version that has no build for a variant",
    RuleKind.ENV: "variables that the image must set",
    RuleKind.SYSTEM: "libraries and tools that the image must have",
}


def page(rules: Iterable[Rule]) -> str:
    """Return the page, rules grouped by the file that states them."""
    ordered = sorted(rules, key=lambda rule: (_file(rule), rule.id))
    return "\n".join(_lines(ordered)) + "\n"


def _lines(rules: list[Rule]) -> Iterator[str]:
    yield "# Known conflicts"
    yield ""
    yield "<!-- Written by `python -m tools.rules_page`: change the rules in conflicts/data. -->"
    yield ""
    yield f"The {len(rules)} rules that come with depcheck, by the file that states them. A rule"
    yield "marked *reported* warns and does not steer a solve; the others do. The kinds:"
    yield ""
    for kind, meaning in _KINDS.items():
        count = sum(rule.kind is kind for rule in rules)
        yield f"- **{kind.value}** ({count}): {meaning}"
    for file, group in groupby(rules, key=_file):
        yield from ("", f"## {file}")
        for rule in group:
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield from ("", f"### {rule.id}", "")
    reported = "" if rule.steers else " *(reported)*"
    yield f"**{rule.kind.value}**{reported} {_scope(rule)}{_effect(rule)}"
    yield ""
    yield f"- Why: {_text(rule.reason)}"
    yield f"- Remedy: {_text(rule.remedy)}"
    yield f"- Since: {rule.since.isoformat()}"
    yield f"- Bites on {_list(rule.example)}, not on {_list(rule.counterexample)}"
    for each in rule.evidence:
        yield f"- Evidence: {f'<{each}>' if each.startswith('https://') else _text(each)}"


def _scope(rule: Rule) -> str:
    found = f"`{rule.when}`"
    if rule.given:
        found += f" where the image asks for {_list(rule.given)}"
    if rule.variants:
        found += f" in variant {_code(rule.variants)}"
    return found


def _effect(rule: Rule) -> str:
    build: list[str] = []
    if rule.build is not None:
        build += [] if rule.build.isolation else ["without isolation"]
        build += [str(each) for each in rule.build.constraints]
        build += [f"{name}={value}" for name, value in rule.build.env.items()]
    stated = (
        [str(each) for each in rule.then]
        or list(rule.drop)
        or list(rule.after)
        or build
        or [f"{name}={value}" for name, value in rule.env.items()]
    )
    if stated:
        return f": {_code(stated)}{', installed' if rule.install else ''}"
    return f": {', '.join(map(_text, rule.system))}" if rule.system else ""


def _list(requirements: Iterable[Requirement]) -> str:
    return _code(map(str, requirements))


def _code(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def _text(text: str) -> str:
    """Return text with its markup made harmless, code spans aside."""
    parts = _CODE.split(text)
    return "".join(part if _CODE.fullmatch(part) else _MARKUP.sub(r"\\\1", part) for part in parts)


def _file(rule: Rule) -> str:
    return rule.origin.partition(":")[0]


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` say whether it is up to date."""
    text = page(load_builtin_rules())
    if arguments == ["--check"]:
        return 0 if PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
