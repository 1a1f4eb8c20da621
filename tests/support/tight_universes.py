"""Small universes, tightly bound, and what trying everything finds in them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from support.universe import problem

if TYPE_CHECKING:
    from depcheck.resolver.problem import Problem
    from support.universe import Universe


def random_universe(seed: int) -> tuple[Universe, Problem]:
    """Return a small universe, tightly bound, so that many have no solution."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    names = "abcdef"
    universe: Universe = {
        name: {
            f"{version}.0": [
                f"{other}{dice.choice(['==', '<', '>=', '!='])}{dice.randint(1, 4)}.0"
                for other in dice.sample(names, dice.randint(0, 3))
                if other != name
            ]
            for version in range(1, dice.randint(2, 5))
        }
        for name in names
    }
    roots = [f"{name}{dice.choice(['', '>=2.0', '==1.0'])}" for name in dice.sample(names, 3)]
    return universe, problem(*roots, constraints=[f"{dice.choice(names)}<3.0"])


def has_solution(universe: Universe, stated: Problem) -> bool:
    """Try every choice: slow, and so simple that it is right."""
    limits = [each.requirement for each in stated.variant.constraints]

    def extend(chosen: dict[str, str], wanted: list[Requirement]) -> bool:
        if not all(fits(chosen[each.name], each) for each in wanted if each.name in chosen):
            return False
        name = next((each.name for each in wanted if each.name not in chosen), None)
        if name is None:
            return True
        return any(
            extend({**chosen, name: version}, [*wanted, *map(Requirement, needs)])
            for version, needs in universe.get(name, {}).items()
            if all(fits(version, each) for each in (*wanted, *limits) if each.name == name)
        )

    return extend({}, [each.requirement for each in stated.variant.requirements])


def fits(version: str, requirement: Requirement) -> bool:
    return requirement.specifier.contains(version)
