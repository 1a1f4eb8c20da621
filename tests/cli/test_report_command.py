"""The page is written where the user says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.schemas import complaints
from support.world import make_world

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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


def test_page_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")

    assert world.run("report", "./demo.toml", "-o", "none/page.html") == (
        3,
        "",
        (
            "error: cannot write `none/page.html`: No such file or directory "
            "[report-not-written]\n\n"
            "hint: check the folder and its permissions, or name another file by `-o`\n"
        ),
    )
