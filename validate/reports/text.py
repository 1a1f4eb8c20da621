"""Lines for people and logs: time, status, check, what was seen."""

from __future__ import annotations

from typing import Callable, Iterator, TextIO

from depcheck.validate.findings import Broken, Finding, Passed, Skipped
from depcheck.validate.reports.escaping import escape
from depcheck.validate.runner import FAIL, PASS, Report, Result

_EVIDENCE_LINES = 12


class TextReport:
    """Writes each result as it comes, and a summary."""

    def __init__(
        self, out: TextIO, clock: Callable[[], str], *, verbose: bool, quiet: bool
    ) -> None:
        """Write to ``out``; the clock gives the time as it is to be written."""
        self._out = out
        self._clock = clock
        self._verbose = verbose
        self._quiet = quiet

    def add(self, result: Result) -> None:
        """Write one result."""
        outcome = result.outcome
        if isinstance(outcome, (Passed, Skipped)) and (
            self._quiet or (outcome.minor and not self._verbose)
        ):
            return
        self._line(f"{result.status} {result.check} {_said(result)}")
        for line in _details(result, self._verbose):
            self._out.write(f"    {escape(line)}\n")
        self._out.flush()

    def finish(self, report: Report) -> None:
        """Write the summary."""
        if self._quiet:
            return
        counts = report.counts
        word = {0: "OK", 1: "FAILED"}.get(report.exit_code, "ERROR")
        told = [f"{counts[PASS]} passed", _plural(counts[FAIL], "error")]
        told += [_plural(counts["WARN"], "warning"), f"{counts['SKIP']} skipped"]
        told += [f"{counts['ERROR']} not judged"] if counts["ERROR"] else []
        self._line(f"{word} {', '.join(told)} ({report.seconds:.1f} s)")
        self._out.flush()

    def _line(self, text: str) -> None:
        one_line = escape(text).replace("\n", " ")
        self._out.write(f"[{self._clock()}] {one_line}\n")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _said(result: Result) -> str:
    outcome = result.outcome
    if isinstance(outcome, Passed):
        spent = "" if outcome.seconds is None else f"({outcome.seconds:.1f} s)"
        return " ".join(filter(None, (outcome.subject, outcome.detail, spent)))
    if isinstance(outcome, Skipped):
        return " ".join(filter(None, (outcome.subject, f"skipped: {outcome.reason}")))
    if isinstance(outcome, Finding):
        return f"{outcome.subject}: {outcome.message} [{outcome.code}]"
    return f"{outcome.subject}: {outcome.message}"


def _details(result: Result, verbose: bool) -> Iterator[str]:  # noqa: FBT001
    outcome = result.outcome
    if isinstance(outcome, (Finding, Broken)):
        lines = outcome.evidence.strip().splitlines()
        if len(lines) > _EVIDENCE_LINES and not verbose:
            yield f"[{len(lines) - _EVIDENCE_LINES} lines more with --verbose]"
            lines = lines[-_EVIDENCE_LINES:]
        yield from lines
    if isinstance(outcome, Finding):
        if verbose and outcome.location:
            yield f"at {outcome.location}"
        yield f"hint: {outcome.remedy}"
