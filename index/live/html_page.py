"""Project pages in HTML (PEP 503), read with bounded work.

The parser of the standard library, which pip uses too, looks for the end of an open construct again
and again. So it gets the page in pieces, and what does not end soon is refused.
"""

from __future__ import annotations

import re
from email.message import Message
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from depcheck.index.live.listing import MAJOR

_LARGEST = 8_000_000
"""Bytes; a page of twenty-five thousand files has as many."""
_MOST_MARKS = 250_000
"""Tags, attributes, texts between tags, comments and declarations of a page."""
_PIECE = 1 << 16
"""Characters."""
_DISTRIBUTIONS = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".egg", ".exe")
_DIGEST = re.compile(r"(\w+)=([0-9A-Fa-f]+)")


def html_files(body: bytes, content_type: str) -> list[dict[str, Any]]:
    """Return the files of a page in HTML, as PEP 691 has them.

    Raises:
        ValueError: it is no project page.
    """
    if len(body) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST} bytes of HTML")
    stated = Message()
    stated["Content-Type"] = content_type
    try:
        text = body.decode(stated.get_content_charset() or "utf-8", errors="replace")
    except LookupError as error:
        raise ValueError("its character set is not known") from error
    files = [each for each in _Page(text).files if each["filename"]]
    is_page = any(each["filename"].endswith(_DISTRIBUTIONS) for each in files)
    if not is_page and "links for " not in text.lower():
        raise ValueError("it lists no distribution")
    return files


class _Page(HTMLParser):
    """Collects the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.files: list[dict[str, Any]] = []
        self._base = ""
        self._marks = 0
        self._anchor: dict[str, str] | None = None
        self._text: list[str] = []
        for start in range(0, len(text), _PIECE):
            self._feed(text[start : start + _PIECE])
        self._end_anchor()

    def _feed(self, piece: str) -> None:
        try:
            self.feed(piece)
        except AssertionError as error:  # as the parser says that a declaration is malformed
            raise ValueError("it is no HTML") from error
        if len(self.rawdata) > 2 * _PIECE:
            raise ValueError("its tags do not end")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._count(1 + len(attrs))
        stated = {name: value or "" for name, value in reversed(attrs)}  # the first counts
        if tag == "a":
            self._end_anchor()
            self._anchor = stated if "href" in stated else None
        elif tag == "base" and "href" in stated:
            self._base = stated["href"]
        elif tag == "meta" and stated.get("name") == "pypi:repository-version":
            _check_version(stated.get("content", ""))

    def handle_endtag(self, tag: str) -> None:
        self._count(1)
        if tag == "a":
            self._end_anchor()

    def handle_data(self, data: str) -> None:
        self._count(1)
        if self._anchor is not None:
            self._text.append(data)

    def handle_comment(self, _: str) -> None:
        self._count(1)

    def handle_decl(self, _: str) -> None:
        self._count(1)

    def handle_pi(self, _: str) -> None:
        self._count(1)

    def unknown_decl(self, _: str) -> None:
        self._count(1)

    def _count(self, marks: int) -> None:
        self._marks += marks
        if self._marks > _MOST_MARKS:
            raise ValueError(f"it has more than {_MOST_MARKS} tags, attributes and texts")

    def _end_anchor(self) -> None:
        if self._anchor is not None:
            text = "".join(self._text).strip()
            self.files.append(_file(text, self._anchor, self._base))
        self._anchor = None
        self._text.clear()


def _file(text: str, stated: dict[str, str], base: str) -> dict[str, Any]:
    url, _, fragment = stated["href"].partition("#")
    algorithm, _, digest = fragment.partition("=")
    core = stated.get("data-core-metadata", "")
    match = _DIGEST.fullmatch(core)
    return {
        "filename": text,
        "url": urljoin(base, url) if base else url,
        "hashes": {algorithm.lower(): digest} if digest else {},
        "requires-python": stated.get("data-requires-python"),
        "yanked": "data-yanked" in stated,
        "core-metadata": {match[1]: match[2]} if match else core.lower() == "true",
    }


def _check_version(stated: str) -> None:
    if stated.partition(".")[0] != MAJOR:
        raise ValueError(f"its Simple API version is {stated}")
