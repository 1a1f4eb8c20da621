"""From the page's values to HTML: one file that asks for nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from depcheck.page.model import Extent
from depcheck.terminal import escape, size_text

if TYPE_CHECKING:
    from depcheck.page.model import Page

_TENTH = 50_000
"""Bytes; less is no tenth of a megabyte."""


def render_page(page: Page) -> str:
    """Return the page as HTML; everything in it is escaped.

    Its content security policy allows nothing but its own style sheet and script.
    """
    environment = Environment(
        loader=PackageLoader("depcheck.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    environment.filters.update(
        size=size_text, extent=_extent, megabytes=_megabytes, more=_more, ticked=_ticked
    )
    texts = {name: environment.get_template(f"page.{name}").render() for name in ("css", "js")}
    return environment.get_template("page.html").render(
        page=page,
        style=texts["css"],
        script=texts["js"],
        style_hash=_hash(texts["css"]),
        script_hash=_hash(texts["js"]),
    )


def _visible(value: object) -> object:
    """Show control and bidirectional characters of texts from outside as what they are."""
    return escape(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _ticked(text: str) -> Markup:
    """Return a text with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Markup.escape(escape(text))
    code = Markup("<code>{}</code>")
    return Markup().join(
        code.format(escape(part)) if number % 2 else Markup.escape(escape(part))
        for number, part in enumerate(parts)
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _extent(value: Extent | int) -> str:
    """Return a sum of sizes, a lower bound where some are not known; or a count."""
    if not isinstance(value, Extent):
        return str(value)
    if not value.unknown:
        return size_text(value.known)
    return f"\u2265 {size_text(value.known)}" if value.known else "unknown"


def _megabytes(count: int | None) -> str:
    """Return bytes in megabytes, so that the numbers of a column can be compared."""
    if count is None:
        return "unknown"
    return f"{count / 1e6:,.1f}".replace(",", "\u202f") if count >= _TENTH else "< 0.1"


def _more(count: int | None) -> str:
    """Return a difference in megabytes."""
    if count is None:
        return "unknown"
    if abs(count) < _TENTH:
        return "0.0"
    sign = "\u2212" if count < 0 else "+"
    return f"{sign}{abs(count) / 1e6:,.1f}".replace(",", "\u202f")
