"""Add what only a service can say: which files are still there, what is known to be vulnerable.

Nothing of it goes into a record: it may be otherwise tomorrow.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.gate.lock import UnreadableLockError, parse_lock
from depcheck.gate.lockset import LOCK
from depcheck.gate.online import gone, private
from depcheck.gate.vulnerabilities import judge_vulnerabilities, release_of
from depcheck.index.default import canonical_default_index
from depcheck.services.files import answering
from depcheck.services.osv import advisories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depcheck.gate.finding import Judged
    from depcheck.gate.lock import Lock


def ask(lock_sets: Sequence[Judged], *, files: bool, osv: str | None) -> tuple[Judged, ...]:
    """Return lock sets with what services say of their pins.

    Args:
        lock_sets: As they were judged.
        files: Ask for the file of every pin.
        osv: Root of the service that knows vulnerabilities; None to ask nobody.

    Raises:
        EnvironmentFailure: somebody does not answer.
    """
    locks = {each.folder: _lock(each) for each in lock_sets}
    pins = [pin for lock in locks.values() if lock for pin in lock.pins.values()]
    statuses = answering(pin.url for pin in pins if pin.url and pin.sha256) if files else {}
    releases = [release for pin in pins if (release := release_of(pin))] if osv else []
    known = advisories(osv, releases) if osv else {}
    answered: list[Judged] = []
    for judged in lock_sets:
        lock = locks[judged.folder]
        if lock is None:
            note = "its pins cannot be read, so nobody was asked about them"
            answered.append(judged._replace(notes=(*judged.notes, note)))
            continue
        findings = (*judged.findings, *gone(lock.pins.values(), statuses))
        notes = (*judged.notes, *private(lock.pins.values(), statuses))
        if osv:
            more = judge_vulnerabilities(lock, known, canonical_default_index())
            findings, notes = (*findings, *more.findings), (*notes, *more.notes)
        answered.append(judged._replace(findings=findings, notes=notes))
    return tuple(answered)


def _lock(judged: Judged) -> Lock | None:
    path = Path(judged.folder) / LOCK
    try:
        return parse_lock(path.read_bytes(), path.as_posix())
    except (OSError, UnreadableLockError):
        return None
