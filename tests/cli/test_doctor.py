"""What a machine has against what an image needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.schemas import complaints
from support.world import make_world

from depcheck.commands.doctor import Needs, judge
from depcheck.machine import Machine, _driver, look

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NEEDS = Needs(
    python="3.11",
    platform="manylinux_2_35_x86_64",
    capabilities=("8.0", "8.9"),
    cuda="12.1",
    disk_bytes=9_000_000_000,
)
GOOD: dict[str, object] = {
    "driver": "550.54.14",
    "capabilities": ("8.9",),
    "glibc": "2.36",
    "python": "/usr/bin/python3.11",
    "uv": "uv 0.8.1",
    "pip": "pip 25.0 from /usr/lib/python3/dist-packages/pip (python 3.11)",
    "free_bytes": 20_000_000_000,
    "indexes": {"default": None},
}


def judged(machine: Iterable[tuple[str, object]], needs: Needs = NEEDS) -> dict[str, str]:
    found = judge(Machine(**dict(machine)), needs)  # type: ignore[arg-type]
    return {each.name: each.status for each in found}


ALL_PASS = dict.fromkeys(
    ("driver", "GPUs", "platform", "python", "installer", "disk", "index default"), "pass"
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"driver": "510.39.01"}, {"driver": "fail"}),
        ({"driver": "525.60.13"}, {}),
        ({"driver": None, "capabilities": ()}, {"driver": "skipped", "GPUs": "skipped"}),
        ({"capabilities": ("12.0", "8.9")}, {"GPUs": "fail"}),
        ({"glibc": "2.31"}, {"platform": "fail"}),
        ({"machine": "aarch64"}, {"platform": "fail"}),
        ({"glibc": None}, {"platform": "skipped"}),
        ({"python": None}, {"python": "fail"}),
        ({"uv": None}, {}),
        ({"uv": None, "pip": None}, {"installer": "fail"}),
        ({"free_bytes": 1}, {"disk": "fail"}),
        ({"indexes": {"default": "no answer"}}, {"index default": "fail"}),
    ],
)
def test_a_machine(change: dict[str, object], expected: dict[str, str]) -> None:
    assert ALL_PASS | expected == judged((GOOD | change).items())


def test_without_an_image_nothing_of_it_is_asked_for() -> None:
    assert {
        "driver": "pass",
        "GPUs": "skipped",
        "platform": "skipped",
        "python": "skipped",
        "installer": "pass",
        "disk": "skipped",
        "index default": "pass",
    } == judged(GOOD.items(), Needs())


def test_what_fails_has_a_remedy_and_nothing_else_has() -> None:
    for change in ({}, {"driver": "1", "glibc": "2.1", "python": None, "free_bytes": 0}):
        for check in judge(Machine(**(GOOD | change)), NEEDS):  # type: ignore[arg-type]
            assert (check.status == "fail") == (check.remedy is not None)


def test_driver_by_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '550.54.14, 9.0'\necho '550.54.14, 8.9'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert ("550.54.14", ("8.9", "9.0")) == _driver()


def test_driver_by_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "version"
    told.write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n"
    )
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr("depcheck.machine._DRIVER", told)

    assert ("570.86.15", ()) == _driver()


def test_an_index_that_does_not_answer_is_named(tmp_path: Path) -> None:
    found = look(python=None, folder=tmp_path, indexes={"default": "http://127.0.0.1:9/simple/"})

    assert found.indexes["default"] is not None
    assert found.free_bytes > 0


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")
    good = Machine(**(GOOD | {"python": None}))  # type: ignore[arg-type]
    monkeypatch.setattr("depcheck.commands.doctor.look", lambda **_: good)
    code, out, err = world.run("doctor", "./demo.toml")
    as_json, document, _ = world.run("doctor", "./demo.toml", "--json")

    assert (code, as_json, err) == (1, 1, "")
    assert complaints("doctor", json.loads(document)) == []
    assert out == (
        "pass  driver         550.54.14; CUDA 12.1 needs 525.60.13 or newer\n"
        "pass  GPUs           8.9\n"
        "pass  platform       x86_64, glibc 2.36; the image is for x86_64, 2.35\n"
        "fail  python         there is no python3.11 on PATH\n"
        "                     remedy: install it: `uv python install 3.11`, or the base image's "
        "package\n"
        "pass  installer      uv 0.8.1, pip 25.0\n"
        "pass  disk           20.0 GB free, 12.0 kB needed to install\n"
        "pass  index default  it answers\n"
    )
