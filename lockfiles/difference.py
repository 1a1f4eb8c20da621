"""What differs between two lock sets: a pure comparison, rendered elsewhere.

Compared is what an image gets (pins, files, stages, variables) and what justifies it (waivers,
rules, target). Why a version was taken may be told differently without a difference here: newer
versions appear on an index every day.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from packaging.version import Version

from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depcheck.lockfiles.explanation import ExplainedPin
    from depcheck.lockfiles.stored import StoredLockSet, StoredStage
    from depcheck.resolver.solution import AppliedRule, Waiver


class Change(Enum):
    """What became of a pin or a stage."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    REBUILT = "rebuilt"
    """A pin of the same version from another file, URL or index."""
    MOVED = "moved"
    """A pin in another stage, or with other extras."""
    CHANGED = "changed"
    """A stage with other pins, or installed in another way."""
    SAME = "same"


@frozen
class PinChange:
    """A pin that is not the same on both sides."""

    name: str
    change: Change
    before: ExplainedPin | None
    after: ExplainedPin | None


@frozen
class StageChange:
    """A stage on both sides, matched by name."""

    name: str
    change: Change
    before: StoredStage | None
    after: StoredStage | None


@frozen
class SettingChange:
    """A value of the target, an index, or a variable that differs."""

    name: str
    before: str | None
    after: str | None


@frozen
class Difference:
    """Everything that differs between two lock sets."""

    before: StoredLockSet
    after: StoredLockSet
    pins: tuple[PinChange, ...]
    """Sorted by name."""
    stages: tuple[StageChange, ...]
    """All stages in the order of the later lock set, then those that it has no more."""
    settings: tuple[SettingChange, ...]
    waivers_added: tuple[Waiver, ...]
    waivers_removed: tuple[Waiver, ...]
    rules_added: tuple[AppliedRule, ...]
    rules_removed: tuple[AppliedRule, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two lock sets say the same."""
        return not (
            self.pins
            or self.settings
            or self.waivers_added
            or self.waivers_removed
            or self.rules_added
            or self.rules_removed
            or any(each.change is not Change.SAME for each in self.stages)
        )


def compare(before: StoredLockSet, after: StoredLockSet) -> Difference:
    """Return what differs between two lock sets."""
    had, has = before.explanation, after.explanation
    return Difference(
        before=before,
        after=after,
        pins=tuple(_pin_changes(before.pins, after.pins)),
        stages=tuple(_stage_changes(before, after)),
        settings=tuple(_setting_changes(before, after)),
        waivers_added=_missing(has.waivers, had.waivers),
        waivers_removed=_missing(had.waivers, has.waivers),
        rules_added=tuple(has.rules[each] for each in sorted(has.rules.keys() - had.rules.keys())),
        rules_removed=tuple(
            had.rules[each] for each in sorted(had.rules.keys() - has.rules.keys())
        ),
    )


def _pin_changes(
    before: Mapping[str, ExplainedPin], after: Mapping[str, ExplainedPin]
) -> Iterator[PinChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        change = _change_of(old, new)
        if change is not Change.SAME:
            yield PinChange(name=name, change=change, before=old, after=new)


def _change_of(old: ExplainedPin | None, new: ExplainedPin | None) -> Change:
    if old is None or new is None:
        return Change.ADDED if old is None else Change.REMOVED
    if old.pin.version != new.pin.version:
        grew = Version(old.pin.version) < Version(new.pin.version)
        return Change.UPGRADED if grew else Change.DOWNGRADED
    if _content(old) != _content(new) or old.pin.index != new.pin.index:
        return Change.REBUILT
    if (old.stage, old.pin.extras) != (new.stage, new.pin.extras):
        return Change.MOVED
    return Change.SAME


def _content(explained: ExplainedPin) -> object:
    """Return what identifies the bytes installed; not where a mirror keeps them."""
    pin = explained.pin
    return (pin.file.filename, pin.file.sha256) if pin.file else pin.direct


def _stage_changes(before: StoredLockSet, after: StoredLockSet) -> Iterator[StageChange]:
    old = {stage.name: stage for stage in before.stages}
    new = {stage.name: stage for stage in after.stages}
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name), new.get(name)
        change = Change.SAME
        if was is None or now is None:
            change = Change.ADDED if was is None else Change.REMOVED
        elif _layer(was) != _layer(now):
            change = Change.CHANGED
        yield StageChange(name=name, change=change, before=was, after=now)


def _layer(stage: StoredStage) -> object:
    """Return what decides the content of the stage's image layer."""
    pins = tuple((each.pin.name, each.pin.version, _content(each)) for each in stage.pins)
    return (stage.index, stage.builds, stage.settings, pins)


def _setting_changes(before: StoredLockSet, after: StoredLockSet) -> Iterator[SettingChange]:
    old, new = dict(_settings(before)), dict(_settings(after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield SettingChange(name=name, before=old.get(name), after=new.get(name))


def _settings(stored: StoredLockSet) -> Iterator[tuple[str, str]]:
    target = stored.target
    yield "python", target.python
    yield "platform", target.platform
    yield "base image", target.base_image or "not stated"
    yield "compute capabilities", ", ".join(target.compute_capabilities) or "not stated"
    yield "disk budget", f"{target.disk_budget} bytes" if target.disk_budget else "not stated"
    yield "as-of", stored.explanation.as_of or "not stated"
    for index in stored.indexes:
        yield f"index {index.name}", " ".join((index.url, *index.packages))
    for name, value in sorted(stored.env.items()):
        yield f"variable {name}", value
    if stored.system:
        yield "the image must have", "; ".join(stored.system)


def _missing(here: tuple[Waiver, ...], there: tuple[Waiver, ...]) -> tuple[Waiver, ...]:
    """Return the waivers that the other side has not; their wording does not count."""
    known = {_identity(each) for each in there}
    return tuple(
        sorted((each for each in here if _identity(each) not in known), key=_identity),
    )


def _identity(waiver: Waiver) -> tuple[str, str, str, str, str]:
    return (
        waiver.package,
        waiver.version,
        waiver.requirement,
        waiver.replacement or "",
        waiver.rule,
    )
