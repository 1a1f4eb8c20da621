"""What the gate found, as one value and as one document (``schemas/gate.json``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from depcheck.gate.finding import Level

if TYPE_CHECKING:
    from depcheck.gate.finding import Finding, Judged


class Report(NamedTuple):
    """Everything that one run found."""

    lock_sets: tuple[Judged, ...]
    others: tuple[Finding, ...] = ()
    """Findings about the policy and about Dockerfiles, which belong to no lock set."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, those of lock sets first."""
        return (*(each for judged in self.lock_sets for each in judged.findings), *self.others)

    @property
    def closed(self) -> bool:
        """Whether anything must not be built."""
        return any(found.level is Level.ERROR for found in self.findings)


def details(finding: Finding) -> str:
    """Return message, evidence and remedy of a finding as lines of plain text."""
    remedy = [f"remedy: {finding.remedy}"] if finding.remedy else []
    return "\n".join(map(printable, [said(finding), *finding.evidence, *remedy]))


def printable(text: str) -> str:
    r"""Return foreign text on one line, with what is no letter or sign made visible (``\x1b``)."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def said(finding: Finding) -> str:
    """Return the message of a finding with its subject, where it does not name it."""
    named = finding.subject in finding.message
    return finding.message if named else f"{finding.subject}: {finding.message}"


def report_document(report: Report) -> dict[str, Any]:
    """Return a report as plain data."""
    return {
        "open": not report.closed,
        "lock-sets": [_judged(each) for each in report.lock_sets],
        "findings": [finding_document(each) for each in report.others],
    }


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
