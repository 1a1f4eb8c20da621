"""Poetry's own tables, in the words of PEP 508."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.drafting.poetry import specifier
from depcheck.drafting.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
[tool.poetry]
name = "trainer"

[tool.poetry.dependencies]
python = ">=3.10,<3.13"
numpy = "^1.26"
torch = { version = "2.2.2", source = "pytorch" }
uvicorn = { version = "~0.30", extras = ["standard"] }
tomli = { version = "*", python = "<3.11" }
trl = { git = "https://github.com/huggingface/trl", rev = "v0.9.6" }
wandb = { version = "^0.17", optional = true }
local = { path = "../local" }
either = "^1 || ^3"

[tool.poetry.group.dev.dependencies]
pytest = "*"

[[tool.poetry.source]]
name = "pytorch"
url = "https://download.pytorch.org/whl/cu121"
priority = "explicit"
"""


def test_dependencies_sources_and_what_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(PROJECT)
    clues = read_project(path)
    table = "pyproject.toml: tool.poetry.dependencies"

    assert [
        "numpy<2,>=1.26",
        "torch==2.2.2",
        "uvicorn[standard]<0.31,>=0.30",
        'tomli ; python_version < "3.11"',
        "trl @ git+https://github.com/huggingface/trl@v0.9.6",
    ] == [each.text for each in clues.requirements]
    assert f"{table}.numpy" == clues.requirements[0].origin
    assert [("https://download.pytorch.org/whl/cu121", ("torch",))] == [
        (each.url, each.packages) for each in clues.indexes
    ]
    assert [("3.10", f"{table}.python is `<3.13,>=3.10`")] == [
        (each.version, each.why) for each in clues.python
    ]
    assert [
        "`wandb` is optional, and is left out",
        "`local` is stated in a way that is not read",
        "`either` is stated in a way that is not read",
        "the groups `dev` are not taken over",
    ] == [each.text for each in clues.notes]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("^1.2.3", "<2,>=1.2.3"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^0.0", "<0.1,>=0.0"),
        ("^0", "<1,>=0"),
        ("~1.2.3", "<1.3,>=1.2.3"),
        ("~1.2", "<1.3,>=1.2"),
        ("~1", "<2,>=1"),
        ("1.2.*", "==1.2.*"),
        ("2.2.2+cu121", "==2.2.2+cu121"),
        (">=1.2, <2, !=1.5", "!=1.5,<2,>=1.2"),
        ("~=1.4", "~=1.4"),
        ("*", ""),
        ("^1 || ^2", None),
        ("latest", None),
    ],
)
def test_constraint(stated: str, expected: str | None) -> None:
    assert expected == specifier(stated)
