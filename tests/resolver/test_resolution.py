"""Our loop around resolvelib's steps decides as resolvelib's own does."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from resolvelib.resolvers import Resolution
from support.posed_worlds import index_of, posed
from support.random_worlds import tangled_world

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.images.loader import load_builtin
from depcheck.index.snapshot import open_snapshot
from depcheck.resolver import search
from depcheck.resolver.problem import build_problem
from depcheck.resolver.resolution import QuickResolution
from depcheck.resolver.search import Bench, Found

if TYPE_CHECKING:
    from support.random_worlds import World

    Answer = tuple[dict[str, str], int] | str


class PlainLoop(QuickResolution):
    """The quick search in resolvelib's loop, which asks every pin twice a round."""

    resolve = Resolution.resolve


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


@pytest.mark.parametrize("name", ["nexa_heavy", "nexa_light", "yolo_nas"])
def test_same_pins_of_a_recorded_image(name: str) -> None:
    spec = load_builtin(name)
    variant = spec.variants[spec.default_variant]
    stated = build_problem(spec, variant, load_builtin_rules())
    bench = Bench(stated, open_snapshot().index)

    assert answer_of_resolvelib(bench) == answer(bench)
