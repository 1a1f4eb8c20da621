"""What every case works with."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.loopback import Index
from benchmarks.processes import Run
from benchmarks.whole_pages import WholePages
from depcheck.commands.second_opinions import pip_compile_words, pip_words, uv_words
from depcheck.conflicts.loader import load_builtin_rules
from depcheck.images.loader import load_builtin
from depcheck.resolver.problem import DEFAULT_INDEX
from depcheck.stating import stated_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime
    from pathlib import Path

    from benchmarks.processes import Launcher
    from benchmarks.tools import Tool, Toolbox
    from benchmarks.universe import Posed
    from depcheck.index.simple_api import SimpleApi
    from depcheck.resolver.problem import Problem

FRESHNESS: dict[str, int | None] = {
    "uv": 600,
    "uv, pages asked again": 0,
    "uv, pages read again": None,
}
"""Seconds for which uv need not ask for a page again, by what the results call it."""
EXTREMES = ("uv", "uv, pages read again")
"""The best and the worst case for uv."""
_WORDS: dict[str, Callable[[Problem, str, Path], list[str]]] = {
    "uv": uv_words,
    "pip-compile": pip_compile_words,
    "pip": pip_words,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """Where one case is measured."""

    launcher: Launcher
    toolbox: Toolbox
    rounds: int
    folder: Path
    """Its own, empty at first."""

    def depcheck(self, *words: str, statuses: tuple[int, ...] = (0,)) -> Run:
        """Return a run of depcheck with its warm cache."""
        tool = self.toolbox.depcheck()
        return _run(tool, (tool.program(), *words), self.room("depcheck"), statuses=statuses)

    def solving(self, *words: str) -> Run:
        """Return a run of ``depcheck solve`` whose lock sets are not there yet: it writes them."""
        return replace(self.depcheck("solve", *words, "--quiet"), before=self.remove_lock_sets)

    def remove_lock_sets(self) -> None:
        """Remove what `solving` wrote."""
        shutil.rmtree(self.room("depcheck") / "locks", ignore_errors=True)

    def python(self) -> Run:
        """Return a run of Python that does nothing: the one that runs depcheck."""
        tool = self.toolbox.depcheck()
        return _run(tool, (tool.python, "-c", "pass"), self.room("python"), name="python")

    def peer(
        self, name: str, words: Iterable[str], room: Path, statuses: tuple[int, ...] = (0,)
    ) -> Run:
        """Return a run of another tool with its warm cache, in a folder of its own."""
        tool = self.toolbox.peer(name)
        program = tool.python if name == "pip" else tool.program()
        return _run(tool, (program, *words), room, statuses=statuses)

    def posed_to(self, name: str, problem: Problem, address: str) -> Run:
        """Return a run that puts a problem to another tool; uv is to give hashes as well."""
        room = self.room(f"{name}-{problem.image}-{problem.variant.name}")
        words = _WORDS[name](problem, address, room)
        return self.peer(name, [*words, *(["--generate-hashes"] if name == "uv" else [])], room)

    def index_of(self, question: Posed, *, fresh: int | None = 600) -> Index:
        """Return the index for a problem, with pages in their real length."""
        variant = question.problem.variant
        elsewhere = (
            name for name, index in question.problem.index_of.items() if index != DEFAULT_INDEX
        )
        return self.index(
            question.api, variant.as_of, fresh=fresh, untouched={*elsewhere, *question.replaced}
        )

    def index(
        self,
        make: Callable[[], SimpleApi],
        as_of: datetime | None,
        *,
        untouched: Collection[str] = (),
        fresh: int | None = 600,
        latency: float = 0.0,
    ) -> Index:
        """Return an index with pages in their real length, but for those of some projects."""
        pages = self.toolbox.folder / "pages"
        return Index(
            lambda: WholePages(make(), pages, as_of=as_of, untouched=untouched),
            fresh=fresh,
            latency=latency,
        )

    def room(self, name: str) -> Path:
        """Return a folder of this case."""
        room = self.folder / name
        room.mkdir(exist_ok=True)
        return room


def _run(
    tool: Tool,
    command: tuple[str, ...],
    folder: Path,
    *,
    name: str | None = None,
    statuses: tuple[int, ...] = (0,),
) -> Run:
    return Run(
        tool=name or tool.name,
        command=tuple(map(os.fspath, command)),
        folder=folder,
        environment=tool.environment(),
        statuses=statuses,
    )


def image_problem(image: str, variant: str) -> Problem:
    """Return the problem that ``depcheck solve IMAGE --variant VARIANT`` solves."""
    spec = load_builtin(image)
    return stated_problem(spec, spec.variants[variant], load_builtin_rules())
