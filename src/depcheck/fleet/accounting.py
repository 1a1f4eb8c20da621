"""Count what the layers of several images come to, and say what keeps them from sharing more."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import Version

from depcheck.fleet.alignment import major, slots
from depcheck.fleet.layers import Ground
from depcheck.frozen import frozen
from depcheck.lockfiles.dockerfile import dockerfile_stages
from depcheck.lockfiles.requirements import build_constraints_txt, stage_txt
from depcheck.lockfiles.stages import plan_stages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from depcheck.fleet.alignment import Slot
    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import Pin, Solution


@frozen
class Extent:
    """How much there is to download."""

    known: int
    """Bytes of the files whose size the index states."""
    unknown: int
    """Number of files whose size it does not."""


@frozen
class Layer:
    """One layer of an image."""

    key: str
    """Digest of its content and of all beneath it: equal keys, one layer."""
    stage: Stage


@frozen
class Move:
    """A pin that alignment changed."""

    package: str
    before: str
    after: str | None
    """None where the image does not need it any more."""


@frozen
class Obstacle:
    """A package that is not the same everywhere, and who keeps it from being so."""

    package: str
    versions: tuple[tuple[str, str], ...]
    """Title of each image that has it, and the version."""
    reasons: tuple[str, ...]
    extent: Extent
    """Its files beyond the largest one."""


def layers(solution: Solution) -> list[Layer]:
    """Return the layers that ``Dockerfile.stages`` makes of a solution, from the first on.

    The key is what decides whether a builder has a layer already: the base image, and all lines and
    files up to it.
    """
    stages = plan_stages(solution)
    text = dockerfile_stages(solution, stages).decode()
    waiting = list(stages)
    total = hashlib.sha256(repr(Ground.of(solution)).encode())
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        total.update("\n".join([*lines, ""]).encode())
        if any(line.startswith("RUN --mount") for line in lines):
            stage = waiting.pop(0)
            total.update(stage_txt(stage) + build_constraints_txt(stage))
            found.append(Layer(key=total.hexdigest(), stage=stage))
    return found


def stored(fleet: Sequence[Solution]) -> Extent:
    """Return what the layers of a fleet come to where each is kept once."""
    once = {layer.key: layer.stage for each in fleet for layer in layers(each)}
    return _sum(pin for stage in once.values() for pin in stage.pins)


def downloaded(fleet: Sequence[Solution]) -> Extent:
    """Return what the files of a fleet come to where each is downloaded once."""
    once = {_file(pin): pin for each in fleet for pin in each.pins}
    return _sum(once.values())


def _sum(pins: Iterable[Pin]) -> Extent:
    sizes = list(map(_size, pins))
    return Extent(known=sum(size for size in sizes if size is not None), unknown=sizes.count(None))


def _file(pin: Pin) -> object:
    return (pin.name, pin.version, pin.file.sha256 if pin.file else pin.direct)


def moves(own: Solution, aligned: Solution) -> list[Move]:
    """Return what alignment made of an image's own pins."""
    now = {pin.name: pin.version for pin in aligned.pins}
    return [
        Move(package=pin.name, before=pin.version, after=now.get(pin.name))
        for pin in own.pins
        if now.get(pin.name) != pin.version
    ]


def grounds(fleet: Sequence[Solution]) -> dict[Ground, list[str]]:
    """Return the images by what is beneath their layers: only those of one ground share any."""
    found: dict[Ground, list[str]] = defaultdict(list)
    for solution in fleet:
        found[Ground.of(solution)].append(solution.title)
    return dict(found)


def obstacles(fleet: Sequence[Solution], *, apart: bool) -> list[Obstacle]:
    """Return the packages that several images have in different files, the largest first.

    Images on different bases are compared only where they are not set apart.
    """
    ordered = sorted(fleet, key=lambda each: each.title)
    holders: dict[object, list[tuple[Solution, Slot, Pin]]] = defaultdict(list)
    for solution in ordered:
        for slot, pin in slots(solution).items():
            key = (pin.name, Ground.of(solution) if apart else None)
            holders[key].append((solution, slot, pin))
    found = [
        _obstacle(holding)
        for holding in holders.values()
        if len({_file(pin) for _, _, pin in holding}) > 1
    ]
    return sorted(found, key=lambda each: (-each.extent.unknown, -each.extent.known, each.package))


def _obstacle(holding: Sequence[tuple[Solution, Slot, Pin]]) -> Obstacle:
    pins = [pin for _, _, pin in holding]
    files = {_file(pin): pin for pin in pins}
    largest = max(files.values(), key=lambda pin: (_size(pin) is None, _size(pin) or 0))
    most = max(holding, key=lambda each: (_count(pins, each[2]), Version(each[2].version)))
    reasons = [
        f"{each[0].title}: {_reason(*each, *most[1:])}"
        for each in holding
        if _file(each[2]) != _file(most[2])
    ]
    return Obstacle(
        package=pins[0].name,
        versions=tuple((solution.title, pin.version) for solution, _, pin in holding),
        reasons=tuple(reasons),
        extent=_sum(pin for key, pin in files.items() if key != _file(largest)),
    )


def _size(pin: Pin) -> int | None:
    return pin.file.size if pin.file else None


def _count(pins: Sequence[Pin], wished: Pin) -> int:
    return sum(pin.version == wished.version for pin in pins)


def _reason(solution: Solution, slot: Slot, pin: Pin, there: Slot, wished: Pin) -> str:
    """Return why an image does not take a pin of another one."""
    for via in pin.via:
        if not Requirement(via.requirement).specifier.contains(wished.version, prereleases=True):
            return f"{via.source} needs {via.requirement}"
    uploaded = wished.file.uploaded if wished.file else None
    too_late = uploaded and solution.as_of and _instant(uploaded) >= solution.as_of
    reasons = (
        (too_late, f"as of its date there is no {wished.version} yet"),
        (slot[1] != there[1], "it takes it from another index"),
        (slot[2] != there[2], f"it has Python {slot[2]}"),
        (pin.version == wished.version, "another file fits its platform"),
        (major(pin.version) != major(wished.version), f"{wished.version} is another major version"),
    )
    known = (words for holds, words in reasons if holds)
    return next(known, f"with {wished.version} other pins would change")


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def shared_layers(fleet: Sequence[Solution]) -> list[tuple[Stage, list[str]]]:
    """Return each layer that several images have, with their titles, in the order of the fleet."""
    found: dict[str, tuple[Stage, list[str]]] = {}
    for solution in fleet:
        for layer in layers(solution):
            found.setdefault(layer.key, (layer.stage, []))[1].append(solution.title)
    return [(stage, titles) for stage, titles in found.values() if len(titles) > 1]
