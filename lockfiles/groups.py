"""Sort pins into groups that one install command can serve, before any order rule is heeded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from depcheck.conflicts.model import BuildNeeds
from depcheck.frozen import frozen
from depcheck.images.model import StageHint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depcheck.resolver.solution import Pin, Solution

TORCH_FAMILY = ("torch", "torchvision", "torchaudio")
"""What goes first where no hint of the spec mentions torch."""


class Tier(IntEnum):
    """Kinds of groups, in the order in which they are installed."""

    HINTED = 0
    PACKAGES = 1
    BUILD = 2
    BUILD_IN_PLACE = 3
    ARCHIVE = 4
    VCS = 5


@frozen
class Group:
    """What the pins of one install command have in common."""

    tier: Tier
    place: tuple[int, ...] = ()
    """Order inside the tier: position of the hint, then of the index inside it."""
    name: str
    """Wish for the stage's name."""
    index: str | None
    hashed: bool = True
    isolation: bool = True
    constraints: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()

    @property
    def builds(self) -> bool:
        """Whether the command runs build back ends."""
        return self.tier >= Tier.BUILD

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key of the install order; total, so that the order of pins never shows."""
        return (self.tier, self.place, self.name, self.index or "", self.constraints, self.env)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a hint puts a package."""

    hint: int
    runtime: bool
    name: str


def group_pins(solution: Solution) -> Mapping[Group, Sequence[Pin]]:
    """Return all pins by group; each pin is in exactly one."""
    pins = {pin.name: pin for pin in sorted(solution.pins, key=lambda pin: pin.name)}
    places = _places(solution.stages, pins)
    first_index = dict(reversed(list(_indexes_by_place(places, pins))))
    groups: dict[Group, list[Pin]] = {}
    for pin in pins.values():
        place = places.get(pin.name)
        group = (
            _build_group(pin, place)
            if pin.needs_build
            else _wheel_group(pin, place, first_index.get(place) if place else None)
        )
        groups.setdefault(group, []).append(pin)
    return groups


def _places(hints: Sequence[StageHint], pins: Mapping[str, Pin]) -> dict[str, _Place]:
    """Say where hints put packages: each by the first hint that names it, then what they need."""
    if not any("torch" in hint.packages for hint in hints):
        hints = (StageHint(name="torch", packages=TORCH_FAMILY), *hints)
    places: dict[str, _Place] = {}
    for number, hint in enumerate(hints):
        for name in hint.packages:
            if name in pins:
                places.setdefault(name, _Place(number, runtime=False, name=hint.name))
    for number, hint in enumerate(hints):
        runtime = _Place(number, runtime=True, name=f"{hint.name}-runtime")
        for name in _closure(hint.packages, pins):
            if not pins[name].needs_build:
                places.setdefault(name, runtime)
    return places


def _closure(names: Sequence[str], pins: Mapping[str, Pin]) -> Iterator[str]:
    """Yield the pins that these need, directly or not, in a stable order."""
    seen = {name for name in names if name in pins}
    queue = list(dict.fromkeys(name for name in names if name in pins))
    for name in queue:  # grows while it is walked
        new = [needed for needed in pins[name].requires if needed in pins and needed not in seen]
        seen.update(new)
        queue.extend(new)
        yield from new


def _indexes_by_place(
    places: Mapping[str, _Place], pins: Mapping[str, Pin]
) -> Iterator[tuple[_Place, str]]:
    """Yield the index of each wheel in the order of the hints: the first one names the stage."""
    for name, place in places.items():
        index = pins[name].index
        if index is not None and not pins[name].needs_build:
            yield place, index


def _wheel_group(pin: Pin, place: _Place | None, first_index: str | None) -> Group:
    index = pin.index
    source = index or "direct"
    if place is None:
        name = "packages" if index == "default" else f"packages-{source}"
        return Group(tier=Tier.PACKAGES, place=(int(index == "default"),), name=name, index=index)
    first = index == first_index
    return Group(
        tier=Tier.HINTED,
        place=(place.hint, int(place.runtime), int(not first)),
        name=place.name if first else f"{place.name}-{source}",
        index=index,
    )


def _build_group(pin: Pin, place: _Place | None) -> Group:
    needs = pin.build or BuildNeeds()
    tier, name = _build_tier(pin, needs)
    # A hint may name a stage of builds, but not pull it before the wheels that builds need.
    hinted = place is not None and not place.runtime and pin.direct is None
    return Group(
        tier=tier,
        place=(0, place.hint) if place and hinted else (1,),
        name=place.name if place and hinted else name,
        index=pin.index,
        hashed=tier is not Tier.VCS,
        isolation=needs.isolation,
        constraints=tuple(sorted(str(requirement) for requirement in needs.constraints)),
        env=tuple(sorted(needs.env.items())),
    )


def _build_tier(pin: Pin, needs: BuildNeeds) -> tuple[Tier, str]:
    suffix = "" if needs.isolation else "-no-isolation"
    if pin.direct is None:
        tier = Tier.BUILD if needs.isolation else Tier.BUILD_IN_PLACE
        return tier, f"build{suffix or '-isolated'}"
    if pin.direct.vcs is None:
        return Tier.ARCHIVE, f"direct-archive{suffix}"
    return Tier.VCS, f"direct-{pin.direct.vcs}{suffix}"
