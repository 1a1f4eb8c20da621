"""``depcheck solve`` beside slower tools, on an image that rules leave as published.

These take seconds to minutes, so that few rounds must do. None of them is asked for hashes, which
some compute by downloading each file; depcheck writes its whole lock set all the same.
"""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from benchmarks.cases.solve import locked_pins
from benchmarks.lab import image_problem
from benchmarks.loopback import Index
from benchmarks.processes import FailedError
from benchmarks.results import Goal, compared, pins_note
from benchmarks.universe import posed
from depcheck.commands.second_opinions import printed_pins, reported_pins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.lab import Lab
    from benchmarks.processes import Run
    from benchmarks.results import Result

GOAL = Goal(of="CPU", must=1 / 20, aim=1 / 60)
IMAGE, VARIANT = "nexa_light", "cu121"
MOST_ROUNDS = 3


def measure(lab: Lab) -> Iterator[Result]:
    """Yield a result per tool that can be asked here."""
    question = posed(image_problem(IMAGE, VARIANT))
    python = question.problem.variant.target.python
    if not platform.python_version().startswith(f"{python}."):
        print(
            f"peers: they lock for the Python that runs them, which must be {python}",
            file=sys.stderr,
        )
        return
    index = Index(question.api)
    ours = lab.depcheck("solve", IMAGE, "--variant", VARIANT, "--quiet")
    with index as address:
        for name in ("pip-compile", "pip"):
            theirs = lab.posed_to(name, question.problem, address)
            try:
                taken = lab.launcher.alternate([ours, theirs], min(lab.rounds, MOST_ROUNDS), index)
            except FailedError as error:
                print(f"peers: {name}: {error}", file=sys.stderr)
                continue
            note = pins_note(locked_pins(ours.folder / "locks" / IMAGE / VARIANT), _pins(theirs))
            subject = f"{IMAGE} ({VARIANT})"
            yield compared("peers", subject, name, *taken, goal=GOAL, note=note)


def _pins(run: Run) -> dict[str, str]:
    return reported_pins(run.folder) if run.tool == "pip" else printed_pins(run.stdout.read_text())
