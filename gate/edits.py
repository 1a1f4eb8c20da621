"""Say what was edited in the files of a lock set, as far as that can be known."""

from __future__ import annotations

import hashlib
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from depcheck.gate.codes import finding
from depcheck.gate.lockset import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depcheck.gate.finding import Finding
    from depcheck.gate.lock import Lock, LockedPin
    from depcheck.gate.lockset import LockSet

_OF_THE_SEARCH = frozenset({"explain.json"})
"""Tells of the search as well, which nobody repeats here."""


def explained(
    found: Finding, lock_set: LockSet, lock: Lock, emitted: Mapping[str, bytes]
) -> Finding:
    """Return a finding about an edited file with what was edited and where, if that is known.

    Args:
        found: A finding about the files of the lock set.
        lock_set: The files.
        lock: What its ``pylock.toml`` states.
        emitted: The files that follow from the lock's pins.
    """
    record = lock_set.record
    if record is None:
        return found
    if found.code == "lock-edited":
        return _edited_lock(found, lock, record["pins"])
    original = emitted.get(found.subject)
    if found.code != "file-edited" or original is None:
        return found
    if hashlib.sha256(original).hexdigest() != record["files"][found.subject]["sha256"]:
        return found
    return _first_difference(found, original, lock_set.files[found.subject])


def _edited_lock(found: Finding, lock: Lock, recorded: Mapping[str, Any]) -> Finding:
    """Return the finding with what became of the pins, at the first of them."""
    lines: list[str] = []
    changed: list[LockedPin] = []
    for name in sorted({*recorded, *lock.pins}):
        was, now = recorded.get(name), lock.pins.get(name)
        if now is None:
            lines.append(f"{name}: taken out (was {recorded[name]['version']})")
        elif was is None or (was["version"], was["sha256"]) != (now.version, now.sha256):
            changed.append(now)
            lines.append(_became(now, was))
    at = changed[0].location if changed else found.location
    return found._replace(location=at, evidence=tuple(lines))


def _became(now: LockedPin, was: Mapping[str, Any] | None) -> str:
    if was is None:
        return f"{now.name}: put in ({now.version})"
    if was["version"] != now.version:
        return f"{now.name}: {was['version']} became {now.version}"
    return f"{now.name}: sha256 {was['sha256']} became {now.sha256}"


def not_emitted(lock_set: LockSet, emitted: Mapping[str, bytes]) -> Iterator[Finding]:
    """Yield files that are as they were recorded, and still not what the lock leads to."""
    for path in sorted(emitted.keys() - _OF_THE_SEARCH - lock_set.edited - {LOCK}):
        actual = lock_set.files.get(path)
        if actual is not None and actual != emitted[path]:
            differs = finding(
                "file-edited",
                path,
                "it is not what the lock leads to",
                at=lock_set.location(path),
                remedy="restore the lock set from version control, or solve again",
            )
            yield _first_difference(differs, emitted[path], actual)


def _first_difference(found: Finding, original: bytes, actual: bytes) -> Finding:
    expected, stated = (text.decode(errors="replace").split("\n") for text in (original, actual))
    for number, (one, other) in enumerate(zip_longest(expected, stated), start=1):
        if one != other:
            at = found.location._replace(line=min(number, len(stated)))
            return found._replace(
                location=at, evidence=(_line("expected", one), _line("found", other))
            )
    return found


def _line(label: str, text: str | None) -> str:
    return f"{label}: the end of the file" if text is None else f"{label}: {text}"
