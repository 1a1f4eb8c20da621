"""Replace a file whole or not at all: it is written beside its place and moved into it."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give an empty file beside a path; what is written there takes its place when the block ends.

    A block that raises, or a process that dies, leaves the former file. Whatever else happens,
    nothing is left beside it; only a process that is killed may leave a hidden file.

    Raises:
        OSError: the file system refuses.
    """
    from tempfile import mkstemp  # noqa: PLC0415 - slow, and most that may write a file do not

    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    descriptor, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        os.fchmod(descriptor, mode)
        yield temporary
        os.fsync(descriptor)
        temporary.replace(path)
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            temporary.unlink()


def put(content: bytes, path: Path) -> None:
    """Put content into a file, whole or not at all; a pipe or a device just takes it.

    Raises:
        OSError: the file system refuses.
    """
    real = path.resolve()
    if real.exists() and not real.is_file():
        real.write_bytes(content)
        return
    with replacing(real) as temporary:
        temporary.write_bytes(content)


def _umask() -> int:
    """Return the process's mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
