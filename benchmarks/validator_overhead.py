"""How long the validator takes besides imports, on an environment of 100 distributions.

    python benchmarks/validator_overhead.py

Makes the environment with real wheels (15000 files), runs the packed validator several times as a
program, and prints the times. Ends with 1 where the fastest run takes a second or longer.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.image import CLEAN, SOLUTION, Image, install
from support.solutions import pin
from support.wheelhouse import make_wheel

DISTRIBUTIONS, MODULES, RUNS = 100, 150, 5
LIMIT = 1.0
BODY = "".join(
    f"def function_{number}(value):\n    return value + {number}\n" for number in range(40)
)


def main() -> int:
    """Measure; return 1 where the overhead is a second or more."""
    names = [f"package-{number:03}" for number in range(DISTRIBUTIONS)]
    pins = tuple(pin(name) for name in names)
    with tempfile.TemporaryDirectory() as folder:
        image = Image(folder=Path(folder), solution=replace(SOLUTION, pins=pins, waivers=()))
        venv.create(image.venv, symlinks=True, with_pip=False)
        install(image, *(wheel(image.folder, name, names) for name in names))
        image.pack()
        before = processor_time()
        times = sorted(timed(image) for _ in range(RUNS))
        spent = (processor_time() - before) / RUNS
    print(
        f"{DISTRIBUTIONS} distributions, {DISTRIBUTIONS * MODULES} modules, {os.cpu_count()} CPUs"
    )
    print(
        "seconds for one run, the interpreter's start included:", *(f"{each:.2f}" for each in times)
    )
    print(f"processor seconds for one run: {spent:.2f}")
    return 0 if times[0] < LIMIT else 1


def wheel(folder: Path, name: str, names: list[str]) -> Path:
    """Make a wheel of many modules that requires a dozen others."""
    module = name.replace("-", "_")
    files = {f"{module}/module_{number:03}.py": BODY for number in range(MODULES)}
    requires = [f"{other}>=0.5" for other in names[:12] if other != name]
    return make_wheel(folder / "wheels", name, "1.0", files=files, requires=requires)


def timed(image: Image) -> float:
    """Run the validator once, as a user does, and return how long that took."""
    command = [sys.executable, str(image.program), "--python", str(image.python), "--quiet"]
    started = time.perf_counter()
    subprocess.run(command, check=True, env=CLEAN)
    return time.perf_counter() - started


def processor_time() -> float:
    """Return the processor seconds of all children so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
