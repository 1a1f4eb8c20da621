"""``depcheck compile`` of requirements that need much backtracking, beside warm uv.

Both write hashes; both read the same recording, depcheck from its file and uv from its warm cache.
Sdists are left out: uv would build those whose metadata is not stated.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.lab import EXTREMES, FRESHNESS
from benchmarks.results import Goal, compared, pins_note
from benchmarks.tools import ROOT
from depcheck.commands.second_opinions import printed_pins
from depcheck.index.simple_api import SimpleApi
from depcheck.index.snapshot import open_snapshot
from depcheck.resolver.problem import DEFAULT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.lab import Lab
    from benchmarks.loopback import Index
    from benchmarks.results import Result

GOAL = Goal(of="CPU", must=1.0, aim=0.6)
DATA = Path(__file__).parent.parent / "data" / "hard"
RECORDING = ROOT / "index" / "data" / "embedded.sqlite"
DAY = "2024-11-25"
TOO_LATE = datetime(2024, 11, 26, tzinfo=timezone.utc)
"""depcheck's ``--as-of DAY`` takes in the day."""
PYTHON = "3.11"
PLATFORM = ("manylinux_2_35_x86_64", "x86_64-manylinux_2_35")
"""The same platform in depcheck's words and in uv's."""


def measure(lab: Lab) -> Iterator[Result]:
    """Yield a result per file, for pages that stay fresh and for pages that uv reads again."""
    for peer in EXTREMES:
        index = lab.index(_api, TOO_LATE, fresh=FRESHNESS[peer])
        with index as address:
            for path in sorted(DATA.glob("*.in")):
                yield _result(lab, path, peer, index, address)


def _api() -> SimpleApi:
    snapshot = open_snapshot(RECORDING)
    return SimpleApi(lambda _: snapshot.index(DEFAULT_INDEX), as_of=TOO_LATE)


def _result(lab: Lab, path: Path, peer: str, index: Index, address: str) -> Result:
    unsatisfiable = "unsatisfiable" in path.stem
    statuses = (1,) if unsatisfiable else (0,)
    ours = lab.depcheck(
        *("compile", str(path), "--quiet", "--generate-hashes", "--snapshot", str(RECORDING)),
        *("--as-of", DAY, "--python-version", PYTHON, "--platform", PLATFORM[0]),
        *("--only-binary", ":all:"),
        statuses=statuses,
    )
    words = [
        *("pip", "compile", str(path), "--quiet", "--no-config", "--no-annotate", "--no-header"),
        *("--generate-hashes", "--default-index", address),
        *("--python-version", PYTHON, "--python-platform", PLATFORM[1]),
        *("--only-binary", ":all:"),
    ]
    theirs = lab.peer("uv", words, lab.room("uv"), statuses=statuses)
    taken = lab.launcher.alternate([ours, theirs], lab.rounds, index)
    note = "both say that there is no solution"
    if not unsatisfiable:
        answers = (printed_pins(each.stdout.read_text()) for each in (ours, theirs))
        note = pins_note(*answers)
    return compared("hard", path.stem, peer, *taken, goal=GOAL, note=note)
