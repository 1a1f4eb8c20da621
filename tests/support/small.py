"""The small world as files, for commands that run as processes of their own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from depcheck.cli import main
from support.recording import record
from support.world import RULES, SPEC, UNIVERSE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Small:
    """A folder with a spec, rules and a recording."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def solve(self) -> tuple[str, ...]:
        """The command line that solves its image; paths are absolute."""
        return self.words("solve")

    @property
    def locks(self) -> Path:
        """Where the lock set is written."""
        return self.folder / "locks" / "demo" / "cu121"

    def words(self, command: str, *more: str) -> tuple[str, ...]:
        """Return the command line of a command that takes the image."""
        given = ("--snapshot", "recorded.sqlite", "--rules", "rules.toml", "--out", "locks")
        return (command, "demo.toml", *(str(self._place(word)) for word in given), *more)

    def _place(self, word: str) -> str | Path:
        return word if word.startswith("--") else self.folder / word

    def start(self, *words: str, **options: object) -> subprocess.Popen[str]:
        """Start a command in the folder."""
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-m", "depcheck", *words],
            cwd=self.folder,
            env={**os.environ, **self.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *words: str, **options: object) -> tuple[int, str, str]:
        """Run a command in the folder; return exit code, output and what it said besides."""
        process = self.start(*words, **options)
        out, err = process.communicate()
        return process.returncode, out, err


def small(folder: Path, **env: str) -> Small:
    """Make the small world in a folder."""
    (folder / "demo.toml").write_text(SPEC)
    (folder / "rules.toml").write_text(RULES)
    record(folder / "recorded.sqlite", UNIVERSE)
    return Small(folder=folder, env=env)


def written_lock_set(folder: Path) -> dict[str, bytes]:
    """Return the lock set that a solve of the small image writes, by path."""
    world = small(folder)
    words = [str(folder / "demo.toml") if each == "demo.toml" else each for each in world.solve]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = main(words)
    if code:
        raise AssertionError(code)
    return files_of(world.locks)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
