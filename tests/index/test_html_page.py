"""Pages in HTML are read as PEP 503 has them, with bounded work."""

from __future__ import annotations

import time
from typing import Any

import pytest

from depcheck.index.live.html_page import html_files

HTML = "text/html"
_SECONDS = 3
"""CPU; on an idle machine each takes less than one."""
NAME = "demo-1.0-py3-none-any.whl"


def file(**other: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "filename": NAME,
        "url": NAME,
        "hashes": {},
        "requires-python": None,
        "yanked": False,
        "core-metadata": False,
    }
    return {**plain, **{key.replace("_", "-"): value for key, value in other.items()}}


@pytest.mark.parametrize(
    ("page", "files"),
    [
        (f"<a href={NAME}>{NAME}</a>", [file()]),
        (f"<A HREF='{NAME}#SHA256=ab'>\n {NAME}\n</A>", [file(hashes={"sha256": "ab"})]),
        (f'<a href="{NAME}" href="x">demo-1.0<b>-py3</b>-none-any.whl</a>', [file()]),
        (f"<a href='{NAME}'>{NAME}<a href='x'>x</a>", [file(), file(filename="x", url="x")]),
        (f"<a href='{NAME}'>{NAME}", [file()]),
        (f"<!-- <a href='y'>y.whl</a> --><a href='{NAME}'>{NAME}</a>", [file()]),
        (
            f"<base href='https://h/s/'><a href='../{NAME}'>{NAME}</a>",
            [file(url=f"https://h/{NAME}")],
        ),
        (f"<a href='a?b&amp;c'>{NAME}</a>", [file(url="a?b&c")]),
        (f"<a data-yanked href='{NAME}'>{NAME}</a>", [file(yanked=True)]),
        (
            f"<a href='{NAME}' data-requires-python='&gt;=3.8'>{NAME}</a>",
            [file(requires_python=">=3.8")],
        ),
        (
            f"<a href='{NAME}' data-core-metadata='sha256=0f'>{NAME}</a>",
            [file(core_metadata={"sha256": "0f"})],
        ),
        (f"<a href='{NAME}' data-core-metadata='true'>{NAME}</a>", [file(core_metadata=True)]),
        (f"<a name='top'></a><a href='/'></a><a href='{NAME}'>{NAME}</a>", [file()]),
        ("<title>Links for demo</title>", []),
    ],
)
def test_the_files_of_a_page(page: str, files: list[dict[str, Any]]) -> None:
    assert files == html_files(page.encode(), HTML)


def test_pieces_of_a_large_page_are_one_page() -> None:
    row = f"<a href='{NAME}#sha256=ab' data-requires-python='&gt;=3'>{NAME}</a><br>\n"
    page = row * 5000

    assert [file(hashes={"sha256": "ab"}, requires_python=">=3")] * 5000 == html_files(
        page.encode(), HTML
    )


def test_the_character_set_is_the_stated_one() -> None:
    page = f"<a href='ä'>{NAME}</a>"

    assert [file(url="ä")] == html_files(page.encode("latin-1"), "text/html; charset=ISO-8859-1")


@pytest.mark.parametrize(
    ("page", "kind", "why"),
    [
        ("<h1>Please log in</h1><a href='/login'>Log in</a>", HTML, "it lists no distribution"),
        (
            "<meta name='pypi:repository-version' content='2.0'>",
            HTML,
            "its Simple API version is 2.0",
        ),
        ("x", "text/html; charset=klingon", "its character set is not known"),
        ("<![<![", HTML, "it is no HTML"),
        ("x" * 8_000_001, HTML, "it has more than 8000000 bytes of HTML"),
    ],
)
def test_what_is_no_page_is_refused(page: str, kind: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        html_files(page.encode(), kind)

    assert why == str(refused.value)


ENDLESS = "its tags do not end"
MANY = "it has more than 250000 tags, attributes and texts"


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        ("<b>", MANY),
        ("<", MANY),
        ("<!-- >", MANY),
        ("<a href='>", MANY),
        ("<a href=x><!--", ENDLESS),
        ('<a href="', ENDLESS),
        ("<![CDATA[ >", ENDLESS),
        ("<script></", ENDLESS),
        ("</a x=", ENDLESS),
        ("&amp;", ENDLESS),
    ],
)
def test_hostile_pages_are_refused_in_bounded_time(unit: str, why: str) -> None:
    page = (unit * (8_000_000 // len(unit))).encode()
    started = time.process_time()
    with pytest.raises(ValueError, match=r".") as refused:
        html_files(page, HTML)

    assert why == str(refused.value)
    assert time.process_time() - started < _SECONDS
