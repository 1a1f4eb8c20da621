"""Reading ahead of the search, where each look-up costs a request.

The projects that a search is likely to visit, and the metadata of the versions that it is likely to
take, are asked for at once instead of one after the other. The search then finds them in the
index's memory. What it asks and in which order does not change, and so its answer does not either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.index.interface import RemoteIndex
from depcheck.resolver.problem import DEFAULT_INDEX

if TYPE_CHECKING:
    from collections.abc import Callable

    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.target import TargetEnvironment


def prepare(
    problem: Problem, indexes: Callable[[str], PackageIndex], target: TargetEnvironment
) -> None:
    """Ask indexes, where they are remote, for what the search of a problem is likely to ask."""
    index = indexes(DEFAULT_INDEX)
    if isinstance(index, RemoteIndex) and index.hurried:
        from depcheck.resolver.scout import Scout  # noqa: PLC0415 - not for recordings

        Scout(problem, indexes, target).run()
