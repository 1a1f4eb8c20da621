"""``depcheck solve --all`` in one process beside one uv run per lock set."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.cases.solve import locked_pins
from benchmarks.lab import EXTREMES, FRESHNESS, image_problem
from benchmarks.processes import FailedError, added
from benchmarks.results import Goal, compared
from benchmarks.universe import posed
from depcheck.commands.second_opinions import printed_pins
from depcheck.images.loader import builtin_names, load_builtin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.lab import Lab
    from benchmarks.processes import Run
    from benchmarks.results import Result

GOAL = Goal(of="CPU", must=0.5, aim=0.15)


def measure(lab: Lab) -> Iterator[Result]:
    """Yield a result for pages that stay fresh, and for pages that uv reads again."""
    for peer in EXTREMES:
        yield _measured(lab, peer)


def _measured(lab: Lab, peer: str) -> Result:
    """Return a result: where uv cannot solve an image, only depcheck pays for it."""
    ours = lab.solving("--all")
    lab.launcher.run(ours)
    locks = ours.folder / "locks"
    theirs: list[Run] = []
    left_out: list[str] = []
    with ExitStack() as stack:
        for image, variant in _chosen():
            question = posed(image_problem(image, variant))
            index = lab.index_of(question, fresh=FRESHNESS[peer])
            run = lab.posed_to("uv", question.problem, stack.enter_context(index))
            try:
                lab.launcher.run(run)
            except FailedError as error:
                left_out.append(f"{image} ({variant}): uv finds no solution")
                print(error)
                continue
            if printed_pins(run.stdout.read_text()) != locked_pins(locks / image / variant):
                left_out.append(f"{image} ({variant}): uv's pins differ")
            theirs.append(run)
        taken = lab.launcher.alternate([ours, *theirs], lab.rounds)
    note = f"{len(theirs)} uv runs; {len(theirs) - len(left_out)} with the same pins"
    note = "; ".join([note, *left_out])
    subject = f"--all: {len(list(_chosen()))} lock sets"
    return compared("all", subject, peer, taken[0], added(taken[1:]), goal=GOAL, note=note)


def _chosen() -> Iterator[tuple[str, str]]:
    for name in builtin_names():
        yield from ((name, variant) for variant in load_builtin(name).variants)
