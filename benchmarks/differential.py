"""Lock real requirement sets with depcheck and with uv: ``python -m benchmarks.differential``.

Asks the default index over the network; no part of the tests. Prints a line per set and a summary;
exits with 1 if a difference is in no entry of ``differences`` in the data.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA = Path(__file__).parent / "data"
PLATFORM = ("manylinux_2_28_x86_64", "x86_64-manylinux_2_28")
"""The same platform in depcheck's words and in uv's."""


def main() -> int:
    """Compare the sets named on the command line, or all."""
    document = tomllib.loads((DATA / "requirement_sets.toml").read_text("utf-8"))
    wanted = set(sys.argv[1:])
    counts = {"same pins": 0, "same verdict": 0, "explained": 0, "different": 0}
    explained = {each["set"]: each["why"] for each in document.get("difference", [])}
    for each in document["set"]:
        if wanted and each["name"] not in wanted:
            continue
        kind, text = _compared(each)
        if kind == "different" and each["name"] in explained:
            kind, text = "explained", f"{text}: {explained[each['name']]}"
        counts[kind] += 1
        print(f"{each['name']:32} {kind:13} {text}", flush=True)
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return 1 if counts["different"] else 0


def _compared(each: dict[str, Any]) -> tuple[str, str]:
    python = each.get("python", "3.11")
    with TemporaryDirectory() as folder:
        source = Path(folder) / "requirements.in"
        source.write_text("\n".join(each["requires"]) + "\n", encoding="utf-8")
        started = time.perf_counter()
        ours = _by_depcheck(source, python)
        between = time.perf_counter()
        theirs = _by_uv(source, python)
        ended = time.perf_counter()
    times = f"{between - started:.1f} s, uv {ended - between:.1f} s"
    if isinstance(ours, str) or isinstance(theirs, str):
        if isinstance(ours, str) and isinstance(theirs, str):
            return "same verdict", f"{times}: {ours}"
        return "different", f"{times}: depcheck {_short(ours)}, uv {_short(theirs)}"
    if ours == theirs:
        return "same pins", f"{times}: {len(ours)} pins"
    names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    shown = ", ".join(f"{name} {ours.get(name)} / {theirs.get(name)}" for name in names[:12])
    return "different", f"{times}: {shown}"


def _short(answer: dict[str, str] | str) -> str:
    return answer if isinstance(answer, str) else f"{len(answer)} pins"


def _by_depcheck(source: Path, python: str) -> dict[str, str] | str:
    command = [sys.executable, "-m", "depcheck", "compile", str(source), "--no-rules", "--json"]
    ran = _run(*command, "--python-version", python, "--platform", PLATFORM[0])
    document = json.loads(ran.stdout)
    if "error" in document:
        return str(document["error"]["reference"])
    return dict(document["pins"])


def _by_uv(source: Path, python: str) -> dict[str, str] | str:
    command = ["uv", "pip", "compile", str(source), "--quiet", "--no-annotate", "--no-header"]
    ran = _run(*command, "--python-version", python, "--python-platform", PLATFORM[1])
    if ran.returncode:
        lines = ran.stderr.splitlines()
        return "unsatisfiable" if "No solution found" in ran.stderr else " ".join(lines)[:200]
    pins = [line.partition(" ")[0].split("==") for line in ran.stdout.splitlines() if "==" in line]
    return {name.partition("[")[0]: version for name, version in pins}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


if __name__ == "__main__":
    sys.exit(main())
