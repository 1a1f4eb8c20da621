"""Areas are sizes, heights are bytes, and labels stay where they belong."""

from __future__ import annotations

import pytest

from depcheck.page.curve import curve
from depcheck.page.drawing import Canvas, Line, Tile, fitted
from depcheck.page.model import Extent, StageRow
from depcheck.page.squarify import Box, squarified
from depcheck.page.treemap import Weight, treemap

ROOM = Canvas(screen="wide", width=1064, height=368)
GB = 10**9


@pytest.mark.parametrize("sizes", [[], [7], [500, 300, 100, 50, 50], [1] * 40, [10**10, 1]])
def test_areas_are_sizes_and_fill_the_box(sizes: list[int]) -> None:
    whole = Box(x=0, y=0, width=96, height=42)
    boxes = squarified(sizes, whole)

    assert [pytest.approx(size / sum(sizes) * 96 * 42) for size in sizes] == [
        each.width * each.height for each in boxes
    ]
    assert all(
        each.x >= 0
        and each.y >= 0
        and each.x + each.width <= 96.001
        and each.y + each.height <= 42.001
        for each in boxes
    )


def weight(name: str, size: int, number: int = 1) -> Weight:
    return Weight(name=name, version="1.0", stage=f"s{number}", number=number, size=size)


def targets(*weights: Weight) -> list[tuple[str, str]]:
    return [(tile.target, tile.title) for tile in treemap(weights, ROOM).tiles]


def test_packages_of_a_stage_lie_together_and_the_largest_come_first() -> None:
    assert [
        ("pin-c", "c 1.0, 5.0 GB, stage s2"),
        ("pin-b", "b 1.0, 3.0 GB, stage s1"),
        ("pin-a", "a 1.0, 1.0 GB, stage s1"),
    ] == targets(weight("a", GB), weight("b", 3 * GB), weight("c", 5 * GB, 2))


def test_packages_too_small_to_see_are_drawn_together() -> None:
    small = [weight(f"p{number}", 1000) for number in range(5)]

    assert [
        ("pin-a", "a 1.0, 1.0 GB, stage s1"),
        ("packages", "5 smaller packages, 5.0 kB, stage s1"),
    ] == targets(weight("a", GB), *small)


def test_one_small_package_keeps_its_name() -> None:
    assert ["pin-a", "pin-b"] == [target for target, _ in targets(weight("a", GB), weight("b", 9))]


def test_packages_without_a_size_take_no_room() -> None:
    assert ((), ["pin-a"]) == (
        treemap([weight("b", 0)], ROOM).shapes,
        [target for target, _ in targets(weight("a", GB), weight("b", 0, 2))],
    )


def test_labels_of_tiles_lie_within_them() -> None:
    weights = [
        weight(f"package-{number}", 2**number * 1000, 1 + number % 3) for number in range(30)
    ]
    outside = [
        (tile.target, label.text)
        for tile in treemap(weights, ROOM).tiles
        for label in tile.labels
        if not within(tile, label.x, label.y, 7.2 * len(label.text))
    ]

    assert [] == outside


def within(tile: Tile, x: float, y: float, width: float) -> bool:
    return tile.x <= x <= x + width <= tile.x + tile.width and tile.y <= y <= tile.y + tile.height


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("nvidia-cudnn-cu12", 200, "nvidia-cudnn-cu12"),
        ("nvidia-cudnn-cu12", 80, "nvidia-cud\u2026"),
        ("nvidia-cudnn-cu12", 45, ""),
        ("numpy", 40, "numpy"),
    ],
)
def test_a_label_is_cut_or_left_out(text: str, width: float, shown: str) -> None:
    assert shown == fitted(text, width)


def stage(number: int, after: int, peak: int, *, unknown: int = 0) -> StageRow:
    return StageRow(
        number=number,
        name=f"s{number}",
        pins=1,
        download=Extent(),
        installed=Extent(unknown=unknown),
        after=after,
        peak=peak,
        after_cached=2 * after,
        peak_cached=2 * peak,
        sure=not unknown,
    )


STAGES = (stage(1, after=2 * GB, peak=3 * GB), stage(2, after=4 * GB, peak=5 * GB, unknown=1))


def line(kind: str, budget: int | None = None) -> list[tuple[tuple[float, float], ...]]:
    found = curve(STAGES, budget, ROOM)
    return [each.points for each in found.lines if each.kind == kind]


def test_the_curve_rises_to_each_peak_and_falls_to_what_stays() -> None:
    """The highest point is 10 GB with a cache; 10.4 GB are as high as the room of 300."""

    def y(size: float) -> object:
        return pytest.approx(322 - size / 10.4 * 300)

    expected = [(52, 0), (52, 0), (327, 3), (402, 2), (552, 2), (552, 2), (827, 5), (902, 4)]
    [found] = line("bare")

    assert [(x, y(size)) for x, size in [*expected, (1052, 4)]] == [
        (round(x, 3), height) for x, height in found
    ]


def test_the_budget_is_a_line_from_side_to_side() -> None:
    """14 GB, where 14.56 GB are as high as the room of 300."""
    [found] = line("budget", 14 * GB)
    height = 322 - 14 / 14.56 * 300

    assert [(52, round(height, 6)), (1052, round(height, 6))] == [
        (x, round(y, 6)) for x, y in found
    ]


def test_without_a_budget_there_is_no_line_of_it() -> None:
    assert [] == line("budget")


def test_the_highest_point_and_the_unmeasured_are_told() -> None:
    texts = [label.text for label in curve(STAGES, 14 * GB, ROOM).labels]

    assert [
        *("0", "5 GB", "10 GB"),
        *("1 s1", "2 s2", "1 not measured"),
        "\u2265 5.0 GB",
        "budget 14.0 GB",
    ] == texts


@pytest.mark.parametrize("top", [0, 1, 999, 7 * 10**6, 14 * GB, 99 * GB])
def test_the_grid_has_a_few_lines(top: int) -> None:
    drawn = curve((stage(1, after=top, peak=top // 2),), top, ROOM)
    grid = [each for each in drawn.shapes if isinstance(each, Line) and each.kind == "grid"]

    assert 2 <= len(grid) <= 6
