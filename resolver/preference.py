"""Which package the search decides next: pure policy, no state."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depcheck.resolver.candidates import Want


class Preference(NamedTuple):
    """A sort key; the smallest is decided first."""

    unneeded: bool
    """Only constraints name it: decide last, when it may have become needed."""
    loose: bool
    """No ``==`` holds it."""
    order: int
    """Place among the image's direct requirements."""
    unbounded: bool
    """No requirement narrows it at all."""
    identifier: str


def preference(identifier: str, wants: Iterable[Want], order: int) -> Preference:
    """Judge one undecided package by what is asked of it."""
    needed = exact = bounded = False
    for want in wants:
        needed = needed or not want.weak
        exact = exact or want.exact
        bounded = bounded or bool(want.specifier)
    return Preference(not needed, not exact, order, not bounded, identifier)
