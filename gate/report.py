"""Judged lock sets as one document (``schemas/gate.json``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depcheck.gate.finding import Finding, Judged


def report_document(judged: Iterable[Judged]) -> dict[str, Any]:
    """Return judged lock sets as plain data."""
    lock_sets = [_judged(each) for each in judged]
    return {"open": all(each["open"] for each in lock_sets), "lock-sets": lock_sets}


def _judged(judged: Judged) -> dict[str, Any]:
    return {
        "image": judged.image,
        "variant": judged.variant,
        "folder": judged.folder,
        "open": not judged.closed,
        "full": judged.full,
        "notes": list(judged.notes),
        "findings": [finding_document(found) for found in judged.findings],
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data."""
    return {
        "code": finding.code,
        "level": finding.level.value,
        "subject": finding.subject,
        "message": finding.message,
        "file": finding.location.file,
        "line": finding.location.line,
        "evidence": list(finding.evidence),
        "remedy": finding.remedy,
    }
