"""CPU time of ``depcheck solve`` beside warm ``uv pip compile``: ``python -m benchmarks.solve``.

Both answer the same image over the same recording, which uv reads from a loopback server and its
own warm cache. They run alternately, as whole processes; the ratio is the median of pairs. depcheck
writes its whole lock set, hashes and validator included; uv writes names and versions.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from depcheck.commands.second_opinions import OPINIONS
from depcheck.conflicts.loader import load_builtin_rules
from depcheck.images.loader import load_builtin
from depcheck.index.live.server import address, serving
from depcheck.index.simple_api import SimpleApi
from depcheck.index.snapshot import open_snapshot
from depcheck.resolver.problem import DEFAULT_INDEX, build_problem

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 11
CASES = (("nexa_light", "cu121"), ("nexis", "cu128"), ("nexa_light", "cu128"))
"""Images that uv can solve too: no rule replaces published metadata in them."""
DEPCHECK = str(Path(sys.executable).parent / "depcheck")


def cpu(run: Callable[[], object]) -> float:
    """Return the seconds of CPU that the processes take which a call starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def compare(image: str, name: str, folder: Path) -> str:
    """Return one line on one image variant."""
    variant = load_builtin(image).variants[name]
    problem = build_problem(load_builtin(image), variant, load_builtin_rules())
    snapshot = open_snapshot()
    api = SimpleApi(
        lambda each: snapshot.index(problem.index_of.get(each, DEFAULT_INDEX)),
        as_of=variant.as_of,
    )
    command = [DEPCHECK, "solve", image, "--variant", name, "-q"]
    with serving({"problem": api}) as server:

        def uv() -> None:
            answer = OPINIONS["uv"](problem, address(server, "problem"), folder)
            if answer.failure is not None:
                sys.exit(f"uv: {image} ({name}): {answer.failure}")

        def depcheck() -> None:
            subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)

        uv()  # warms its cache
        pairs = [(cpu(uv), cpu(depcheck)) for _ in range(ROUNDS)]
    ratio = statistics.median(ours / theirs for theirs, ours in pairs)
    theirs, ours = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    return f"{image} ({name}): depcheck {ours:.0f} ms, uv {theirs:.0f} ms CPU, ratio {ratio:.2f}"


def main() -> None:
    """Print one line per case."""
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {ROUNDS} rounds")
    with TemporaryDirectory() as folder:
        for image, name in CASES:
            print(compare(image, name, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
