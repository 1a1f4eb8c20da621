"""The same problem, put to uv, pip-compile and pip: each answers with pins or with a failure."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from packaging.utils import canonicalize_name

from depcheck.errors import EnvironmentFailure, InputError
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.requirements import Requirement

    from depcheck.resolver.problem import Problem

_SECONDS = 900
_REPORT = "report.json"
_OURS = ("UV_", "PIP_")
"""Prefixes of variables that would change what the tools ask."""


@frozen
class Answer:
    """What one tool says."""

    pins: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None
    """Why there are no pins, in one line."""


Opinion: TypeAlias = Callable[["Problem", str, Path], Answer]
"""Asks one tool: the problem, the index to ask, and a folder for its files."""


def by_uv(problem: Problem, index: str, folder: Path) -> Answer:
    """Ask ``uv pip compile``."""
    return _pinned(_run([_tool("uv"), *uv_words(problem, index, folder)], folder))


def uv_words(problem: Problem, index: str, folder: Path) -> list[str]:
    """Return the words that put a problem to uv, after its name; write the files they name."""
    files = _Files(problem, folder)
    target = problem.variant.target
    glibc, machine = _platform(target.platform)
    words = [
        *("pip", "compile", str(files.requirements), "--no-config", "--quiet"),
        *("--no-annotate", "--no-header", "--no-sources", "--default-index", index),
        *("--python-version", target.python, "--python-platform", f"{machine}-{glibc}"),
        *("--prerelease", _uv_policy(problem.variant.prerelease)),
        *("--constraint", str(files.constraints), "--override", str(files.overrides)),
    ]
    for excluded in files.excluded:
        words += ["--excludes", str(excluded)]
    for flag, names in _formats(problem):
        words += [f"--{flag}={name}" for name in names]
    return words


def by_pip_compile(problem: Problem, index: str, folder: Path) -> Answer:
    """Ask ``pip-compile``, which locks for the Python that runs it."""
    words = pip_compile_words(problem, index, folder)
    return _pinned(_run([_tool("pip-compile"), *words], folder))


def pip_compile_words(problem: Problem, index: str, folder: Path) -> list[str]:
    """Return the words that put a problem to pip-compile, after its name; write their files."""
    _refuse_other_python(problem, "pip-compile")
    files = _Files(problem, folder)
    words = [
        *(str(files.requirements), "--quiet", "--no-annotate", "--no-header"),
        *("--no-config", "--no-emit-index-url", "--strip-extras", "--output-file", "-"),
        *("--index-url", index, "--constraint", str(files.constraints)),
    ]
    if problem.variant.prerelease == "allow":
        words.append("--pre")
    return words


def by_pip(problem: Problem, index: str, folder: Path) -> Answer:
    """Ask ``pip install --dry-run``, which solves for the Python that runs it."""
    words = pip_words(problem, index, folder)
    ran = _run([sys.executable, *words], folder)
    if ran.returncode:
        return Answer(failure=_reason(ran.stderr))
    return Answer(pins=reported_pins(folder))


def pip_words(problem: Problem, index: str, folder: Path) -> list[str]:
    """Return the words that put a problem to pip, after Python's name; write their files."""
    _refuse_other_python(problem, "pip")
    files = _Files(problem, folder)
    words = [
        *("-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--dry-run"),
        *("--quiet", "--ignore-installed", "--no-input", "--report", str(folder / _REPORT)),
        *("--index-url", index),
        *("--requirement", str(files.requirements), "--constraint", str(files.constraints)),
    ]
    if problem.variant.prerelease == "allow":
        words.append("--pre")
    for flag, names in _formats(problem):
        words += [f"--{flag}={name}" for name in names]
    return words


def reported_pins(folder: Path) -> dict[str, str]:
    """Return the pins of the report that pip wrote into a folder."""
    installed = json.loads((folder / _REPORT).read_text("utf-8"))["install"]
    found = [each["metadata"] for each in installed]
    return {canonicalize_name(each["name"]): each["version"] for each in found}


OPINIONS: Mapping[str, Opinion] = {"uv": by_uv, "pip-compile": by_pip_compile, "pip": by_pip}
READS_SDISTS = frozenset({"uv"})
"""Tools that take the metadata of an sdist as stated, where it is; the others always build it."""


class _Files:
    """A problem as the files that the tools read."""

    def __init__(self, problem: Problem, folder: Path) -> None:
        variant = problem.variant
        self.requirements = folder / "requirements.in"
        self.constraints = folder / "constraints.txt"
        self.overrides = folder / "overrides.txt"
        _write(self.requirements, (each.requirement for each in variant.requirements))
        _write(self.constraints, (each.requirement for each in variant.constraints))
        replaced = [each.requirement for each in variant.overrides if each.requirement]
        _write(self.overrides, replaced)
        dropped = [each.package for each in variant.overrides if each.requirement is None]
        self.excluded = [folder / "excluded.txt"] if dropped else []
        for path in self.excluded:
            path.write_text("".join(f"{name}\n" for name in dropped), encoding="utf-8")


def _write(path: Path, requirements: Iterable[Requirement]) -> None:
    path.write_text("".join(f"{each}\n" for each in requirements), encoding="utf-8")


def _uv_policy(policy: str) -> str:
    """Return uv's word: its own `if-necessary` does not count what the user names."""
    return "if-necessary-or-explicit" if policy == "if-necessary" else policy


def _platform(tag: str) -> tuple[str, str]:
    system, major, minor, machine = tag.split("_", 3)
    return f"{system}_{major}_{minor}", machine


def _formats(problem: Problem) -> list[tuple[str, tuple[str, ...]]]:
    formats = problem.variant.formats
    return [("no-binary", formats.no_binary), ("only-binary", formats.only_binary)]


def _refuse_other_python(problem: Problem, tool: str) -> None:
    wanted = problem.variant.target.python.split(".")[:2]
    running = platform.python_version_tuple()[:2]
    if tuple(wanted) != running:
        raise InputError(
            "other-python",
            f"{tool} solves for the Python that runs it, {'.'.join(running)}, and the target is "
            f"{'.'.join(wanted)}",
            hint="run depcheck by that Python, or ask uv",
        )


def _tool(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise InputError(
            "tool-missing",
            f"`{name}` is not installed",
            hint="install it beside depcheck: the extra `depcheck-toolkit[crosscheck]` has it",
        )
    return found


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={
                **environment,
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFailure(
            "tool-too-slow",
            f"`{Path(command[0]).name}` gave no answer within {_SECONDS} s",
            hint="leave it out of `--with`",
        ) from error


def _pinned(ran: subprocess.CompletedProcess[str]) -> Answer:
    if ran.returncode:
        return Answer(failure=_reason(ran.stderr))
    return Answer(pins=printed_pins(ran.stdout))


def printed_pins(text: str) -> dict[str, str]:
    """Return the pins of requirements, whether they have hashes or not."""
    pins: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, version = line.partition(" ")[0].partition("==")
        if separator and not line.startswith((" ", "#")):
            pins[canonicalize_name(name.partition("[")[0])] = version
    return pins


def _reason(text: str) -> str:
    """Return the first line that says why, whatever a tool puts before it."""
    wanted = ("no solution", "error", "cannot", "conflict")
    for line in text.splitlines():
        if any(word in line.lower() for word in wanted):
            return line[line.find(next(filter(str.isalpha, line))) :].strip()
    return "it failed and did not say why"
