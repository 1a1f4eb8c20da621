"""The repository as files: its rooms, and what belongs to it."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ROOMS = (
    "artifacts",
    "conflicts",
    "gate",
    "images",
    "index",
    "lockfiles",
    "resolver",
    "validate",
)


def repository_files(top: Path = ROOT) -> list[Path]:
    """Return the files below a folder that belong to the repository, links left out, sorted.

    ``.gitignore`` decides, not git, so that the answer is the same in an unpacked archive.
    """
    return sorted(_walk(top))


def _walk(top: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if not is_ignored(name)]
        paths = (Path(folder, name) for name in names if not is_ignored(name))
        yield from (path for path in paths if not path.is_symlink())


def is_ignored(name: str) -> bool:
    """Tell whether git leaves out files and folders of this name."""
    return name == ".git" or any(fnmatch(name, pattern) for pattern in _IGNORED)


_IGNORED = tuple(line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines())
