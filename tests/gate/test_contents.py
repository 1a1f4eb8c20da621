"""What wheels hold closes the gate where `inspect` calls it an error, at once and with --full."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.expected import expected
from support.recording import record
from support.universe import Release
from support.world import UNIVERSE, World, make_world

from depcheck.artifacts.model import Artifact, Finding, Member, Severity, SharedObject
from depcheck.artifacts.store import FactStore, write_facts

if TYPE_CHECKING:
    from pathlib import Path


NUMPY, TRAINER = "1" * 64, "2" * 64


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    world = make_world(tmp_path, monkeypatch, capsys)
    default = {
        **UNIVERSE["default"],
        "numpy": {"1.26.4": Release(sha256=NUMPY)},
        "trainer": {"1.1": Release("torch", "numpy>=1.20", sha256=TRAINER)},
    }
    record(world.snapshot, {**UNIVERSE, "default": default})
    return world


def measure(
    world: World, monkeypatch: pytest.MonkeyPatch, numpy: Artifact, other: Artifact
) -> None:
    """Record facts of two pins of the demo, and solve by them."""
    path = world.folder / "facts.sqlite"
    write_facts(path, {NUMPY: ("numpy", numpy), TRAINER: ("trainer", other)})
    monkeypatch.setattr("depcheck.gate.contents.builtin_facts", lambda: FactStore(path))
    monkeypatch.setenv("DEPCHECK_CACHE_DIR", str(world.folder / "cache"))  # nothing is remembered
    world.solve("./demo.toml")


def artifact(
    name: str, *objects: SharedObject, files: dict[str, int], findings: tuple[Finding, ...] = ()
) -> Artifact:
    members = tuple(Member(path=path, size=size) for path, size in sorted(files.items()))
    return Artifact(
        name=name, version="1.0", members=members, objects=objects, findings=findings, size=1
    )


def test_what_will_not_load_or_overwrites_closes_the_gate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = {"GLIBC": "2.38", "GLIBCXX": "3.4.18"}
    unsafe = Finding(
        code="path-traversal",
        severity=Severity.ERROR,
        subject="../../evil.py",
        message="leaves the folder",
        remedy="do not install it",
    )
    measure(
        world,
        monkeypatch,
        artifact(
            "numpy",
            SharedObject(path="numpy/core.so", machine="x86_64", floors=new),
            SharedObject(path="numpy/linalg.so", machine="x86_64", floors=new),
            files={"numpy/core.so": 9, "shared/a.py": 1, "numpy/own.py": 7},
        ),
        artifact(
            "trainer",
            SharedObject(path="trainer/fast.so", machine="x86_64", floors=new),
            files={"trainer/fast.so": 9, "shared/a.py": 2},
            findings=(unsafe,),
        ),
    )
    code, out, err = world.gate()

    assert (code, err) == (1, "")
    assert expected("gate-contents.txt", out) == out
    assert (code, out, err) == world.gate("--full")


def test_files_that_may_be_alike_are_noted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    same = {f"shared/{letter}.py": 1 for letter in "abc"}
    measure(
        world,
        monkeypatch,
        artifact("numpy", files=same),
        artifact("trainer", files=same),
    )
    [lock_set] = json.loads(world.gate("--json")[1])["lock-sets"]

    assert [] == lock_set["findings"]
    assert (
        "numpy + trainer write the same files, perhaps alike: shared/a.py (each 1 bytes) and 2 more"
        in lock_set["notes"]
    )
