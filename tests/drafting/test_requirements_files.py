"""Requirements files are read with the files that they include."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.drafting.requirements_files import read_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_others_include_is_read_once_in_each_role(tmp_path: Path) -> None:
    """Each level includes the next twice, which would be a million readings."""
    for level in range(20):
        (tmp_path / f"{level}.txt").write_text(
            f"-r {level + 1}.txt\n-r {level + 1}.txt\nr{level}\n"
        )
    (tmp_path / "20.txt").write_text("-c limits.txt\n-r limits.txt\n")
    (tmp_path / "limits.txt").write_text("-c more.txt\nnumpy<2\n")
    (tmp_path / "more.txt").write_text("scipy<2\n")

    clues = read_file(tmp_path / "0.txt")

    assert ["numpy<2"] + [f"r{level}" for level in reversed(range(20))] == [
        each.text for each in clues.requirements
    ]
    assert ["scipy<2", "numpy<2"] == [each.text for each in clues.constraints]
