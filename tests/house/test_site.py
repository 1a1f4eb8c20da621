"""The documents build as a site: no dead link, every page in the menu, nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")

LOADED = re.compile(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=\"?(?:https?:)?//[^>]*>")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stdout + done.stderr)
    return folder


def test_every_document_is_a_page(site: Path) -> None:
    documents = {path.stem for path in (ROOT / "docs").glob("*.md")}
    pages = {path.stem for path in site.glob("*.html")}

    assert documents <= pages
    assert pages - documents == {
        *("404", "index", "changelog", "contributing", "examples", "security"),
    }


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = [
        (path.name, match[0])
        for path in site.rglob("*.html")
        for match in LOADED.finditer(path.read_text(encoding="utf-8"))
    ]

    assert [] == loaded


def test_files_that_the_pages_link_to_come_along(site: Path) -> None:
    schema = site / "source/src/depcheck/schemas/gate.json"

    assert (ROOT / "src/depcheck/schemas/gate.json").read_bytes() == schema.read_bytes()
