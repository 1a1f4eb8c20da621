"""One file as output: written whole or not at all, and left alone where nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.errors import EnvironmentFailure, InputError, refusal
from depcheck.paths import is_folder
from depcheck.replacing import put

if TYPE_CHECKING:
    from pathlib import Path


def write_file(content: bytes, path: Path) -> bool:
    """Put content into a file; return False where it is there already.

    Raises:
        InputError: there is no such folder, or the path is a folder.
        EnvironmentFailure: the file system refuses.
    """
    if is_folder(path) or not is_folder(path.parent):
        what = f"`{path}` is a folder" if is_folder(path) else f"there is no folder `{path.parent}`"
        raise InputError("no-output-file", what, hint="name a file in a folder that is there")
    try:
        real = path.resolve()
        if real.is_file() and real.read_bytes() == content:
            return False
        put(content, real)
    except OSError as error:
        raise EnvironmentFailure(
            "output-not-written",
            f"cannot write `{path}`: {refusal(error)}",
            hint="check permissions and free disk space, or choose another file",
        ) from error
    return True
