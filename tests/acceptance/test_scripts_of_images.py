"""The scripts and requirements files of the real images, judged by the real tools."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.images import NEXA, NEXA_HEAVY_GIT, lock_set, pylock

from depcheck.lockfiles.lockset import write

IMAGES = (*NEXA, NEXA_HEAVY_GIT)
PROGRAMS = Path(sys.executable).parent
DOCKERFILE = """\
FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
"""


@pytest.fixture
def locks(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write(lock_set(request.param), tmp_path / "locks")
    return tmp_path / "locks"


def said(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run([*command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("locks", IMAGES, indirect=True)
def test_bash_and_shellcheck_have_nothing_to_say(locks: Path) -> None:
    assert said("bash", "-n", locks / "install.sh") == (0, "")
    assert said(PROGRAMS / "shellcheck", "--norc", locks / "install.sh") == (0, "")


@pytest.mark.parametrize(("locks", "image"), [(i, i) for i in IMAGES], indirect=["locks"])
def test_a_dry_run_prints_the_command_of_each_stage(locks: Path, image: str) -> None:
    done = subprocess.run(
        ["bash", locks / "install.sh", "--dry-run"],
        env={"PATH": os.environ["PATH"], "PYTHON": "/opt/venv/bin/python"},
        capture_output=True,
        text=True,
        check=False,
    )
    stages = pylock(image)["tool"]["depcheck"]["stages"]
    printed = [line for line in done.stdout.splitlines() if " install " in line]

    assert done.returncode == 0, done.stderr
    assert [stage["file"] in line for stage, line in zip(stages, printed, strict=True)] == [
        True for _ in stages
    ]


@pytest.mark.parametrize("locks", IMAGES, indirect=True)
def test_hadolint_finds_no_error(locks: Path, tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(DOCKERFILE + (locks / "Dockerfile.stages").read_text())

    assert (
        said(PROGRAMS / "hadolint", "--failure-threshold", "error", "--no-color", dockerfile)[0]
        == 0
    )


@pytest.mark.parametrize("locks", IMAGES, indirect=True)
def test_stripping_hashes_by_sed_gives_the_file_without_hashes(locks: Path) -> None:
    strip = ["sed", "-E", "s/ --hash=sha256:[a-f0-9]+//g", str(locks / "requirements.txt")]
    stripped = subprocess.run(strip, capture_output=True, check=True).stdout

    assert (locks / "requirements.nohash.txt").read_bytes() == stripped
    assert b"--hash" not in stripped
