"""Text on a terminal: escaped, coloured only where a person reads it, results apart from progress.

Standard output carries the result, standard error everything else.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_KB = 1000


def escape(text: str) -> str:
    r"""Return text with control and bidirectional characters made visible (``\x1b``)."""
    return _UNSAFE.sub(lambda match: _visible(match[0]), text)


def _visible(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004


def size_text(count: int | None) -> str:
    """Return bytes in decimal units for a person: ``755.6 MB``; a question mark for unknown."""
    if count is None:
        return "?"
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < _KB:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KB
    return f"{value:.1f} GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Where a command writes, and how much."""

    out: TextIO
    err: TextIO
    as_json: bool = False
    quiet: bool = False
    colour: bool = False

    def result(self, text: str = "") -> None:
        """Write one line of the result."""
        print(escape(text), file=self.out)

    def document(self, content: Any) -> None:
        """Write the result as one JSON document."""
        json.dump(content, self.out, indent=2, sort_keys=True, ensure_ascii=True)
        self.out.write("\n")

    def note(self, text: str) -> None:
        """Write a line for a person, unless they asked for quiet."""
        if not self.quiet:
            print(escape(text), file=self.err)

    def warn(self, text: str) -> None:
        """Write a warning."""
        if not self.quiet:
            print(f"{self.paint('warning:', 'yellow')} {escape(text)}", file=self.err)

    def paint(self, text: str, *styles: str) -> str:
        """Return escaped text in a style, where colour is on."""
        safe = escape(text)
        if not self.colour:
            return safe
        return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{safe}\x1b[0m"

    def styled(self, text: str) -> None:
        """Write a line of the result that `paint` made: it is escaped already."""
        print(text, file=self.out)


def make_console(*, as_json: bool, quiet: bool, colour: str) -> Console:
    """Return the console of this process; ``colour`` is auto, always or never."""
    return Console(
        out=sys.stdout,
        err=sys.stderr,
        as_json=as_json,
        quiet=quiet,
        colour=_colour(colour) and not as_json,
    )


def _colour(wish: str) -> bool:
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def columns(rows: Iterable[Sequence[str]], *, indent: str = "") -> list[str]:
    """Return rows as lines with aligned columns; the last column is not padded."""
    table = [[escape(cell) for cell in row] for row in rows]
    if not table:
        return []
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]) - 1)]
    return [
        (indent + "  ".join(c.ljust(w) for c, w in zip(row, [*widths, 0], strict=True))).rstrip()
        for row in table
    ]
