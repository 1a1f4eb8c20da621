"""Judge a lock set from its pins up, as if the record were no proof of anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from depcheck import __version__
from depcheck.errors import InputError
from depcheck.gate.codes import finding
from depcheck.gate.consistency import inconsistencies, waiver_findings
from depcheck.gate.drift import rules_drift, snapshot_drift, spec_drift
from depcheck.gate.edits import explained, not_emitted
from depcheck.gate.finding import Level, Location
from depcheck.gate.lock import UnreadableLockError, parse_lock
from depcheck.gate.lockset import LOCK
from depcheck.gate.pins import judge_pins
from depcheck.gate.replay import replay
from depcheck.images.loader import find_spec
from depcheck.images.model import ImageSpec
from depcheck.lockfiles.lockset import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from depcheck.gate.finding import Finding
    from depcheck.gate.judge import Surroundings
    from depcheck.gate.lock import Lock
    from depcheck.gate.lockset import LockSet
    from depcheck.resolver.problem import Problem


_SOLVE_AGAIN = "solve again, and commit the new lock set"


def judge_fully(
    lock_set: LockSet, stated: str | None, around: Surroundings
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return everything that is wrong with a lock set, and what could not be judged.

    Args:
        lock_set: The files.
        stated: The spec, by name or path; None for the one that the record names.
        around: What to judge it against.

    Raises:
        InputError: the spec or a rule file is wrong.
        EnvironmentFailure: something cannot be read.
    """
    spec = _spec(lock_set, stated)
    if not isinstance(spec, ImageSpec):
        return (*lock_set.findings, spec), ()
    name = lock_set.variant
    if name not in spec.variants:
        return (*lock_set.findings, _no_variant(name, spec)), ()
    try:
        lock = parse_lock(lock_set.files.get(LOCK, b""), lock_set.location(LOCK).file)
    except UnreadableLockError as error:
        return (*lock_set.findings, _unreadable(lock_set, error)), ()
    problem = around.problem(spec, spec.variants[name])
    drift = tuple(_drift(lock_set, lock, spec, problem, around))
    played = replay(problem, around.indexes, lock)
    found = [*drift, *played.findings]
    if played.solution is None:
        files = [explained(each, lock_set, lock, {}) for each in lock_set.findings]
        return (*files, *found), ()
    at = {name: pin.location for name, pin in lock.pins.items()}
    own, notes = judge_pins(played.solution, problem, at, lock_set.location(LOCK))
    found += [*own, *waiver_findings(lock, played.solution)]
    command = lock_set.record["command"] if lock_set.record else None
    emitted = render(played.solution, command=command)
    files = [explained(each, lock_set, lock, emitted) for each in lock_set.findings]
    codes = {each.code for each in drift}
    if codes <= {"snapshot-drift"}:  # Other drift leads to something else, and is told by itself.
        judged = {each.subject for each in found}
        whole = not codes and _same_origin(lock_set, around)
        found += inconsistencies(lock, played.solution, judged, origin=whole)
    if not any(each.level is Level.ERROR for each in (*files, *found)):
        as_stated = replace(played.solution, input_digest=lock.tool.get("input-digest", ""))
        files += _other_files(lock_set, spec, codes, render(as_stated, command=command))
    return (*files, *found), notes


def _other_files(
    lock_set: LockSet, spec: ImageSpec, drift: AbstractSet[str], emitted: Mapping[str, bytes]
) -> Iterator[Finding]:
    """Yield files that are not what the lock leads to, or that this cannot be said of them."""
    if drift <= {"snapshot-drift"} and _comparable(lock_set, spec):
        yield from not_emitted(lock_set, emitted)
    else:
        yield finding(
            "files-unjudged",
            lock_set.folder,
            "its other files cannot be compared with what the lock leads to: rules, depcheck or "
            "the name of the spec changed since",
            at=lock_set.location(LOCK),
            remedy=_SOLVE_AGAIN,
        )


def _spec(lock_set: LockSet, stated: str | None) -> ImageSpec | Finding:
    """Return the spec of a lock set, or that it is not where the record says."""
    recorded = lock_set.record["spec"]["path"] if lock_set.record else lock_set.image
    try:
        return find_spec(stated or recorded)
    except InputError as error:
        if stated is not None or error.reference not in {"unknown-image", "toml-unreadable"}:
            raise
        return finding(
            "spec-missing",
            recorded,
            error.message,
            at=lock_set.location(LOCK),
            remedy="name the spec: `depcheck gate PATH`",
        )


def _no_variant(name: str, spec: ImageSpec) -> Finding:
    return finding(
        "spec-drift",
        f"variants.{name}",
        f"the spec has no variant `{name}` any more",
        at=Location(file=spec.path.as_posix()),
        remedy="delete the lock set, or put the variant back",
    )


def _unreadable(lock_set: LockSet, error: UnreadableLockError) -> Finding:
    return finding(
        "lock-unreadable",
        LOCK,
        str(error) if LOCK in lock_set.files else "it is not there",
        at=lock_set.location(LOCK),
        remedy="restore it from version control, or solve again",
    )


def _drift(
    lock_set: LockSet, lock: Lock, spec: ImageSpec, problem: Problem, around: Surroundings
) -> Iterator[Finding]:
    record = lock_set.record
    if record is None:
        return
    at = lock_set.location(LOCK)
    names = {*lock.pins, *record["pins"]}
    yield from spec_drift(record["spec"]["keys"], spec, problem)
    yield from rules_drift(record["rules"]["digests"], problem, names, at)
    yield from snapshot_drift(record["indexes"], around.digests(), at)


def _same_origin(lock_set: LockSet, around: Surroundings) -> bool:
    """Whether the lock, unedited, and what it is judged by come from the same recordings."""
    recorded = lock_set.record["indexes"] if lock_set.record else {}
    now = around.digests()
    if now is None or LOCK in lock_set.edited:
        return False
    return all(now.get(location) == digest for location, digest in recorded.items())


def _comparable(lock_set: LockSet, spec: ImageSpec) -> bool:
    """Whether this depcheck would write the same files of the same pins, were they not edited."""
    record = lock_set.record
    if record is None:
        return False
    # The files name the spec that asks for a pin.
    named = record["spec"]["path"].rpartition("/")[2] in {spec.path.name, spec.name}
    # Nobody but a forger writes a command of several lines into the comments of a script.
    return bool(record["depcheck"] == __version__ and named and record["command"].isprintable())
