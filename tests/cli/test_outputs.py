"""What each command prints, whole: expected texts are in ``expected/``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.expected import expected
from support.world import World, make_world

from depcheck import __version__
from depcheck.cli import main

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {
    "images-show": ["images", "show", "./demo.toml"],
    "conflicts-list": ["conflicts", "list"],
    "conflicts-show": ["conflicts", "show", "numpy2-torch"],
    "explain": ["explain", "./demo.toml"],
    "explain-numpy": ["explain", "./demo.toml", "NumPy"],
    "explain-torch": ["explain", "./demo.toml", "torch"],
    "explain-trainer": ["explain", "./demo.toml", "trainer"],
    "explain-kernels": ["explain", "./demo.toml", "kernels"],
    "index-info": ["index", "info", "--snapshot", "recorded.sqlite"],
}


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    return make_world(tmp_path, monkeypatch, capsys)


def test_solve_tells_what_it_locked_and_why(world: World) -> None:
    code, out, err = world.solve("./demo.toml")

    assert code == 0
    assert expected("solve.txt", out) == out
    assert expected("solve.err.txt", err) == err


def test_solve_as_a_document(world: World) -> None:
    code, out, err = world.solve("./demo.toml", "--json")

    assert (code, err) == (0, "")
    assert expected("solve.json", out) == out


@pytest.mark.parametrize("name", COMMANDS)
def test_output_for_a_person(world: World, name: str) -> None:
    world.solve("./demo.toml")
    code, out, err = world.run(*COMMANDS[name], "-q")

    assert (code, err) == (0, "")
    assert expected(f"{name}.txt", out) == out


@pytest.mark.parametrize("name", COMMANDS)
def test_output_as_a_document(world: World, name: str) -> None:
    world.solve("./demo.toml")
    code, out, err = world.run(*COMMANDS[name], "--json", "-q")

    assert (code, err) == (0, "")
    assert expected(f"{name}.json", out) == out


@pytest.fixture
def other(world: World) -> World:
    """Return a world with two lock sets of an image that was changed between."""
    world.solve("./demo.toml", "--out", "old")
    world.spec.write_text(
        world.spec.read_text()
        .replace("torch==2.2.2", "torch==2.3.1")
        .replace('HF_HOME = "/cache"', 'HF_HOME = "/data"')
        .replace('exclude = "telemetry"', 'exclude = "unheard-of"')
    )
    world.solve("./demo.toml", "--out", "new")
    return world


@pytest.mark.parametrize(
    ("name", "options"),
    [("diff.txt", ()), ("diff.md", ("--markdown",)), ("diff.json", ("--json",))],
)
def test_lock_sets_that_differ(other: World, name: str, options: tuple[str, ...]) -> None:
    code, out, err = other.run("diff", "old/demo/cu121", "new/demo/cu121", *options)

    assert (code, err) == (1, "")
    assert expected(name, out) == out


def test_lock_sets_that_say_the_same(world: World) -> None:
    world.solve("./demo.toml", "--out", "old")
    world.solve("./demo.toml", "--out", "new")

    assert world.run("diff", "old/demo/cu121", "new/demo/cu121") == (
        0,
        "demo (cu121)\n  nothing differs: 4 pins, 4.0 kB\n",
        "",
    )


def test_a_difference_has_one_form(world: World) -> None:
    code, out, _ = world.run("diff", "one", "other", "--markdown", "--json")

    assert code == 2
    assert json.loads(out) == {
        "error": {
            "hint": "choose one",
            "message": "`--markdown` and `--json` exclude each other",
            "reference": "usage",
        }
    }


def test_quiet_leaves_the_result_alone(world: World) -> None:
    _, out, _ = world.solve("./demo.toml")

    assert world.solve("./demo.toml", "--quiet") == (0, out, "")


def test_the_built_in_images_are_listed(world: World) -> None:
    code, out, err = world.run("images", "list")

    assert (code, err) == (0, "")
    assert expected("images-list.txt", out) == out
    assert [line.split()[0] for line in out.splitlines()] == [
        image["name"] for image in json.loads(world.run("images", "list", "--json")[1])["images"]
    ]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["init"],
        ["solve"],
        ["compile"],
        ["crosscheck"],
        ["explain"],
        ["diff"],
        ["gate"],
        ["export"],
        ["report"],
        ["install"],
        ["doctor"],
        ["images"],
        ["images", "list"],
        ["images", "show"],
        ["conflicts"],
        ["conflicts", "list"],
        ["conflicts", "show"],
        ["conflicts", "check"],
        ["index"],
        ["index", "info"],
        ["index", "serve"],
        ["inspect"],
    ],
)
def test_help(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as left:
        main([*words, "--help"])
    out = capsys.readouterr().out

    assert left.value.code == 0
    assert expected("-".join(["help", *words]) + ".txt", out) == out
    assert [line for line in out.splitlines() if len(line) > 95] == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])

    assert (left.value.code, capsys.readouterr().out) == (0, f"depcheck {__version__}\n")
