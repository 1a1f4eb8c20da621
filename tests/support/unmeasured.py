"""The variables of a process that is not measured with the tests."""

from __future__ import annotations

import os


def environment() -> dict[str, str]:
    """Return the variables without those by which coverage measures what a test starts.

    Coverage reads TOML and writes a file in the process: that would show in a test of what a
    process loads, or of what becomes of a process that can write no file.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
