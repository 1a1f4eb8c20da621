"""One file as output: whole or not at all, and nothing that is no file is replaced."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from depcheck.errors import InputError
from depcheck.lockfiles.exchange import exchange
from depcheck.lockfiles.output import write_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_written_once_and_then_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"

    assert [True, False, True] == [write_file(each, path) for each in (b"one", b"one", b"two")]
    assert path.read_bytes() == b"two"
    assert [path] == list(tmp_path.iterdir())


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as reader:
        read = reader.submit(pipe.read_bytes)
        write_file(b"content", pipe)

    assert read.result() == b"content"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [pipe] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [".", "missing/out.txt"])
def test_what_cannot_be_a_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_file(b"content", tmp_path / name)

    assert caught.value.reference == "no-output-file"


def test_two_folders_change_places(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()

    assert exchange(tmp_path / "one", tmp_path / "two")
    assert ["one/two", "two/one"] == sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*")
    )


def test_an_exchange_that_the_file_system_refuses_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        exchange(tmp_path, tmp_path / "gone")

    assert str(tmp_path / "gone") == caught.value.filename


@pytest.mark.parametrize("code", [None, errno.ENOSYS, errno.EINVAL])
def test_where_nothing_can_be_exchanged_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    """Kernels before 3.15, C libraries before glibc 2.28, and some file systems."""

    def refuse(*_: object) -> int:
        ctypes.set_errno(code or 0)
        return -1

    library = SimpleNamespace() if code is None else SimpleNamespace(renameat2=refuse)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: library)

    assert not exchange(tmp_path, tmp_path)
