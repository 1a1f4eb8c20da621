"""Whole processes, run alternately, and what each took."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

    from benchmarks.loopback import Index


class Took(NamedTuple):
    """What one process took, its children included; also medians of several."""

    wall: float
    cpu: float
    peak: float
    """Bytes of memory, of the largest process."""
    read: float
    """Bytes that it read, from files and from the network."""
    requests: float = 0
    sent: float = 0
    """Bytes that the index sent to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One command of one tool."""

    tool: str
    command: tuple[str, ...]
    folder: Path
    """Where it runs, and where its output is kept."""
    environment: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = (0,)
    before: Callable[[], object] | None = None
    """Called before each run; not measured."""

    @property
    def stdout(self) -> Path:
        """What it printed last."""
        return self.folder / f"{self.tool}.out"

    @property
    def stderr(self) -> Path:
        """What it said last."""
        return self.folder / f"{self.tool}.err"


class FailedError(Exception):
    """A command that ended otherwise than it should."""


class Launcher:
    """Runs one command at a time by a small process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, run: Run, index: Index | None = None) -> Took:
        """Run a command once.

        Raises:
            FailedError: it ended with another status than it should.
        """
        if run.before is not None:
            run.before()
        if index is not None:
            index.take()
        found = self._ordered(run)
        if found.pop("status") not in run.statuses:
            said = run.stderr.read_text(errors="replace").strip() or run.stdout.read_text()
            raise FailedError(f"{' '.join(run.command[:8])} ...: {said[-2000:]}")
        return Took(**found)._replace(**(index.take() if index is not None else {}))

    def _ordered(self, run: Run) -> dict[str, Any]:
        order = {
            "command": run.command,
            "folder": str(run.folder),
            "environment": dict(run.environment),
            "stdout": str(run.stdout),
            "stderr": str(run.stderr),
        }
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def alternate(
        self, runs: Sequence[Run], rounds: int, index: Index | None = None
    ) -> list[list[Took]]:
        """Run commands by turns, each once beforehand; return what each took, round by round."""
        for run in runs:
            self.run(run, index)
        taken: list[list[Took]] = [[] for _ in runs]
        for number in range(rounds):
            turn = list(enumerate(runs))
            for place, run in turn if number % 2 else reversed(turn):
                taken[place].append(self.run(run, index))
        return taken


def medians(runs: Sequence[Took]) -> Took:
    """Return the median of each column."""
    return Took(*(statistics.median(column) for column in zip(*runs, strict=True)))


def added(runs: Sequence[Sequence[Took]]) -> list[Took]:
    """Return, round by round, what several commands took one after another."""
    return [
        Took(
            **{
                name: (max if name == "peak" else sum)(getattr(each, name) for each in together)
                for name in Took._fields
            }
        )
        for together in zip(*runs, strict=True)
    ]


def paired(ours: Sequence[Took], theirs: Sequence[Took], what: str) -> float:
    """Return the median of the ratios of pairs."""
    ratios: list[float] = [
        getattr(mine, what) / getattr(other, what) for mine, other in zip(ours, theirs, strict=True)
    ]
    return statistics.median(ratios)
