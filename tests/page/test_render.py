"""The page of a lock set: whole, escaped, and without anything from elsewhere."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from support.pages import Markup, artifact, measured
from support.solutions import heavy, pin

from depcheck.page.content import page_of
from depcheck.page.model import Extent
from depcheck.page.render import _extent, _megabytes, _more, _ticked, render_page

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.resolver.solution import Solution

EVIL = '"><script>alert(1)</script>&\u202e'
SHOWN = EVIL.replace("\u202e", "\\u202e")


def html(folder: Path, solution: Solution, other: Solution | None = None) -> str:
    against = measured(folder / "other", other) if other else None
    return render_page(page_of(measured(folder / "here", solution), against))


def test_elements_are_closed_and_nothing_is_loaded(tmp_path: Path) -> None:
    found = Markup(html(tmp_path, heavy(), heavy(pins=(pin("numpy", "1.0"),))))

    assert ([], []) == (found.open, found.loaded)
    assert 2 == found.elements.count("script")
    assert {"img", "iframe", "object", "form"}.isdisjoint(found.elements)


def test_the_policy_allows_what_is_on_the_page_and_nothing_else(tmp_path: Path) -> None:
    text = html(tmp_path, heavy())
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digests = [b64encode(sha256(each.encode()).digest()).decode() for each in (style, script)]

    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digests[0]}'; "
        f"script-src 'sha256-{digests[1]}'; base-uri 'none'; form-action 'none'"
    )

    assert [policy] == re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)


def test_every_link_inside_leads_to_one_place(tmp_path: Path) -> None:
    found = Markup(html(tmp_path, heavy()))
    inside = {link.removeprefix("#") for link in found.links if link.startswith("#")}

    assert set() == inside - set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert {f"pin-{each.name}" for each in heavy().pins} == {
        each for each in found.ids if each.startswith("pin-")
    }


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    [rule] = heavy().rules
    [waiver] = heavy().waivers
    evil = replace(
        rule, reason=EVIL, remedy=EVIL, evidence=(EVIL, "javascript:alert(1)", f"https://x/{EVIL}")
    )
    found = Markup(
        html(
            tmp_path,
            heavy(
                summary=EVIL,
                rules=(evil,),
                waivers=(replace(waiver, requirement=EVIL, reason=EVIL, rule=EVIL),),
                warnings=(EVIL,),
                system=(EVIL,),
                env={"X": EVIL.rstrip("\u202e")},
            ),
        )
    )

    assert 2 == found.elements.count("script")
    assert [f"https://x/{SHOWN}"] == [
        link for link in found.links if not link.startswith(("#", "data:"))
    ]
    assert [] == [text for text in found.texts if "\u202e" in text]


def test_same_lock_same_page(tmp_path: Path) -> None:
    assert html(tmp_path / "one", heavy()) == html(tmp_path / "two", heavy())


def test_what_nobody_measured_is_said(tmp_path: Path) -> None:
    known = {each.name: artifact(each.name, 1000) for each in heavy().pins}
    texts = [
        Markup(render_page(page_of(measured(tmp_path / folder, heavy(), facts)))).texts
        for folder, facts in (("none", {}), ("all", known))
    ]

    assert (True, False) == tuple(f"{len(known)} not measured" in found for found in texts)
    assert (False, True) == tuple("every wheel measured" in found for found in texts)


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "unknown"), (0, "< 0.1"), (50_000, "0.1"), (2_068_577_711, "2\u202f068.6")],
)
def test_sizes_of_a_column_have_one_unit(count: int | None, text: str) -> None:
    assert text == _megabytes(count)


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "unknown"), (-49_999, "0.0"), (-2_000_000, "\u22122.0"), (1.5e9, "+1\u202f500.0")],
)
def test_differences_have_a_sign(count: int | None, text: str) -> None:
    assert text == _more(count)


@pytest.mark.parametrize(
    ("extent", "text"),
    [
        (7, "7"),
        (Extent(known=5_000_000), "5.0 MB"),
        (Extent(known=5_000_000, unknown=1), "\u2265 5.0 MB"),
        (Extent(unknown=2), "unknown"),
    ],
)
def test_a_sum_with_an_unknown_size_is_a_lower_bound(extent: Extent | int, text: str) -> None:
    assert text == _extent(extent)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("`a<b` and `c`", "<code>a&lt;b</code> and <code>c</code>"),
        ("one ` alone <", "one ` alone &lt;"),
    ],
)
def test_backticks_mark_code(text: str, shown: str) -> None:
    assert shown == _ticked(text)
