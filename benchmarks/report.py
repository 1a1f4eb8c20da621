"""Results as a table, for the terminal and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.results import Goal, Result

_HEAD = ("case", "subject", "beside", "CPU", "CPU ratio", "wall ratio", "peak", "read", "goal", "")
_NUMBERS = range(3, 8)


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return the table, its head first."""
    return [_HEAD, *map(_row, results)]


def _row(result: Result) -> tuple[str, ...]:
    theirs = result.theirs
    return (
        result.case,
        result.subject,
        result.peer,
        _pair(result.ours.cpu, theirs and theirs.cpu, _seconds),
        _ratio(result.cpu_ratio),
        _ratio(result.wall_ratio),
        _pair(result.ours.peak, theirs and theirs.peak, _megabytes),
        _pair(result.ours.read, theirs and theirs.read, _megabytes),
        _goal(result.goal),
        _verdict(result),
    )


def _pair(ours: float, theirs: float | None, shown: Any) -> str:
    return shown(ours) if theirs is None else f"{shown(ours)} / {shown(theirs)}"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.1f} MB" if size < 1e7 else f"{size / 1e6:.0f} MB"


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"1/{1 / ratio:.0f}"


def _goal(goal: Goal | None) -> str:
    if goal is None:
        return ""
    if goal.unit == "MB":
        return f"{goal.of} <= {goal.must:g}, aim {goal.aim:g} MB"
    must, aim = (
        f"{each:g}" if each >= 0.1 else f"1/{1 / each:.0f}" for each in (goal.must, goal.aim)
    )
    return f"{goal.of} <= {must}, aim {aim}"


def _verdict(result: Result) -> str:
    if result.goal is None or result.value is None:
        return ""
    shown = f"{result.value:.0f} MB" if result.goal.unit == "MB" else _ratio(result.value)
    return f"{result.verdict} ({shown})"


def text(results: Sequence[Result]) -> str:
    """Return the table for a terminal, with the notes below it."""
    table = rows(results)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if place in _NUMBERS else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    notes = [f"{each.case} {each.subject}: {each.note}" for each in results if each.note]
    return "\n".join([*lines, "", *notes])


def markdown(
    results: Sequence[Result], where: Mapping[str, Any], versions: Mapping[str, str]
) -> str:
    """Return the whole report."""
    head, *body = rows(results)
    rule = ["--:" if place in _NUMBERS else "---" for place in range(len(head))]
    table = "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
    notes = "\n".join(
        f"- {each.case}, {each.subject}, {each.peer}: {each.note}" for each in results if each.note
    )
    tools = ", ".join(f"{name} {version}" for name, version in versions.items())
    return _PAGE.format(
        table=table,
        notes=notes,
        tools=tools,
        rounds=", ".join(f"{each} {count}" for each, count in _rounds(results)),
        **where,
    )


def _rounds(results: Sequence[Result]) -> list[tuple[str, int]]:
    return list({each.case: each.rounds for each in results}.items())


_PAGE = """# Benchmark

Written by `python -m benchmarks`; [what is measured, and how](../README.md).

{cpu}, {cores} cores, {system}, Python {python}, {date}, load {load} at the start. {tools}.
Rounds: {rounds}.

CPU, peak memory and bytes read are medians of whole processes, depcheck's first. Ratios are medians
of the ratios of pairs: below 1 depcheck needs less.

![CPU ratios](results.svg)

{table}

{notes}
"""
