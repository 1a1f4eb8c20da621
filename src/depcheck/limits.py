"""What no honest input has: more than this is refused before it is parsed.

Parsers of ours and of libraries take quadratic time on some texts, or convert numbers that Python
refuses to convert. The limits keep that to a second or so.
"""

from __future__ import annotations

import re

LARGEST_LOCK = 8_000_000
"""Bytes of a file that tools write."""
LARGEST_DOCKERFILE = 200_000
LARGEST_SPEC = 1_000_000
"""Bytes of a file that people write."""
_LONGEST_NUMBER = 1000
"""Digits; Python itself gives up beyond 4,300."""
_MOST_PARTS = 100
"""Parts of a dotted key or version."""
_ENDLESS = re.compile(rf"(?<!\d)\d{{{_LONGEST_NUMBER + 1}}}")
_NO_KEY = re.compile(r"[^\w.\"'-]+")


def has_endless_number(text: str) -> bool:
    """Whether a text has a number that nobody could have meant."""
    return len(text) > _LONGEST_NUMBER and _ENDLESS.search(text) is not None


def objection(raw: bytes, largest: int = LARGEST_LOCK) -> str | None:
    """Return why a file is not even parsed, None for one of usual measure."""
    if len(raw) > largest:
        return f"it is larger than {largest / 1_000_000:g} MB"
    if b"\0" in raw:
        return "it is no text: it has a NUL byte"
    text = raw.decode("latin-1")
    if has_endless_number(text):
        return f"it has a number of more than {_LONGEST_NUMBER} digits"
    if any(each.count(".") - each.count("..") > _MOST_PARTS for each in _words(text)):
        return f"it has a name of more than {_MOST_PARTS} parts with dots between them"
    return None


def _words(text: str) -> list[str]:
    """Return what could be dotted keys, as TOML allows blanks in them."""
    if text.count(".") <= _MOST_PARTS:
        return []
    return _NO_KEY.split(text.replace(" ", "").replace("\t", ""))
