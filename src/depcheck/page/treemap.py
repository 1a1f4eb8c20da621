"""Draw packages as areas, the packages of a stage together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.frozen import frozen
from depcheck.page.drawing import Label, Picture, Tile, fits, fitted
from depcheck.page.squarify import Box, squarified
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depcheck.page.drawing import Canvas, Shape

_SMALLEST = 260
"""Square pixels; what is smaller is drawn together."""
_HEAD = 20
"""Height of a stage's name above its packages."""
_LINE = 15
_PAD = 5


@frozen
class Weight:
    """One package and its size."""

    name: str
    version: str
    stage: str
    number: int
    size: int


@frozen
class _Piece:
    size: int
    name: str
    target: str
    title: str


def treemap(weights: Sequence[Weight], canvas: Canvas) -> Picture:
    """Return the picture of packages; those without a size take no room."""
    stages: dict[int, list[Weight]] = {}
    for each in sorted(weights, key=lambda each: (-each.size, each.name)):
        if each.size:
            stages.setdefault(each.number, []).append(each)
    groups = sorted(stages.values(), key=lambda group: -_total(group))
    whole = Box(x=0, y=0, width=canvas.width, height=canvas.height)
    boxes = squarified([_total(group) for group in groups], whole)
    total = sum(map(_total, groups))
    least = _SMALLEST * total / (canvas.width * canvas.height)
    shapes = (
        shape
        for box, group in zip(boxes, groups, strict=True)
        for shape in _stage(box, group, least)
    )
    return Picture(canvas=canvas, shapes=tuple(shapes))


def _total(group: Sequence[Weight]) -> int:
    return sum(each.size for each in group)


def _stage(box: Box, group: Sequence[Weight], least: float) -> Iterator[Shape]:
    first = group[0]
    room = box.width - 2 * _PAD
    text = f"{first.stage}, {size_text(_total(group))}"
    if not fits(text, room):
        text = fitted(first.stage, room)
    if text and box.height > 3 * _HEAD:
        yield Label(x=box.x + _PAD, y=box.y + _LINE - 1, text=text, kind="stage")
        box = Box(x=box.x, y=box.y + _HEAD, width=box.width, height=box.height - _HEAD)
    pieces = _pieces(group, least)
    for place, piece in zip(squarified([each.size for each in pieces], box), pieces, strict=True):
        yield Tile(
            x=place.x,
            y=place.y,
            width=place.width,
            height=place.height,
            stage=first.number,
            target=piece.target,
            title=piece.title,
            labels=tuple(_labels(place, piece)),
        )


def _pieces(group: Sequence[Weight], least: float) -> list[_Piece]:
    large = [each for each in group if each.size >= least]
    small = group[len(large) :]
    if len(small) == 1:
        large, small = list(group), []
    pieces = [
        _Piece(
            size=each.size,
            name=each.name,
            target=f"pin-{each.name}",
            title=f"{each.name} {each.version}, {size_text(each.size)}, stage {each.stage}",
        )
        for each in large
    ]
    if small:
        name = f"{len(small)} more"
        title = f"{len(small)} smaller packages, {size_text(_total(small))}, stage {small[0].stage}"
        pieces.append(_Piece(size=_total(small), name=name, target="packages", title=title))
    return sorted(pieces, key=lambda piece: -piece.size)


def _labels(box: Box, piece: _Piece) -> Iterator[Label]:
    name = fitted(piece.name, box.width - 2 * _PAD)
    if not name or box.height < _LINE + _PAD:
        return
    yield Label(x=box.x + _PAD, y=box.y + _LINE, text=name, kind="name")
    size = size_text(piece.size)
    if box.height > 2 * _LINE + _PAD and fits(size, box.width - 2 * _PAD):
        yield Label(x=box.x + _PAD, y=box.y + 2 * _LINE, text=size, kind="size")
