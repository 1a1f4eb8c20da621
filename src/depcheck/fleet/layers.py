"""Plan stages whose layers several images share: what they all have comes first.

Two images share a layer where its own content and everything beneath it are the same. So the images
of one base are joined two by two, those first that have most in common; what a group has in common
becomes its stages, above those of the larger group that it is part of. An image is built from what
all have, by way of what fewer and fewer have, to what it has alone.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from depcheck.frozen import frozen
from depcheck.images.model import StageHint
from depcheck.lockfiles.stages import plan_stages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import IndexUse, Pin, Solution

_LEAST = 1_000_000
"""Bytes to download from which on a layer of its own is worth it."""
_OTHERS = "packages"
"""Name of the stage of packages that the images' own plans call differently."""


class Content(NamedTuple):
    """A wheel as a layer holds it."""

    name: str
    line: tuple[str, str, tuple[str, ...]]
    """Version, SHA-256 of the file, and of others that may stand for it."""
    source: str
    url: str
    size: int | None


class Ground(NamedTuple):
    """What is beneath the first layer of an image."""

    base_image: str | None
    python: str

    @classmethod
    def of(cls, solution: Solution) -> Ground:
        """Return what is beneath the layers of an image."""
        target = solution.target
        return cls(target.base_image, ".".join(target.python.split(".")[:2]))


@frozen
class _Group:
    """Images that are joined, and what they have in common."""

    members: tuple[int, ...]
    """Places in the fleet, sorted."""
    common: frozenset[Content]


def shared_stages(fleet: Sequence[Solution]) -> list[tuple[StageHint, ...]]:
    """Return the shared stages of each image, in their order, which does not count otherwise."""
    places = sorted(range(len(fleet)), key=lambda each: (fleet[each].image, fleet[each].variant))
    ordered = [fleet[place] for place in places]
    plans = [_own_stages(solution) for solution in ordered]
    by_ground: dict[Ground, list[_Group]] = defaultdict(list)
    for number, solution in enumerate(ordered):
        group = _Group(members=(number,), common=frozenset(_contents(solution)))
        by_ground[Ground.of(solution)].append(group)
    groups = [each for found in by_ground.values() for each in _joined(found)]
    found = [tuple(_hints(number, groups, plans)) for number in range(len(ordered))]
    return [found[places.index(place)] for place in range(len(fleet))]


def _own_stages(solution: Solution) -> dict[str, Stage]:
    return {pin.name: stage for stage in plan_stages(solution) for pin in stage.pins}


def _contents(solution: Solution) -> Iterator[Content]:
    """Yield the wheels that may come first: they wait for no other."""
    indexes: dict[str | None, IndexUse] = {index.name: index for index in solution.indexes}
    late = {name for name, _ in solution.after}
    for pin in solution.pins:
        if pin.index is not None and not pin.needs_build and pin.name not in late:
            yield _content(pin, indexes[pin.index])


def _content(pin: Pin, index: IndexUse) -> Content:
    sha256 = pin.file.sha256 if pin.file else ""
    return Content(
        name=pin.name,
        line=(pin.version, sha256, pin.other_sha256),
        source=index.name,
        url=index.url,
        size=pin.file.size if pin.file else None,
    )


def _joined(singles: Sequence[_Group]) -> list[_Group]:
    """Join groups two by two, those first that have most in common; return all that come to be."""
    alive = dict(enumerate(singles))
    pairs = [_pair(alive, one, other) for other in alive for one in alive if one < other]
    heapq.heapify(pairs)
    found: list[_Group] = []
    while pairs:
        _, _, one, other = heapq.heappop(pairs)
        if one not in alive or other not in alive:
            continue
        first, second = alive.pop(one), alive.pop(other)
        common = first.common & second.common
        if not _worth_a_layer(common):
            continue
        members = tuple(sorted(first.members + second.members))
        group = _Group(members=members, common=common)
        number = len(singles) + len(found)
        found.append(group)
        alive[number] = group
        for each in alive:
            if each != number:
                heapq.heappush(pairs, _pair(alive, each, number))
    return found


_Pair = tuple[tuple[int, int], list[tuple[int, ...]], int, int]


def _pair(alive: dict[int, _Group], one: int, other: int) -> _Pair:
    """Return two groups, to be sorted by how much they have in common, most first.

    Files of unknown size count most: an index that states no sizes is one of large wheels.
    """
    first, second = alive[one], alive[other]
    unknown, known = _weight(first.common & second.common)
    return ((-unknown, -known), sorted([first.members, second.members]), one, other)


def _weight(contents: Iterable[Content]) -> tuple[int, int]:
    sizes = [each.size for each in contents]
    return sizes.count(None), sum(size for size in sizes if size is not None)


def _worth_a_layer(contents: Iterable[Content]) -> bool:
    unknown, known = _weight(contents)
    return unknown > 0 or known >= _LEAST


def _hints(
    number: int, groups: Iterable[_Group], plans: Sequence[dict[str, Stage]]
) -> Iterator[StageHint]:
    """Yield the shared stages of one image, those that most images have first."""
    mine = [group for group in groups if number in group.members]
    placed: frozenset[Content] = frozenset()
    for group in sorted(mine, key=lambda group: -len(group.members)):
        new = group.common - placed
        if _worth_a_layer(new):
            placed |= new
            yield from _stages_of(new, [plans[member] for member in group.members])


def _stages_of(
    contents: Iterable[Content], plans: Sequence[dict[str, Stage]]
) -> Iterator[StageHint]:
    """Divide what images have in common as their own plans do, in the order of these."""
    stages: dict[tuple[str, str], list[str]] = defaultdict(list)
    ranks: dict[tuple[str, str], int] = {}
    for each in sorted(contents):
        names = {plan[each.name].name for plan in plans}
        key = (names.pop() if len(names) == 1 else _OTHERS, each.source)
        rank = max(plan[each.name].number for plan in plans)
        ranks[key] = max(ranks.get(key, rank), rank)
        stages[key].append(each.name)
    for key in sorted(stages, key=lambda key: (ranks[key], key)):
        yield StageHint(name=key[0], packages=tuple(stages[key]))
