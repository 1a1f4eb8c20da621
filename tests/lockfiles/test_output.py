"""One file as output: whole or not at all, and nothing that is no file is replaced."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from depcheck.errors import InputError
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
