"""Which changes of an image are offered, and how they are said."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from support.universe import MemoryIndex, Release, Universe, problem

from depcheck.images.model import Target
from depcheck.index.model import IndexInfo
from depcheck.resolver.core import Core, prove
from depcheck.resolver.remedies import Remedies, Remedy, tried_remedies
from depcheck.resolver.search import Bench, Refuted

PLATFORM = "manylinux_2_35_x86_64"
FIRST = "test.toml: requirements[0]"
SECOND = "test.toml: requirements[1]"


def info(horizon: int | None) -> IndexInfo:
    return IndexInfo(
        location="default",
        moment="2024-11-26T00:00:00Z",
        horizon=horizon,
        projects=1,
        versions=1,
        files=1,
        described=1,
        digest="0",
    )


def offered(
    universe: Universe, *requirements: str, recorded: IndexInfo | None = None, **options: Any
) -> Remedies:
    index = MemoryIndex(universe, info=recorded)
    bench = Bench(problem(*requirements, **options), lambda _: index)
    refuted = bench.attempt(thorough=True)
    assert isinstance(refuted, Refuted)
    core = prove(bench, refuted)
    assert isinstance(core, Core)
    return tried_remedies(bench, core)


def dropped(what: str, text: str, origin: str) -> Remedy:
    return Remedy(
        kind="drop", text=f"leave out the {what} `{text}` ({origin})", origin=origin, value=None
    )


def relaxed(text: str, instead: str, origin: str) -> Remedy:
    return Remedy(
        kind="relax",
        text=f"ask for `{text}` instead of `{instead}` ({origin})",
        origin=origin,
        value=text,
    )


def taken(python: str) -> Remedy:
    return Remedy(kind="python", text=f"take Python {python}", origin=None, value=python)


def test_those_that_change_least_come_first() -> None:
    universe: Universe = {
        "a-a": {"1": Release("b<2; python_version < '3.12'", extras=("x",))},
        "b": {"1": [], "2": [], "3": []},
    }
    limit = "test.toml: constraints[0]"

    assert Remedies(
        (
            dropped("constraint", "b>1", limit),
            dropped("requirement", "A_a[x]", FIRST),
            taken("3.12"),
            taken("3.13"),
        ),
        complete=True,
    ) == offered(universe, "A_a[x]", "b", constraints=["b>1", "c<1"])
    assert Remedies(
        (
            relaxed("b==1", "b>1", SECOND),
            dropped("requirement", "A_a[x]", FIRST),
            dropped("requirement", "b>1", SECOND),
            taken("3.12"),
            taken("3.13"),
        ),
        complete=True,
    ) == offered(universe, "A_a[x]", "b>1")


def test_a_pin_keeps_name_and_extras_as_they_are_written() -> None:
    universe: Universe = {"a-a": {"1": Release(extras=("x",)), "2": Release(extras=("x",))}}

    assert ((relaxed("A_a[x]==2", "A_a[x]>2", FIRST),), True) == offered(universe, "A_a[x]>2")


def test_the_only_requirement_is_not_left_out() -> None:
    assert ((), True) == offered({"a": {"1": ["gone"]}}, "a")


def test_no_more_than_five_are_offered() -> None:
    """A requirement less, and any other Python but one: six would help."""
    universe: Universe = {
        "a": {"1": ["b<2; python_version == '3.11'"]},
        "b": {"1": [], "2": []},
        "c": {"1": []},
    }

    assert (
        (
            relaxed("b==1", "b>1", SECOND),
            dropped("requirement", "a", FIRST),
            dropped("requirement", "b>1", SECOND),
            taken("3.9"),
            taken("3.10"),
        ),
        True,
    ) == offered(universe, "a", "b>1", "c")


@pytest.mark.parametrize("python", ["3.11", "3.11.4"])
def test_the_python_that_the_image_has_is_not_offered(python: str) -> None:
    """Nor an earlier patch of it, that would do."""
    universe: Universe = {"a": {"1": Release(python=f"!={python},!=3.10.*")}}
    target = Target(python=python, platform=PLATFORM)

    assert (
        (taken("3.9"), taken("3.12"), taken("3.13")),
        True,
    ) == offered(universe, "a", target=target)


class TestLaterMoment:
    UNIVERSE: ClassVar[Universe] = {"a": {"1": Release(uploaded=2_000)}}
    LATER = Remedy(
        kind="as-of",
        text="set `as-of` to 1970-01-01T00:50:00Z",
        origin=None,
        value="1970-01-01T00:50:00Z",
    )

    def test_is_that_of_the_recording(self) -> None:
        found = offered(self.UNIVERSE, "a", as_of=1_500, recorded=info(3_000))

        assert Remedies((self.LATER,), complete=True) == found
        assert {
            "kind": "as-of",
            "text": "set `as-of` to 1970-01-01T00:50:00Z",
            "origin": None,
            "value": "1970-01-01T00:50:00Z",
        } == found.found[0].document()

    @pytest.mark.parametrize(
        ("as_of", "recorded"),
        [(1_500, None), (1_500, info(None)), (1_500, info(1_500)), (1_500, info(1_999))],
        ids=["not recorded", "no end", "at its end", "before the upload"],
    )
    def test_is_not_offered_where_it_brings_nothing(
        self, as_of: int, recorded: IndexInfo | None
    ) -> None:
        assert ((), True) == offered(self.UNIVERSE, "a", as_of=as_of, recorded=recorded)
