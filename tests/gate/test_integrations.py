"""What is ready to be copied into a CI is valid, and its commands are understood."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from support.tree import ROOT
from support.world import World, make_world

from depcheck.cli import build_parser

FOLDER = ROOT / "integrations"
FILES = {
    "github/action.yml": "vendor.github-actions",
    "github/workflow.yml": "vendor.github-workflows",
    "gitlab/depcheck-gate.yml": "vendor.gitlab-ci",
}

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


@pytest.mark.parametrize("path", FILES)
def test_it_is_valid(path: str) -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [str(tool), "--builtin-schema", FILES[path], str(FOLDER / path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (0, "ok -- validation done\n") == (ran.returncode, ran.stdout)


def commands() -> Iterator[str]:
    """Yield the commands of depcheck in the templates."""
    yield read(".pre-commit-hooks.yaml")[0]["entry"]
    yield from (
        line
        for line in read("integrations/gitlab/depcheck-gate.yml")["depcheck-gate"]["script"]
        if line.startswith("depcheck ")
    )


@pytest.mark.parametrize("command", tuple(commands()))
def test_its_command_is_understood(command: str) -> None:
    assert "gate" == build_parser().parse_args(shlex.split(command)[1:]).command


def test_the_hook_runs_where_lock_sets_or_specs_change() -> None:
    [hook] = read(".pre-commit-hooks.yaml")
    paths = ["locks/demo/cu121/pylock.toml", "my_image.toml", "src/main.py"]

    assert [True, True, False] == [bool(re.search(hook["files"], path)) for path in paths]
    assert {"id", "name", "entry", "language"} <= hook.keys()


@pytest.mark.parametrize("broken", [False, True])
def test_the_steps_of_the_action_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    broken: bool,
) -> None:
    """Run its last step, in which everything but the installation happens."""
    world: World = make_world(tmp_path, monkeypatch, capsys)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    world.run("solve", "nexa_light", "-q")
    if broken:
        (tmp_path / "locks/nexa_light/cu121/install.sh").chmod(0o644)
    bin_folder = tmp_path / "runner" / "depcheck" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "depcheck").symlink_to(Path(sys.executable).parent / "depcheck")
    action = read("integrations/github/action.yml")
    inputs = {name: str(each["default"]) for name, each in action["inputs"].items()}
    step = action["runs"]["steps"][-1]
    names = {name: inputs[value.split(".")[1].split()[0]] for name, value in step["env"].items()}
    runner = {"RUNNER_TEMP": str(tmp_path / "runner"), "GITHUB_STEP_SUMMARY": "summary.md"}
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        env={**os.environ, **runner, **names},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (int(broken), int(broken)) == (ran.returncode, len(ran.stdout.splitlines()))
    assert ["depcheck-gate.sarif", "summary.md"] == sorted(
        path.name for path in tmp_path.iterdir() if path.suffix in {".sarif", ".md"}
    )
