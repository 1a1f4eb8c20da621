"""Judge the pins by themselves: accelerator builds, what wheels hold, builds from source, disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from depcheck.conflicts.accelerator import mixtures
from depcheck.gate.codes import finding
from depcheck.lockfiles.stages import plan_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from depcheck.gate.finding import Finding, Location
    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.solution import Solution

    Said = tuple[tuple[Finding, ...], tuple[str, ...]]
    """Findings, and what could not be judged."""
    Judge = Callable[[Solution, Mapping[str, Location], Location], Said]

_UNPACKED = 2
"""Bytes on disk per byte downloaded, once it is installed (1.9 was measured on three images)."""


def judge_pins(
    solution: Solution,
    problem: Problem,
    at: Mapping[str, Location],
    lock: Location,
    *,
    contents: Judge | None = None,
) -> Said:
    """Return what is wrong with pins, whatever led to them, and what could not be judged.

    Args:
        solution: The pins.
        problem: What they answer.
        at: Where the lock states each, by name.
        lock: Where the lock is.
        contents: Judges what the wheels hold; `judge_contents` by default.
    """
    if contents is None:
        from depcheck.gate.contents import judge_contents  # noqa: PLC0415 - a solve remembers it

        contents = judge_contents
    room, notes = _disk(plan_stages(solution), solution.target.disk_budget, lock)
    kernels = tuple(_kernels(solution, problem, at))
    told = {(each.code, each.subject) for each in kernels}
    inside, unseen = contents(solution, at, lock)
    return (
        *_accelerator(solution, at, lock),
        *kernels,
        *(each for each in inside if (each.code, each.subject) not in told),
        *_builds(solution, problem.variant.allow_build, at),
        *room,
    ), (*notes, *unseen)


def _accelerator(
    solution: Solution, at: Mapping[str, Location], lock: Location
) -> Iterator[Finding]:
    """Yield where pins are for another accelerator than the variant, or for several."""
    versions = {pin.name: Version(pin.version) for pin in solution.pins}
    for mixture in mixtures(versions, solution.variant):
        first = mixture.subjects[0].partition("==")[0]
        yield finding(
            mixture.code,
            ", ".join(mixture.subjects),
            mixture.message,
            at=at.get(first, lock),
            remedy="take all of them from the index of one variant",
        )


def _kernels(solution: Solution, problem: Problem, at: Mapping[str, Location]) -> Iterator[Finding]:
    """Yield the pins that are known to have no kernels for some GPU of the target."""
    for pin in solution.pins:
        reason = problem.unserved.get(pin.name, {}).get(pin.version)
        if reason is not None:
            yield finding(
                "capability-uncovered",
                f"{pin.name}=={pin.version}",
                reason,
                at=at[pin.name],
                remedy="pin a version that has them, or take the GPU out of the target",
            )


def _builds(
    solution: Solution, allowed: Sequence[str], at: Mapping[str, Location]
) -> Iterator[Finding]:
    for pin in solution.pins:
        if pin.needs_build and pin.name not in allowed:
            yield finding(
                "build-not-allowed",
                f"{pin.name}=={pin.version}",
                "installing it runs its own build, and `allow-build` does not list it",
                at=at[pin.name],
                remedy=f'add "{pin.name}" to `allow-build`, or pin a version that has a wheel',
            )


def _disk(
    stages: Sequence[Stage], budget: int | None, at: Location
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return whether the budget is exceeded by some stage, and what the estimate leaves out.

    While a stage is installed its downloads lie beside what they unpack to; the downloads of
    former stages are gone.
    """
    if budget is None:
        return (), ()
    installed, peak, peak_stage = 0, 0, ""
    for stage in stages:
        need = installed + stage.known_bytes * (1 + _UNPACKED)
        if need > peak:
            peak, peak_stage = need, stage.name
        installed += stage.known_bytes * _UNPACKED
    unknown = [pin.name for s in stages for pin in s.pins if not pin.file or pin.file.size is None]
    notes = (f"no index states the size of {', '.join(sorted(unknown))}",) if unknown else ()
    if peak <= budget:
        return (), notes
    exceeded = finding(
        "budget-exceeded",
        peak_stage,
        f"stage `{peak_stage}` needs about {_gb(peak)}, the budget is {_gb(budget)}",
        at=at,
        evidence=tuple(
            f"{stage.name}: download {_gb(stage.known_bytes)}, "
            f"installed about {_gb(stage.known_bytes * _UNPACKED)}"
            for stage in stages
        ),
        remedy="raise `disk-budget` if the builder has the room, or ask for less",
    )
    return (exceeded,), notes


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
