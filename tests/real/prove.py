"""Prove the validator on real packages: solve, install, validate, then spoil and validate again.

    python tests/real/prove.py FOLDER

Needs the network and about 12 GB in FOLDER (a new folder). No part of the test suite.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parent / "small.toml"
FAULTS: tuple[tuple[str, str, str], ...] = (
    ("an edited file", "torch/version.py", "file-edited"),
    ("a deleted library", "torchvision.libs/libjpeg.*.so*", "file-missing"),
    ("a deleted CUDA library", "nvidia/cublas/lib/libcublas.so.12", "library-missing"),
)


def main(folder: Path) -> int:
    """Run every step; return 0 where each gave what it must."""
    folder.mkdir(parents=True)
    python = folder / "venv" / "bin" / "python"
    call(
        sys.executable,
        "-m",
        "depcheck",
        "solve",
        str(SPEC),
        "--live",
        "--out",
        str(folder / "locks"),
    )
    venv.create(folder / "venv", with_pip=True)
    locks = folder / "locks" / "small" / "cu121"
    call(str(locks / "install.sh"), PYTHON=str(python))
    print("\n== as installed", flush=True)
    healthy = validate(locks, python)
    right = [expect(healthy, set(), "nothing")]
    packages = next((folder / "venv" / "lib").glob("python3.*")) / "site-packages"
    for name, pattern, code in FAULTS:
        right.append(spoil(locks, python, packages, (name, pattern, code)))
    right.append(replace_numpy(locks, python))
    return 0 if all(right) else 1


def call(*command: str, **env: str) -> None:
    """Run a step that must work, and show what it says."""
    print("$", " ".join(command), flush=True)
    subprocess.run(command, check=True, env={**os.environ, **env})


def validate(locks: Path, python: Path, *options: str) -> list[dict[str, Any]]:
    """Run the validator; show its lines and return the results."""
    command = [str(locks / "validate_dependencies"), "--python", str(python), *options]
    env = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, check=False, env=env)
    quiet = [*command, "--json"]
    done = subprocess.run(quiet, check=False, env=env, capture_output=True, text=True)
    results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    return results


def expect(results: list[dict[str, Any]], codes: set[str], what: str) -> bool:
    """Tell whether the findings have these codes."""
    found = {each["code"] for each in results if each["status"] in {"fail", "warn", "error"}}
    verdict = "as expected" if codes <= found and bool(codes) == bool(found) else "NOT AS EXPECTED"
    print(f"== {what}: {', '.join(sorted(found)) or 'no finding'}: {verdict}", flush=True)
    return verdict == "as expected"


def spoil(locks: Path, python: Path, packages: Path, fault: tuple[str, str, str]) -> bool:
    """Spoil one file, validate, and put it right again."""
    name, pattern, code = fault
    [path, *_] = sorted(packages.glob(pattern))
    print(f"\n== {name}: {path.relative_to(packages)}", flush=True)
    kept = path.with_name(f"{path.name}.kept")
    path.rename(kept)
    try:
        if code == "file-edited":
            path.write_bytes(kept.read_bytes() + b"\n# patched\n")
        results = validate(locks, python, "--only", "files", "--only", "libraries")
    finally:
        kept.replace(path)
    return expect(results, {code}, name)


def replace_numpy(locks: Path, python: Path) -> bool:
    """Install NumPy 2 over the locked one, as a later `pip install` in a Dockerfile does."""
    print("\n== NumPy 2 installed afterwards", flush=True)
    call(str(python), "-m", "pip", "install", "-q", "--no-deps", "numpy==2.0.1")
    results = validate(locks, python, "--only", "installed", "--only", "imports")
    return expect(results, {"version-differs", "import-complains"}, "NumPy 2")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
