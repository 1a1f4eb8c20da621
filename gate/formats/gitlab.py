"""GitLab's code quality report (a subset of the Code Climate format)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from depcheck.gate.finding import Level
from depcheck.gate.formats.sarif import fingerprint
from depcheck.gate.report import details

if TYPE_CHECKING:
    from depcheck.gate.finding import Finding
    from depcheck.gate.report import Report

_SEVERITIES = {Level.ERROR: "critical", Level.WARNING: "minor", Level.INFO: "info"}


def render(report: Report) -> str:
    """Return the findings as a list of issues."""
    return json.dumps([_issue(found) for found in report.findings], indent=2) + "\n"


def _issue(found: Finding) -> dict[str, Any]:
    return {
        "check_name": found.code,
        "description": details(found),
        "fingerprint": fingerprint(found),
        "severity": _SEVERITIES[found.level],
        "location": {"path": found.location.file, "lines": {"begin": found.location.line or 1}},
    }
