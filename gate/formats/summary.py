"""Markdown for the summary of a CI job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depcheck.gate.report import printable

if TYPE_CHECKING:
    from depcheck.gate.finding import Finding, Judged
    from depcheck.gate.report import Report

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")


def render(report: Report) -> str:
    """Return a table of the lock sets, and one of the findings."""
    lines = ["## depcheck gate", "", "| lock set | gate | findings |", "|---|---|---|"]
    lines += [_lock_set(judged) for judged in report.lock_sets]
    if report.findings:
        lines += ["", "| where | what | remedy |", "|---|---|---|"]
        lines += [_finding(found) for found in report.findings]
    return "".join(f"{line}\n" for line in lines)


def _lock_set(judged: Judged) -> str:
    word = "closed" if judged.closed else "open"
    return f"| {_cell(f'{judged.image} ({judged.variant})')} | {word} | {len(judged.findings)} |"


def _finding(found: Finding) -> str:
    what = f"**{found.level.value}** {_cell(found.message)} ({found.code})"
    return f"| {_cell(str(found.location))} | {what} | {_cell(found.remedy or '')} |"


def _cell(text: str) -> str:
    """Return foreign text that stays inside its cell and is no markup."""
    return _MARKUP.sub(r"\\\1", printable(" ".join(text.split())))
