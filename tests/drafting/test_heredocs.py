"""Here-documents in Dockerfiles: the scripts among them are read, by draft and gate alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.drafting.dockerfile import read_dockerfile
from depcheck.gate.dockerfile import dockerfile_findings

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """\
FROM python:3.11-slim
RUN <<EOF
set -e
# pip install comment
pip install a \\
    b

pip install -r \\
    more.txt
EOF
RUN pip install c
"""
SHELLS = ["<<EOF", "<<-'EOF'", "--mount=type=cache,target=/x <<EOF bash -ex", "/bin/sh <<EOF"]
OTHERS = ["python3 <<EOF", "cat <<EOF > /requirements.txt"]


def test_a_script_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(SCRIPT)
    (tmp_path / "more.txt").write_text("d\n")
    clues = read_dockerfile(path)

    assert [
        ("a", "Dockerfile:5"),
        ("b", "Dockerfile:5"),
        ("d", "more.txt:1"),
        ("c", "Dockerfile:11"),
    ] == [(each.text, each.origin) for each in clues.requirements]


@pytest.mark.parametrize("mark", SHELLS)
def test_what_a_shell_runs(tmp_path: Path, mark: str) -> None:
    end = "\tEOF" if "<<-" in mark else "EOF"
    text = f"FROM x:1\nRUN {mark}\npip install a\n{end}\nRUN true\n"
    (tmp_path / "Dockerfile").write_text(text)

    assert ["a"] == [each.text for each in read_dockerfile(tmp_path / "Dockerfile").requirements]
    assert [3] == [each.location.line for each in dockerfile_findings(text.encode(), "Dockerfile")]


@pytest.mark.parametrize("mark", OTHERS)
def test_what_is_input_of_another_program_is_reported(tmp_path: Path, mark: str) -> None:
    text = f"FROM x:1\nRUN {mark}\nRUN pip install a\nEOF\nRUN pip install b\n"
    (tmp_path / "Dockerfile").write_text(text)
    clues = read_dockerfile(tmp_path / "Dockerfile")

    assert ["b"] == [each.text for each in clues.requirements]
    assert [("the here-document is not read: name by hand what it installs", "Dockerfile:2")] == [
        (each.text, each.origin) for each in clues.notes
    ]
    assert [5] == [each.location.line for each in dockerfile_findings(text.encode(), "Dockerfile")]


def test_a_file_in_a_here_document_is_no_instruction(tmp_path: Path) -> None:
    text = "FROM x:1\nCOPY <<EOF /run.sh\nRUN pip install a\nEOF\nRUN pip install b\n"
    (tmp_path / "Dockerfile").write_text(text)

    assert ["b"] == [each.text for each in read_dockerfile(tmp_path / "Dockerfile").requirements]
    assert [5] == [each.location.line for each in dockerfile_findings(text.encode(), "Dockerfile")]
