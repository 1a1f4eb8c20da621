"""``depcheck solve`` of one image beside warm ``uv pip compile --generate-hashes``.

depcheck reads its embedded recording and writes its whole lock set, validator included; uv reads
its warm cache of the same recording and prints one hashed file.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.lab import FRESHNESS, image_problem
from benchmarks.results import Goal, compared, pins_note
from benchmarks.universe import posed
from depcheck.commands.second_opinions import printed_pins

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.lab import Lab
    from benchmarks.results import Result

GOAL = Goal(of="CPU", must=1.0, aim=0.4)
MEMORY = Goal(of="peak memory", must=150, aim=80, unit="MB")
IMAGES = (("nexa_heavy", "cu121"), ("nexa_light", "cu121"), ("nexis", "cu128"))
"""The first one is held against the goal."""


def measure(lab: Lab) -> Iterator[Result]:
    """Yield a result per image; of the first one also with pages that uv asks for again."""
    first, *rest = IMAGES
    for peer, fresh in FRESHNESS.items():
        yield _compared(lab, first, peer, fresh=fresh, goal=GOAL)
    for each in rest:
        yield _compared(lab, each, "uv")


def measure_memory(lab: Lab) -> Iterator[Result]:
    """Yield the peak of the largest image."""
    found = _compared(replace(lab, rounds=min(lab.rounds, 3)), IMAGES[0], "uv")
    yield replace(
        found,
        case="memory",
        goal=MEMORY,
        value=found.ours.peak / 1e6,
        cpu_ratio=None,
        wall_ratio=None,
    )


def _compared(
    lab: Lab,
    chosen: tuple[str, str],
    peer: str,
    *,
    fresh: int | None = 600,
    goal: Goal | None = None,
) -> Result:
    image, variant = chosen
    question = posed(image_problem(image, variant))
    index = lab.index_of(question, fresh=fresh)
    ours = lab.solving(image, "--variant", variant)
    with index as address:
        theirs = lab.posed_to("uv", question.problem, address)
        taken = lab.launcher.alternate([ours, theirs], lab.rounds, index)
    pins = locked_pins(ours.folder / "locks" / image / variant)
    note = pins_note(pins, printed_pins(theirs.stdout.read_text()))
    return compared("solve", f"{image} ({variant})", peer, *taken, goal=goal, note=note)


def locked_pins(folder: Path) -> dict[str, str]:
    """Return the pins of a lock set."""
    pins = json.loads((folder / "explain.json").read_text())["pins"]
    return {name: each["version"] for name, each in pins.items()}
