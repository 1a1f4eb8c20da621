"""What no file system takes is no file, and asking for it never raises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depcheck.paths import is_file, is_folder, is_there

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("text", ["a" * 450, "a/" * 5000, "a\0b", ""])
@pytest.mark.parametrize("asked", [is_there, is_file, is_folder])
def test_nothing_is_there(asked: Callable[[str], bool], text: str) -> None:
    assert not asked(text)


def test_a_file_and_a_folder_are_told_apart() -> None:
    here = Path(__file__)

    assert [True, True, False] == [each(here) for each in (is_there, is_file, is_folder)]
    assert [True, False, True] == [each(here.parent) for each in (is_there, is_file, is_folder)]
