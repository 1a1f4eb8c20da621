"""Run checks one after the other, whatever each of them meets."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Sequence

from depcheck.validate.findings import Broken, Finding, Outcome, Passed, Severity, Skipped

if TYPE_CHECKING:
    from depcheck.validate.checks import Check
    from depcheck.validate.context import Context

PASS, FAIL, WARN, SKIP, ERROR = "PASS", "FAIL", "WARN", "SKIP", "ERROR"


@dataclass(frozen=True)
class Result:
    """One outcome of one check."""

    check: str
    outcome: Outcome

    @property
    def status(self) -> str:
        """Return PASS, FAIL, WARN, SKIP or ERROR."""
        if isinstance(self.outcome, Passed):
            return PASS
        if isinstance(self.outcome, Skipped):
            return SKIP
        if isinstance(self.outcome, Finding):
            return FAIL if self.outcome.severity is Severity.ERROR else WARN
        return ERROR


@dataclass(frozen=True)
class Report:
    """A finished validation."""

    results: tuple[Result, ...]
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """How many results have each status."""
        counts = dict.fromkeys((PASS, FAIL, WARN, SKIP, ERROR), 0)
        for result in self.results:
            counts[result.status] += 1
        return counts

    @property
    def exit_code(self) -> int:
        """Return 1 where the image fails, 3 where the validator does, else 0."""
        counts = self.counts
        if counts[FAIL]:
            return 1
        return 3 if counts[ERROR] else 0


def run_checks(
    checks: Sequence[Check], context: Context, listener: Callable[[Result], None]
) -> Report:
    """Run checks; the listener hears of every result as soon as it is known."""
    started = time.monotonic()
    results: list[Result] = []
    for check in checks:
        for outcome in _outcomes(check, context):
            result = Result(check.name, outcome)
            results.append(result)
            listener(result)
    return Report(results=tuple(results), seconds=time.monotonic() - started)


def _outcomes(check: Check, context: Context) -> Iterator[Outcome]:
    if check.needs_interpreter and not context.environment.starts:
        yield Skipped("", "the interpreter does not start")
        return
    yield from _guarded(check, check.run(context))


def _guarded(check: Check, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Keep a mistake in one check from hiding what the others find."""
    try:
        yield from outcomes
    except Exception as error:  # noqa: BLE001  # reported as ERROR, exit code 3
        told = f"{type(error).__name__}: {error}"
        yield Broken(check.name, f"the check itself failed: {told}", traceback.format_exc())
