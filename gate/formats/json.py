"""The document that ``--json`` writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from depcheck.gate.report import report_document

if TYPE_CHECKING:
    from depcheck.gate.report import Report


def render(report: Report) -> str:
    """Return the report as ``schemas/gate.json`` describes it."""
    return json.dumps(report_document(report), indent=2, sort_keys=True) + "\n"
