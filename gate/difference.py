"""Where two documents differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ABSENT = object()
"""Stands for a value that one of the documents does not have."""


class Difference(NamedTuple):
    """One place at which two documents differ."""

    key: tuple[str, ...]
    was: Any
    now: Any

    @property
    def path(self) -> str:
        """The place as a person writes it: ``target.python``."""
        return ".".join(self.key)


def differences(was: Any, now: Any, key: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield where two documents differ, as deep as tables go. Lists are compared as wholes."""
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted({*was, *now}):
            yield from differences(was.get(name, ABSENT), now.get(name, ABSENT), (*key, name))
    elif was != now or type(was) is not type(now):
        yield Difference(key, was, now)


def told(difference: Difference) -> tuple[str, ...]:
    """Return what changed, in words: members of a list one by one, other values as wholes."""
    was, now = difference.was, difference.now
    if isinstance(was, list) and isinstance(now, list):
        gone = [f"no more: {_text(each)}" for each in was if each not in now]
        come = [f"new: {_text(each)}" for each in now if each not in was]
        return tuple(gone + come) or ("in another order",)
    return tuple(
        f"{word}: {_text(value)}"
        for word, value in (("was", was), ("is", now))
        if value is not ABSENT
    )


def _text(value: Any) -> str:
    if isinstance(value, dict):
        stated = {name: _text(item) for name, item in value.items() if item not in (None, [])}
        if len(stated) == 1:
            return "".join(stated.values())
        return ", ".join(f"{name} = {text}" for name, text in stated.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return str(value)
