"""Choose the reader of a file by its name."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.sources.requirements_file import (
    STDIN,
    parse_requirements,
    read_requirements,
)

if TYPE_CHECKING:
    from depcheck.conflicts.inventory import Inventory


def read_source(name: str, python: str | None) -> Inventory:
    """Return what a file states; ``-`` is the standard input, as ``pip freeze`` writes it.

    ``pylock.toml``, ``pylock.NAME.toml``, ``uv.lock``, ``poetry.lock`` and ``*.yml`` are known by
    their names; everything else is a requirements file.

    Args:
        name: The file.
        python: Version of Python for markers, None where it is not known.

    Raises:
        InputError: the file cannot be read or is wrong.
    """
    if name == STDIN:
        return parse_requirements(sys.stdin.read(), STDIN, python)
    path = Path(name)
    if re.fullmatch(r"pylock(?:\.[^.]+)?\.toml", path.name):
        from depcheck.sources.lock_file import read_pylock  # noqa: PLC0415 - one reader

        return read_pylock(path, python)
    if path.name == "uv.lock":
        from depcheck.sources.lock_file import read_uv_lock  # noqa: PLC0415

        return read_uv_lock(path, python)
    if path.name == "poetry.lock":
        from depcheck.sources.lock_file import read_poetry_lock  # noqa: PLC0415

        return read_poetry_lock(path, python)
    if path.suffix in {".yml", ".yaml"}:
        from depcheck.sources.conda_environment import (  # noqa: PLC0415 - needs YAML
            read_conda_environment,
        )

        return read_conda_environment(path, python)
    return read_requirements(path, python)
