"""``depcheck index record``: record what the solves of some images could visit."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.errors import EnvironmentFailure, ExitCode, InputError, refusal
from depcheck.images.loader import builtin_names, find_spec, select_variant
from depcheck.index.live.live_index import live_indexes
from depcheck.index.live.recorder import Recorder
from depcheck.index.snapshot import open_snapshot, write_snapshot
from depcheck.resolver.problem import build_problem
from depcheck.resolver.target import is_of_use
from depcheck.resolver.visits import Fleet
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from rich.progress import Progress as Bar
    from typing_extensions import Self

    from depcheck.images.model import ImageSpec, Variant
    from depcheck.index.compiled import CompiledProject
    from depcheck.index.interface import PackageIndex
    from depcheck.index.live.recorder import Recording
    from depcheck.index.snapshot import Snapshot
    from depcheck.resolver.problem import Problem
    from depcheck.terminal import Console

    Entry = tuple[str, str, int | None, list[CompiledProject]]

_FRESH_SECONDS = 24 * 3600
"""A recording that was cut short goes on with the pages it has, for so long."""


def record(options: Namespace, console: Console) -> ExitCode:
    """Record the indexes of the images that the options name into a snapshot file."""
    if options.snapshot is None:
        raise InputError(
            "no-snapshot-file",
            "`index record` needs the file to write",
            hint="add `--snapshot FILE`",
        )
    rules = load_builtin_rules()
    problems = [build_problem(spec, variant, rules) for spec, variant in _chosen(options)]
    reused = open_snapshot(Path(options.reuse)) if options.reuse else None
    started = datetime.now(timezone.utc)
    live = live_indexes(fresh=_FRESH_SECONDS, hurried=False)
    horizon = _horizon(problems, started)
    with _Progress(console) as progress:
        recorder = Recorder(
            Fleet(problems),
            _look_up(live, reused),
            keep=is_of_use,
            horizon=horizon,
            progress=progress,
        )
        recording = recorder.record()
    entries = _entries(recording, reused, f"{started:%Y-%m-%dT%H:%M:%SZ}", horizon)
    path = Path(options.snapshot)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_snapshot(path, entries, recording.absent)
    except OSError as error:
        raise EnvironmentFailure(
            "snapshot-not-written",
            f"cannot write `{path}`: {refusal(error)}",
            hint="check permissions and free disk space, or name another file",
        ) from error
    _say(console, path, entries)
    return ExitCode.OK


def _chosen(options: Namespace) -> Iterator[tuple[ImageSpec, Variant]]:
    """Yield every variant of the images named, or the one that the options name."""
    if options.all and options.images:
        raise InputError(
            "no-image",
            "`--all` takes no image names",
            hint="leave out the names, or `--all`",
        )
    names = builtin_names() if options.all else options.images
    if not names:
        raise InputError(
            "no-image",
            "no image was named",
            hint="name the images to record for, built-in or spec files, or give `--all`",
        )
    for name in dict.fromkeys(names):
        spec = find_spec(name)
        if options.variant is not None:
            yield spec, select_variant(spec, options.variant)
        else:
            yield from ((spec, variant) for variant in spec.variants.values())


def _horizon(problems: list[Problem], started: datetime) -> int:
    """Return the latest as-of moment; an image without one looks at today's index."""
    moments = [problem.variant.as_of or started for problem in problems]
    return int(max(moments).timestamp())


def _look_up(
    live: Callable[[str], PackageIndex], reused: Snapshot | None
) -> Callable[[str], PackageIndex]:
    known = {info.location for info in reused.infos()} if reused is not None else set()

    def look_up(location: str) -> PackageIndex:
        if reused is not None and location in known:
            return reused.index(location)
        return live(location)

    return look_up


def _entries(
    recording: Recording, reused: Snapshot | None, moment: str, horizon: int
) -> list[Entry]:
    """Return what goes into the snapshot: the reused indexes whole, the others as recorded."""
    copied = reused.infos() if reused is not None else ()
    entries: list[Entry] = [
        (info.location, info.moment, info.horizon, reused.index(info.location).compiled())
        for info in copied
        if reused is not None
    ]
    names = {info.location for info in copied}
    entries += [
        (location, moment, horizon, projects)
        for location, projects in recording.projects.items()
        if location not in names
    ]
    return entries


def _say(console: Console, path: Path, entries: list[Entry]) -> None:
    size = path.stat().st_size
    if console.as_json:
        indexes = {location: len(projects) for location, _, _, projects in entries}
        console.document({"snapshot": str(path), "bytes": size, "projects": indexes})
        return
    console.result(f"{path}: {size_text(size)}")
    for location, _, _, projects in entries:
        console.result(f"  {location}: {len(projects)} projects")


class _Progress:
    """A bar on a terminal, else a line every few seconds."""

    _LINE_SECONDS = 15.0

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Bar | None = None
        self._next = time.monotonic() + self._LINE_SECONDS
        if sys.stderr.isatty() and not console.quiet:
            from rich.console import Console as RichConsole  # noqa: PLC0415 - only for the bar
            from rich.progress import Progress as Bar  # noqa: PLC0415

            self._bar = Bar(console=RichConsole(stderr=True), transient=True)
            self._task = self._bar.add_task("recording", total=None)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, *, projects: int, files: int, waiting: int) -> None:
        text = f"{projects} projects, metadata of {files} files"
        done = projects + files
        if self._bar is not None:
            self._bar.update(self._task, description=text, completed=done, total=done + waiting)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + self._LINE_SECONDS
            self._console.note(f"recording: {text}, {waiting} requests to go")
