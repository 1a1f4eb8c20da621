"""Conda's environment.yml: the pip part, and conda packages that the index surely has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.drafting.conda import read_conda

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = """\
name: trainer
channels: [pytorch, nvidia, conda-forge]
dependencies:
  - python=3.10
  - pytorch::pytorch=2.2.2
  - pytorch-cuda=12.1
  - conda-forge::numpy=1.26.4=py310hb13e2d6_0
  - scipy>=1.11,<2
  - pandas 2.1.*
  - ffmpeg
  - pip
  - pip:
      - transformers==4.44.2
      - -r more.txt
"""


def test_pip_part_and_what_the_index_has(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(ENVIRONMENT)
    (tmp_path / "more.txt").write_text("sentencepiece\n")
    clues = read_conda(path, {"numpy", "scipy", "pandas"}.__contains__)

    assert [
        "torch==2.2.2.*",
        "numpy==1.26.4",
        "scipy<2,>=1.11",
        "pandas==2.1.*",
        "transformers==4.44.2",
        "sentencepiece",
    ] == [each.text for each in clues.requirements]
    assert ["environment.yml: pip", "more.txt:1"] == [
        each.origin for each in clues.requirements[-2:]
    ]
    assert ["3.10"] == [each.version for each in clues.python]
    assert [
        f"the conda package `{each}` is not taken over: name what it stands for by hand"
        for each in ("pytorch-cuda=12.1", "ffmpeg")
    ] == [each.text for each in clues.notes]
