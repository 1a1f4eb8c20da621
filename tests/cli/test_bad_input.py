"""Bad input ends with its exit code and one message, and leaves an existing lock set alone.

``expected/bad/NAME.txt`` holds the exit code and standard error.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.expected import expected
from support.schemas import complaints
from support.unmeasured import environment
from support.world import SPEC, World, make_world

if TYPE_CHECKING:
    from pathlib import Path

SOLVE = ["solve", "demo.toml", "--snapshot", "recorded.sqlite"]
INFO = ["index", "info", "--snapshot", "recorded.sqlite"]
COMMANDS = {
    "misspelt-command": ["index", "inof"],
    "unknown-option": [*SOLVE, "--jsn"],
    "no-image": ["solve"],
    "misspelt-image": ["solve", "nexa_hevy"],
    "unknown-image": ["solve", "zzz"],
    "unknown-variant": [*SOLVE, "--variant", "cu112"],
    "spec-missing": ["solve", "./none.toml"],
    "spec-is-a-folder": ["solve", "./"],
    "snapshot-missing": ["solve", "demo.toml", "--snapshot", "none.sqlite"],
    "info-of-no-snapshot": ["index", "info", "--snapshot", "none.sqlite"],
    "misspelt-rule": ["conflicts", "show", "numpy2-torhc"],
    "explain-misspelt-package": ["explain", "./demo.toml", "numpi"],
    "explain-unknown-package": ["explain", "./demo.toml", "zzz"],
    "explain-package-dropped-by-rule": ["explain", "./demo.toml", "nccl-loader"],
    "explain-package-dropped-by-spec": ["explain", "./demo.toml", "Telemetry"],
    "explain-without-lock-set": ["explain", "./demo.toml", "--out", "elsewhere"],
    "diff-of-no-lock-set": ["diff", "locks/demo/cu121", "locks/demo/cu128"],
    "align-and-keep": [*SOLVE, "--align", "--keep"],
    "out-is-a-file": [*SOLVE, "--out", "demo.toml"],
}
SPECS = {
    "unknown-key": ("disk-budget", "disk-buget"),
    "wrong-type": ('python = "3.11"', "python = 3.11"),
    "invalid-requirement": ('"trainer"', '"trainer=>1"'),
    "not-toml": ("[target]", "[target"),
    "unsatisfiable": ('"numpy"]', '"numpy>=2"]'),
    "no-such-project": ('"trainer"', '"trainer", "zzz"'),
    "no-such-version": ('"trainer"', '"trainer>=9"'),
}


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    made = make_world(tmp_path, monkeypatch, capsys)
    made.solve("demo.toml")
    return made


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check(world: World, name: str, words: list[str]) -> None:
    """Run a command that must fail, for a person and as a document."""
    before = files(world.folder / "locks")
    code, out, err = world.run(*words)
    told = f"exit {code}\n{err.replace(f'{world.folder}/', '')}"
    as_json, document, beside = world.run(*words, "--json")
    error = json.loads(document)["error"]

    assert out == ""
    assert expected(f"bad/{name}.txt", told) == told
    assert (as_json, beside) == (code, "")
    assert complaints("error", json.loads(document)) == []
    assert err.replace(f" [{error['reference']}]", "", 1).startswith(f"error: {error['message']}\n")
    assert files(world.folder / "locks") == before


@pytest.mark.parametrize("name", COMMANDS)
def test_command(world: World, name: str) -> None:
    check(world, name, COMMANDS[name])


@pytest.mark.parametrize("name", SPECS)
def test_spec(world: World, name: str) -> None:
    old, new = SPECS[name]
    assert old in SPEC
    world.spec.write_text(SPEC.replace(old, new))

    check(world, f"spec-{name}", SOLVE)


def test_spec_that_is_not_utf8(world: World) -> None:
    world.spec.write_bytes(SPEC.encode().replace(b"A small", b"\xff small"))

    check(world, "spec-not-utf8", SOLVE)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("empty", lambda _: b""),
        ("truncated", lambda content: content[: len(content) // 2]),
        ("truncated-early", lambda content: content[:5000]),
        ("not-sqlite", lambda _: b"these are no records, but some words in a text file"),
    ],
)
def test_snapshot_that_was_damaged(world: World, name: str, damage: object) -> None:
    assert callable(damage)
    world.snapshot.write_bytes(damage(world.snapshot.read_bytes()))

    check(world, f"snapshot-{name}", SOLVE)
    check(world, f"info-{name}", INFO)


def test_snapshot_with_one_flipped_byte(world: World) -> None:
    content = world.snapshot.read_bytes()
    place = content.index(b"x\xda")  # where a compressed record begins
    world.snapshot.write_bytes(content[: place + 9] + b"\0\0" + content[place + 11 :])

    check(world, "snapshot-flipped", SOLVE)


def test_snapshot_of_other_indexes(world: World) -> None:
    world.spec.write_text(SPEC.replace("whl/cu121", "whl/cu128"))

    check(world, "snapshot-of-other-indexes", SOLVE)


def test_explanation_that_was_damaged(world: World) -> None:
    path = world.folder / "locks/demo/cu121/explain.json"
    path.write_bytes(path.read_bytes()[:-100])

    check(world, "explanation-damaged", ["explain", "./demo.toml"])


def test_lock_set_with_foreign_files(world: World) -> None:
    (world.folder / "locks/demo/cu121/notes.txt").write_text("mine")

    check(world, "foreign-files", SOLVE)


def run_limited(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} -m depcheck"
    return subprocess.run(
        ["bash", "-c", script.replace("depcheck", command, 1)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_disk_that_takes_no_more(tmp_path: Path) -> None:
    """A limit on file sizes fails writes even for root."""
    depcheck = "depcheck solve nexa_infer -q"
    assert run_limited(tmp_path, depcheck).returncode == 0
    (tmp_path / "locks/nexa_infer/cu121/pylock.toml").write_text("of another solve")
    before = files(tmp_path)
    done = run_limited(tmp_path, f"ulimit -f 8; {depcheck}")

    assert (done.returncode, done.stdout, done.stderr.replace(str(tmp_path), "")) == (
        3,
        "",
        (
            "error: cannot write the lock set to `/locks/nexa_infer/cu121`: file too large "
            "[lock-set-not-written]\n\n"
            "hint: check permissions and free disk space, or choose another output folder\n"
        ),
    )
    assert files(tmp_path) == before


def test_output_that_takes_no_more(tmp_path: Path) -> None:
    done = run_limited(tmp_path, "depcheck images list > /dev/full")

    assert (done.returncode, done.stderr) == (
        3,
        (
            "error: no space left on device [system-refused]\n\n"
            "hint: check free disk space and permissions, then try again\n"
        ),
    )


def test_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    done = run_limited(tmp_path, "set -o pipefail; depcheck conflicts list --json | head -c 1")

    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")
