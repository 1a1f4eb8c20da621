"""Why newer versions than the pinned one were not chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.universe import MemoryIndex, Release, Universe, indexes, problem, rule

from depcheck.conflicts.model import RuleKind
from depcheck.resolver.candidates import Candidate
from depcheck.resolver.passed_over import passed_over
from depcheck.resolver.search import Bench, Found

VERSIONS: dict[str, Any] = {version: [] for version in ("1", "2", "3", "4")}


def reasons(
    universe: Universe, *requirements: str, preferred: str | None = None, **options: Any
) -> list[tuple[tuple[str, ...], str]]:
    """Return what is said of the versions above the pin of ``a``."""
    found = Bench(problem(*requirements, **options), indexes(universe)).attempt()
    assert isinstance(found, Found)
    said = passed_over(found, found.candidates["a"], preferred=preferred)
    return [(each.versions, each.reason) for each in said]


def test_nothing_is_said_of_the_newest_and_of_what_is_absent() -> None:
    assert [] == reasons({"a": VERSIONS}, "a")
    found = Bench(problem("a"), indexes({"a": VERSIONS})).attempt()
    assert isinstance(found, Found)
    assert () == passed_over(found, Candidate("b", "", None, -1, None))


def test_versions_with_one_reason_are_said_together() -> None:
    versions = {**VERSIONS, "3": Release(python="<3")}

    assert [(("4", "3", "2"), "test.toml: constraints needs a<2")] == reasons(
        {"a": versions}, "a", constraints=["a<2"]
    )
    assert [
        (("4",), "test.toml: constraints needs a!=4"),
        (("3",), "it needs Python <3"),
    ] == reasons({"a": versions}, "a", constraints=["a!=4"])


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (0, "test.toml: requirements needs a<2"),
        (1, "b==1 needs a<2 [require-b]"),
        (2, "b==1 needs a<2"),
        (3, "b==1 needs a<2 [require-b>=1]"),
    ],
)
def test_the_image_is_named_first_then_a_limit_then_what_is_published(
    without: int, expected: str
) -> None:
    """The first so many of four reasons are taken away."""
    rules = [
        rule(RuleKind.REQUIRE, "b", "a<2"),
        rule(RuleKind.REQUIRE, "b>=1", "a<2", install=True),
    ]
    universe: Universe = {"a": VERSIONS, "b": {"1": ["a<2"] if without < 3 else ["a"]}}

    assert [(("4", "3", "2"), expected)] == reasons(
        universe,
        "b",
        "a<2" if without < 1 else "a",
        rules=rules if without < 2 else rules[1:],
    )


def test_an_extra_narrows_its_base() -> None:
    assert [(("4", "3", "2"), "test.toml: requirements needs a<2")] == reasons(
        {"a": VERSIONS}, "a[x]<2"
    )


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [
        ("3", [(("4",), "an earlier lock, or another image, has this version")]),
        ("2", [(("4",), "it was left behind while backtracking")]),
        (None, [(("4",), "it was left behind while backtracking")]),
    ],
)
def test_what_nobody_excludes_was_left_behind_or_is_not_preferred(
    preferred: str | None, expected: list[tuple[tuple[str, ...], str]]
) -> None:
    found = Bench(problem("a"), indexes({"a": VERSIONS})).attempt()
    assert isinstance(found, Found)
    newest = found.candidates["a"]
    older = Candidate("a", "", newest.project, 2, newest.dist)

    assert expected == [
        (each.versions, each.reason) for each in passed_over(found, older, preferred=preferred)
    ]


def test_a_version_that_was_not_recorded_is_said_to_be_so() -> None:
    index = MemoryIndex({"a": VERSIONS}, unrecorded=lambda _, version: version > "2")
    stated = replace(problem("a"), preferred={"a": "2"})
    found = Bench(stated, lambda _: index).attempt()
    assert isinstance(found, Found)

    assert [(("4", "3"), "not recorded")] == [
        (each.versions, each.reason)
        for each in passed_over(found, found.candidates["a"], preferred="2")
    ]


def test_a_pre_release_is_one_and_a_failure_says_more() -> None:
    universe: Universe = {
        "a": {"1": [], "2": ["b>1"], "3a1": []},
        "b": {"1": []},
    }

    assert [
        (("3a1",), "it is a pre-release"),
        (("2",), "it needs `b>1`, which no version meets"),
    ] == reasons(universe, "a")
