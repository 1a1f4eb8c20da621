"""Other tools solve the same problem, by the same recording."""

from __future__ import annotations

import json
import platform
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.recording import record
from support.schemas import complaints
from support.universe import Release
from support.world import World, make_world

from depcheck.commands.second_opinions import OPINIONS, Answer

if TYPE_CHECKING:
    from depcheck.resolver.problem import Problem

THIS = ".".join(platform.python_version_tuple()[:2])
NUMBERS = count(1)


def file(*needs: str, yanked: bool = False) -> Release:
    """Return a release with a hash of its own: uv takes files of one hash for the same file."""
    return Release(*needs, yanked=yanked, sha256=f"{next(NUMBERS):064x}")


UNIVERSE = {
    "default": {
        "app": {"1.0": file("lib<2"), "2.0": file("lib<2"), "3.0": file(yanked=True)},
        "lib": {"1.0": file(), "1.5": file(), "2.0": file(), "3.0rc1": file()},
        "numpy": {"1.26.4": file(), "2.1.0": file()},
        "torch": {"2.2.2": file()},
        "trainer": {"1.1": file("nccl-loader==1.0")},
    }
}


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    made = make_world(tmp_path, monkeypatch, capsys)
    record(tmp_path / "small.sqlite", UNIVERSE)
    return made


def checked(world: World, requirements: str, *words: str) -> tuple[int, str, str]:
    Path("r.in").write_text(requirements)
    target = ("--python-version", THIS, "--platform", "manylinux_2_35_x86_64")
    return world.run("crosscheck", "r.in", "--snapshot", "small.sqlite", *target, *words)


def test_all_tools_agree(world: World) -> None:
    code, out, err = checked(world, "app\nlib\n", "--with", "uv,pip-compile,pip")

    assert (0, "asking uv\nasking pip-compile\nasking pip\n") == (code, err)
    assert (
        """\
depcheck     2 pins
uv           2 pins
pip-compile  2 pins
pip          2 pins
all agree
"""
        == out
    )


def test_all_tools_agree_that_there_is_no_solution(world: World) -> None:
    code, out, _ = checked(world, "app\nlib>=2\n", "--with", "uv,pip-compile,pip", "--json")
    document = json.loads(out)

    assert 0 == code
    assert [] == complaints("crosscheck", document)
    assert {"depcheck", "uv", "pip-compile", "pip"} == {
        tool for tool, answer in document["answers"].items() if answer["failure"]
    }


def test_a_difference_that_a_rule_makes_is_shown_with_the_reason(world: World) -> None:
    code, out, _ = checked(world, "torch==2.2.2\nnumpy\n", "--with", "uv")

    assert 1 == code
    assert (
        """\
depcheck  2 pins
uv        2 pins
differences
         depcheck  uv     why depcheck took no other
  numpy  1.26.4    2.1.0  torch==2.2.2 needs numpy<2 [numpy2-torch]
"""
        == out
    )
    assert 0 == checked(world, "torch==2.2.2\nnumpy\n", "--with", "uv", "--no-rules")[0]


def test_a_verdict_that_a_waiver_decides_names_the_rule(world: World) -> None:
    _, out, _ = checked(world, "trainer\n", "--with", "uv", "--json")

    assert ["depcheck waives what packages publish, by trainer-nccl"] == [
        row["why"] for row in json.loads(out)["differences"]
    ]


def test_verdicts_that_differ_are_a_difference(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def contrary(problem: Problem, *_: object) -> Answer:
        return Answer(failure=f"{problem.image} is not to my taste")

    monkeypatch.setitem(OPINIONS, "uv", contrary)
    code, out, _ = checked(world, "lib\n", "--with", "uv")

    assert 1 == code
    assert (
        """\
depcheck  1 pin
uv        r.in is not to my taste
the verdicts differ
"""
        == out
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--with", "poetry"], "`poetry` is no tool to ask [unknown-tool]"),
        (["--with", ","], "no tool is named [unknown-tool]"),
    ],
)
def test_wrong_words(world: World, words: list[str], message: str) -> None:
    code, out, err = checked(world, "lib\n", *words)

    assert (2, "", f"error: {message}") == (code, out, err.splitlines()[0])
