"""Ratios are of pairs, and goals are judged by them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from benchmarks import chart, report
from benchmarks.processes import Launcher, Run, Took
from benchmarks.results import Goal, Result, compared, pins_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

WHERE = {"cpu": "a CPU", "cores": 2, "date": "2026-01-01"}


def took(cpu: float, wall: float = 1.0) -> Took:
    return Took(wall=wall, cpu=cpu, peak=50e6, read=1e6)


def result(ours: list[float], theirs: list[float], goal: Goal | None = None) -> Result:
    mine, other = list(map(took, ours)), list(map(took, theirs))
    return compared("solve", "nexis", "uv", mine, other, goal=goal)


def test_the_ratio_is_the_median_of_pairs_not_the_ratio_of_medians() -> None:
    found = result([1.0, 8.0, 3.0], [2.0, 2.0, 6.0])

    assert 0.5 == found.cpu_ratio
    assert 3.0 == found.ours.cpu


@pytest.mark.parametrize(
    ("ours", "verdict"), [(0.4, "aim met"), (0.9, "must met"), (1.1, "MISSED")]
)
def test_a_goal_is_judged_by_the_ratio(ours: float, verdict: str) -> None:
    goal = Goal(of="CPU", must=1.0, aim=0.4)

    assert verdict == result([ours], [1.0], goal).verdict


def test_a_result_is_a_row() -> None:
    found = result([0.02], [1.0], Goal(of="CPU", must=1 / 20, aim=1 / 60))

    assert (
        "solve",
        "nexis",
        "uv",
        "20 ms / 1,000 ms",
        "1/50",
        "1.00",
        "50 MB / 50 MB",
        "1.0 MB / 1.0 MB",
        "CPU <= 1/20, aim 1/60",
        "must met (1/50)",
    ) == report.rows([found])[1]


def test_the_chart_has_a_bar_per_ratio() -> None:
    drawn = chart.svg([result([1.0], [4.0]), result([3.0], [1.0])], WHERE)

    ET.fromstring(drawn)  # noqa: S314 - our own text
    assert ["0.25", "3.00"] == re.findall(r"<title>solve: nexis: (.*)</title>", drawn)


def test_differing_pins_are_named() -> None:
    assert "2 pins, the same" == pins_note({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    assert "2 pins, 2 differ: b 2 / 3, c None / 1" == pins_note(
        {"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "1"}
    )


def test_a_process_is_measured_with_what_it_reads(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(5_000_000))
    run = Run(tool="cat", command=("/bin/cat", str(source)), folder=tmp_path)
    with Launcher() as launcher:
        found = launcher.run(run)

    assert source.read_bytes() == run.stdout.read_bytes()
    assert 5_000_000 <= found.read < 5_200_000
    assert 0 < found.peak < 30_000_000
