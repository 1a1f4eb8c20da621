"""Scripts can be run: line ends, run bit, and an interpreter that exists."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Finding, Outcome, Passed

if TYPE_CHECKING:
    from depcheck.validate.context import Context

NO_FOLDER = Code(
    "script-folder-missing",
    "a folder of scripts cannot be read",
    "copy it into the image, or mend `validate.scripts` in the spec",
)
CRLF = Code(
    "script-crlf",
    "a script has Windows line ends, so that its interpreter is not found",
    "run with --fix, and keep them out of the repository: `*.sh text eol=lf` in .gitattributes",
)
NOT_EXECUTABLE = Code(
    "script-not-executable",
    "a script may not be run",
    "run with --fix, or set the bit in the Dockerfile: `COPY --chmod=755`",
)
NO_SHEBANG = Code(
    "shebang-missing",
    "a script does not say what runs it",
    "begin it with `#!/usr/bin/env bash`, without a byte order mark before",
)
WRONG_SHEBANG = Code(
    "shebang-wrong",
    "a script names an interpreter that does not exist",
    "install the interpreter, or mend the first line; a virtual environment cannot be moved",
)
_SUFFIXES = frozenset({".bash", ".sh"})
_LARGEST = 4 * 1024 * 1024
"""More than any script has; what is larger is a program."""
_MARK = b"\xef\xbb\xbf"


def run(context: Context) -> Iterator[Outcome]:
    """Judge the scripts of the folders that the spec names, and the environment's own programs."""
    outcomes: list[Outcome] = []
    count = 0
    for folder in map(Path, context.manifest.scripts):
        try:
            paths = _files(folder)
        except OSError as error:
            reason = error.strerror or str(error)
            outcomes.append(NO_FOLDER.found(str(folder), reason, location=str(folder)))
            continue
        count += len(paths)
        for path in paths:
            outcomes += _script(path, fix=context.options.fix)
    environment = context.environment
    if (
        str(environment.prefix) != environment.base_prefix
    ):  # what the system's Python has is its own
        outcomes += _programs(environment.scripts)
    yield from outcomes
    if not any(isinstance(each, Finding) for each in outcomes):
        declared = f"{count} files of the declared folders and " if count else ""
        yield Passed(f"{declared}the environment's own programs", "can be run")


def _files(folder: Path) -> list[Path]:
    """Return the files below a folder.

    Raises:
        OSError: it cannot be listed.
    """
    list(folder.iterdir())  # rglob hides that a folder is not there
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _script(path: Path, *, fix: bool) -> Iterator[Outcome]:
    start = _first_line(path)
    has_shebang = start.startswith((b"#!", _MARK + b"#!"))
    if not (has_shebang or path.suffix in _SUFFIXES) or path.stat().st_size > _LARGEST:
        return
    if b"\r\n" in path.read_bytes():
        if fix:
            yield _mended(path, CRLF, _to_unix, "line ends mended")
            start = start.replace(b"\r\n", b"\n")
        else:
            yield CRLF.found(str(path), "has Windows line ends", location=str(path))
    if not os.access(path, os.X_OK):
        if fix:
            yield _mended(path, NOT_EXECUTABLE, _to_executable, "run bit set")
        else:
            yield NOT_EXECUTABLE.found(str(path), "has no run bit", location=str(path))
    if not has_shebang:
        yield NO_SHEBANG.found(str(path), "has no `#!` line", location=str(path))
    elif start.startswith(_MARK):
        yield NO_SHEBANG.found(str(path), "has a byte order mark before `#!`", location=str(path))
    else:
        yield from _interpreter(path, start)


def _mended(path: Path, code: Code, mend: Callable[[Path], None], done: str) -> Outcome:
    try:
        mend(path)
    except OSError as error:
        message = f"cannot be mended: {error.strerror or error}"
        return code.found(str(path), message, location=str(path))
    return Passed(str(path), done)


def _to_unix(path: Path) -> None:
    """Replace the file whole, so that nobody ever sees half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(path.read_bytes().replace(b"\r\n", b"\n"))
        shutil.copystat(path, name)
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        os.unlink(name)  # noqa: PTH108
        raise


def _to_executable(path: Path) -> None:
    """Let everybody run what everybody may read."""
    mode = path.stat().st_mode
    path.chmod(mode | (mode & 0o444) >> 2)


def _programs(folder: Path) -> Iterator[Finding]:
    """Judge the console scripts of the environment: a copied environment names the old place."""
    try:
        paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
    except OSError:
        return
    for path in paths:
        start = _first_line(path)
        if start.startswith(b"#!"):
            yield from _interpreter(path, start)


def _first_line(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.readline(4096)
    except OSError:
        return b""


def _interpreter(path: Path, start: bytes) -> Iterator[Finding]:
    words = start[2:].decode("utf-8", errors="replace").split()
    if not words:
        yield WRONG_SHEBANG.found(str(path), "its `#!` line names nothing", location=str(path))
        return
    program = words[0]
    if program.endswith("/env"):
        named = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        if named and shutil.which(named[0]) is None:
            message = f"wants `{named[0]}`, which is not on PATH"
            yield WRONG_SHEBANG.found(str(path), message, location=str(path))
    elif not os.access(program, os.X_OK):
        message = f"wants `{program}`, which is not there"
        yield WRONG_SHEBANG.found(str(path), message, location=str(path))


CHECK = Check(
    name="scripts",
    summary="scripts have Unix line ends, a run bit and an interpreter that exists",
    codes=(NO_FOLDER, CRLF, NOT_EXECUTABLE, NO_SHEBANG, WRONG_SHEBANG),
    run=run,
    needs_interpreter=False,
)
