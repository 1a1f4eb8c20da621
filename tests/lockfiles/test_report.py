"""The page of a lock set: whole, escaped, and without anything from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from support.solutions import heavy

from depcheck.lockfiles.lockset import render, write
from depcheck.lockfiles.report import report_html
from depcheck.lockfiles.stored import read_lock_set
from depcheck.lockfiles.treemap import Box, squarified

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.resolver.solution import Solution

ALONE = {"meta", "input", "br", "rect"}
EVIL = '"><script>alert(1)</script>&\u202e'


class Page(HTMLParser):
    """What a page holds; every element must be closed in turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in ALONE:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name in {"src", "srcset", "data", "action"} or name.startswith("on"):
                self.loaded.append(f"{name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if tag not in ALONE:
            assert tag == self.open.pop()


def page(folder: Path, solution: Solution) -> Page:
    write(render(solution), folder / "heavy")
    return Page(report_html(read_lock_set(folder / "heavy")))


def test_elements_are_closed_and_nothing_is_loaded(tmp_path: Path) -> None:
    found = page(tmp_path, heavy())

    assert ([], [], 1) == (found.open, found.loaded, found.elements.count("script"))
    assert {"link", "img", "iframe", "object"}.isdisjoint(found.elements)


def test_every_link_inside_leads_to_one_place(tmp_path: Path) -> None:
    found = page(tmp_path, heavy())
    inside = {link.removeprefix("#") for link in found.links if link.startswith("#")}

    assert inside <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert {f"pin-{each.name}" for each in heavy().pins} == {
        each for each in found.ids if each.startswith("pin-")
    }


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    [rule] = heavy().rules
    evil = replace(rule, reason=EVIL, evidence=(EVIL, "javascript:alert(1)", f"https://x/{EVIL}"))
    found = page(tmp_path, heavy(summary=EVIL, rules=(evil,), warnings=(EVIL,)))

    assert 1 == found.elements.count("script")
    assert [f"https://x/{EVIL}"] == [link for link in found.links if not link.startswith("#")]


def test_same_lock_same_page(tmp_path: Path) -> None:
    write(render(heavy()), tmp_path / "heavy")
    stored = read_lock_set(tmp_path / "heavy")

    assert report_html(stored) == report_html(stored)


@pytest.mark.parametrize("sizes", [[], [7], [500, 300, 100, 50, 50], [1] * 40, [10**10, 1]])
def test_areas_are_sizes_and_fill_the_box(sizes: list[int]) -> None:
    whole = Box(x=0, y=0, width=96, height=42)
    boxes = squarified(sizes, whole)

    assert [pytest.approx(size / sum(sizes) * 96 * 42) for size in sizes] == [
        each.width * each.height for each in boxes
    ]
    assert all(
        each.x >= 0
        and each.y >= 0
        and each.x + each.width <= 96.001
        and each.y + each.height <= 42.001
        for each in boxes
    )
