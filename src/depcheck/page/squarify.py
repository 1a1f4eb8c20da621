"""Lay out rectangles whose areas are sizes: a squarified treemap (Bruls and others, 2000)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


def squarified(sizes: Sequence[int], box: Box) -> list[Box]:
    """Return one rectangle per size, as near to squares as the rows allow.

    Args:
        sizes: Positive, largest first.
        box: What they fill.
    """
    total = sum(sizes)
    if not total:
        return []
    scale = box.width * box.height / total
    areas = [size * scale for size in sizes]
    placed: list[Box] = []
    start = 0
    while start < len(areas):
        side = min(box.width, box.height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(
            areas[start:end], side
        ):
            end += 1
        row, box = _row(areas[start:end], box)
        placed += row
        start = end
    return placed


def _worst(areas: Sequence[float], side: float) -> float:
    """Return the worst ratio of sides in a row along a side."""
    total = sum(areas)
    return max(
        max(side * side * area / total**2, total**2 / (side * side * area)) for area in areas
    )


def _row(areas: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """Place a row along the shorter side; return it and what is left."""
    total, placed = sum(areas), []
    if box.width >= box.height:
        width, at = total / box.height, box.y
        for area in areas:
            placed.append(Box(x=box.x, y=at, width=width, height=area / width))
            at += area / width
        rest = Box(x=box.x + width, y=box.y, width=box.width - width, height=box.height)
        return placed, rest
    height, at = total / box.width, box.x
    for area in areas:
        placed.append(Box(x=at, y=box.y, width=area / height, height=height))
        at += area / height
    return placed, Box(x=box.x, y=box.y + height, width=box.width, height=box.height - height)
