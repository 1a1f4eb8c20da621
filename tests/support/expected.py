"""Whole outputs kept in files beside the tests: read to be compared, rewritten on demand.

``UPDATE_EXPECTED=1 pytest tests/cli`` writes what the program says now; the diff is the review.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "cli" / "expected"


def expected(name: str, actual: str) -> str:
    """Return the text that is expected under this name."""
    path = FOLDER / name
    if os.environ.get("UPDATE_EXPECTED"):
        path.write_text(actual, encoding="utf-8")
    return path.read_text(encoding="utf-8")
