"""Equal pins: taken where every image allows them, whatever the order of the images."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from support import lockcheck
from support.posed_worlds import PLATFORM, index_of, posed
from support.random_worlds import Recorded, World, random_world
from support.universe import indexes, problem

from depcheck.fleet.alignment import Member, align, major
from depcheck.lockfiles.pylock import pylock_document
from depcheck.lockfiles.stages import plan_stages
from depcheck.resolver.explanation import UnsatisfiableError
from depcheck.resolver.solve import solve

if TYPE_CHECKING:
    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.solution import Solution

WORLDS: dict[str, dict[str, list[str]]] = {
    "lib": {"1.0": [], "1.1": [], "1.2": [], "2.0": []},
    "upper": {"1.0": ["lower<1.1"], "1.1": ["lower>=1.1"]},
    "lower": {"1.0": [], "1.1": []},
    "greedy": {"1.0": ["extra"], "1.1": []},
    "extra": {"1.0": []},
    "lean": {"1.0": [], "1.1": ["extra"]},
    "tied": {"1.0": ["other<1.1"], "1.1": ["other"]},
    "other": {"1.0": [], "1.1": []},
}
CASES: dict[str, tuple[dict[str, list[str]], dict[str, str]]] = {
    "all take what the strictest one has": (
        {"a": ["lib<2"], "b": ["lib<1.2"], "c": ["lib<2"]},
        {"a": "lib==1.1", "b": "lib==1.1", "c": "lib==1.1"},
    ),
    "who cannot keeps its own, the others agree": (
        {"a": ["lib==1.0"], "b": ["lib>=1.1,<1.2"], "c": ["lib>=1.1,<2"]},
        {"a": "lib==1.0", "b": "lib==1.1", "c": "lib==1.1"},
    ),
    "of two versions for equally many the newest": (
        {"a": ["lib==1.0"], "b": ["lib<1.2"], "c": ["lib>=1.0,<2,!=1.1"], "d": ["lib==1.2"]},
        {"a": "lib==1.0", "b": "lib==1.0", "c": "lib==1.0", "d": "lib==1.2"},
    ),
    "another major version is not taken": (
        {"a": ["lib"], "b": ["lib<2"]},
        {"a": "lib==2.0", "b": "lib==1.2"},
    ),
    "pins that need each other move together": (
        {"a": ["upper", "lower"], "b": ["upper<1.1", "lower"]},
        {"a": "lower==1.0 upper==1.0", "b": "lower==1.0 upper==1.0"},
    ),
    "no pin moves for the sake of another": (
        {"a": ["tied", "other"], "b": ["tied<1.1", "other"], "c": ["other==1.1"]},
        {"a": "other==1.1 tied==1.1", "b": "other==1.0 tied==1.0", "c": "other==1.1"},
    ),
    "a pin that nobody else has does not move": (
        {"a": ["tied", "other"], "b": ["tied<1.1"], "c": ["lib"]},
        {"a": "other==1.0 tied==1.0", "b": "other==1.0 tied==1.0", "c": "lib==2.0"},
    ),
    "no package comes in": (
        {"a": ["greedy"], "b": ["greedy<1.1"]},
        {"a": "greedy==1.1", "b": "extra==1.0 greedy==1.0"},
    ),
    "a package may become needless": (
        {"a": ["lean"], "b": ["lean<1.1"]},
        {"a": "lean==1.0", "b": "lean==1.0"},
    ),
}


def member(stated: Problem, image: str, found: Any) -> Member:
    named = replace(stated, image=image)
    return Member(problem=named, own=solve(named, found))


def text(solution: Solution) -> str:
    return " ".join(f"{pin.name}=={pin.version}" for pin in solution.pins)


@pytest.mark.parametrize("case", CASES)
def test_pins_of_a_fleet(case: str) -> None:
    images, expected = CASES[case]
    found = indexes({"default": WORLDS})
    members = [member(problem(*wants), image, found) for image, wants in images.items()]
    aligned = align(members, lambda posed_problem: solve(posed_problem, found))

    assert expected == {each.image: text(each) for each in aligned}


def test_a_fleet_of_one_is_left_alone() -> None:
    found = indexes({"default": WORLDS})
    alone = member(problem("lib"), "a", found)

    assert (alone.own,) == align([alone], lambda each: solve(each, found))


def fleet(random: Random, world: World, index: PackageIndex) -> list[Member]:
    """Return images that ask different things of a world."""
    members = []
    for number in range(random.randint(2, 4)):
        asked = random_world(random)
        known = {
            origin: text
            for origin, text in asked.requirements.items()
            if Requirement(text).name in world.releases
        }
        posing = replace(world, requirements=known, constraints={})
        try:
            members.append(member(posed(posing), f"image{number}", lambda _: index))
        except UnsatisfiableError:
            continue
    return members


@given(seed=st.integers(0, 100_000))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_random_fleets(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not a secret
    world = random_world(random)
    index = index_of(world)
    members = fleet(random, world, index)
    aligned = align(members, lambda each: solve(each, lambda _: index))
    backwards = align(members[::-1], lambda each: solve(each, lambda _: index))

    assert aligned == backwards[::-1]
    for before, after in zip(members, aligned, strict=True):
        assert [] == faults(world, before.problem, after)
        assert [] == unwanted(members, before.own, after)


def faults(world: World, stated: Problem, solution: Solution) -> list[str]:
    """Return what the independent checker finds wrong with a lock."""
    document: dict[str, Any] = pylock_document(solution, plan_stages(solution))
    image = lockcheck.Image(
        name="test",
        variant="cu121",
        requirements=[each.requirement for each in stated.variant.requirements],
        target={"python": world.python, "platform": PLATFORM},
    )
    return lockcheck.check_lock(document, image, {}, Recorded(world))  # type: ignore[arg-type]


def unwanted(members: list[Member], own: Solution, aligned: Solution) -> list[str]:
    """Return pins that are neither the image's own nor, within its major version, another's."""
    before = {pin.name: pin.version for pin in own.pins}
    elsewhere = {(pin.name, pin.version) for each in members for pin in each.own.pins}
    return [
        f"{pin.name}=={pin.version}"
        for pin in aligned.pins
        if pin.name not in before
        or (pin.name, pin.version) not in elsewhere
        or major(pin.version) != major(before[pin.name])
    ]
