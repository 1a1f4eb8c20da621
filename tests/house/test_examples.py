"""The example Dockerfiles are those of the lock sets, and neither hadolint nor the gate objects."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser
from support.images import lock_set
from support.tree import ROOT

from depcheck.gate.dockerfile import dockerfile_findings
from depcheck.images.loader import builtin_names

TOOL = runpy.run_path(str(ROOT / "tools" / "example_dockerfiles.py"))
HADOLINT = Path(sys.executable).parent / "hadolint"

images = pytest.mark.parametrize("image", builtin_names())


def path(image: str) -> Path:
    return ROOT / "examples" / image / "Dockerfile"


@images
def test_it_is_up_to_date(image: str) -> None:
    """If not: ``python -m tools.example_dockerfiles``."""
    assert TOOL["dockerfile"](image) == path(image).read_text(encoding="utf-8")


@images
def test_hadolint_has_nothing_to_say(image: str) -> None:
    command = [str(HADOLINT), "--no-color", str(path(image))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stdout + done.stderr)


@images
def test_nothing_is_installed_beside_the_lock_set(image: str) -> None:
    raw = path(image).read_bytes()

    assert [] == list(dockerfile_findings(raw, "Dockerfile"))


@images
def test_it_copies_files_of_the_lock_set_alone(image: str) -> None:
    steps = DockerfileParser(path=str(path(image))).structure
    words = [step["value"].split() for step in steps if step["instruction"] == "COPY"]
    copied = [
        word
        for line in words
        if not any(each.startswith("--from=") for each in line)
        for word in line[:-1]
        if not word.startswith("--")
    ]
    stages = sorted(name for name in lock_set(image) if name.startswith("stages/"))

    assert stages == sorted(set(copied) - {"validate_dependencies"})


@images
def test_it_ends_without_rights_and_with_a_health_check(image: str) -> None:
    steps = DockerfileParser(path=str(path(image))).structure
    last = [step["instruction"] for step in steps if step["instruction"] in {"USER", "HEALTHCHECK"}]
    venvs = [step["value"] for step in steps if " -m venv " in step["value"]]

    assert ["USER", "HEALTHCHECK"] == last
    assert [True] == [" -m venv --copies /opt/venv" in each for each in venvs]
