"""An earlier lock set is read only where the user says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.world import World, make_world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    """Return a world whose lock set is older than its indexes."""
    made = make_world(tmp_path, monkeypatch, capsys)
    text = made.spec.read_text()
    made.spec.write_text(text.replace('"torch==2.2.2", "trainer"', '"torch", "trainer==1.0"'))
    made.spec.write_text(made.spec.read_text().replace('"numpy"', '"numpy<2.1"'))
    made.solve("./demo.toml")
    made.spec.write_text(text.replace('"torch==2.2.2"', '"torch"'))
    return made


def solved(world: World, *words: str) -> dict[str, str]:
    _, out, _ = world.solve("./demo.toml", "--json", *words)
    pins: dict[str, str] = json.loads(out)["solved"][0]["pins"]
    return {name: pins[name] for name in ("numpy", "torch", "trainer")}


def test_by_default_a_solve_does_not_read_it(world: World) -> None:
    assert solved(world) == {"numpy": "2.1.0", "torch": "2.3.1+cu121", "trainer": "1.1"}


def test_keep(world: World) -> None:
    assert solved(world, "--keep") == {
        "numpy": "2.0.0",
        "torch": "2.3.1+cu121",
        "trainer": "1.0",
    }


def test_upgrade_of_one_package_keeps_the_others(world: World) -> None:
    assert solved(world, "--upgrade-package", "Trainer") == {
        "numpy": "2.0.0",
        "torch": "2.3.1+cu121",
        "trainer": "1.1",
    }


def test_a_lock_set_that_was_kept_passes_the_gate(world: World) -> None:
    world.solve("./demo.toml", "--keep")
    code, _, err = world.run("gate", "./demo.toml", "--full", "--snapshot", "recorded.sqlite")

    assert (code, err) == (0, "")


def test_nothing_to_keep_is_said(world: World) -> None:
    code, _, err = world.solve("./demo.toml", "--keep", "--out", "elsewhere")
    first, *_ = err.splitlines()

    assert (code, first) == (0, "there is no earlier lock set in elsewhere/demo/cu121 to keep")


def test_upgrade_of_what_is_not_locked(world: World) -> None:
    code, out, err = world.solve("./demo.toml", "--upgrade-package", "numpi")

    assert (code, out, err) == (
        2,
        "",
        (
            "error: `numpi` is not in the lock set in `locks/demo/cu121` [package-not-locked]\n\n"
            "hint: did you mean `numpy`?\n"
        ),
    )
