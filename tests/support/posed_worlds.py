"""Random worlds as depcheck takes them: a problem and an index in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.images.model import Target
from support.universe import MemoryIndex, Release, problem

if TYPE_CHECKING:
    from depcheck.resolver.problem import Problem
    from support.random_worlds import World

PLATFORM = "manylinux_2_35_x86_64"


def posed(world: World) -> Problem:
    """Return the problem that a world poses."""
    return problem(
        *world.requirements.values(),
        constraints=world.constraints.values(),
        target=Target(python=world.python, platform=PLATFORM),
        prerelease=world.prerelease,
        max_rounds=20_000,
    )


def index_of(world: World) -> MemoryIndex:
    """Return an index of its files."""
    return MemoryIndex(
        {
            name: {
                version: [
                    Release(
                        *file.requires,
                        tags=file.tags,
                        python=file.requires_python,
                        metadata_python=file.metadata_python,
                        yanked=file.yanked,
                    )
                    for file in files
                ]
                for version, files in versions.items()
            }
            for name, versions in world.releases.items()
        }
    )
