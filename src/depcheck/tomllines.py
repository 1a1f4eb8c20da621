"""Find the line of a TOML file that states a key.

``tomllib`` gives values without places, so this reads the text again, line by line. It is a best
effort for messages: a key that it cannot find has no line, it never has a wrong meaning.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Key = tuple[str | int, ...]
"""Path of a value: table names, keys and list positions."""

_HEADER = re.compile(r"\s*(\[\[.+\]\]|\[.+\])\s*(?:#.*)?$")
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_ASSIGNMENT = re.compile(rf"\s*(?P<key>{_PART}(?:\s*\.\s*{_PART})*)\s*=(?!=)")


def line_of(text: str, key: Key, value: object = None) -> int | None:
    """Return the number of the line that states a key, or the nearest key above it.

    A ``value`` that is text narrows the answer to the line inside the key's value that holds it.
    """
    index = _index(text)
    start = next((line for n in range(len(key), 0, -1) if (line := index.first.get(key[:n]))), None)
    if start is None:
        return None
    if not isinstance(value, str) or not value:
        return start
    after = bisect_right(index.stating, start)
    end = index.stating[after] if after < len(index.stating) else len(index.lines) + 1
    return next((n for n in range(start, end) if value in index.lines[n - 1]), start)


class _Index(NamedTuple):
    """A text, ready to be asked for many keys."""

    lines: list[str]
    first: dict[Key, int]
    """The first line that states a key or something below it."""
    stating: list[int]
    """Every line that states something, in order."""


@lru_cache(maxsize=4)
def _index(text: str) -> _Index:
    lines = text.splitlines()
    first: dict[Key, int] = {}
    places = _places(lines)
    for place, line in places.items():
        for length in range(1, len(place) + 1):
            first[place[:length]] = min(line, first.get(place[:length], line))
    return _Index(lines, first, sorted(set(places.values())))


def _places(lines: list[str]) -> dict[Key, int]:
    """Return the line number (from 1) of every table header and every assignment."""
    places: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(lines, start=1):
        if _HEADER.match(line):
            table = _header(line, counts) or table
            places.setdefault(table, number)
        elif found := _ASSIGNMENT.match(line):
            places.setdefault((*table, *_parts(found["key"])), number)
    return places


def _header(line: str, counts: dict[Key, int]) -> Key | None:
    """Return the path of a table header with list positions, None for a list inside a value."""
    try:
        found = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    names = _only_path(found)
    path: Key = ()
    for name in names:
        path = (*path, name)
        if path in counts and len(path) < len(names):
            path = (*path, counts[path])
    if not line.lstrip().startswith("[["):
        return path
    counts[path] = counts.get(path, -1) + 1
    return (*path, counts[path])


def _only_path(found: object) -> list[str]:
    names: list[str] = []
    while isinstance(found, dict) and found:
        name, found = next(iter(found.items()))
        names.append(name)
    return names


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, dotted)]
