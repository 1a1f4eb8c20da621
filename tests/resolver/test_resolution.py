"""Our loop around resolvelib's steps decides as resolvelib's own does."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, ClassVar
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution
from support.posed_worlds import index_of, posed
from support.random_worlds import tangled_world
from support.universe import indexes, problem

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.images.loader import load_builtin
from depcheck.index.snapshot import open_snapshot
from depcheck.resolver import resolution, search
from depcheck.resolver.candidates import Candidate, Want
from depcheck.resolver.problem import build_problem
from depcheck.resolver.provider import Provider
from depcheck.resolver.resolution import NoHeadwayError, QuickResolution
from depcheck.resolver.search import Bench, Found

if TYPE_CHECKING:
    from support.random_worlds import World
    from support.universe import Universe

    Answer = tuple[dict[str, str], int] | str


class PlainLoop(QuickResolution):
    """The quick search in resolvelib's loop, which asks every pin twice a round."""

    resolve = Resolution.resolve


class Counting(BaseReporter[Want, Candidate, str]):
    """Counts the rounds, and the conflicts among them."""

    def __init__(self) -> None:
        self.rounds = 0
        self.conflicts = 0

    def resolving_conflicts(self, causes: object) -> None:  # noqa: ARG002
        self.conflicts += 1

    def ending_round(self, index: int, state: object) -> None:  # noqa: ARG002
        self.rounds = index + 1


def step(number: int) -> Universe:
    """Return a chain of packages of which only the oldest versions go together."""
    versions = [str(each) for each in range(1, number + 1)]
    return {
        **{f"p{at}": {each: [f"p{at + 1}=={each}"] for each in versions} for at in range(4)},
        "p4": {each: ["q<1"] if each != "1" else [] for each in versions},
        "q": {"1": []},
        "x": {each: [f"y=={each}"] for each in versions},
        "y": {each: [f"x=={int(each) % number + 1}"] for each in versions},
    }


def run(
    kind: type[QuickResolution], requires: list[str], budget: int
) -> tuple[dict[str, str] | str, int, int]:
    """Return pins, or why there are none, with the rounds and the conflicts that it took."""
    bench = Bench(problem(*requires), indexes(step(6)))
    roots = list(bench.dependencies.roots())
    provider = Provider(bench.catalogue, bench.dependencies, roots=roots, prerelease="if-necessary")
    counting = Counting()
    found: dict[str, str] | str
    try:
        state = kind(provider, counting).resolve(roots, budget)
        found = {name: pin.version for name, pin in state.mapping.items()}
    except (ResolutionImpossible, ResolutionTooDeep, NoHeadwayError) as error:
        found = type(error).__name__
    return found, counting.rounds, counting.conflicts


def answer(bench: Bench) -> Answer:
    """Return pins and rounds of the quick search."""
    outcome = bench.attempt()
    if not isinstance(outcome, Found):
        return "refuted"
    return {name: str(pin) for name, pin in outcome.candidates.items()}, outcome.rounds


def answer_of_resolvelib(bench: Bench) -> Answer:
    with patch.object(search, "QuickResolution", PlainLoop):
        return answer(bench)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.integers(min_value=0, max_value=2**32).map(Random).map(tangled_world))
def test_same_pins_in_as_many_rounds(world: World) -> None:
    index = index_of(world)
    bench = Bench(posed(world), lambda _: index)

    assert answer_of_resolvelib(bench) == answer(bench)


@pytest.mark.parametrize(
    "requires", [["p0"], ["p0", "p2<4"], ["x", "y"], ["p0", "x"], ["p0", "q<1"]]
)
@pytest.mark.parametrize("budget", [1, 3, 8, 20, 60, 150, 400])
def test_same_answer_within_any_budget(budget: int, requires: list[str]) -> None:
    """A tenth of it may be spent on jumping back far; then the search does so no more."""

    assert run(PlainLoop, requires, budget) == run(QuickResolution, requires, budget)


class TestGivesWay:
    PINS: ClassVar[dict[str, str]] = {f"p{at}": "1" for at in range(5)}

    @pytest.mark.parametrize("rounds", [1, 7, 20])
    def test_after_so_many_rounds(self, rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resolution, "_ROUNDS", rounds)

        assert ("NoHeadwayError", rounds) == run(QuickResolution, ["p0"], 400)[:2]

    @pytest.mark.parametrize("conflicts", [0, 1, 4])
    def test_after_so_many_conflicts(self, conflicts: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resolution, "_CONFLICTS", conflicts)
        found, _, met = run(QuickResolution, ["p0"], 400)

        assert ("NoHeadwayError", conflicts + 1) == (found, met)

    def test_not_before(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found, rounds, conflicts = run(QuickResolution, ["p0"], 400)
        monkeypatch.setattr(resolution, "_ROUNDS", rounds)
        monkeypatch.setattr(resolution, "_CONFLICTS", conflicts)

        assert self.PINS == found
        assert (found, rounds, conflicts) == run(QuickResolution, ["p0"], 400)

    def test_where_pins_displace_each_other_in_turn(self) -> None:
        found, rounds, conflicts = run(QuickResolution, ["x", "y"], 400)

        assert ("NoHeadwayError", 0) == (found, conflicts)
        assert rounds <= 20


@pytest.mark.parametrize("name", ["nexa_heavy", "nexa_light", "yolo_nas"])
def test_same_pins_of_a_recorded_image(name: str) -> None:
    spec = load_builtin(name)
    variant = spec.variants[spec.default_variant]
    stated = build_problem(spec, variant, load_builtin_rules())
    bench = Bench(stated, open_snapshot().index)

    assert answer_of_resolvelib(bench) == answer(bench)
