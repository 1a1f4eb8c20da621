"""Judge one lock set: by its record where everything still holds, else all over again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from depcheck import __version__
from depcheck.gate.finding import Finding, Judged, Level, Location
from depcheck.gate.inputs import spec_files_hold
from depcheck.gate.lockset import read_lock_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from depcheck.gate.lockset import LockSet
    from depcheck.images.model import ImageSpec, Variant
    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.problem import Problem


class Surroundings(NamedTuple):
    """What lock sets are judged against; each is read only where it is needed."""

    digests: Callable[[], Mapping[str, str] | None]
    """Digest of each recorded index, by location."""
    rules_hold: Callable[[Mapping[str, str]], bool]
    """Whether what states rules is what a record says that it was."""
    problem: Callable[[ImageSpec, Variant], Problem]
    """What one variant of an image asks for now, with the rules."""
    indexes: Callable[[str], PackageIndex]
    """The recorded index at a location."""


def judge(folder: str, spec: str | None, around: Surroundings, *, full: bool = False) -> Judged:
    """Judge the lock set in a folder ``<out>/<image>/<variant>``.

    Args:
        folder: Where it is.
        spec: Its image, by name or path; None for the one that the record names.
        around: What to judge it against.
        full: Work everything out again, even where nothing has changed.

    Raises:
        InputError: the spec or a rule file is wrong.
        EnvironmentFailure: something cannot be read.
    """
    lock_set = read_lock_set(folder)
    if not full and lock_set.record is not None and _holds(lock_set, spec, around):
        return Judged(
            image=lock_set.image,
            variant=lock_set.variant,
            folder=folder,
            findings=tuple(stored_finding(each, folder) for each in lock_set.record["findings"]),
            full=False,
            notes=tuple(lock_set.record["notes"]),
        )
    from depcheck.gate.full import judge_fully  # noqa: PLC0415 - reads TOML, versions, the index

    findings, notes = judge_fully(lock_set, spec, around)
    return Judged(
        image=lock_set.image,
        variant=lock_set.variant,
        folder=folder,
        findings=findings,
        full=True,
        notes=notes,
    )


def _holds(lock_set: LockSet, spec: str | None, around: Surroundings) -> bool:
    """Whether nothing has changed since the solve: not the lock set, nor what it came from."""
    record = lock_set.record
    return (
        record is not None
        and not lock_set.findings
        and record["depcheck"] == __version__
        and (spec is None or os.path.normpath(spec) == record["spec"]["path"])
        and spec_files_hold(record["spec"]["files"])
        and around.rules_hold(record["rules"]["files"])
        and _same_recordings(record["indexes"], around)
    )


def _same_recordings(recorded: Mapping[str, str | None], around: Surroundings) -> bool:
    """Whether the indexes are as they were recorded; one that was live has no digest to compare."""
    stated = {location: digest for location, digest in recorded.items() if digest is not None}
    if not stated:
        return True
    now = around.digests() or {}
    return all(now.get(location) == digest for location, digest in stated.items())


def stored_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as the record keeps it; its file is relative to the lock set."""
    return {
        "code": finding.code,
        "subject": finding.subject,
        "message": finding.message,
        "file": finding.location.file,
        "line": finding.location.line,
        "evidence": list(finding.evidence),
        "remedy": finding.remedy,
    }


def stored_finding(document: Mapping[str, Any], folder: str | None = None) -> Finding:
    """Return the finding that `stored_document` wrote down, about a lock set in a folder."""
    from depcheck.gate.codes import CODES  # noqa: PLC0415 - few lock sets have findings

    code, file = document["code"], document["file"]
    return Finding(
        code=code,
        level=CODES[code].level if code in CODES else Level.ERROR,
        subject=document["subject"],
        message=document["message"],
        location=Location(file=f"{folder}/{file}" if folder else file, line=document["line"]),
        evidence=tuple(document["evidence"]),
        remedy=document["remedy"],
    )
