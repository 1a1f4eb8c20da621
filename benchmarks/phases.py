"""Where the CPU of one solve goes: ``python -m benchmarks.phases [IMAGE VARIANT]``.

Runs the steps of ``depcheck solve`` one by one in a fresh process of the installed depcheck, with
its cache filled, and prints the median of each. A step pays for what it is the first to import.
"""

from __future__ import annotations

import sys
import time

ROUNDS = 11


def main() -> None:
    """Print a table."""
    import json  # noqa: PLC0415 - each import here would count as part of Python's start
    import statistics  # noqa: PLC0415
    import subprocess  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from benchmarks.tools import Toolbox  # noqa: PLC0415 - the measured process has none of it

    chosen = sys.argv[1:] or ["nexa_heavy", "cu121"]
    tool = Toolbox(Path.home() / ".cache" / "depcheck-benchmarks").depcheck()
    runs = []
    for number in range(ROUNDS + 1):
        ran = subprocess.run(
            [tool.python, __file__, "--inside", *chosen],
            env=tool.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        if number:  # the first one fills the cache
            runs.append(json.loads(ran.stdout))
    print("| step | CPU, ms |\n|---|--:|")
    for step in runs[0]:
        print(f"| {step} | {statistics.median(run[step] for run in runs):.1f} |")
    print(f"| all | {statistics.median(sum(run.values()) for run in runs):.1f} |")


class _Clock:
    """CPU since the last call, by step."""

    def __init__(self) -> None:
        self.steps = {"start of Python": time.process_time() * 1000}
        self._last = time.process_time()

    def passed(self, step: str) -> None:
        now = time.process_time()
        self.steps[step] = (now - self._last) * 1000
        self._last = now


def measure_inside(image: str, name: str) -> None:
    """Run the steps of a solve, and print what each took."""
    clock = _Clock()
    import gc  # noqa: PLC0415

    from depcheck.cli import _UNTIL_COLLECTED, build_parser  # noqa: PLC0415

    gc.set_threshold(_UNTIL_COLLECTED)  # as the command does
    build_parser("solve").parse_args(["solve", image, "--variant", name])
    clock.passed("command line")
    import depcheck.commands.solve  # noqa: F401, PLC0415

    clock.passed("imports of `solve`")
    from depcheck.conflicts.loader import load_builtin_rules  # noqa: PLC0415
    from depcheck.images.loader import load_builtin  # noqa: PLC0415

    rules = load_builtin_rules()
    clock.passed("rules")
    spec = load_builtin(image)
    clock.passed("spec")
    from depcheck.stating import stated_problem  # noqa: PLC0415

    problem = stated_problem(spec, spec.variants[name], rules)
    clock.passed("problem")
    from depcheck.index.snapshot import open_snapshot  # noqa: PLC0415
    from depcheck.resolver.search import Bench, Found  # noqa: PLC0415
    from depcheck.resolver.solve import assemble  # noqa: PLC0415

    snapshot = open_snapshot()
    clock.passed("open the recording")
    bench = Bench(problem, snapshot.index)
    clock.passed("target, catalogue")
    found = bench.attempt()
    clock.passed("search")
    if not isinstance(found, Found):
        sys.exit(f"{image} ({name}) has no solution")
    solution = assemble(problem, found, snapshot.index)
    clock.passed("assemble the solution")
    from depcheck.lockfiles.lockset import render, write  # noqa: PLC0415

    files = render(solution)
    clock.passed("render the lock set")
    from depcheck.gate.recording import recorded  # noqa: PLC0415

    record = recorded(
        solution, files, spec=spec, problem=problem, command="depcheck", rule_files={}
    )
    clock.passed("gate's record")
    import json  # noqa: PLC0415 - imported already
    from pathlib import Path  # noqa: PLC0415
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        clock.passed("")
        write({**files, "gate.json": record}, Path(folder) / "set")
        clock.passed("write")
    clock.steps.pop("")
    print(json.dumps(clock.steps))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        measure_inside(*sys.argv[2:])
    else:
        main()
