"""Whoever writes files and a record that agrees with them is found out by --full, or told of."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.world import LOCKS, World, make_world

from depcheck.lockfiles.record import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def agreeing(_: dict[str, Any]) -> None:
    """Change nothing but the hash of the file."""


def recorded_elsewhere(record: dict[str, Any]) -> None:
    record["indexes"]["default"] = "0" * 64


def written_by_another_version(record: dict[str, Any]) -> None:
    record["depcheck"] = "0.0.9"


def under_other_rules(record: dict[str, Any]) -> None:
    record["rules"]["digests"]["numpy2-torch"] = "0" * 64


def by_a_command_of_two_lines(record: dict[str, Any]) -> None:
    record["command"] += "\nmalware"


@pytest.mark.parametrize(
    ("forge", "codes"),
    [
        (agreeing, ["file-edited"]),
        (recorded_elsewhere, ["snapshot-drift", "file-edited"]),
        (written_by_another_version, ["files-unjudged"]),
        (under_other_rules, ["rules-drift", "files-unjudged"]),
        (by_a_command_of_two_lines, ["files-unjudged"]),
    ],
)
def test_a_script_that_its_record_vouches_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    forge: Callable[[dict[str, Any]], None],
    codes: list[str],
) -> None:
    world: World = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")
    script = world.folder / LOCKS / "install.sh"
    script.write_text(script.read_text() + "malware\n")
    path = world.folder / LOCKS / "gate.json"
    record = json.loads(path.read_text())
    record["files"]["install.sh"]["sha256"] = hashlib.sha256(script.read_bytes()).hexdigest()
    forge(record)
    record["digest"] = digest_of(record)
    path.write_text(json.dumps(record))
    [judged] = json.loads(world.gate("--full", "--json")[1])["lock-sets"]

    assert sorted(codes) == sorted(each["code"] for each in judged["findings"])
