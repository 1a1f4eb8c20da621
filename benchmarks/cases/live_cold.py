"""Live solves beside uv, over an index with latency.

The recording in depcheck is served on loopback by a process of its own, which waits before each
answer as a far index does. depcheck (``solve --live``) and ``uv pip compile`` solve the same image
from it, alternately: with a cache that holds nothing from an index (cold), then with the cache just
filled.

uv's own knowledge is compiled into it; depcheck works some out of its rules when it first runs, and
keeps it. So a solve from the recording, which asks no index, goes before the cold one; what a cold
solve takes without it is a result of its own.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.lab import image_problem
from benchmarks.processes import medians
from benchmarks.results import Goal, compared
from benchmarks.tools import ROOT
from depcheck.index.simple_api import SimpleApi
from depcheck.index.snapshot import open_snapshot
from depcheck.resolver.problem import DEFAULT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.lab import Lab
    from benchmarks.processes import Run, Took
    from benchmarks.results import Result
    from depcheck.resolver.problem import Problem

GOAL = Goal(of="wall", must=1.5, aim=1.0)
LATENCY_SECONDS = 0.02
MOST_ROUNDS = 7
IMAGE, VARIANT = "nexa_light", "cu121"
BASE = "nexa_base"
SPECS = ROOT / "images" / "data"


def measure(lab: Lab) -> Iterator[Result]:
    """Yield the cold solve, the warm one, and the first of all."""
    problem = image_problem(IMAGE, VARIANT)
    elsewhere = {name for name, index in problem.index_of.items() if index != DEFAULT_INDEX}
    index = lab.index(
        lambda: _api(problem),
        problem.variant.as_of,
        untouched=elsewhere,
        latency=LATENCY_SECONDS,
    )
    caches = lab.room("caches")
    taken: list[list[Took]] = []
    with index as address:
        ours, theirs = _ours(lab, address, caches), _theirs(lab, problem, address, caches)
        known = replace(lab.solving(IMAGE), environment=ours.environment)

        def start_anew() -> None:
            _empty(caches)
            lab.remove_lock_sets()

        def forget() -> None:
            _empty(caches)
            lab.launcher.run(known)

        runs = (
            replace(ours, before=start_anew),
            replace(theirs, before=forget),
            theirs,
            ours,
            ours,
        )
        for number in range(min(lab.rounds, MOST_ROUNDS) + 1):
            turn = [lab.launcher.run(each, index) for each in runs]
            if number:  # the first round fills the server
                taken.append(turn)
    first, uv_cold, uv_warm, cold, warm = (list(column) for column in zip(*taken, strict=True))
    for subject, mine, other, goal in (
        ("empty cache", cold, uv_cold, GOAL),
        ("filled cache", warm, uv_warm, None),
        ("very first run", first, uv_cold, None),
    ):
        title = f"{IMAGE} ({VARIANT}), {subject}"
        yield compared("cold", title, "uv", mine, other, goal=goal, note=_note(mine, other))


def _note(ours: list[Took], theirs: list[Took]) -> str:
    """Say what was asked of the index."""
    shown = [
        f"{each.wall:.2f} s, {each.requests:.0f} requests, {each.sent / 1e6:.1f} MB"
        for each in (medians(ours), medians(theirs))
    ]
    latency = f"{LATENCY_SECONDS * 1000:.0f} ms latency"
    return f"{latency}; {shown[0]}; uv {shown[1]}"


def _empty(caches: Path) -> None:
    shutil.rmtree(caches)
    caches.mkdir()


def _api(problem: Problem) -> SimpleApi:
    snapshot = open_snapshot()
    return SimpleApi(
        lambda name: snapshot.index(problem.index_of.get(name, DEFAULT_INDEX)),
        as_of=problem.variant.as_of,
    )


def _ours(lab: Lab, address: str, caches: Path) -> Run:
    spec = _specs(lab.room("specs"), address)
    run = lab.solving(str(spec), "--variant", VARIANT, "--live")
    own = {"DEPCHECK_CACHE_DIR": str(caches / "depcheck"), "UV_DEFAULT_INDEX": address}
    return replace(run, environment={**run.environment, **own})


def _theirs(lab: Lab, problem: Problem, address: str, caches: Path) -> Run:
    run = lab.posed_to("uv", problem, address)
    return replace(run, environment={**run.environment, "XDG_CACHE_HOME": str(caches / "uv")})


def _specs(folder: Path, address: str) -> Path:
    """Write the image's spec with every index replaced by the one on loopback."""
    for path in SPECS.glob("*.toml"):
        text = re.sub(r'"https://download[^"]*/whl/[^"]*"', f'"{address}"', path.read_text())
        text = text.replace(f'extends = "{BASE}"', f'extends = "./{BASE}.toml"')
        (folder / path.name).write_text(text)
    return folder / f"{IMAGE}.toml"
