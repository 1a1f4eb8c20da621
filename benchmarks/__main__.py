"""Measure depcheck beside its peers: ``python -m benchmarks [CASE ...]``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import chart, report
from benchmarks.cases import fleet, gate, growth, hard, live_cold, peers, solve
from benchmarks.lab import Lab
from benchmarks.processes import FailedError, Launcher
from benchmarks.results import Result, document, machine
from benchmarks.tools import Toolbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CASES: dict[str, Callable[[Lab], Iterator[Result]]] = {
    "solve": solve.measure,
    "hard": hard.measure,
    "all": fleet.measure,
    "cold": live_cold.measure,
    "peers": peers.measure,
    "gate": gate.measure,
    "start": gate.measure_start,
    "memory": solve.measure_memory,
    "growth": growth.measure,
}
RESULTS = Path(__file__).parent / "results"
ROUNDS = 11


def main() -> int:
    """Measure, print the table, and write it; 1 where something could not be measured."""
    options = _options()
    where = machine()
    results: list[Result] = []
    failed = False
    toolbox = Toolbox(options.cache)
    with Launcher() as launcher:
        for name in options.cases or CASES:
            started = time.perf_counter()
            with TemporaryDirectory() as folder:
                lab = Lab(
                    launcher=launcher,
                    toolbox=toolbox,
                    rounds=options.rounds,
                    folder=Path(folder),
                )
                try:
                    results += CASES[name](lab)
                except FailedError as error:
                    print(f"{name}: {error}", file=sys.stderr)
                    failed = True
            print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    versions = toolbox.versions()
    print(report.text(results))
    if options.out or not options.cases:
        out = options.out or RESULTS
        out.mkdir(parents=True, exist_ok=True)
        found = document(results, where, versions)
        (out / "results.json").write_text(json.dumps(found, indent=2) + "\n")
        (out / "results.md").write_text(report.markdown(results, where, versions))
        (out / "results.svg").write_text(chart.svg(results, where))
        print(f"written to {out}", file=sys.stderr)
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of: {', '.join(CASES)}")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="of each case at most (%(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="where to write results; by default benchmarks/results, if all cases are measured",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path.home() / ".cache" / "depcheck-benchmarks",
        help="where the tools are installed, once (%(default)s)",
    )
    options = parser.parse_args()
    unknown = sorted({*options.cases} - {*CASES})
    if unknown:
        parser.error(f"no case `{unknown[0]}`; there are {', '.join(CASES)}")
    if options.rounds < 1:
        parser.error("`--rounds` must be 1 or more")
    return options


if __name__ == "__main__":
    sys.exit(main())
