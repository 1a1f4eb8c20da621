"""Lint, format and types: the README's test command covers them too."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.tree import ROOT


@pytest.mark.parametrize(
    "check",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=" ".join,
)
def test_the_code_is_clean(check: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", *check]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == ran.returncode, ran.stdout + ran.stderr
