"""Pins that projects have published: the rules stay silent where they work, and speak where not.

Each stack was taken from a lock file or a requirements file of a public repository at a tag or
commit. A file keeps the packages that some rule names, no others, and leaves out a package that its
source pins twice. ``environment`` is what a virtual environment of that Python brings, where the
source does not pin it. ``broken_stacks`` were published, too, and ``note`` says what is wrong.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.conflicts.matching import active_rules, triggers
from depcheck.conflicts.model import Confidence, RuleKind
from depcheck.conflicts.values import exact_version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
RULES = [
    rule
    for rule in load_builtin_rules()
    if rule.kind in {RuleKind.REQUIRE, RuleKind.FORBID}
    and rule.confidence is not Confidence.REPORTED
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    name: str
    source: str
    pins: tuple[Requirement, ...]
    findings: list[str]


def read(path: Path) -> Stack:
    document: dict[str, Any] = tomllib.loads(path.read_text())
    return Stack(
        name=document["name"],
        source=document["source"],
        pins=tuple(map(Requirement, [*document["pins"], *document.get("environment", [])])),
        findings=document.get("findings", []),
    )


def folder(name: str) -> list[Stack]:
    return [read(path) for path in sorted((HERE / name).glob("*.toml"))]


def findings(stack: Stack) -> list[str]:
    versions = {str(canonicalize_name(pin.name)): exact_version(pin) for pin in stack.pins}
    return [rule.id for rule in active_rules(RULES, "", stack.pins) if triggers(rule, versions)]


GOOD = folder("good_stacks")
BROKEN = folder("broken_stacks")


@pytest.mark.parametrize("stack", GOOD, ids=lambda stack: stack.name)
def test_good_stack_gives_no_alarm(stack: Stack) -> None:
    assert findings(stack) == []


@pytest.mark.parametrize("stack", BROKEN, ids=lambda stack: stack.name)
def test_broken_stack_is_found_out(stack: Stack) -> None:
    assert stack.findings == findings(stack)


def test_there_are_stacks_enough_and_each_says_where_it_is_from() -> None:
    sources = {stack.source for stack in (*GOOD, *BROKEN)}

    assert len(GOOD) >= 50
    assert len(sources) == len(GOOD) + len(BROKEN)
    assert all(source.startswith("https://github.com/") for source in sources)


def test_good_stacks_have_many_packages_that_rules_are_about() -> None:
    """A corpus that no rule's subject is in would be silent for nothing."""
    pinned = {str(canonicalize_name(pin.name)) for stack in GOOD for pin in stack.pins}
    subjects = {str(canonicalize_name(rule.when.name)) for rule in RULES}

    assert len(subjects & pinned) >= 50
