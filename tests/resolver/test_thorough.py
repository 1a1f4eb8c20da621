"""The search that leaves nothing out is right, and what it rests upon suffices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from resolvelib.structs import RequirementInformation
from support.tight_universes import fits, has_solution, random_universe
from support.universe import Universe, indexes, problem

from depcheck.resolver.candidates import Candidate, Want
from depcheck.resolver.clauses import METADATA
from depcheck.resolver.search import Bench, Found, Refuted
from depcheck.resolver.thorough import Grounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    Information = RequirementInformation[Want, Candidate]


@pytest.mark.parametrize("first", range(0, 120, 12))
def test_verdict_is_that_of_trying_everything_and_stands_on_its_grounds(first: int) -> None:
    for seed in range(first, first + 12):
        universe, stated = random_universe(seed)
        bench = Bench(stated, indexes(universe))
        outcome = bench.attempt(thorough=True)

        assert has_solution(universe, stated) == isinstance(outcome, Found), seed
        if isinstance(outcome, Found):
            chosen = {name: pin.version for name, pin in outcome.candidates.items()}
            for name, version in chosen.items():
                needs = [Requirement(each) for each in universe[name][version]]
                assert all(fits(chosen[each.name], each) for each in needs), seed
        else:
            assert isinstance(bench.attempt(frozenset(outcome.stated), thorough=True), Refuted)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"1": [], "2": ["a<2"]}, "1"),
        ({"1": [], "2": ["a<2"], "3": ["a==2"]}, "1"),
        ({"1": [], "2": ["a>1"]}, "2"),
        ({"1": ["a>1"], "2": ["a<2"]}, None),
    ],
)
def test_a_version_that_asks_for_another_of_itself_is_none(
    versions: dict[str, list[str]], expected: str | None
) -> None:
    outcome = Bench(problem("a"), indexes({"a": versions})).attempt(thorough=True)
    found = outcome.candidates["a"].version if isinstance(outcome, Found) else None

    assert expected == found


@pytest.mark.parametrize("order", [("z", "a", "b>=2"), ("b>=2", "z", "a"), ("a", "z", "b>=2")])
def test_the_words_of_the_image_count_before_those_of_others(order: tuple[str, ...]) -> None:
    """``z`` says the same as the image, and is not to blame."""
    universe: Universe = {
        "a": {"1": ["b<2"]},
        "b": {"1": [], "2": [], "3": []},
        "z": {"1": ["b>=2"]},
    }
    outcome = Bench(problem(*order), indexes(universe)).attempt(thorough=True)
    assert isinstance(outcome, Refuted)

    assert {("metadata", "a", "b"), ("requirement", "a"), ("requirement", "b")} == {
        (clause.kind, clause.source, clause.package)
        if clause.kind == METADATA
        else (clause.kind, clause.package)
        for clause in outcome.stated
    }


def test_what_fails_again_and_again_is_decided_first() -> None:
    """``z`` fails with all but the oldest ``y``, and ``m`` has many versions that do not matter."""
    many: dict[str, list[str]] = {str(each): [] for each in range(1, 40)}
    universe: Universe = {
        **{f"m{at}": many for at in range(4)},
        "y": {str(each): [f"x=={each}"] for each in range(1, 30)},
        "x": {str(each): [] for each in range(1, 30)},
        "z": {str(each): [f"x=={each % 2}"] for each in range(1, 30)},
    }
    outcome = Bench(problem("m0", "m1", "y", "m2", "m3", "z"), indexes(universe)).attempt(
        thorough=True
    )

    assert isinstance(outcome, Found)
    assert "1" == outcome.candidates["y"].version
    assert outcome.rounds <= 50


class TestGrounds:
    @staticmethod
    def asked(*names: str) -> list[Information]:
        return [RequirementInformation(Want(name), None) for name in names]

    @staticmethod
    def names(everything: Iterable[Information]) -> list[str]:
        return sorted(each.requirement.name for each in everything)

    def test_are_all_that_they_rest_upon_each_once(self) -> None:
        bottom = Grounds(self.asked("a", "b"))
        middle = Grounds(self.asked("c"), [bottom])
        top = Grounds(self.asked("d"), [middle, bottom, middle])

        assert ["a", "b", "c", "d"] == self.names(top.everything())
        assert ["a", "b", "d"] == self.names(Grounds(self.asked("d"), [bottom]).everything())

    def test_are_those_of_the_ranks_that_are_in_no_solution(self) -> None:
        never = {rank: Grounds(self.asked(f"r{rank}")) for rank in range(5)}
        some = Grounds((), never=never, ranks=0b00110)
        more = Grounds(self.asked("a"), [some], never=never, ranks=0b10100)
        other = Grounds((), [more, some], never={1: Grounds(self.asked("b"))}, ranks=0b10)

        assert ["r1", "r2"] == self.names(some.everything())
        assert ["a", "r1", "r2", "r4"] == self.names(more.everything())
        assert ["a", "b", "r1", "r2", "r4"] == self.names(other.everything())

    def test_may_rest_upon_themselves(self) -> None:
        never = {2: Grounds(())}
        never[0] = Grounds(self.asked("a"), never=never, ranks=0b11)
        never[1] = Grounds(self.asked("b"), never=never, ranks=0b01)

        assert ["a", "b"] == self.names(never[0].everything())
