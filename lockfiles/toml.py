"""Write TOML fast and always the same way: only what a lock needs, nothing to configure.

Tables become ``[headers]``, lists of tables ``[[headers]]``; whatever is nested in an element of
such a list is written inline, so that a package's wheels stay beside its name.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_MUST_ESCAPE = re.compile(r'[\x00-\x1f"\\\x7f]')
_SHORT = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", '"': r"\"", "\\": r"\\"}


def dumps(document: Mapping[str, Any]) -> str:
    """Return a document as TOML, in the order of its keys.

    Values may be str, bool, int, aware datetime, list, and mappings with str keys; nothing else.

    Raises:
        TypeError: some value is of another type.
    """
    return "\n".join("".join(block) for block in _tables((), document, header=None))


def _tables(
    path: tuple[str, ...], table: Mapping[str, Any], header: str | None
) -> Iterator[list[str]]:
    """Yield one block of lines per table, parents before their children."""
    scalars = {key: value for key, value in table.items() if not _has_header(value)}
    if scalars or (header is not None and not table):
        lines = [
            f"{_key(key)} = {_value(value, multiline=True)}\n" for key, value in scalars.items()
        ]
        yield [f"{header}\n", *lines] if header is not None else lines
    for key, value in table.items():
        inner = (*path, key)
        name = ".".join(map(_key, inner))
        if isinstance(value, dict):
            yield from _tables(inner, value, header=f"[{name}]")
        elif _has_header(value):
            yield from ([f"[[{name}]]\n", *_element(element)] for element in value)


def _element(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value, multiline=True)}\n" for key, value in table.items()]


def _has_header(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(element, dict) for element in value)
    return isinstance(value, dict)


@cache
def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else _string(key)


def _string(text: str) -> str:
    return '"' + _MUST_ESCAPE.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def _value(value: object, *, multiline: bool = False) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return _array(value, multiline=multiline)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    raise TypeError(f"cannot write {type(value).__name__} as TOML")


def _array(values: list[Any], *, multiline: bool) -> str:
    """Write an array; longer ones get a line per element, but never inside an inline table."""
    if not multiline or len(values) <= 1:
        return "[" + ", ".join(map(_value, values)) + "]"
    return "[\n" + "".join(f"    {_value(value)},\n" for value in values) + "]"
