"""CPU time of the gate, beside the start of bare Python: ``python benchmarks/gate.py``.

Runs alternate, so that a busy machine slows all of them alike; the ratio is the median of pairs.
An editable installation doubles the start of bare Python, and so flatters the ratios.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS = 20
DEPCHECK = str(Path(sys.executable).parent / "depcheck")
BARE = [sys.executable, "-c", "pass"]


def cpu(command: list[str], folder: Path) -> float:
    """Return the seconds of CPU that a command takes, its output thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        sys.exit(f"{' '.join(command)}: exit status {ran.returncode}")
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def main() -> None:
    """Print one line per case."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        cpu([DEPCHECK, "solve", "--all", "-q"], folder)
        sets = len(list(folder.glob("locks/*/*/gate.json")))
        cases = {
            "--version": [DEPCHECK, "--version"],
            "one image": [DEPCHECK, "gate", "nexa_heavy", "--variant", "cu121"],
            f"all {sets} lock sets": [DEPCHECK, "gate", "--all"],
            "one image, --full": [DEPCHECK, "gate", "nexa_heavy", "--variant", "cu121", "--full"],
            f"all {sets} lock sets, --full": [DEPCHECK, "gate", "--all", "--full"],
        }
        print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {ROUNDS} rounds")
        for case, command in cases.items():
            pairs = [(cpu(BARE, folder), cpu(command, folder)) for _ in range(ROUNDS)]
            ratio = statistics.median(taken / bare for bare, taken in pairs)
            median = statistics.median(taken for _, taken in pairs)
            print(f"{case}: {median * 1000:.0f} ms CPU, {ratio:.1f} x bare Python")


if __name__ == "__main__":
    main()
