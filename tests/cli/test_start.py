"""What starts fast loads little: modules are named, since times differ between machines."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from support.world import World, make_world

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SLOW = frozenset(
    {
        *("argcomplete", "asyncio", "click", "dataclasses", "email", "importlib.metadata"),
        *("inspect", "lzma", "packaging", "pip", "pydantic", "requests", "resolvelib", "rich"),
        *("shutil", "subprocess", "tomllib", "urllib3", "yaml"),
    }
)
PROGRAM = """\
import json, sys
before = set(sys.modules)
from depcheck.__main__ import main
sys.argv = ["depcheck", *sys.argv[1:]]
try:
    code = main()
except SystemExit as stopped:
    code = stopped.code
json.dump([code, sorted(set(sys.modules) - before)], sys.stderr)
"""


def loaded(folder: Path, *words: str) -> tuple[int, set[str]]:
    """Return the exit code of a command and the modules that it loads."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(ran.stderr)
    return code, set(modules)


def test_the_version_loads_nothing_but_the_version(tmp_path: Path) -> None:
    assert (0, {"depcheck", "depcheck.__main__"}) == loaded(tmp_path, "--version")


def test_help_loads_a_parser(tmp_path: Path) -> None:
    code, modules = loaded(tmp_path, "--help")

    assert (0, set()) == (code, (modules & SLOW) - {"shutil", "lzma"})  # for the terminal's width
    assert {
        *("depcheck", "depcheck.__main__", "depcheck.cli", "depcheck.errors"),
        "depcheck.terminal",
    } == {each for each in modules if each.partition(".")[0] == "depcheck"}


def test_an_open_gate_loads_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world: World = make_world(tmp_path, monkeypatch, capsys)
    monkeypatch.undo()
    world.run("solve", str(world.spec), "--snapshot", str(world.snapshot), "--out", f"{tmp_path}/l")
    code, modules = loaded(
        tmp_path, "gate", "--out", f"{tmp_path}/l", "--snapshot", str(world.snapshot)
    )

    assert (0, set()) == (code, modules & SLOW)
    assert {
        *("", ".__main__", ".artifacts", ".cli", ".commands", ".commands.gate", ".conflicts"),
        *(".errors", ".gate", ".gate.codes", ".gate.finding", ".gate.formats"),
        *(".gate.formats.interface", ".gate.inputs", ".gate.judge", ".gate.lockset"),
        *(".gate.report", ".gate.selection", ".images", ".index", ".index.digests"),
        *(".lockfiles", ".lockfiles.json_text", ".lockfiles.record", ".terminal"),
    } == {each.removeprefix("depcheck") for each in modules if each.startswith("depcheck")}
