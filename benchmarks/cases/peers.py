"""``depcheck solve`` beside slower tools, on an image that rules leave as published.

These take seconds to minutes, so that few rounds must do. None of them is asked for hashes, which
some compute by downloading each file; depcheck writes its whole lock set all the same. pdm
locks for several platforms, from a `pyproject.toml`, which has no place for constraints. poetry
cannot be asked: it locks for all platforms, and wants files that the recording does not have.
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from benchmarks.cases.solve import locked_pins
from benchmarks.lab import image_problem
from benchmarks.processes import FailedError
from benchmarks.results import Goal, compared, pins_note
from benchmarks.universe import posed
from depcheck.commands.second_opinions import printed_pins, reported_pins

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.lab import Lab
    from benchmarks.processes import Run
    from benchmarks.results import Result
    from depcheck.resolver.problem import Problem

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
    index = lab.index_of(question)
    ours = lab.solving(IMAGE, "--variant", VARIANT)
    with index as address:
        for name in ("pip-compile", "pip", "pdm"):
            if name == "pdm":
                theirs = _pdm(lab, question.problem, address)
            else:
                theirs = lab.posed_to(name, question.problem, address)
            try:
                taken = lab.launcher.alternate([ours, theirs], min(lab.rounds, MOST_ROUNDS), index)
            except FailedError as error:
                print(f"peers: {name}: {error}", file=sys.stderr)
                continue
            note = pins_note(locked_pins(ours.folder / "locks" / IMAGE / VARIANT), _pins(theirs))
            subject = f"{IMAGE} ({VARIANT})"
            yield compared("peers", subject, name, *taken, goal=GOAL, note=note)


_PYPROJECT = """[project]
name = "benchmark"
version = "1"
requires-python = "=={python}.*"
dependencies = {requirements}

[[tool.pdm.source]]
name = "pypi"
url = "{address}"
"""


def _pdm(lab: Lab, problem: Problem, address: str) -> Run:
    """Return a run that locks a project; an earlier lock would be taken into account."""
    room = lab.room("pdm")
    text = _PYPROJECT.format(
        python=problem.variant.target.python,
        requirements=json.dumps([str(each.requirement) for each in problem.variant.requirements]),
        address=address.rstrip("/"),
    )
    (room / "pyproject.toml").write_text(text)
    run = lab.peer("pdm", ("lock", "--quiet"), room)
    return replace(run, before=lambda: (room / "pdm.lock").unlink(missing_ok=True))


def _pins(run: Run) -> dict[str, str]:
    if run.tool == "pdm":
        packages = tomllib.loads((run.folder / "pdm.lock").read_text())["package"]
        return {canonicalize_name(each["name"]): each["version"] for each in packages}
    return reported_pins(run.folder) if run.tool == "pip" else printed_pins(run.stdout.read_text())
