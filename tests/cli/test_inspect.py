"""What ``depcheck inspect`` prints, whole: expected texts are in ``expected/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.artifacts import FILENAME, wheel_bytes
from support.elf import Elf, fatbin_of
from support.expected import expected
from support.world import World, make_world

from depcheck.artifacts.lockset import read_lock_set
from depcheck.artifacts.sources import inspect_path
from depcheck.artifacts.store import write_facts

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "demo/__init__.py": b"VALUE = 1\n",
    "demo/fast.so": Elf(
        needed=["libcudart.so.12", "libc.so.6"],
        versions={"libc.so.6": ["GLIBC_2.28"]},
        sections={".nv_fatbin": fatbin_of("sm_80 sm_86 compute_86")},
    ).build(),
    "demo/hopper.so": Elf(sections={".nv_fatbin": fatbin_of("sm_90a")}).build(),
}
LOCK = "locks/demo/cu121"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    world = make_world(tmp_path, monkeypatch, capsys)
    wheel = world.folder / FILENAME
    wheel.write_bytes(wheel_bytes(FILES, entry_points="[console_scripts]\ndemo = demo:main\n"))
    world.solve("./demo.toml")
    lock = read_lock_set(world.folder / LOCK)
    digest = next(each.sha256 for each in lock.packages if each.name == "trainer")
    write_facts(
        world.folder / "facts.sqlite", {digest or "": (FILENAME, inspect_path(wheel).artifact)}
    )
    return world


@pytest.mark.parametrize(
    ("name", "words", "expected_code"),
    [
        ("inspect", [FILENAME, "--capability", "8.9", "--capability", "7.5"], 1),
        ("inspect-architectures", [FILENAME], 0),
        ("inspect-lock-set", [LOCK, "--facts", "facts.sqlite"], 0),
        ("inspect-lock-set-7", [LOCK, "--facts", "facts.sqlite", "--capability", "7.5"], 1),
    ],
)
def test_output_for_a_person(world: World, name: str, words: list[str], expected_code: int) -> None:
    code, out, err = world.run("inspect", *words)

    assert (expected_code, "") == (code, err)
    assert expected(f"{name}.txt", out) == out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inspect", [FILENAME, "--capability", "8.9"]),
        ("inspect-lock-set", [LOCK, "--facts", "facts.sqlite"]),
    ],
)
def test_output_as_a_document(world: World, name: str, words: list[str]) -> None:
    code, out, err = world.run("inspect", *words, "--json")

    assert (0, "") == (code, err)
    assert expected(f"{name}.json", out) == out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["none.whl"],
            "error: `none.whl` cannot be read: no such file or directory [artifact-unreadable]",
        ),
        (
            [FILENAME, "--capability", "sm_89"],
            "error: `sm_89` is not a compute capability [bad-capability]",
        ),
        ([LOCK, "--record"], "error: `--record` needs the file to write [no-facts-file]"),
        (
            [LOCK, "--facts", "none.sqlite"],
            (
                "error: `none.sqlite` cannot be read as recorded facts: "
                "no such file or directory [facts-unreadable]"
            ),
        ),
        (["demo.toml"], "error: `demo.toml` is not the file name of a wheel [not-a-wheel]"),
    ],
)
def test_wrong_input_is_said_in_one_line(world: World, words: list[str], message: str) -> None:
    code, out, err = world.run("inspect", *words)

    assert (2, "") == (code, out)
    assert message == err.splitlines()[0]
