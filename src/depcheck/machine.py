"""What this machine has that images need: looked at, never changed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.errors import EnvironmentFailure
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from depcheck.index.live.http import Http

_PATIENCE = 20
_DRIVER = Path("/proc/driver/nvidia/version")


@frozen
class Machine:
    """What was found."""

    driver: str | None = None
    """Version of the NVIDIA driver."""
    capabilities: tuple[str, ...] = ()
    """Compute capabilities of the GPUs, sorted; empty where nobody says."""
    machine: str = "x86_64"
    glibc: str | None = None
    python: str | None = None
    """Path of the interpreter that was looked for."""
    uv: str | None = None
    """``uv 0.8.1``."""
    pip: str | None = None
    free_bytes: int = 0
    indexes: Mapping[str, str | None] = field(default_factory=dict)
    """Why an index does not answer, by name; None where it does."""


def look(*, python: str | None, folder: Path, indexes: Mapping[str, str]) -> Machine:
    """Look at this machine.

    Args:
        python: The minor version of Python to look for.
        folder: Where free disk space is asked for.
        indexes: URL of a page to ask for, by the index's name.
    """
    library, version = platform.libc_ver()
    driver, capabilities = _driver()
    return Machine(
        driver=driver,
        capabilities=capabilities,
        machine=platform.machine(),
        glibc=version if library == "glibc" else None,
        python=shutil.which(f"python{python}") if python else None,
        uv=_answer(["uv", "--version"]),
        pip=_answer(["pip", "--version"]),
        free_bytes=shutil.disk_usage(folder).free,
        indexes=_reached(indexes),
    )


def _driver() -> tuple[str | None, tuple[str, ...]]:
    """Return the driver's version and what its GPUs can compute, as far as anything says it."""
    query = ["nvidia-smi", "--query-gpu=driver_version,compute_cap", "--format=csv,noheader"]
    rows = [line.split(", ") for line in (_answer(query) or "").splitlines()]
    told = [row for row in rows if len(row) == 2 and re.fullmatch(r"[\d.]+", row[0])]  # noqa: PLR2004
    if told:
        return told[0][0], tuple(sorted({row[1].strip() for row in told}))
    try:
        text = _DRIVER.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None, ()
    match = re.search(r"Kernel Module\S*(?: for \S+)?\s+(\d+\.[\d.]+)", text)
    return (match[1] if match else None), ()


def _answer(command: list[str]) -> str | None:
    """Return what a program prints, None where it is missing or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout.strip() or None


def _reached(indexes: Mapping[str, str]) -> Mapping[str, str | None]:
    if not indexes:
        return {}
    from depcheck.index.live.credentials import redacted  # noqa: PLC0415 - needs HTTP
    from depcheck.index.live.http import Http  # noqa: PLC0415 - needs HTTP

    http = Http()
    return {name: _fault(http, url, redacted) for name, url in sorted(indexes.items())}


def _fault(http: Http, url: str, redacted: Callable[[str], str]) -> str | None:
    try:
        answer = http.get(url)
    except EnvironmentFailure as error:
        return error.message
    return None if answer is not None else f"there is nothing at {redacted(url)}"
