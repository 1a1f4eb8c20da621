"""Geometry of the pictures on the page: shapes and labels with places, no markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.frozen import frozen

_LETTER = 7.2
"""Width of a letter of the labels, about: they are 12 pixels high."""


@frozen
class Canvas:
    """The room that a picture has, in pixels of the screen that it is for."""

    screen: str
    """``wide`` or ``narrow``: the style sheet shows one of them."""
    width: int
    height: int


WIDE = {"map": (1120, 460), "curve": (1120, 300)}
NARROW = {"map": (350, 560), "curve": (350, 260)}


def canvases(kind: str) -> tuple[Canvas, Canvas]:
    """Return the room for one kind of picture, ``map`` or ``curve``, on each width of screen."""
    wide, narrow = WIDE[kind], NARROW[kind]
    return (
        Canvas(screen="wide", width=wide[0], height=wide[1]),
        Canvas(screen="narrow", width=narrow[0], height=narrow[1]),
    )


@frozen
class Label:
    """A line of text."""

    x: float
    y: float
    text: str
    kind: str = ""
    """Class of the style sheet."""
    anchor: str = "start"


@frozen
class Tile:
    """One package, or the small ones of a stage together, in a treemap."""

    x: float
    y: float
    width: float
    height: float
    stage: int
    target: str
    """Anchor that it leads to."""
    title: str
    labels: tuple[Label, ...]


@frozen
class Line:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    kind: str

    @property
    def path(self) -> str:
        """The points as SVG writes them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)


@frozen
class Picture:
    """A picture: shapes in the order in which they are drawn."""

    canvas: Canvas
    shapes: tuple[Shape, ...]

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The tiles of a treemap."""
        return tuple(each for each in self.shapes if isinstance(each, Tile))

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of a curve."""
        return tuple(each for each in self.shapes if isinstance(each, Line))

    @property
    def labels(self) -> tuple[Label, ...]:
        """The texts that belong to no tile."""
        return tuple(each for each in self.shapes if isinstance(each, Label))


if TYPE_CHECKING:
    Shape = Tile | Line | Label


def fits(text: str, width: float) -> bool:
    """Tell whether a text is no longer than a width."""
    return len(text) <= int(width / _LETTER)


def fitted(text: str, width: float) -> str:
    """Return a text cut to a width, and nothing where too little of it would be left."""
    if fits(text, width):
        return text
    room = int(width / _LETTER)
    return f"{text[: room - 1]}\u2026" if room > 6 else ""  # noqa: PLR2004 - letters that tell a name
