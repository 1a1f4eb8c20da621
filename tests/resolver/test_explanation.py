"""A failure is explained by a minimal core, and every remedy that is offered solves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from support.tight_universes import fits, has_solution, random_universe
from support.universe import Release, Universe, indexes, problem, solution

from depcheck.errors import DepcheckError
from depcheck.resolver.core import Core, prove
from depcheck.resolver.explanation import UnsatisfiableError
from depcheck.resolver.search import Bench, Found, Refuted
from depcheck.resolver.solve import solve

if TYPE_CHECKING:
    from depcheck.resolver.clauses import Clause
    from depcheck.resolver.problem import Problem

AXOLOTL: Universe = {
    "axolotl": {
        "0.5.0": ["torch==2.3"],
        "0.5.2": ["torch==2.5"],
        "0.6.0": ["torch==2.5"],
        "0.8.0": ["torch==2.5"],
        "0.9.0": ["torch==2.6", "other"],
    },
    "torch": {"2.2": [], "2.3": [], "2.5": [], "2.6": []},
    "other": {"1.0": ["torch"]},
    "far": {"1.0": ["other"]},
}


def failure(universe: Universe, stated: Problem) -> UnsatisfiableError:
    with pytest.raises(UnsatisfiableError) as caught:
        solution_of(universe, stated)
    return caught.value


def solution_of(universe: Universe, stated: Problem) -> None:
    solve(stated, indexes(universe))


class TestSentences:
    def test_versions_are_compressed_and_bystanders_left_out(self) -> None:
        error = failure(AXOLOTL, problem("torch==2.2", "axolotl", "far"))

        assert (
            "`test` (cu121) has no solution, because these cannot all hold:\n"
            "  - test.toml: requirements[0] asks for `torch==2.2`\n"
            "  - test.toml: requirements[1] asks for `axolotl`\n"
            "  - `axolotl==0.9.0` needs `torch==2.6`; "
            "`axolotl` 0.5.2 to 0.8.0 (3 versions) needs `torch==2.5`; "
            "`axolotl==0.5.0` needs `torch==2.3`"
        ) == error.message

    def test_constraint_is_named_as_such(self) -> None:
        error = failure(AXOLOTL, problem("axolotl", constraints=["torch<2.3"]))

        assert "  - test.toml: constraints[0] allows only `torch<2.3`" in error.message.split("\n")
        assert ["drop"] == [remedy.kind for remedy in error.remedies]

    def test_candidate_that_cannot_be_used_says_why(self) -> None:
        universe: Universe = {"a": {"1.0": Release(metadata_python=">=3.12")}}

        error = failure(universe, problem("a"))

        assert (
            "`test` (cu121) has no solution, because these cannot all hold:\n"
            "  - test.toml: requirements[0] asks for `a`\n"
            "  - `a==1.0` cannot be used: it needs Python >=3.12"
        ) == error.message
        assert ["take Python 3.12", "take Python 3.13"] == [each.text for each in error.remedies]

    def test_version_that_is_not_offered_says_why(self) -> None:
        universe: Universe = {"a": {"1.0": Release(tags="cp312-cp312-win_amd64")}}

        error = failure(universe, problem("a"))

        assert (
            "`a==1.0` is not offered: it has no wheel or sdist that the target can use"
            in error.message
        )

    def test_data_says_the_same_as_the_text(self) -> None:
        error = failure(
            {"a": {"1.0": ["b<1"]}, "b": {"0.5": [], "1.0": []}}, problem("a", "b==1.0")
        )

        assert {
            "minimal": True,
            "clauses": [
                {
                    "kind": "requirement",
                    "source": "test.toml: requirements[0]",
                    "package": "a",
                    "stated": [{"by": None, "requirement": "a", "rule": None}],
                },
                {
                    "kind": "requirement",
                    "source": "test.toml: requirements[1]",
                    "package": "b",
                    "stated": [{"by": None, "requirement": "b==1.0", "rule": None}],
                },
                {
                    "kind": "metadata",
                    "source": "a",
                    "package": "b",
                    "stated": [{"by": "a==1.0", "requirement": "b<1", "rule": None}],
                },
            ],
            "remedies": [
                {
                    "kind": "relax",
                    "text": "ask for `b==0.5` instead of `b==1.0` (test.toml: requirements[1])",
                    "origin": "test.toml: requirements[1]",
                    "value": "b==0.5",
                },
                {
                    "kind": "drop",
                    "text": "leave out the requirement `a` (test.toml: requirements[0])",
                    "origin": "test.toml: requirements[0]",
                    "value": None,
                },
                {
                    "kind": "drop",
                    "text": "leave out the requirement `b==1.0` (test.toml: requirements[1])",
                    "origin": "test.toml: requirements[1]",
                    "value": None,
                },
            ],
        } == error.details


SEEDS = range(300)


@pytest.fixture(scope="module")
def refuted() -> list[tuple[int, Bench, Refuted]]:
    found = []
    for seed in SEEDS:
        universe, stated = random_universe(seed)
        bench = Bench(stated, indexes(universe))
        outcome = bench.attempt(thorough=True)
        if isinstance(outcome, Refuted):
            found.append((seed, bench, outcome))
    return found


def test_enough_of_the_problems_have_no_solution(
    refuted: list[tuple[int, Bench, Refuted]],
) -> None:
    assert 100 <= len(refuted)


def test_core_has_no_solution_and_no_clause_to_spare(
    refuted: list[tuple[int, Bench, Refuted]],
) -> None:
    for seed, bench, outcome in refuted:
        core = prove(bench, outcome)
        assert isinstance(core, Core), seed
        clauses = frozenset(core.stated)

        assert core.minimal, seed
        assert isinstance(bench.attempt(clauses), Refuted), seed
        for clause in clauses:
            assert isinstance(bench.attempt(clauses - {clause}), Found), (seed, clause)


def test_every_remedy_solves(refuted: list[tuple[int, Bench, Refuted]]) -> None:
    tried = 0
    for seed, _, _ in refuted[:60]:
        universe, stated = random_universe(seed)
        for remedy in failure(universe, stated).remedies:
            if remedy.origin is None:
                continue
            kept = [each for each in stated.variant.requirements if each.origin != remedy.origin]
            texts = [str(each.requirement) for each in kept]
            limits = [
                str(each.requirement)
                for each in stated.variant.constraints
                if each.origin != remedy.origin
            ]
            if remedy.value is not None:
                texts.append(remedy.value)
            assert solution(universe, *texts, constraints=limits).pins, (seed, remedy)
            tried += 1

    assert tried >= 50


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_verdict_is_that_of_trying_everything(first: int) -> None:
    for seed in range(first, first + 100):
        universe, stated = random_universe(seed)
        expected = has_solution(universe, stated)

        assert expected == is_solved(universe, stated), seed


@pytest.mark.parametrize("seed", [364, 438, 1861, 2663, 4401])
def test_verdict_where_resolvelib_alone_errs(seed: int) -> None:
    """The first two lost requirements of a pin that came back, the others jumped too far."""
    universe, stated = random_universe(seed)

    assert has_solution(universe, stated) == is_solved(universe, stated)


def is_solved(universe: Universe, stated: Problem) -> bool:
    """Tell whether there is an answer, and check it."""
    try:
        found = solve(stated, indexes(universe))
    except UnsatisfiableError:
        return False
    chosen = {pin.name: pin.version for pin in found.pins}
    for name, version in chosen.items():
        needs = map(Requirement, universe[name][version])
        assert all(each.name in chosen and fits(chosen[each.name], each) for each in needs)
    return True


def test_search_that_gives_up_leaves_a_core_that_is_not_called_minimal() -> None:
    bench = Bench(problem("torch==2.2", "axolotl"), indexes(AXOLOTL))
    outcome = bench.attempt()
    assert isinstance(outcome, Refuted)
    limited = _GivesUp(replace(bench.problem), bench.indexes)

    core = prove(limited, outcome)

    assert isinstance(core, Core)
    assert not core.minimal
    assert set(outcome.stated) == set(core.stated)


class _GivesUp(Bench):
    """Proves that the problem has no solution, and nothing about any part of it."""

    def attempt(self, kept: frozenset[Clause] | None = None, **options: Any) -> Found | Refuted:
        if kept is not None:
            raise DepcheckError("search-limit", "gave up", hint=None)
        return super().attempt(kept, **options)


def test_a_pin_is_offered_only_if_it_solves_as_written() -> None:
    """``==1.0`` admits a yanked file, which here is the better one and needs what is not there."""
    universe = {
        "a": {
            "1.0": [
                Release("b", tags="cp311-cp311-manylinux_2_17_x86_64", yanked=True),
                Release(),
            ]
        }
    }

    assert () == failure(universe, problem("a==2.0")).remedies


def test_what_is_asked_of_the_base_of_an_extra_is_in_the_core() -> None:
    universe: Universe = {"a": {"1.0": [], "2.0": []}}
    error = failure(universe, problem("a[x]", "a==1.0", constraints=["a>=2"]))

    assert ["test.toml: constraints[0]", "test.toml: requirements[1]"] == sorted(
        clause.source for clause in error.core.stated
    )
