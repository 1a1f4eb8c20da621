"""CI runs the README's test command, and nothing of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.tree import ROOT

SCRIPT = ROOT / ".ci" / "run"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    stated = [
        line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if "pytest" in line
    ]

    assert stated == SCRIPT.read_text("utf-8").splitlines()[-1:]


def test_ci_is_an_executable_script_without_complaints() -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    ran = subprocess.run([shellcheck, SCRIPT], capture_output=True, text=True, check=False)

    assert (0, "") == (ran.returncode, ran.stdout)
    assert os.access(SCRIPT, os.X_OK)
