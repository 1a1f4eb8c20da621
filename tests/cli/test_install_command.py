"""The front of install.sh; the script itself is tried in tests/lockfiles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.schemas import complaints
from support.world import World, make_world

if TYPE_CHECKING:
    from pathlib import Path

STAND_IN = """\
#!/usr/bin/env bash
echo "$PYTHON $*" >> ran
[[ $2 == "$FAILS" ]] && { echo "error: broken" >&2; exit "$STATUS"; }
exit 0
"""


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    made = make_world(tmp_path, monkeypatch, capsys)
    made.solve("./demo.toml")
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").touch()
    (tmp_path / "locks/demo/cu121/install.sh").write_text(STAND_IN)
    monkeypatch.setenv("FAILS", "none")
    return made


def ran(world: World) -> list[str]:
    return (world.folder / "ran").read_text().replace(f"{world.folder}/", "").splitlines()


def test_each_stage_is_run_in_order(world: World) -> None:
    code, out, err = world.run("install", "./demo.toml", "--into", "venv")

    assert (code, out) == (0, "4 pins of demo (cu121) are in venv\n")
    assert err == (
        "[1/3] torch: 1 pin, 1.0 kB\n"
        "[2/3] packages: 2 pins, 2.0 kB\n"
        "[3/3] build-isolated: 1 pin, 1.0 kB\n"
    )
    assert ran(world) == [
        "venv/bin/python --stage torch",
        "venv/bin/python --stage packages",
        "venv/bin/python --stage build-isolated",
    ]


def test_options_are_handed_on(world: World) -> None:
    code, out, _ = world.run(
        "install", "./demo.toml", "--into", "venv", "--no-hashes", "--dry-run", "-q"
    )

    assert (code, out) == (0, "")
    assert ran(world)[0] == "venv/bin/python --stage torch --no-hashes --dry-run"


@pytest.mark.parametrize(("status", "code"), [("1", 1), ("2", 2), ("3", 3), ("9", 3)])
def test_a_stage_that_fails_is_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch, status: str, code: int
) -> None:
    monkeypatch.setenv("FAILS", "packages")
    monkeypatch.setenv("STATUS", status)
    found, out, err = world.run("install", "./demo.toml", "--into", "venv", "-q")

    assert (found, out, err) == (code, "", "error: broken\n")
    assert len(ran(world)) == 2


def test_as_a_document(world: World) -> None:
    code, out, _ = world.run("install", "./demo.toml", "--into", "venv", "--json", "-q")
    stages = ["torch", "packages", "build-isolated"]

    assert code == 0
    assert complaints("install", json.loads(out)) == []
    assert json.loads(out) == {
        "image": "demo",
        "variant": "cu121",
        "into": "venv",
        "stages": stages,
        "done": stages,
    }


def test_environment_that_is_not_there(world: World) -> None:
    code, out, err = world.run("install", "./demo.toml", "--into", "elsewhere")

    assert (code, out) == (2, "")
    assert err == (
        "error: there is no virtual environment in `elsewhere` [no-environment]\n\n"
        "hint: make it: `python3.11 -m venv elsewhere`, or `uv venv --python 3.11 elsewhere`\n"
    )


def test_the_real_script_is_asked_what_it_would_do(world: World) -> None:
    world.solve("./demo.toml")
    code, _, err = world.run("install", "./demo.toml", "--into", "venv", "--dry-run", "-q")

    assert (code, err) == (0, "")
