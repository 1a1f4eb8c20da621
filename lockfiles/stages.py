"""Plan the install stages of a solution: which pins by one command, and in which order.

Every stage installs with ``--no-deps``, since the lock is complete and waivers would otherwise be
refused. Order therefore matters for layers (torch and its CUDA libraries first, since they are
big and change rarely), for builds (an sdist finds what it needs already there) and for ``order``
rules. One stage takes from one index, so that a package is never found on another.

What several images share comes first, in stages that the solution states: their layers are the same
in each image, so nothing that only one image has may come before them.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.lockfiles.groups import Group, group_pins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from depcheck.resolver.solution import IndexUse, Pin, Solution

DEFAULT_INDEX = "default"
"""Name of the index that is left to the user's own installer configuration."""


@frozen
class Stage:
    """A group of pins installed by one command, and so one image layer."""

    number: int
    """Counted from 1, in install order."""
    name: str
    """Safe as a file name and as a shell word; unique in the plan."""
    pins: tuple[Pin, ...]
    """Sorted by name."""
    index: IndexUse | None
    """The only index that the stage takes from; None for direct references."""
    hashed: bool
    """Every pin states a hash; false for version control references."""
    builds: bool
    """Runs build back ends (sdists, direct references)."""
    shared: bool = False
    """Other images have it too: whatever only this image has comes after it."""
    isolation: bool = True
    """Builds happen in an environment of their own."""
    constraints: tuple[str, ...] = ()
    """Requirements that limit the isolated build environment, sorted."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables that the builds need."""

    @property
    def file(self) -> str:
        """Path of the requirements file, relative to the lock set."""
        return f"stages/{self.number:02d}-{self.name}.txt"

    @property
    def constraints_file(self) -> str | None:
        """Path of the build constraints, relative to the lock set; None without any."""
        return self.file.replace(".txt", ".build-constraints.txt") if self.constraints else None

    @property
    def explicit_index(self) -> IndexUse | None:
        """The index that the command must name; None where the user's own default serves."""
        return None if self.index is None or self.index.name == DEFAULT_INDEX else self.index

    @property
    def known_bytes(self) -> int:
        """Download size in bytes of the files whose size the index states."""
        return sum(pin.file.size or 0 for pin in self.pins if pin.file)

    @property
    def unknown_sizes(self) -> int:
        """Number of pins whose download size is not known."""
        return sum(1 for pin in self.pins if pin.file is None or pin.file.size is None)

    @property
    def download_bytes(self) -> int | None:
        """Download size in bytes, None where some file's size is not known."""
        return None if self.unknown_sizes else self.known_bytes

    @property
    def label(self) -> str:
        """How many pins and how much to download, for people: ``3 pins, 166.0 MB``."""
        pins = "1 pin" if len(self.pins) == 1 else f"{len(self.pins)} pins"
        if self.unknown_sizes == len(self.pins):
            return f"{pins}, size unknown"
        unknown = f" and {self.unknown_sizes} of unknown size" if self.unknown_sizes else ""
        return f"{pins}, {self.known_bytes / 1e6:.1f} MB{unknown}"


def plan_stages(solution: Solution) -> tuple[Stage, ...]:
    """Return the install stages of a solution, in order; equal pins give equal stages.

    Raises:
        InputError: the ``order`` rules of the solution contradict each other, or a shared stage
            cannot be what it is said to be.
    """
    indexes = {index.name: index for index in solution.indexes}
    taken: dict[str, int] = {}
    predecessors = _predecessors(solution)
    stages = _shared_stages(solution, predecessors, taken)
    ordered = _in_order(
        group_pins(solution), predecessors, {pin.name for stage in stages for pin in stage.pins}
    )
    for number, (group, pins) in enumerate(ordered, start=len(stages) + 1):
        stages.append(
            Stage(
                number=number,
                name=_unique(group.name, taken),
                pins=tuple(sorted(pins, key=lambda pin: pin.name)),
                index=indexes[group.index] if group.index is not None else None,
                hashed=group.hashed,
                builds=group.builds,
                isolation=group.isolation,
                constraints=group.constraints,
                env=dict(group.env),
            )
        )
    return tuple(stages)


def _shared_stages(
    solution: Solution, predecessors: Mapping[str, frozenset[str]], taken: dict[str, int]
) -> list[Stage]:
    indexes = {index.name: index for index in solution.indexes}
    waiting = {pin.name: pin for pin in solution.pins if not pin.needs_build}
    stages: list[Stage] = []
    installed: set[str] = set()
    for number, hint in enumerate(solution.shared, start=1):
        pins = tuple(waiting.pop(name) for name in sorted(hint.packages) if name in waiting)
        sources = {pin.index for pin in pins}
        ready = all(predecessors.get(pin.name, frozenset()) <= installed for pin in pins)
        if len(pins) != len(hint.packages) or len(sources) != 1 or None in sources or not ready:
            raise InputError(
                "shared-stage-unfit",
                f"`{hint.name}` cannot be a shared stage of {solution.title}: it must hold wheels "
                "of one index that are pinned, once each, and wait for nothing",
                hint="solve the images together again: `depcheck solve IMAGE... --align`",
            )
        name = _unique(hint.name, taken)
        index = next(indexes[source] for source in sources if source is not None)
        stages.append(
            Stage(
                number=number,
                name=name,
                pins=pins,
                index=index,
                shared=True,
                hashed=True,
                builds=False,
            )
        )
        installed.update(hint.packages)
    return stages


def _predecessors(solution: Solution) -> Mapping[str, frozenset[str]]:
    """Names that must be installed in an earlier stage, by name; absent packages do not count."""
    present = {pin.name for pin in solution.pins}
    edges = [(late, early) for late, early in solution.after if {late, early} <= present]
    return {
        name: frozenset(early for late, early in edges if late == name)
        for name in {late for late, _ in edges}
    }


def _in_order(
    groups: Mapping[Group, Sequence[Pin]],
    predecessors: Mapping[str, frozenset[str]],
    installed: set[str],
) -> Iterable[tuple[Group, list[Pin]]]:
    """Take the first group with pins that may go in, again and again until none is left."""
    waiting: dict[Group, list[Pin]] = {}
    for group in sorted(groups, key=lambda g: g.rank):
        pins = [pin for pin in groups[group] if pin.name not in installed]
        if pins:
            waiting[group] = pins
    while waiting:
        group, ready = _first_ready(waiting, predecessors, installed)
        yield group, ready
        installed.update(pin.name for pin in ready)
        waiting[group] = [pin for pin in waiting[group] if pin.name not in installed]
        if not waiting[group]:
            del waiting[group]


def _first_ready(
    waiting: Mapping[Group, list[Pin]],
    predecessors: Mapping[str, frozenset[str]],
    installed: set[str],
) -> tuple[Group, list[Pin]]:
    for group, pins in waiting.items():
        ready = [pin for pin in pins if predecessors.get(pin.name, frozenset()) <= installed]
        if ready:
            return group, ready
    stuck = sorted(pin.name for pins in waiting.values() for pin in pins)
    cycle = [name for name in stuck if predecessors.get(name)]
    raise InputError(
        "stage-order-cycle",
        "no install order satisfies the `order` rules: "
        + "; ".join(f"`{name}` after {_quoted(predecessors[name])}" for name in cycle),
        hint="remove one of these `order` rules",
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _unique(wished: str, taken: dict[str, int]) -> str:
    """Make a stage name safe in paths and shells, and number it where it is taken."""
    base = re.sub(r"[^a-z0-9]+", "-", wished.lower()).strip("-") or "stage"
    name = base
    while name in taken:
        taken[base] += 1
        name = f"{base}-{taken[base]}"
    taken[name] = 1
    return name
