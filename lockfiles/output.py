"""One file as output: written whole or not at all, and left alone where nothing changes."""

from __future__ import annotations

import os
from contextlib import suppress
from tempfile import mkstemp
from typing import TYPE_CHECKING

from depcheck.errors import EnvironmentFailure, InputError

if TYPE_CHECKING:
    from pathlib import Path


def write_file(content: bytes, path: Path) -> bool:
    """Put content into a file; return False where it is there already.

    Raises:
        InputError: there is no such folder, or the path is a folder.
        EnvironmentFailure: the file system refuses.
    """
    if path.is_dir() or not path.parent.is_dir():
        what = f"`{path}` is a folder" if path.is_dir() else f"there is no folder `{path.parent}`"
        raise InputError("no-output-file", what, hint="name a file in a folder that is there")
    try:
        real = path.resolve()
        if real.exists() and not real.is_file():
            # A pipe or a device, such as `/dev/stdout`: to be written to, never to be replaced.
            real.write_bytes(content)
            return True
        if real.exists() and real.read_bytes() == content:
            return False
        _replace(content, real)
    except OSError as error:
        raise EnvironmentFailure(
            "output-not-written",
            f"cannot write `{path}`: {error.strerror or error}",
            hint="check permissions and free disk space, or choose another file",
        ) from error
    return True


def _replace(content: bytes, path: Path) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    descriptor, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
        os.replace(temporary, path)  # noqa: PTH105 - a temporary file has no Path yet
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def _umask() -> int:
    """Return the process's mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
