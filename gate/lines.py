"""The line of every pin of a ``pylock.toml``, by its text alone."""

from __future__ import annotations

import re

_PACKAGE = re.compile(r'^\[\[packages\]\]\n(?:name = "([^"\n]*)")?', re.MULTILINE)


def pin_lines(text: str) -> dict[str, int]:
    """Return the line that names each package, by its name."""
    found: dict[str, int] = {}
    line, seen = 1, 0
    for match in _PACKAGE.finditer(text):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        if match[1] is not None:
            found.setdefault(match[1], line + 1)
    return found
