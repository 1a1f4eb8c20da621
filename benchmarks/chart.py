"""The CPU ratios as a chart: a bar per result on a logarithmic scale, with the goals."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from benchmarks.report import _ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.results import Result

_ROW, _TOP, _LEFT, _PLOT, _WIDTH = 26, 84, 300, 520, 1020
_BETTER, _WORSE, _INK, _FAINT = "#2a6f97", "#c1121f", "#222", "#d0d0d0"


def svg(results: Sequence[Result], where: Mapping[str, Any]) -> str:
    """Return the chart of all results that are ratios of CPU."""
    shown = [each for each in results if each.cpu_ratio is not None]
    return "\n".join(_drawn(shown, where)) + "\n"


class _Scale:
    """From ratios to places."""

    def __init__(self, results: Sequence[Result]) -> None:
        values = [each.cpu_ratio for each in results if each.cpu_ratio] + [
            value for each in results for value in _goals(each)
        ]
        self.lowest = math.floor(math.log10(min(values, default=0.1)))
        self.highest = math.ceil(math.log10(max(values, default=10)))

    def x(self, ratio: float) -> float:
        share = (math.log10(ratio) - self.lowest) / max(1, self.highest - self.lowest)
        return round(_LEFT + share * _PLOT, 1)


def _goals(result: Result) -> tuple[float, ...]:
    """Return the goals that are ratios of CPU."""
    if result.goal is None or result.goal.of != "CPU":
        return ()
    return (result.goal.must, result.goal.aim)


def _drawn(results: Sequence[Result], where: Mapping[str, Any]) -> Iterator[str]:
    height = _TOP + _ROW * len(results) + 30
    scale = _Scale(results)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="system-ui, sans-serif" font-size="13" '
        'role="img" aria-label="CPU of depcheck beside other tools">'
    )
    yield f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
    yield _text(16, 26, "CPU of depcheck as a multiple of the other tool's", size=17, weight=600)
    yield _text(
        16, 46, f"{where['cpu']}, {where['cores']} cores, {where['date']}; left of 1: less CPU"
    )
    yield from _axis(scale, height)
    for place, result in enumerate(results):
        yield from _bar(result, _TOP + place * _ROW, scale)
    yield "</svg>"


def _axis(scale: _Scale, height: int) -> Iterator[str]:
    for power in range(scale.lowest, scale.highest + 1):
        ratio = 10.0**power
        x = scale.x(ratio)
        colour, width = (_INK, 1.5) if power == 0 else (_FAINT, 1)
        yield (
            f'<line x1="{x}" x2="{x}" y1="{_TOP - 6}" y2="{height - 26}" '
            f'stroke="{colour}" stroke-width="{width}"/>'
        )
        label = f"{ratio:g}" if power >= 0 else f"1/{10**-power:g}"
        yield _text(x, _TOP - 12, label, anchor="middle")
    yield _text(
        _LEFT,
        height - 8,
        "dark tick: the goal, red where the bar ends right of it; light tick: the aim",
        size=11,
    )


def _bar(result: Result, y: int, scale: _Scale) -> Iterator[str]:
    ratio = result.cpu_ratio or 1.0
    ends = sorted((scale.x(1.0), scale.x(ratio)))
    missed = bool(_goals(result)) and ratio > _goals(result)[0]
    label = f"{result.case}: {result.subject}"
    yield _text(_LEFT - 10, y + 15, _short(label), anchor="end")
    yield (
        f'<rect x="{ends[0]}" y="{y + 4}" width="{max(1.0, round(ends[1] - ends[0], 1))}" '
        f'height="{_ROW - 10}" fill="{_WORSE if missed else _BETTER}">'
        f"<title>{escape(label)}: {_ratio(ratio)}</title></rect>"
    )
    for goal, colour in zip(_goals(result), (_INK, "#8d99ae"), strict=False):
        x = scale.x(goal)
        yield (
            f'<line x1="{x}" x2="{x}" y1="{y + 1}" y2="{y + _ROW - 3}" '
            f'stroke="{colour}" stroke-width="3"/>'
        )
    yield _text(_LEFT + _PLOT + 10, y + 15, f"{_ratio(ratio)} {_beside(result.peer)}")


def _beside(peer: str) -> str:
    return "bare Python" if peer.startswith("python") else peer


def _short(label: str) -> str:
    return label if len(label) <= 42 else label[:41] + "\u2026"


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, weight: int = 400
) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
        f'fill="{_INK}">{escape(text)}</text>'
    )
