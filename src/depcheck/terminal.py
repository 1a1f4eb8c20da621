"""Text on a terminal: escaped, coloured only where a person reads it, results apart from progress.

Standard output carries the result, standard error everything else.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Compiled where it is needed: most text is printable."""
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_KB = 1000
_GAP = "  "
_ROOM = 28
"""The last column goes below the others rather than into fewer columns than this."""


def escape(text: str) -> str:
    r"""Return text with control and bidirectional characters made visible (``\x1b``).

    Line ends too: text from outside must not look like a line of ours.
    """
    return text if text.isprintable() else re.sub(_UNSAFE, lambda m: _visible(m[0]), text)


def escape_lines(text: str) -> str:
    """Return a text of several lines with each of them escaped."""
    return "\n".join(map(escape, text.split("\n")))


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


class Console(NamedTuple):
    """Where a command writes, and how much."""

    out: TextIO
    err: TextIO
    as_json: bool = False
    quiet: bool = False
    colour: bool = False
    err_colour: bool = False
    width: int | None = None
    """Columns of the terminal that results go to; None where they go elsewhere: no folding."""
    err_width: int | None = None
    """The same of progress and errors."""

    def result(self, text: str = "") -> None:
        """Write one line of the result."""
        print(escape(text), file=self.out)

    def heading(self, text: str, *, indent: str = "") -> None:
        """Write the line above a section of the result."""
        self.styled(f"{indent}{self.paint(text, 'bold')}")

    def paragraph(self, text: str, *, indent: str = "") -> None:
        """Write text of the result, folded to the terminal."""
        for line in folded(escape(text), self.width, indent=indent):
            print(line, file=self.out)

    def table(self, rows: Iterable[Sequence[str]], *, indent: str = "") -> None:
        """Write aligned rows of the result; the last column is folded to the terminal."""
        for line in columns(rows, indent=indent, width=self.width):
            print(line, file=self.out)

    def document(self, content: Any) -> None:
        """Write the result as one JSON document."""
        import json  # noqa: PLC0415 - other results need none

        json.dump(content, self.out, indent=2, sort_keys=True, ensure_ascii=True)
        self.out.write("\n")

    def raw(self, text: str) -> None:
        """Write a result that is in a format of its own, as it is."""
        self.out.write(text)

    def note(self, text: str) -> None:
        """Write a line for a person, unless they asked for quiet."""
        if not self.quiet:
            self._aside(escape(text))

    def warn(self, text: str) -> None:
        """Write a warning, unless they asked for quiet."""
        if not self.quiet:
            self._aside(f"warning: {escape(text)}", "warning:", "yellow")

    def error(self, message: str, hint: str | None) -> None:
        """Write why the command ends without a result, and the remedy."""
        self._aside(f"error: {escape_lines(message)}", "error:", "bold", "red")
        if hint:
            self._aside("")
            self._aside(f"hint: {escape_lines(hint)}", "hint:", "bold")

    def _aside(self, text: str, label: str = "", *styles: str) -> None:
        """Write lines beside the result, each folded with its own indent; paint their label."""
        lines = [part for line in text.split("\n") for part in _hanging(line, self.err_width)]
        if label and self.err_colour:
            lines[0] = lines[0].replace(label, _painted(label, styles), 1)
        print("\n".join(lines), file=self.err)

    def paint(self, text: str, *styles: str) -> str:
        """Return escaped text in a style, where colour is on."""
        return _painted(escape(text), styles) if self.colour else escape(text)

    def styled(self, text: str) -> None:
        """Write a line of the result that `paint` made: it is escaped already."""
        print(text, file=self.out)


def _painted(text: str, styles: Iterable[str]) -> str:
    codes = ";".join(_STYLES[style] for style in styles)
    return f"\x1b[{codes}m{text}\x1b[0m" if codes else text


def make_console(*, as_json: bool, quiet: bool, colour: str) -> Console:
    """Return the console of this process; ``colour`` is auto, always or never."""
    return Console(
        out=sys.stdout,
        err=sys.stderr,
        as_json=as_json,
        quiet=quiet,
        colour=_colour(colour, sys.stdout) and not as_json,
        err_colour=_colour(colour, sys.stderr),
        width=_width(sys.stdout),
        err_width=_width(sys.stderr),
    )


def _width(stream: TextIO) -> int | None:
    if not stream.isatty():
        return None
    from shutil import get_terminal_size  # noqa: PLC0415 - slow, and for terminals only

    return get_terminal_size().columns


def _colour(wish: str, stream: TextIO) -> bool:
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def folded(text: str, width: int | None, *, indent: str = "") -> list[str]:
    """Return text as indented lines of at most so many columns; a longer word stays whole."""
    if width is None:
        return [indent + text]
    from textwrap import wrap  # noqa: PLC0415 - for terminals only

    return wrap(
        text,
        max(width, len(indent) + 1),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _hanging(line: str, width: int | None) -> list[str]:
    """Fold one line; what does not fit continues a little to the right of its start."""
    indent = " " * (len(line) - len(line.lstrip()))
    text = line.strip()
    if width is None or len(line) <= width or not text:
        return [line]
    first, *rest = folded(text, width, indent=f"{indent}  ")
    return [indent + first.lstrip(), *rest]


def columns(
    rows: Iterable[Sequence[str]], *, indent: str = "", width: int | None = None
) -> list[str]:
    """Return rows as lines with aligned columns; the last column is folded, not padded.

    Where the other columns leave it too little room, or a word of it none, it goes below them.
    """
    table = [[escape(cell) for cell in row] for row in rows]
    if not table:
        return []
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]) - 1)]
    left = len(indent) + sum(widths) + len(_GAP) * len(widths)
    longest = max(len(row[-1]) for row in table)
    narrow = width is not None and left + min(longest, _ROOM) > width
    lines: list[str] = []
    for row in table:
        start = indent + _GAP.join(c.ljust(w) for c, w in zip(row[:-1], widths, strict=True))
        word = max(map(len, row[-1].split()), default=0)
        if widths and (narrow or (width is not None and left + word > width)):
            lines += [start.rstrip(), *folded(row[-1], width, indent=f"{indent}    ")]
            continue
        last = folded(row[-1], width, indent=" " * left) or [""]
        lines.append((start.ljust(left) + last[0][left:]).rstrip())
        lines += last[1:]
    return lines
