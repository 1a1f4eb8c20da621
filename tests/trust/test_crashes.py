"""Whatever kills a run or fills the disk, each output is the old one or the new one, whole.

``pytest tests/trust/test_crashes.py --full -s`` kills two hundred times each.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from support.killing import KINDS
from support.small import Small, files_of
from support.wheelhouse import Wheelhouse, make_wheel, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
SPEC = """\
name = "demo"
summary = "Served on loopback"
default-variant = "cpu"
[target]
python = "3.11"
platform = "manylinux_2_35_x86_64"
[variants.cpu]
requirements = ["one", "two"]
"""
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")
"""Mounts of our own, where the kernel lets us."""


@pytest.mark.parametrize("kind", KINDS)
def test_killed_writers_leave_the_old_or_the_new(tmp_path: Path, kind: str, full: bool) -> None:
    count = 200 if full else 15
    command = [sys.executable, "-m", "support.killing", kind, str(tmp_path), str(count)]
    ran = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout)
    print(f"{kind}: {found}")

    assert {"then new": 1, "whole": count} == {
        "then new": found.get("then new"),
        "whole": found.get("old", 0) + found.get("new", 0),
    }


def fill(house: Path) -> None:
    """Write the wheels of a small index."""
    make_wheel(house, "one", "1.0", requires=["three"])
    make_wheel(house, "two", "1.0", requires=["three<2"])
    for version in ("1.0", "1.1", "2.0"):
        make_wheel(house, "three", version)


def world_of(folder: Path, house: Wheelhouse) -> Small:
    """Return a folder with a spec, and a cache, whose default index is the small one."""
    folder.mkdir()
    env = {"DEPCHECK_CACHE_DIR": str(folder / "cache"), "PIP_INDEX_URL": house.index_url("main")}
    (folder / "demo.toml").write_text(SPEC)
    return Small(folder=folder, env=env)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Small]:
    fill(tmp_path / "house")
    with serve({"main": tmp_path / "house"}) as served:
        yield world_of(tmp_path / "world", served)


COMMANDS = {
    "solve": ("solve", "demo.toml", "--live", "--json"),
    "record": ("index", "record", "demo.toml", "--snapshot", "new.sqlite", "--json"),
}


def outputs(world: Small) -> dict[str, bytes]:
    """Return what commands wrote; what a killed run may leave is hidden."""
    found = files_of(world.folder / "locks") if (world.folder / "locks").exists() else {}
    return {path: raw for path, raw in found.items() if not path.partition("/")[2].startswith(".")}


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_commands_leave_outputs_and_cache_whole(
    world: Small, command: str, full: bool
) -> None:
    words = COMMANDS[command]
    started = time.perf_counter()
    assert 0 == world.run(*words)[0]
    seconds = time.perf_counter() - started
    right = outputs(world)
    random = Random(command)
    count = 200 if full else 3
    for _ in range(count):
        if random.random() < 0.5:
            shutil.rmtree(world.folder / "cache", ignore_errors=True)
            shutil.rmtree(world.folder / "locks", ignore_errors=True)
        process = world.start(*words)
        time.sleep(random.uniform(0.3, 1) * seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()

        assert outputs(world) in ({}, right)
        if command == "record" and not full:
            assert 0 == world.run("index", "info", "--snapshot", "new.sqlite")[0]
    print(f"{command}: {count} kills")

    assert 0 == world.run(*words)[0]
    assert right == outputs(world)
    assert 0 == world.run("solve", "demo.toml", "--live", "--out", "again")[0]


def test_runs_at_once_share_a_cache_and_agree(world: Small, full: bool) -> None:
    count = 16 if full else 3
    together = [
        world.start("solve", "demo.toml", "--live", "--out", "together") for _ in range(count)
    ]
    apart = [
        world.start("solve", "demo.toml", "--live", "--out", f"apart{number}")
        for number in range(count)
    ]
    ends = [(process.communicate(), process.returncode) for process in (*together, *apart)]

    assert [0] * len(ends) == [code for _, code in ends]
    found = [files_of(world.folder / "together")]
    found += [files_of(world.folder / f"apart{number}") for number in range(count)]
    assert [found[0]] * len(found) == found


def can_mount() -> bool:
    """Whether a small file system can be made here."""
    if shutil.which(UNSHARE[0]) is None:
        return False
    command = [*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


FULL = "head -c 4M /dev/zero >small/filler 2>/dev/null"
READ_ONLY = "mount -o remount,ro small"
SPOILED = """
set -u
look() { (cd small && find . ! -name filler | sort && find . -type f -exec sha256sum {} + | sort); }
mount -t tmpfs -o size=1m none small
cp -r before/. small
before=$(look)
SPOIL
"$@"
echo "exit $?"
rm -f small/filler 2>/dev/null
after=$(look)
[[ $before == "$after" ]] && echo same || echo "changed: $after"
"""
OUTPUTS = {
    "solve": ("solve", "demo.toml", "--live", "--out", "small/locks"),
    "record": ("index", "record", "demo.toml", "--snapshot", "small/new.sqlite"),
    "compile": ("compile", "demo.in", "-o", "small/requirements.txt"),
    "report": ("report", "demo.toml", "--out", "locks", "-o", "small/report.html"),
    "export": ("export", "demo.toml", "--format", "requirements", "-o", "small/out.txt"),
    "init": ("init", "demo.in", "--base-image", "python:3.11", "-o", "small/drafted.toml"),
    "gate": ("gate", "demo.toml", "--output", "json=small/gate.json"),
}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """Return a world with outputs of every kind in the folder `before`."""
    folder = tmp_path_factory.mktemp("stocked")
    fill(folder / "house")
    with serve({"main": folder / "house"}) as served:
        world = world_of(folder / "world", served)
        (world.folder / "demo.in").write_text("one\n")
        assert 0 == world.run("solve", "demo.toml", "--live")[0]
        before = world.folder / "before"
        shutil.copytree(world.folder / "locks", before / "locks")
        pylock = before / "locks" / "demo" / "cpu" / "pylock.toml"
        pylock.write_bytes(pylock.read_bytes() + b"# an older lock set\n")
        for name in ("new.sqlite", "requirements.txt", "report.html", "out.txt", "gate.json"):
            (before / name).write_text("as it was\n")
        (world.folder / "small").mkdir()
        yield world


@pytest.mark.skipif(not can_mount(), reason="needs a user namespace that may mount")
@pytest.mark.parametrize("spoil", [FULL, READ_ONLY], ids=["full", "read-only"])
@pytest.mark.parametrize("command", OUTPUTS)
def test_a_full_or_read_only_disk_is_said_and_leaves_what_was_there(
    stocked: Small, command: str, spoil: str
) -> None:
    script = SPOILED.replace("SPOIL", spoil)
    start = [*UNSHARE, "bash", "-c", script, "bash", sys.executable, "-m", "depcheck"]
    process = subprocess.run(
        [*start, *OUTPUTS[command]],
        cwd=stocked.folder,
        env={**os.environ, **stocked.env},
        capture_output=True,
        text=True,
        check=False,
    )
    (message,) = (line for line in process.stderr.splitlines() if line.startswith("error: "))

    assert ["exit 3", "same"] == process.stdout.splitlines()[-2:], process.stderr
    assert "[Errno" not in message


def test_a_cache_that_cannot_be_written_hinders_nobody(world: Small) -> None:
    (world.folder / "cache").write_text("a file where the folder should be")

    assert 0 == world.run("solve", "demo.toml", "--live")[0]
