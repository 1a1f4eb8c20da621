"""What differs from another lock set, as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.frozen import frozen
from depcheck.lockfiles.difference import Change, compare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.lockfiles.difference import PinChange, SettingChange, StageChange
    from depcheck.lockfiles.stored import StoredLockSet
    from depcheck.page.model import Extent
    from depcheck.resolver.solution import AppliedRule, Waiver

_WORDS = {
    Change.REBUILT: "other file",
    Change.MOVED: "other stage or extras",
}
_RANK = (
    *(Change.UPGRADED, Change.DOWNGRADED, Change.ADDED, Change.REMOVED),
    *(Change.REBUILT, Change.MOVED),
)


@frozen
class PinDifference:
    """A pin that is not the same in both lock sets."""

    name: str
    change: str
    before: str | None
    """Version."""
    after: str | None
    download: int | None
    """How many bytes more; None where a size is not known."""
    installed: int | None


@frozen
class StageDifference:
    """A stage that either lock set has."""

    name: str
    change: str
    before: int | None
    """Number of pins."""
    after: int | None


@frozen
class Comparison:
    """The page's lock set beside an earlier or another one."""

    title: str
    """Of the other lock set."""
    totals: tuple[tuple[str, int | Extent, int | Extent], ...]
    """What is counted, there and here."""
    pins: tuple[PinDifference, ...]
    """By kind of change, then by name."""
    same: int
    """How many pins are the same."""
    stages: tuple[StageDifference, ...]
    settings: tuple[SettingChange, ...]
    waivers_added: tuple[Waiver, ...]
    waivers_removed: tuple[Waiver, ...]
    rules_added: tuple[AppliedRule, ...]
    rules_removed: tuple[AppliedRule, ...]


Sizes = tuple["int | None", "int | None"]
"""Download and installed, in bytes."""


def comparison(
    before: StoredLockSet,
    after: StoredLockSet,
    sizes: tuple[Mapping[str, Sizes], Mapping[str, Sizes]],
    totals: tuple[tuple[str, int | Extent, int | Extent], ...],
) -> Comparison:
    """Return what differs; sizes are by name of the pin, there and here."""
    found = compare(before, after)
    ordered = sorted(found.pins, key=lambda each: (_RANK.index(each.change), each.name))
    return Comparison(
        title=before.title,
        totals=totals,
        pins=tuple(_pin(each, *sizes) for each in ordered),
        same=sum(name in before.pins for name in after.pins)
        - sum(each.before is not None and each.after is not None for each in found.pins),
        stages=tuple(map(_stage, found.stages)),
        settings=found.settings,
        waivers_added=found.waivers_added,
        waivers_removed=found.waivers_removed,
        rules_added=found.rules_added,
        rules_removed=found.rules_removed,
    )


def _pin(each: PinChange, before: Mapping[str, Sizes], after: Mapping[str, Sizes]) -> PinDifference:
    old = before[each.name] if each.before else (0, 0)
    new = after[each.name] if each.after else (0, 0)
    return PinDifference(
        name=each.name,
        change=_WORDS.get(each.change, each.change.value),
        before=each.before.pin.version if each.before else None,
        after=each.after.pin.version if each.after else None,
        download=_delta(old[0], new[0]),
        installed=_delta(old[1], new[1]),
    )


def _delta(old: int | None, new: int | None) -> int | None:
    return None if old is None or new is None else new - old


def _stage(each: StageChange) -> StageDifference:
    return StageDifference(
        name=each.name,
        change=each.change.value,
        before=len(each.before.pins) if each.before else None,
        after=len(each.after.pins) if each.after else None,
    )
