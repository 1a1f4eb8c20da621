"""The whole report as one JSON document; its schema is `depcheck/schemas/validate.schema.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.validate.findings import Broken, Finding, Passed

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.runner import Report, Result

FORMAT = 1


def document(report: Report, context: Context, finished: str) -> dict[str, Any]:
    """Return the report as plain values; ``finished`` is the time at its end."""
    manifest, environment = context.manifest, context.environment
    return {
        "format": FORMAT,
        "image": manifest.image,
        "variant": manifest.variant,
        "input-digest": manifest.input_digest,
        "stage": context.options.stage,
        "python": str(environment.python),
        "python-version": environment.version or None,
        "finished": finished,
        "seconds": round(report.seconds, 3),
        "exit-code": report.exit_code,
        "counts": {status.lower(): count for status, count in report.counts.items()},
        "results": [_result(each) for each in report.results],
    }


def _result(result: Result) -> dict[str, Any]:
    outcome = result.outcome
    entry: dict[str, Any] = {
        "check": result.check,
        "status": result.status.lower(),
        "subject": outcome.subject,
    }
    if isinstance(outcome, Passed):
        entry["message"] = outcome.detail
        if outcome.seconds is not None:
            entry["seconds"] = round(outcome.seconds, 3)
    elif isinstance(outcome, Finding):
        entry.update(
            code=outcome.code,
            severity=outcome.severity.value,
            message=outcome.message,
            remedy=outcome.remedy,
            evidence=outcome.evidence,
            location=outcome.location or None,
        )
    elif isinstance(outcome, Broken):
        entry.update(message=outcome.message, evidence=outcome.evidence)
    else:
        entry["message"] = outcome.reason
    return entry
