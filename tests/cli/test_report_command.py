"""The page is written where the user says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.schemas import complaints
from support.world import LOCKS, make_world

if TYPE_CHECKING:
    from pathlib import Path


def test_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")
    code, out, err = world.run("report", "./demo.toml", "-o", "page.html", "--json")
    content = (tmp_path / "page.html").read_bytes()

    assert (code, err) == (0, "")
    assert complaints("report", json.loads(out)) == []
    assert json.loads(out) == {"report": "page.html", "bytes": len(content)}


def test_two_lock_sets_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other one is named by its folder, or by its variant."""
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")
    pages = []
    for against in ((), ("--against", LOCKS), ("--against", "cu121")):
        code, _, err = world.run("report", "./demo.toml", "-o", "page.html", *against)
        assert (code, err) == (0, "")
        pages.append((tmp_path / "page.html").read_text("utf-8"))

    assert pages[0] != pages[1] == pages[2]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (
            ("--against", "cu120"),
            (
                "error: there is no lock set in `cu120` [no-lock-set]\n\n"
                "hint: make it: `depcheck solve IMAGE`\n"
            ),
        ),
        (
            ("--facts", "demo.toml"),
            (
                "error: `demo.toml` cannot be read as recorded facts: file is not a database "
                "[facts-unreadable]\n\n"
                "hint: name a file that `depcheck inspect --record` wrote\n"
            ),
        ),
    ],
)
def test_what_cannot_be_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    answer: str,
) -> None:
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")

    assert (2, "", answer) == world.run("report", "./demo.toml", "-o", "page.html", *words)


def test_page_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")

    assert world.run("report", "./demo.toml", "-o", "none/page.html") == (
        3,
        "",
        (
            "error: cannot write `none/page.html`: no such file or directory "
            "[report-not-written]\n\n"
            "hint: check the folder and its permissions, or name another file by `-o`\n"
        ),
    )
