"""The environment that is checked: its interpreter and where that finds packages."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from depcheck.validate.probes import source
from depcheck.validate.processes import Ended, run_child

STANDARD_LIBRARY = (
    "encodings.utf_8",
    "asyncio",
    "ctypes",
    "email",
    "hashlib",
    "http.client",
    "importlib.metadata",
    "json",
    "logging",
    "multiprocessing",
    "socket",
    "ssl",
    "tempfile",
    "threading",
    "unittest",
    "urllib.request",
    "xml.etree",
    "zipfile",
    "zlib",
    "_ctypes",
    "_socket",
    "_ssl",
)
"""Modules that machine-learning packages take for granted and that a stripped Python lacks."""
_PATIENCE = 60.0


@dataclass(frozen=True)
class Environment:
    """What the interpreter says of itself; guessed from the disk where it does not start."""

    python: Path
    """The interpreter, as the user named it."""
    prefix: Path
    own: tuple[str, ...]
    """The environment's own package folders."""
    scripts: Path
    """Where console scripts lie."""
    failure: str = ""
    """Why the interpreter does not start, empty where it does."""
    version: str = ""
    base_prefix: str = ""
    search_path: tuple[str, ...] = ()
    markers: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Modules of the standard library that cannot be found."""
    has_headers: bool = False
    include: str = ""
    glibc: str = ""
    machine: str = ""
    extension_suffix: str = ".so"

    @property
    def starts(self) -> bool:
        """Whether the interpreter can run anything."""
        return not self.failure

    @property
    def site_packages(self) -> str:
        """The folder that ``{site-packages}`` stands for."""
        return self.own[0] if self.own else ""


def choose_python(wish: str | None) -> Path:
    """Return the interpreter to check: the wish, that of ``VIRTUAL_ENV``, else the running one."""
    if wish:
        return Path.cwd() / wish
    virtual = os.environ.get("VIRTUAL_ENV")
    if virtual:
        return Path(virtual) / "bin" / "python"
    return Path(sys.executable)


def probe(python: Path, expected: str) -> Environment:
    """Ask an interpreter what it is; ``expected`` is the Python version of the lock."""
    command = [str(python), "-c", source("interpreter"), *STANDARD_LIBRARY]
    try:
        ended = run_child(command, timeout=_PATIENCE)
    except OSError as error:
        return _guessed(python, expected, error.strerror or str(error))
    answer = _answer(ended)
    if answer is None:
        return _guessed(python, expected, _why(ended))
    return Environment(
        python=python,
        prefix=Path(answer["prefix"]),
        own=tuple(dict.fromkeys(answer["own"])),
        scripts=Path(answer["scripts"]),
        version=answer["version"],
        base_prefix=answer["base_prefix"],
        search_path=tuple(answer["path"]),
        markers=answer["markers"],
        missing=tuple(answer["missing"]),
        has_headers=answer["headers"],
        include=answer["include"],
        glibc=answer["glibc"],
        machine=answer["machine"],
        extension_suffix=answer["extensions"],
    )


def _answer(ended: Ended) -> dict[str, Any] | None:
    try:
        found = json.loads(ended.answer)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _why(ended: Ended) -> str:
    if ended.timed_out:
        return f"it did not answer within {_PATIENCE:.0f} s"
    told = ended.stderr.strip() or ended.stdout.strip()
    how = f"killed by {ended.signal_name}" if ended.signal_name else f"exit status {ended.status}"
    return f"{how}\n{told}" if told else how


def _guessed(python: Path, expected: str, failure: str) -> Environment:
    """Return what the layout of virtual environments says, where nobody answers."""
    prefix = python.parent.parent
    minor = ".".join(re.findall(r"\d+", expected)[:2])
    own = (str(prefix / "lib" / f"python{minor}" / "site-packages"),)
    return Environment(
        python=python,
        prefix=prefix,
        own=own,
        scripts=prefix / "bin",
        failure=failure,
        search_path=own,
    )


def run_source(
    environment: Environment,
    program: str,
    arguments: Sequence[str] = (),
    *,
    timeout: float,
    variables: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> Ended:
    """Run one of the probes under the interpreter, leaving no byte code behind.

    Raises:
        OSError: the interpreter cannot be started.
    """
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(variables or {})}
    command = [str(environment.python), "-c", source(program), *arguments]
    return run_child(command, timeout=timeout, env=env, cwd=cwd)
