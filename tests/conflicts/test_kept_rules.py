"""Rules that are kept as JSON are the rules that were read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

import depcheck.conflicts
from depcheck.conflicts.compiled import (
    KnownRequirement,
    digest_of,
    from_documents,
    marker_of,
    package_of,
    specifier_of,
    with_digest,
)
from depcheck.conflicts.loader import load_rules
from depcheck.conflicts.model import Confidence, RuleKind

if TYPE_CHECKING:
    from depcheck.conflicts.model import Rule

FILES = sorted((Path(depcheck.conflicts.__path__[0]) / "data").glob("*.toml"))
ONE = """
[[rule]]
id = "some-build"
kind = "build"
when = "kernels<2"
given = ["torch==2.2.*"]
build = { isolation = false, constraints = ["setuptools<82"], env = { A = "1" } }
reason = "it imports torch"
evidence = ["sdist: kernels==1.0 setup.py"]
since = 2024-06-16
remedy = "build it in place"
example = ["kernels==1.0", "torch==2.2.2"]
counterexample = ["kernels==2.0", "torch==2.2.2"]
""".lstrip()


def kept(rule: Rule) -> Rule:
    [found] = from_documents([json.loads(json.dumps(with_digest(rule)))])
    return found


@pytest.fixture
def rule(tmp_path: Path) -> Rule:
    path = tmp_path / "rules.toml"
    path.write_text(ONE)
    [found] = load_rules(path)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rule_comes_back(path: Path) -> None:
    rules = load_rules(path)

    assert list(rules) == [kept(each) for each in rules]
    assert [digest_of(each) for each in rules] == [digest_of(kept(each)) for each in rules]
    assert [digest_of(each) for each in rules] == [digest_of(kept(kept(each))) for each in rules]


def test_what_a_build_needs_comes_back(rule: Rule) -> None:
    found = kept(rule).build

    assert found is not None
    assert (False, {"A": "1"}) == (found.isolation, dict(found.env))
    assert ["setuptools<82"] == list(map(str, found.constraints))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "another"},
        {"kind": RuleKind.REQUIRE},
        {"when": Requirement("kernels<3")},
        {"given": (Requirement("torch==2.3.*"),)},
        {"given": ()},
        {"then": (Requirement("numpy<2"),)},
        {"variants": ("cu121",)},
        {"install": True},
        {"build": None},
        {"env": {"A": "1"}},
        {"confidence": Confidence.REPORTED},
        {"reason": "another"},
        {"remedy": "another"},
    ],
    ids="-".join,
)
def test_whatever_decides_is_in_the_digest(rule: Rule, change: dict[str, object]) -> None:
    other = replace(rule, **change)  # type: ignore[arg-type]

    assert digest_of(rule) != digest_of(other)
    assert digest_of(other) == digest_of(kept(other))


@pytest.mark.parametrize(
    "change",
    [{"origin": "elsewhere"}, {"example": ()}, {"counterexample": ()}],
    ids="-".join,
)
def test_what_decides_nothing_is_not(rule: Rule, change: dict[str, object]) -> None:
    assert digest_of(rule) == digest_of(replace(rule, **change))  # type: ignore[arg-type]


def test_a_changed_rule_does_not_keep_the_digest_of_the_first(rule: Rule) -> None:
    assert digest_of(rule) != digest_of(replace(kept(rule), reason="another"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("NumPy<2,>=1.20", ("numpy", "<2,>=1.20", None)),
        ("torch", ("torch", "", None)),
        ("triton>=2 ; sys_platform == 'linux'", ("triton", ">=2", 'sys_platform == "linux"')),
    ],
)
def test_parts_are_known_without_parsing(text: str, parts: tuple[str, str, str | None]) -> None:
    plain = Requirement(text)
    known = KnownRequirement(str(plain), *parts)

    for each in (plain, known):
        assert parts == (package_of(each), specifier_of(each), marker_of(each))
    assert plain == known
    assert (plain.name, plain.extras, plain.url) == (known.name, known.extras, known.url)
    assert not hasattr(known, "no_such_part")
