"""Compare the architectures that depcheck reads with those that NVIDIA's cuobjdump lists.

    pip install nvidia-cuda-cuobjdump
    pip download --no-deps bitsandbytes ...
    python tools/compare_cuobjdump.py --cuobjdump PATH [--cuobjdump OLDER] WHEEL...

Every shared object with a fat binary must give the same counts of cubins and PTX by architecture:
`.nv_fatbin` against ``--list-elf`` and ``--list-ptx``, `__nv_relfatbin` against the same with
``-all``. A cuobjdump refuses some cubins of other toolkits ("Invalid ELF"); then the next one named
is asked. cuobjdump names a cubin by the flags inside it, not by the fat binary, and two of its
names are allowed for: family-specific cubins (`f`) go by their plain name, and a few cubins of
CUDA 11 by names that no GPU has, such as `sm_50a` (the first architecture with an `a` is 9.0).
Exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.artifacts.wheel import read_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depcheck.artifacts.architectures import KernelImage
    from depcheck.artifacts.model import SharedObject

_FIRST_WITH_SUFFIX = 90
_LISTED = re.compile(r"\.sm_(\d+[af]?)\.(cubin|ptx)$")


def main() -> int:
    """Compare the wheels that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cuobjdump", action="append", type=Path, required=True)
    parser.add_argument("wheels", nargs="+", type=Path)
    options = parser.parse_args()
    print("| wheel | shared objects | images | architectures | equal | read by |")
    print("|---|---|---|---|---|---|")
    differing = sum(_compare(wheel, options.cuobjdump) for wheel in options.wheels)
    return 1 if differing else 0


def _compare(wheel: Path, tools: list[Path]) -> int:
    """Print one row for a wheel and return how many of its files differ."""
    with wheel.open("rb") as file:
        artifact = read_wheel(file, wheel.name, whole=False)
    objects = [each for each in artifact.objects if each.kernels or each.relocatable]
    equal, images, by = 0, 0, set()
    names: set[str] = set()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        for found in objects:
            path = archive.extract(_member(archive, found.path), folder)
            ours = _ours(found)
            theirs, tool = _theirs(Path(path), tools, whole=bool(found.relocatable))
            Path(path).unlink()
            equal += ours == theirs
            images += sum(ours.values())
            by.add(tool)
            names |= {str(image.architecture) for image in found.kernels + found.relocatable}
            if ours != theirs:
                print(
                    f"{wheel.name} {found.path}: {ours - theirs} / {theirs - ours}", file=sys.stderr
                )
    row = (
        wheel.name.split("-cp")[0].split("-py")[0],
        len(objects),
        images,
        " ".join(sorted(names)),
    )
    print("|", " | ".join(map(str, row)), f"| {equal}/{len(objects)} | {', '.join(sorted(by))} |")
    return len(objects) - equal


def _member(archive: zipfile.ZipFile, path: str) -> str:
    return next(name for name in archive.namelist() if name == path or name.endswith(f"/{path}"))


def _ours(found: SharedObject) -> Counter[tuple[str, str]]:
    return Counter(_counted(found.kernels + found.relocatable))


def _counted(images: Iterable[KernelImage]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for image in images:
        kind, _, number = str(image.architecture).partition("_")
        if kind == "sm":
            number = number.removesuffix("f")
        counts["cubin" if kind == "sm" else "ptx", number] += image.count
    return counts


def _theirs(path: Path, tools: list[Path], *, whole: bool) -> tuple[Counter[tuple[str, str]], str]:
    for tool in tools:
        counts: Counter[tuple[str, str]] = Counter()
        failed = False
        for option in ("--list-elf", "--list-ptx"):
            command = [str(tool), *(["-all"] if whole else []), option, str(path)]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            failed = failed or ran.returncode != 0
            for line in ran.stdout.splitlines():
                if match := _LISTED.search(line):
                    counts[match[2], _real(match[1])] += 1
        if not failed:
            return counts, _version(tool)
    return Counter(), "none"


def _real(name: str) -> str:
    number = name.rstrip("af")
    return number if int(number) < _FIRST_WITH_SUFFIX else name


def _version(tool: Path) -> str:
    ran = subprocess.run([str(tool), "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"release (\d+\.\d+)", ran.stdout)
    return match[1] if match else "?"


if __name__ == "__main__":
    sys.exit(main())
