"""Random worlds: verdicts beside an oracle, solutions beside the lock checker, cores, remedies."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from support import lockcheck
from support.posed_worlds import PLATFORM, index_of, posed
from support.random_worlds import (
    Oracle,
    Recorded,
    World,
    changed,
    random_world,
    tangled_world,
)

from depcheck.lockfiles.pylock import pylock_document
from depcheck.lockfiles.stages import plan_stages
from depcheck.resolver.explanation import UnsatisfiableError
from depcheck.resolver.solve import solve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.resolver.remedies import Remedy
    from depcheck.resolver.solution import Solution

MOST_REMEDIES = 5
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
WORLDS = int(os.environ.get("DEPCHECK_WORLDS", "400"))


def answered(world: World) -> Solution | UnsatisfiableError:
    index = index_of(world)
    try:
        return solve(posed(world), lambda _: index)
    except UnsatisfiableError as error:
        return error


def faults(world: World, solution: Solution) -> list[str]:
    """Return what the independent checker finds wrong with the lock of a solution."""
    document: dict[str, Any] = pylock_document(solution, plan_stages(solution))
    image = lockcheck.Image(
        name="test",
        variant="cu121",
        requirements=list(map(Requirement, world.requirements.values())),
        constraints=list(map(Requirement, world.constraints.values())),
        target={"python": world.python, "platform": PLATFORM},
    )
    return lockcheck.check_lock(document, image, {}, Recorded(world))  # type: ignore[arg-type]


def flaws(world: World, error: UnsatisfiableError) -> list[str]:
    """Return what the oracle finds wrong with an explanation."""
    core = set(error.core.stated)
    found = [] if error.core.minimal else ["not minimal"]
    if Oracle(world, core).satisfiable():
        found.append("the core has a solution")
    found += [
        f"{clause} is to spare"
        for clause in core
        if not Oracle(world, core - {clause}).satisfiable()
    ]
    found += [
        f"does not solve it: {remedy.text}"
        for remedy in error.remedies
        if not Oracle(remedied(world, remedy)).satisfiable()
    ]
    return found + [f"is not offered: {missed}" for missed in missed_remedies(world, error)]


def missed_remedies(world: World, error: UnsatisfiableError) -> Iterator[str]:
    """Yield what would solve it and is not offered, where not everything is offered anyway."""
    if len(error.remedies) == MOST_REMEDIES:
        return
    offered = {(remedy.kind, remedy.origin or remedy.value) for remedy in error.remedies}
    tried: dict[tuple[str, str | None], World] = {
        ("python", python): replace(world, python=python)
        for python in PYTHONS
        if not world.python.startswith(python)
    }
    for kind, origin, _ in error.core.stated:
        if kind == "constraint" or (kind == "requirement" and len(world.requirements) > 1):
            tried["drop", origin] = changed(world, origin, None)
    for remedy, other in tried.items():
        if remedy not in offered and Oracle(other).satisfiable():
            yield " ".join(map(str, remedy))


def remedied(world: World, remedy: Remedy) -> World:
    if remedy.kind == "python":
        return replace(world, python=str(remedy.value))
    return changed(world, str(remedy.origin), remedy.value)


def checked(world: World) -> list[str]:
    """Return what is wrong with the answer to a world."""
    answer = answered(world)
    satisfiable = Oracle(world).satisfiable()
    if isinstance(answer, UnsatisfiableError):
        return ["there is a solution"] if satisfiable else flaws(world, answer)
    return faults(world, answer) if satisfiable else ["there is no solution"]


MANY = settings(
    max_examples=WORLDS // 2,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
RANDOM = st.integers(min_value=0, max_value=2**32).map(Random)


@MANY
@given(RANDOM.map(random_world))
def test_every_answer_about_an_odd_world_is_right(world: World) -> None:
    """Pre-releases, yanked files, Requires-Python, markers, extras, files that do not fit."""
    assert [] == checked(world)


@MANY
@given(RANDOM.map(tangled_world))
def test_every_answer_about_a_tangled_world_is_right(world: World) -> None:
    """Packages that pin each other, in circles too."""
    assert [] == checked(world)


@pytest.mark.parametrize("world", [*map(tangled_world, map(Random, [1876, 1991327]))])
def test_worlds_that_were_once_answered_wrongly(world: World) -> None:
    """In the first, a version was blamed on the wrong pins; in the second, a proof gave up."""
    assert [] == checked(world)
