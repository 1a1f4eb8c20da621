"""What an index says of locked releases later than the solve did."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from support.recording import record
from support.universe import Release
from support.world import UNIVERSE, World, make_world

if TYPE_CHECKING:
    from pathlib import Path

TORCH = "https://index.example/whl/cu121"
ANOTHER_HASH = Release(sha256="1" * 64)
CASES: dict[str, tuple[str, str, str, Any, list[str]]] = {
    "yanked": ("default", "numpy", "1.26.4", Release(yanked=True), ["release-yanked"]),
    "replaced": ("default", "numpy", "1.26.4", ANOTHER_HASH, ["hash-unknown"]),
    "vanished": ("default", "numpy", "1.26.4", None, ["release-unknown"]),
    "for another Python": (
        "default",
        "numpy",
        "1.26.4",
        Release(python=">=3.12"),
        ["python-unfit"],
    ),
    "other needs": (
        "default",
        "trainer",
        "1.1",
        Release("torch>=2.3", "numpy>=1.20", "kernels", "nccl-loader==1.0", "telemetry>=2"),
        ["requirement-unsatisfied"],
    ),
    "another wheel": (
        TORCH,
        "torch",
        "2.2.2+cu121",
        Release(tags="cp312-cp312-linux_x86_64", uploaded=None),
        ["file-unknown"],
    ),
    "a newer release": ("default", "kernels", "4.0", Release(), []),
}


@pytest.mark.parametrize("name", CASES)
def test_what_changed_on_the_index_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    index, project, version, release, codes = CASES[name]
    world: World = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")
    universe = deepcopy(UNIVERSE)
    universe[index][project][version] = release
    if release is None:
        del universe[index][project][version]
    record(tmp_path / "recorded.sqlite", universe)
    code, out, _ = world.gate("--json")
    [judged] = json.loads(out)["lock-sets"]
    found = [each["code"] for each in judged["findings"]]

    assert (int(bool(codes)), ["snapshot-drift", *codes]) == (code, found)


def test_a_pin_that_the_recording_does_not_know_is_not_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world: World = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")
    universe = deepcopy(UNIVERSE)
    del universe["default"]["kernels"]
    record(tmp_path / "recorded.sqlite", universe)
    [judged] = json.loads(world.gate("--json")[1])["lock-sets"]

    assert ["snapshot-drift", "pin-unrecorded"] == [each["code"] for each in judged["findings"]]
