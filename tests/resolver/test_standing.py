"""Whether a proof that there is no solution holds for a changed problem too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.universe import MemoryIndex, Release, Universe, indexes, problem, rule

from depcheck.conflicts.model import RuleKind
from depcheck.images.model import Target
from depcheck.index.model import NotRecordedError
from depcheck.resolver.core import Core, prove
from depcheck.resolver.search import Bench, Refuted
from depcheck.resolver.standing import stands

if TYPE_CHECKING:
    from depcheck.resolver.problem import Problem

NEWER = Target(python="3.12", platform="manylinux_2_35_x86_64")
LATER = 2_000
"""Beside 1,000, when all is uploaded that says nothing else."""


def core_of(bench: Bench) -> Core:
    refuted = bench.attempt(thorough=True)
    assert isinstance(refuted, Refuted)
    core = prove(bench, refuted)
    assert isinstance(core, Core)
    return core


def holds(universe: Universe, before: Problem, after: Problem) -> bool:
    """Tell whether the proof for one problem stands for the other."""
    bench, changed = (Bench(each, indexes(universe)) for each in (before, after))
    return stands(core_of(bench), bench, changed)


def on_newer_python(universe: Universe, *requirements: str, **options: Any) -> bool:
    return holds(
        universe,
        problem(*requirements, **options),
        problem(*requirements, target=NEWER, **options),
    )


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (["b<2"], True),
        (["b<2; python_version < '3.12'", "b<1; python_version > '3.11'"], True),
        (["b<2; python_version < '3.12'", "b<3; python_version > '3.11'"], False),
        (["b<2; python_version < '3.12'", "c<2; python_version > '3.11'"], False),
        (["b<2; python_version < '3.12'"], False),
    ],
    ids=["the same", "less", "more", "something else", "nothing"],
)
def test_a_version_must_ask_for_as_much(needs: list[str], *, expected: bool) -> None:
    universe: Universe = {
        "a": {"1": needs},
        "b": {"1": [], "2": []},
        "c": {"1": [], "2": []},
    }

    assert expected == on_newer_python(universe, "a", "b>=2")


def test_each_version_is_asked_for_its_own_needs() -> None:
    universe: Universe = {"a": {"1": ["b<2"]}, "c": {"1": ["b>=2"]}, "b": {"1": [], "2": []}}

    assert on_newer_python(universe, "a", "c")


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (Release(python="<3"), True),
        (Release(python=">=3.12"), False),
        (Release(tags="cp312-cp312-manylinux_2_17_x86_64"), False),
        (Release(tags="cp313-cp313-manylinux_2_17_x86_64"), True),
    ],
)
def test_a_version_that_was_missing_must_be_so_still(release: Release, *, expected: bool) -> None:
    universe: Universe = {
        "a": {"1": ["b>1"]},
        "b": {"1": [], "2": release, "3": Release(python="<3")},
    }

    assert expected == on_newer_python(universe, "a")


def test_a_version_that_is_gone_asks_for_nothing_and_is_no_way_out() -> None:
    universe: Universe = {
        "a": {"1": Release("b<2", python="<3.12"), "2": ["b<1"]},
        "b": {"1": [], "2": []},
    }

    assert on_newer_python(universe, "a", "b>=2")


def test_a_version_that_cannot_be_used_asks_for_more_than_before() -> None:
    universe: Universe = {
        "a": {"1": Release("b<2", metadata_python="<3.12")},
        "b": {"1": [], "2": []},
    }

    assert on_newer_python(universe, "a", "b>=2")


def test_a_version_that_can_be_used_now_does_not() -> None:
    universe: Universe = {"a": {"1": Release(metadata_python=">=3.12")}}

    assert not on_newer_python(universe, "a")


def test_what_is_only_limited_is_not_needed() -> None:
    universe: Universe = {
        "a": {"1": ["b<2; python_version < '3.12'"]},
        "b": {"1": Release(python="<3")},
    }
    limit = rule(RuleKind.REQUIRE, "a", "b<2")

    assert not on_newer_python(universe, "a", rules=[limit])


def test_pre_releases_must_not_come_into_play() -> None:
    """They do where no stable version is left."""
    universe: Universe = {
        "a": {"1": ["b>1"]},
        "b": {"1": Release(python="<3.12"), "2a1": [], "2": Release(python="<3")},
    }

    assert not on_newer_python(universe, "a")


def test_an_extra_must_ask_for_as_much() -> None:
    kept = Release("b<2; extra == 'x'", extras=("x",))
    lost = Release("b<2; extra == 'x' and python_version < '3.12'", extras=("x",))
    rest: Universe = {"b": {"1": [], "2": []}}

    assert [True, False] == [
        on_newer_python({"a": {"1": each}, **rest}, "a[x]", "b>=2") for each in (kept, lost)
    ]


@pytest.mark.parametrize(
    "changed",
    [
        problem("a"),
        problem("a", "b>=1"),
        problem("a", "b>=2", constraints=["c<2"]),
        problem("b>=2", "a"),
    ],
    ids=["one less", "another", "one more", "in other places"],
)
def test_the_image_must_ask_for_the_same(changed: Problem) -> None:
    universe: Universe = {"a": {"1": ["b<2"]}, "b": {"1": [], "2": []}}

    assert not holds(universe, problem("a", "b>=2"), changed)


@pytest.mark.parametrize(("uploaded", "expected"), [(LATER - 1, False), (LATER, True)])
def test_a_later_moment_must_bring_nothing_new(uploaded: int, *, expected: bool) -> None:
    universe: Universe = {
        "a": {"1": ["b>1"]},
        "b": {"1": [], "2": Release(uploaded=uploaded)},
    }

    assert expected == holds(universe, problem("a", as_of=1_500), problem("a", as_of=LATER))


def test_projects_must_not_come_into_being() -> None:
    bench = Bench(problem("a"), indexes({"a": {"1": ["b"]}}))
    core = core_of(bench)

    later: list[Universe] = [
        {"a": {"1": ["b"]}},
        {"a": {"1": ["b"]}, "b": {"1": []}},
        {"a": {"1": []}},
        {},
    ]

    assert [True, False, False, True] == [
        stands(core, bench, Bench(problem("a"), indexes(each))) for each in later
    ]


def test_what_was_not_proved_does_not_stand() -> None:
    universe: Universe = {"a": {"1": ["b<2"]}, "b": {"1": [], "2": []}}
    bench = Bench(problem("a", "b>=2"), indexes(universe))
    core = core_of(bench)

    assert stands(core, bench, bench)
    assert not stands(replace(core, missing=None), bench, bench)


def test_what_is_not_recorded_is_not_guessed() -> None:
    universe: Universe = {"a": {"1": ["b>1"]}, "b": {"1": [], "2": Release(python="<3")}}
    bench = Bench(problem("a"), indexes(universe))
    index = MemoryIndex({"a": {"1": ["b>1"]}}, strict=True)

    with pytest.raises(NotRecordedError):
        stands(core_of(bench), bench, Bench(problem("a"), lambda _: index))
