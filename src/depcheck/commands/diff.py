"""``depcheck diff``: what differs between two lock sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.commands.ruletext import waiver_text
from depcheck.errors import ExitCode, InputError
from depcheck.lockfiles.difference import Change, compare
from depcheck.lockfiles.stored import read_lock_set, size_of
from depcheck.terminal import escape, size_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from depcheck.lockfiles.difference import Difference, PinChange, StageChange
    from depcheck.lockfiles.explanation import ExplainedPin
    from depcheck.lockfiles.stored import StoredLockSet, StoredStage
    from depcheck.resolver.solution import Waiver
    from depcheck.terminal import Console

    Section = tuple[str, list[tuple[str, ...]]]

_TITLES = {
    Change.UPGRADED: "upgraded",
    Change.DOWNGRADED: "downgraded",
    Change.ADDED: "added",
    Change.REMOVED: "removed",
    Change.REBUILT: "same version, other file",
    Change.MOVED: "other stage or extras",
}
_MARKDOWN = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<#|~&@"})
_NOTHING = "nothing differs"


def run(options: Namespace, console: Console) -> ExitCode:
    """Compare the lock sets of two folders; the exit code says whether they differ."""
    if options.markdown and console.as_json:
        raise InputError("usage", "`--markdown` and `--json` exclude each other", hint="choose one")
    found = compare(*(read_lock_set(Path(folder)) for folder in (options.before, options.after)))
    if console.as_json:
        console.document(_document(found))
    elif options.markdown:
        _write_markdown(console, found)
    else:
        _write_text(console, found)
    return ExitCode.OK if found.is_empty else ExitCode.NO


def _write_text(console: Console, found: Difference) -> None:
    console.styled(console.paint(_title(found), "bold", "green"))
    for line in _summary(found):
        console.paragraph(line, indent="  ")
    for title, rows in _sections(found):
        console.heading(title, indent="  ")
        console.table(rows, indent="    ")


def _write_markdown(console: Console, found: Difference) -> None:
    console.result(f"### {_marked(_title(found))}")
    console.result()
    for line in _summary(found):
        console.result(f"{_marked(line)}  ")
    for title, rows in _sections(found):
        console.result()
        console.result(f"| {title} |{' |' * (len(rows[0]) - 1)}")
        console.result(f"|{'---|' * len(rows[0])}")
        for row in rows:
            console.result(f"| {' | '.join(map(_marked, row))} |")


def _marked(text: str) -> str:
    """Return text that Markdown shows as it stands, a mention of nobody."""
    return escape(text).translate(_MARKDOWN).replace("\\@", "@\u200b")


def _title(found: Difference) -> str:
    before, after = found.before.title, found.after.title
    return before if before == after else f"{before} -> {after}"


def _summary(found: Difference) -> Iterator[str]:
    if found.is_empty:
        yield f"{_NOTHING}: {_extent(found.after)}"
        return
    delta = found.after.known_bytes - found.before.known_bytes
    yield f"{_extent(found.before)} -> {_extent(found.after)} ({_signed(delta)})"


def _extent(stored: StoredLockSet) -> str:
    unknown = f" and {stored.unknown_sizes} of unknown size" if stored.unknown_sizes else ""
    return f"{_pins(len(stored.pins))}, {size_text(stored.known_bytes)}{unknown}"


def _pins(count: int) -> str:
    return "1 pin" if count == 1 else f"{count} pins"


def _signed(count: int) -> str:
    return f"{'-' if count < 0 else '+'}{size_text(abs(count))}"


def _sections(found: Difference) -> Iterator[Section]:
    """Yield every table of the result that has rows, the same for text and Markdown."""
    for change, title in _TITLES.items():
        rows = [_pin_row(each) for each in found.pins if each.change is change]
        if rows:
            yield title, rows
    if any(each.change is not Change.SAME for each in found.stages):
        yield "stages", [_stage_row(each) for each in found.stages]
    settings: list[tuple[str, ...]] = [
        (each.name, f"{each.before or 'none'} -> {each.after or 'none'}") for each in found.settings
    ]
    if settings:
        yield "target and settings", settings
    for title, waivers in (
        ("waivers added", found.waivers_added),
        ("waivers removed", found.waivers_removed),
    ):
        if waivers:
            yield title, [(each.rule, waiver_text(each)) for each in waivers]
    for title, rules in (
        ("rules that apply now", found.rules_added),
        ("rules that apply no more", found.rules_removed),
    ):
        if rules:
            yield title, [(each.id, each.reason) for each in rules]


def _pin_row(each: PinChange) -> tuple[str, ...]:
    old, new = each.before, each.after
    if old is None or new is None:
        only = old or new
        return (each.name, only.pin.version, size_text(size_of(only))) if only else (each.name,)
    if each.change is Change.REBUILT:
        return each.name, new.pin.version, f"{_source(old)} -> {_source(new)}"
    if each.change is Change.MOVED:
        return each.name, new.pin.version, f"{_place(old)} -> {_place(new)}"
    before, after = size_of(old), size_of(new)
    delta = "size unknown" if before is None or after is None else _signed(after - before)
    return each.name, f"{old.pin.version} -> {new.pin.version}", delta


def _source(explained: ExplainedPin) -> str:
    pin = explained.pin
    if pin.file is not None:
        return f"{pin.file.filename} {pin.file.sha256[:12]} from {pin.index}"
    direct = pin.direct
    return f"{direct.url} {direct.commit or direct.sha256}" if direct else "nowhere"


def _place(explained: ExplainedPin) -> str:
    extras = f"[{','.join(explained.pin.extras)}]" if explained.pin.extras else ""
    return f"{explained.stage}{extras}"


def _stage_row(each: StageChange) -> tuple[str, ...]:
    return each.name, each.change.value, _stage_extent(each.before), _stage_extent(each.after)


def _stage_extent(stage: StoredStage | None) -> str:
    if stage is None:
        return "none"
    unknown = f" + {stage.unknown_sizes} unknown" if stage.unknown_sizes else ""
    return f"{stage.number:02} {_pins(len(stage.pins))}, {size_text(stage.known_bytes)}{unknown}"


def _document(found: Difference) -> dict[str, Any]:
    return {
        "equal": found.is_empty,
        "before": _side(found.before),
        "after": _side(found.after),
        "pins": [
            {
                "name": each.name,
                "change": each.change.value,
                "before": _pin(each.before),
                "after": _pin(each.after),
            }
            for each in found.pins
        ],
        "stages": [
            {
                "name": each.name,
                "change": each.change.value,
                "before": _stage(each.before),
                "after": _stage(each.after),
            }
            for each in found.stages
        ],
        "settings": [
            {"name": each.name, "before": each.before, "after": each.after}
            for each in found.settings
        ],
        "waivers": {
            "added": _waivers(found.waivers_added),
            "removed": _waivers(found.waivers_removed),
        },
        "rules": {
            "added": [each.id for each in found.rules_added],
            "removed": [each.id for each in found.rules_removed],
        },
    }


def _side(stored: StoredLockSet) -> dict[str, Any]:
    return {
        "folder": str(stored.folder),
        "image": stored.explanation.image,
        "variant": stored.explanation.variant,
        "pins": len(stored.pins),
        "known-bytes": stored.known_bytes,
        "unknown-sizes": stored.unknown_sizes,
    }


def _pin(explained: ExplainedPin | None) -> dict[str, Any] | None:
    if explained is None:
        return None
    pin = explained.pin
    return {
        "version": pin.version,
        "extras": list(pin.extras),
        "stage": explained.stage,
        "index": pin.index,
        "url": pin.file.url if pin.file else pin.direct and pin.direct.url,
        "sha256": pin.file.sha256 if pin.file else pin.direct and pin.direct.sha256,
        "commit": pin.direct.commit if pin.direct else None,
        "size": size_of(explained),
    }


def _stage(stage: StoredStage | None) -> dict[str, Any] | None:
    if stage is None:
        return None
    return {
        "number": stage.number,
        "pins": len(stage.pins),
        "known-bytes": stage.known_bytes,
        "unknown-sizes": stage.unknown_sizes,
    }


def _waivers(waivers: Sequence[Waiver]) -> list[dict[str, Any]]:
    return [
        {
            "package": f"{each.package}=={each.version}",
            "requirement": each.requirement,
            "replacement": each.replacement,
            "rule": each.rule,
        }
        for each in waivers
    ]
