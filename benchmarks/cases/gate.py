"""The gate, and the start of the command, beside the start of bare Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import Goal, compared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.lab import Lab
    from benchmarks.results import Result

GATE = Goal(of="CPU", must=5, aim=2.5)
START = Goal(of="CPU", must=3, aim=2)
IMAGE = ("nexa_heavy", "--variant", "cu121")


def measure(lab: Lab) -> Iterator[Result]:
    """Yield the gate on one lock set, and on all."""
    lab.launcher.run(lab.solving("--all"))
    sets = len(list(lab.room("depcheck").glob("locks/*/*/gate.json")))
    everything = f"all {sets} lock sets"
    for subject, words, goal in (
        ("nexa_heavy (cu121)", IMAGE, GATE),
        ("nexa_heavy (cu121), --full", (*IMAGE, "--full"), None),
        (everything, ("--all",), None),
        (f"{everything}, --full", ("--all", "--full"), None),
    ):
        runs = [lab.depcheck("gate", *words), lab.python()]
        taken = lab.launcher.alternate(runs, lab.rounds)
        yield compared("gate", subject, "python -c pass", *taken, goal=goal)


def measure_start(lab: Lab) -> Iterator[Result]:
    """Yield what the command takes to start."""
    for word, goal in (("--version", START), ("--help", None)):
        taken = lab.launcher.alternate([lab.depcheck(word), lab.python()], lab.rounds)
        yield compared("start", word, "python -c pass", *taken, goal=goal)
