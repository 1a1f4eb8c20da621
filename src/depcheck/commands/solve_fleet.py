"""``depcheck solve --align``: solve images as one fleet, with equal pins and shared layers."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from depcheck.commands.solve import (
    Choice,
    Solved,
    choices_of,
    deliver,
    image_word,
    lock_set,
    means_of,
    problem_of,
)
from depcheck.errors import ExitCode, InputError
from depcheck.fleet.alignment import Member, align
from depcheck.fleet.layers import Ground, shared_stages
from depcheck.fleet.report import document, show
from depcheck.resolver.solve import solve

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence

    from depcheck.commands.solve import Means
    from depcheck.resolver.solution import Solution
    from depcheck.terminal import Console


def run_aligned(options: Namespace, console: Console) -> ExitCode:
    """Solve what was asked for as fleets; nothing is written unless everything has a solution."""
    if options.keep or options.upgrade_package:
        raise InputError(
            "usage",
            "`--align` looks at no earlier lock set",
            hint="leave out `--keep` and `--upgrade-package`",
        )
    means = means_of(options)
    choices = choices_of(options)
    members, seconds = _solved_alone(choices, means, console)
    own = [each.own for each in members]
    final = _as_fleets(members, means, console, apart=options.all)
    command = _command(choices, options)
    delivered = []
    for choice, member, solution, spent in zip(choices, members, final, seconds, strict=True):
        problem = member.problem
        files = lock_set(choice, means, problem, solution, f"{command}{_variant(choice, options)}")
        delivered.append(Solved(solution, spent, files))
    documents = [deliver(*each, console) for each in zip(delivered, choices, strict=True)]
    if console.as_json:
        console.document({"solved": documents, "fleet": document(own, final, apart=options.all)})
    else:
        show(console, own, final, apart=options.all)
    return ExitCode.OK


def _solved_alone(
    choices: Sequence[Choice], means: Means, console: Console
) -> tuple[list[Member], list[float]]:
    members, seconds = [], []
    for number, choice in enumerate(choices, start=1):
        started = time.perf_counter()
        problem = problem_of(choice, means)
        own = solve(problem, means.indexes)
        seconds.append(time.perf_counter() - started)
        members.append(Member(problem=problem, own=own))
        console.note(f"solved {own.title} ({number} of {len(choices)})")
    return members, seconds


def _as_fleets(
    members: Sequence[Member], means: Means, console: Console, *, apart: bool
) -> list[Solution]:
    """Align the members of each fleet; all are one, or those of one base image where set apart."""
    fleets: dict[Ground | None, list[int]] = defaultdict(list)
    for place, member in enumerate(members):
        fleets[Ground.of(member.own) if apart else None].append(place)
    final = [member.own for member in members]
    for places in fleets.values():
        aligned = _aligned([members[place] for place in places], means, console)
        for place, solution in zip(places, aligned, strict=True):
            final[place] = solution
    return final


def _aligned(fleet: Sequence[Member], means: Means, console: Console) -> Iterable[Solution]:
    if len(fleet) > 1:
        console.note(f"looking for equal pins in {', '.join(each.own.title for each in fleet)}")
    pins = align(fleet, lambda problem: solve(problem, means.indexes))
    stages = shared_stages(pins)
    return [replace(each, shared=shared) for each, shared in zip(pins, stages, strict=True)]


def _command(choices: Sequence[Choice], options: Namespace) -> str:
    """Return the command that makes the fleet again, the same in whatever order it was named."""
    if options.all:
        return "depcheck solve --all --align"
    return f"depcheck solve {' '.join(sorted(image_word(each.spec) for each in choices))} --align"


def _variant(choice: Choice, options: Namespace) -> str:
    return f" --variant {choice.variant.name}" if options.variant else ""
