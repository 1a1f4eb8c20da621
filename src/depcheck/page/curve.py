"""Draw disk use through the stages, beside the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.page.drawing import Label, Line, Picture, fits
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depcheck.page.drawing import Canvas, Shape
    from depcheck.page.model import StageRow

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 22, 46
_PEAK, _DONE = 0.55, 0.7
"""Where in a stage's share of the width all is unpacked, and where its wheels are gone."""
_STEPS = (1, 2, 5, 10)
_GRID = 4
"""How many lines the grid has, about."""


class _Scale:
    """From stages and bytes to places."""

    def __init__(self, canvas: Canvas, stages: int, top: int) -> None:
        self.right = canvas.width - _RIGHT
        self.bottom = canvas.height - _BOTTOM
        self.share = (self.right - _LEFT) / stages
        self.step = _step(top)
        self.top = max(top * 1.04, self.step)

    def x(self, stage: int, part: float = 0) -> float:
        return _LEFT + self.share * (stage + part)

    def y(self, size: float) -> float:
        return self.bottom - size / self.top * (self.bottom - _TOP)


def curve(stages: Sequence[StageRow], budget: int | None, canvas: Canvas) -> Picture:
    """Return the picture of stages, at least one."""
    top = max(budget or 0, *(stage.peak_cached for stage in stages))
    scale = _Scale(canvas, len(stages), top)
    shapes: list[Shape] = [*_grid(scale), *_bands(stages, scale)]
    bare = tuple(_points([(each.peak, each.after) for each in stages], scale))
    cached = tuple(_points([(each.peak_cached, each.after_cached) for each in stages], scale))
    floor = ((scale.right, scale.bottom), (_LEFT, scale.bottom))
    shapes += [
        Line(points=bare + floor, kind="area"),
        Line(points=cached, kind="cached"),
        Line(points=bare, kind="bare"),
        *_peak(stages, scale),
        *_budget(budget, scale),
    ]
    return Picture(canvas=canvas, shapes=tuple(shapes))


def _points(sizes: Sequence[tuple[int, int]], scale: _Scale) -> Iterator[tuple[float, float]]:
    before = 0
    yield scale.x(0), scale.y(0)
    for number, (peak, after) in enumerate(sizes):
        yield scale.x(number), scale.y(before)
        yield scale.x(number, _PEAK), scale.y(peak)
        yield scale.x(number, _DONE), scale.y(after)
        yield scale.x(number, 1), scale.y(after)
        before = after


def _peak(stages: Sequence[StageRow], scale: _Scale) -> Iterator[Shape]:
    """Say how high the highest point is."""
    worst = max(range(len(stages)), key=lambda number: stages[number].peak)
    size = stages[worst].peak
    text = size_text(size) if stages[worst].sure else f"\u2265 {size_text(size)}"
    x, y = scale.x(worst, _PEAK), scale.y(size)
    yield Line(points=((x, y), (x, y)), kind="dot")
    yield Label(x=x, y=y - 9, text=text, kind="value", anchor="middle")


def _grid(scale: _Scale) -> Iterator[Shape]:
    size = 0
    while size <= scale.top:
        y = scale.y(size)
        yield Line(points=((_LEFT, y), (scale.right, y)), kind="grid")
        yield Label(x=_LEFT - 8, y=y + 4, text=_tick(size, scale.step), kind="tick", anchor="end")
        size += scale.step


def _bands(stages: Sequence[StageRow], scale: _Scale) -> Iterator[Shape]:
    for number, stage in enumerate(stages):
        if number:
            x = scale.x(number)
            yield Line(points=((x, _TOP), (x, scale.bottom)), kind="band")
        name = f"{stage.number} {stage.name}"
        text = name if fits(name, scale.share - 8) else str(stage.number)
        middle = scale.x(number, 0.5)
        yield Label(x=middle, y=scale.bottom + 20, text=text, kind="tick", anchor="middle")
        if stage.installed.unknown:
            text = f"{stage.installed.unknown} not measured"
            if fits(text, scale.share):
                yield Label(x=middle, y=scale.bottom + 36, text=text, kind="tick", anchor="middle")


def _budget(budget: int | None, scale: _Scale) -> Iterator[Shape]:
    if budget is None:
        return
    y = scale.y(budget)
    yield Line(points=((_LEFT, y), (scale.right, y)), kind="budget")
    text = f"budget {size_text(budget)}"
    yield Label(x=scale.right, y=y - 6, text=text, kind="budget", anchor="end")


def _step(top: int) -> int:
    """Return the distance of grid lines: 1, 2 or 5 times a power of ten."""
    wanted = max(top / _GRID, 1)
    power = int(f"1{'0' * (len(str(int(wanted))) - 1)}")
    return next(step * power for step in _STEPS if step * power >= wanted)


def _tick(size: int, step: int) -> str:
    if not size:
        return "0"
    unit, name = next(
        (unit, name)
        for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "B"))
        if step >= unit or unit == 1
    )
    return f"{size // unit} {name}"
