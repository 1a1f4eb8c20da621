"""The gate as a command: what it says, whole, and what it answers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from support.expected import expected
from support.schemas import complaints
from support.tree import ROOT
from support.world import LOCKS, World, make_world

from depcheck.gate.codes import CODES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")
    return world


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("words", [(), ("--all",), ("./demo.toml",), ("demo.toml", "--full")])
def test_a_lock_set_that_is_as_it_was_solved_may_be_built(
    world: World, words: tuple[str, ...]
) -> None:
    assert world.gate(*words) == (0, expected("gate-open.txt", world.gate()[1]), "")


def test_the_lock_was_edited(world: World) -> None:
    edit(world.folder / LOCKS / "pylock.toml", 'version = "1.26.4"', 'version = "2.0.0"')
    edit(world.folder / LOCKS / "pylock.toml", "numpy-1.26.4", "numpy-2.0.0")
    edit(world.folder / LOCKS / "pylock.toml", "numpy-1.26.4", "numpy-2.0.0")
    code, out, err = world.gate()

    assert (code, err) == (1, "")
    assert expected("gate-edited-lock.txt", out) == out


def test_other_files_were_edited(world: World) -> None:
    folder = world.folder / LOCKS
    edit(folder / "install.sh", "set -euo pipefail", "set -u")
    edit(folder / "requirements.txt", "numpy==1.26.4", "numpy==1.26.3")
    (folder / "install.sh").chmod(0o644)
    (folder / "stages" / "01-torch.txt").unlink()
    (folder / "notes.txt").write_text("remember\n")
    explain = folder / "explain.json"
    explain.write_bytes(explain.read_bytes().replace(b"\n", b"\r\n"))
    code, out, err = world.gate()

    assert (code, err) == (1, "")
    assert expected("gate-edited-files.txt", out) == out


def test_the_spec_changed(world: World) -> None:
    edit(world.spec, '"trainer", "numpy"', '"trainer", "numpy>=2"')
    edit(world.spec, 'disk-budget = "14 GB"', 'disk-budget = "1 B"')
    code, out, err = world.gate()

    assert (code, err) == (1, "")
    assert expected("gate-spec-drift.txt", out) == out


def test_a_remark_in_the_spec_changes_nothing(world: World) -> None:
    world.spec.write_text("# a remark\n" + world.spec.read_text())

    assert world.gate()[0] == 0


def test_a_rule_changed(world: World) -> None:
    """Without the rule that justified a waiver, the waiver is stale."""
    edit(world.folder / "rules.toml", 'drop = ["nccl-loader"]', 'drop = ["nccl"]')
    edit(world.folder / "rules.toml", '"nccl-loader==1.0"', '"nccl==1.0"')
    edit(world.folder / "rules.toml", 'then = ["numpy<2"]', 'then = ["numpy<1.26"]')
    edit(world.folder / "rules.toml", '"numpy==1.26.4"]', '"numpy==1.25.0"]')
    code, out, err = world.gate("--full")

    assert (code, err) == (1, "")
    assert expected("gate-rules-drift.txt", out) == out


def test_the_result_as_a_document(world: World) -> None:
    edit(world.folder / LOCKS / "requirements.txt", "numpy==1.26.4", "numpy==1.26.3")
    code, out, err = world.gate("--json", "-q")

    assert (code, err) == (1, "")
    assert expected("gate.json", out) == out
    assert complaints("gate", json.loads(out)) == []


def test_an_image_without_a_lock_set(world: World) -> None:
    code, out, err = world.gate("nexa_heavy", "--variant", "cu128")

    assert (code, err) == (1, "")
    assert expected("gate-no-lock-set.txt", out) == out


def test_no_lock_set_at_all(world: World) -> None:
    problem = "there is no lock set in `elsewhere` [no-lock-set]"
    hint = "make one: `depcheck solve IMAGE`"

    assert world.run("gate", "--out", "elsewhere") == (2, "", f"error: {problem}\n\nhint: {hint}\n")


def test_all_or_some(world: World) -> None:
    problem = "`--all` takes no image names [no-image]"
    hint = "name images, or leave them out to judge every lock set"

    assert world.gate("--all", "demo.toml") == (2, "", f"error: {problem}\n\nhint: {hint}\n")


def test_the_spec_is_gone(world: World) -> None:
    world.spec.rename(world.folder / "renamed.toml")

    assert world.gate("renamed.toml")[0] == 0
    code, out, err = world.gate()
    assert (code, err) == (1, "")
    assert expected("gate-spec-missing.txt", out) == out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Missing required value in 'lock-version'"),
        ("=", "Invalid statement (at line 1, column 1)"),
    ],
)
def test_a_lock_that_is_none(world: World, text: str, why: str) -> None:
    (world.folder / LOCKS / "pylock.toml").write_text(text)
    [lock_set] = json.loads(world.gate("--json")[1])["lock-sets"]

    assert [
        ("lock-edited", "it was changed after the solve wrote it"),
        ("lock-unreadable", why),
    ] == [(each["code"], each["message"]) for each in lock_set["findings"]]


def test_a_pin_of_another_variant(world: World) -> None:
    """The spec may ask for it, the solve may find it, and still it is wrong."""
    text = world.spec.read_text()
    world.spec.write_text(
        text.replace('default-variant = "cu121"', 'default-variant = "cu118"')
        .replace("[variants.cu121]", "[variants.cu118]")
        .replace("[[variants.cu121", "[[variants.cu118")
    )
    world.solve("./demo.toml")
    code, out, err = world.gate("./demo.toml", "--variant", "cu118")

    assert (code, err) == (1, "")
    assert expected("gate-foreign-label.txt", out) == out


def test_a_build_that_nobody_allowed(world: World) -> None:
    edit(world.spec, 'allow-build = ["kernels"]\n', "")
    world.solve("./demo.toml")
    code, out, err = world.gate()

    assert (code, err) == (1, "")
    assert expected("gate-build.txt", out) == out
    assert (code, out, err) == world.gate("--full")


def test_the_page_tells_every_code_with_its_level() -> None:
    page = (ROOT / "docs" / "gate.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (error|warning|info) \| (.+) \|$", page, re.MULTILINE)

    assert [(name, code.level.value, code.summary) for name, code in CODES.items()] == rows
