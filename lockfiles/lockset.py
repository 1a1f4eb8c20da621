"""The lock set of one image variant: all its files as bytes, written all or nothing."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from depcheck.errors import EnvironmentFailure, InputError, refusal
from depcheck.lockfiles.dockerfile import dockerfile_stages
from depcheck.lockfiles.explain import explain_json
from depcheck.lockfiles.install_script import install_sh
from depcheck.lockfiles.pylock import pylock_toml
from depcheck.lockfiles.record import EXECUTABLE
from depcheck.lockfiles.requirements import (
    build_constraints_txt,
    requirements_txt,
    stage_txt,
    strip_hashes,
)
from depcheck.lockfiles.stages import plan_stages
from depcheck.lockfiles.validator import validate_dependencies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from depcheck.resolver.solution import Solution

_OURS = re.compile(
    r"pylock\.toml|requirements(\.nohash)?\.txt|stages(/[^/]+\.txt)?|install\.sh"
    r"|Dockerfile\.stages|validate_dependencies|explain\.json|gate\.json"
)
_AT_ONCE = 4
"""Files that are made durable side by side; more take no less time, and more of the CPU."""


def render(solution: Solution, *, command: str | None = None) -> dict[str, bytes]:
    """Return the lock set as relative path -> bytes; the same for the same solution.

    Args:
        solution: what to lock.
        command: the command line that made it, named in the headers; None for ``depcheck solve``
            of this image and variant.

    Raises:
        InputError: the solution cannot be locked (contradicting order rules, a direct reference
            that is not pinned, a variable that cannot be set).
    """
    command = command or f"depcheck solve {solution.image} --variant {solution.variant}"
    stages = plan_stages(solution)
    requirements = requirements_txt(solution, command)
    files = {
        "requirements.txt": requirements,
        "requirements.nohash.txt": strip_hashes(requirements),
        "pylock.toml": pylock_toml(solution, stages),
        "install.sh": install_sh(solution, stages),
        "Dockerfile.stages": dockerfile_stages(solution, stages),
        "explain.json": explain_json(solution, stages),
        "validate_dependencies": validate_dependencies(solution, stages),
    }
    for stage in stages:
        files[stage.file] = stage_txt(stage)
        if stage.constraints_file is not None:
            files[stage.constraints_file] = build_constraints_txt(stage)
    return dict(sorted(files.items()))


def write(files: Mapping[str, bytes], directory: Path) -> None:
    """Replace the lock set in a directory by these files, all or nothing.

    One that is there already, the same in every byte, is left as it is. A run that is cut short
    leaves the former lock set whole. Where the file system cannot exchange
    two folders at once it may be beside the directory, if the run was cut between two renames, from
    where the next call puts it back. Concurrent calls take turns.

    Raises:
        InputError: the directory holds files that are no part of a lock set.
        EnvironmentFailure: the file system refuses.
    """
    try:
        directory = directory.resolve()
        directory.parent.mkdir(parents=True, exist_ok=True)
        with _locked(directory.parent):
            _replace(files, directory)
    except OSError as error:
        raise EnvironmentFailure(
            "lock-set-not-written",
            f"cannot write the lock set to `{directory}`: {refusal(error)}",
            hint="check permissions and free disk space, or choose another output folder",
        ) from error


@contextmanager
def _locked(parent: Path) -> Iterator[None]:
    """Hold the folder's advisory lock, which needs no lock file."""
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)  # makes the renames durable
    finally:
        os.close(descriptor)


def _replace(files: Mapping[str, bytes], directory: Path) -> None:
    new = directory.with_name(f".{directory.name}.new")
    old = directory.with_name(f".{directory.name}.old")
    if old.exists() and not directory.exists():
        old.rename(directory)
    _check_ours(directory)
    _remove(new)
    _remove(old)
    if _holds(files, directory):
        return
    try:
        _write_all(files, new)
        if directory.exists():
            from depcheck.lockfiles.exchange import exchange  # noqa: PLC0415 - ctypes is slow

            if exchange(new, directory):
                return
            directory.rename(old)
        new.rename(directory)
    finally:
        if old.exists() and not directory.exists():
            old.rename(directory)
        _remove(new)
    _remove(old)


def _check_ours(directory: Path) -> None:
    """Refuse to replace anything that is not a lock set."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise InputError(
            "not-a-folder", f"`{directory}` is not a folder", hint="choose another output folder"
        )
    paths = (path.relative_to(directory).as_posix() for path in directory.rglob("*"))
    foreign = sorted(path for path in paths if not _OURS.fullmatch(path))
    if foreign:
        raise InputError(
            "foreign-files",
            f"`{directory}` holds files that are no part of a lock set: "
            + ", ".join(f"`{path}`" for path in foreign[:5]),
            hint="move them away, or choose another output folder",
        )


def _holds(files: Mapping[str, bytes], directory: Path) -> bool:
    """Whether a directory has these files already and no others, and their run bits too."""
    found = {
        path.relative_to(directory).as_posix(): path
        for path in directory.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    return found.keys() == files.keys() and all(
        _is_written(found[path], content, executable=path in EXECUTABLE)
        for path, content in files.items()
    )


def _is_written(path: Path, content: bytes, *, executable: bool) -> bool:
    at = path.lstat()
    return (
        stat.S_ISREG(at.st_mode)
        and at.st_size == len(content)
        and bool(at.st_mode & stat.S_IXUSR) == executable
        and path.read_bytes() == content
    )


def _write_all(files: Mapping[str, bytes], directory: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - slow, and not for equal sets

    folders = {(directory / path).parent for path in files} | {directory}
    for folder in sorted(folders):
        folder.mkdir(exist_ok=True)
    for path, content in files.items():
        mode = 0o777 if path in EXECUTABLE else 0o666
        descriptor = os.open(directory / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    written = [*(directory / path for path in files), *folders]
    # A file system makes several durable in the time that one takes, if it is asked at once.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(_fsync, written):
            pass


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(directory: Path) -> None:
    if directory.exists():
        from shutil import rmtree  # noqa: PLC0415 - slow, and seldom needed

        rmtree(directory)
