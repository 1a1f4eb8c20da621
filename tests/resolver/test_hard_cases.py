"""Problems that make searches spin are solved or refuted in few rounds."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT
from support.universe import Universe, indexes, problem

from depcheck.index.snapshot import open_snapshot
from depcheck.resolver.core import Core, prove
from depcheck.resolver.search import Bench, Found, Refuted

if TYPE_CHECKING:
    from depcheck.resolver.problem import Problem

AS_OF = int(datetime(2024, 11, 26, tzinfo=timezone.utc).timestamp())
VERSIONS = [str(number) for number in range(1, 401)]
SPIN: Universe = {
    "a": {"1": ["b==2"], "2": ["b==1"]},
    "b": {"1": ["a==1"], "2": ["a==2"]},
}
OUT_OF_STEP: Universe = {
    "a": {version: [f"b=={version}"] for version in VERSIONS},
    "b": {version: [f"a=={int(version) + 1}"] for version in VERSIONS},
}
CHAIN: Universe = {
    **{f"p{at}": {each: [f"p{at + 1}=={each}"] for each in VERSIONS} for at in range(6)},
    "p6": {version: ["q<1"] if version != "1" else [] for version in VERSIONS},
    "q": {"1": []},
}
CYCLE: Universe = {
    f"c{at}": {str(each): [f"c{(at + 1) % 50}=={each}"] for each in range(1, 9)} for at in range(50)
}
FAR: Universe = {
    **{f"m{at:02}": {str(each): [] for each in range(1, 10)} for at in range(30)},
    "a": {str(each): [f"c=={each}"] for each in range(1, 10)},
    "c": {str(each): ["d==1"] for each in range(1, 10)},
    "d": {"1": [], "2": []},
    "y": {"1": ["d==2"]},
    "z": {"1": ["y"]},
}
"""The first and the last requirement contradict each other, with 30 others between."""


def hard(name: str) -> Problem:
    """Return a problem of the benchmark."""
    lines = (ROOT / "benchmarks" / "data" / "hard" / f"{name}.in").read_text().splitlines()
    return problem(*(each for each in lines if not each.startswith("#")), as_of=AS_OF)


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize(
    ("universe", "requires", "rounds", "pins"),
    [
        (CHAIN, ["p0"], 5_000, {f"p{at}": "1" for at in range(7)}),
        (CYCLE, ["c0"], 50, {f"c{at}": "8" for at in range(50)}),
    ],
    ids=["chain", "cycle"],
)
def test_is_solved(
    universe: Universe, requires: list[str], rounds: int, pins: dict[str, str], *, thorough: bool
) -> None:
    outcome = Bench(problem(*requires), indexes(universe)).attempt(
        max_rounds=rounds + 1, thorough=thorough
    )

    assert isinstance(outcome, Found)
    assert pins == {name: pin.version for name, pin in outcome.candidates.items()}


@pytest.mark.parametrize(
    ("universe", "requires", "rounds"),
    [(SPIN, ["a", "b"], 10), (OUT_OF_STEP, ["a", "b"], 1_000), (FAR, ["a", *FAR, "z"], 100)],
    ids=["spin", "out-of-step", "far"],
)
def test_is_refuted(universe: Universe, requires: list[str], rounds: int) -> None:
    bench = Bench(problem(*dict.fromkeys(requires)), indexes(universe))

    assert isinstance(bench.attempt(max_rounds=rounds, thorough=True), Refuted)


@pytest.mark.parametrize(
    ("name", "rounds", "pins"),
    [
        ("boto3-s3fs", 150, {"boto3": "1.35.69", "s3fs": "0.4.2", "urllib3": "1.26.20"}),
        ("datasets-s3", 150, {"boto3": "1.35.69", "datasets": "3.1.0", "s3fs": "0.4.2"}),
        ("fsspec-pinned", 900, {"boto3": "1.35.69", "gcsfs": "2023.6.0", "s3fs": "0.4.2"}),
    ],
)
def test_recorded_case_is_solved(name: str, rounds: int, pins: dict[str, str]) -> None:
    outcome = Bench(hard(name), open_snapshot().index).attempt()

    assert isinstance(outcome, Found)
    assert outcome.rounds <= rounds
    assert pins == {each: outcome.candidates[each].version for each in pins}


def test_recorded_case_is_refuted() -> None:
    bench = Bench(hard("boto3-unsatisfiable"), open_snapshot().index)
    refuted = bench.attempt(max_rounds=1_000, thorough=True)
    assert isinstance(refuted, Refuted)
    core = prove(bench, refuted)

    assert isinstance(core, Core)
    assert core.minimal
    assert [
        ("metadata", "boto3", "botocore"),
        ("metadata", "botocore", "urllib3"),
        ("requirement", "test.toml: requirements[0]", "boto3"),
        ("requirement", "test.toml: requirements[2]", "urllib3"),
    ] == sorted(core.stated)
