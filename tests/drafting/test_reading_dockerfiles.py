"""What a Dockerfile says of its image; nothing of it is ever run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.drafting.dockerfile import read_dockerfile
from depcheck.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.drafting.clues import Clues


def read(folder: Path, *lines: str) -> Clues:
    path = folder / "Dockerfile"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return read_dockerfile(path)


def told(clues: Clues) -> list[str]:
    return [each.text for each in clues.requirements]


COMMANDS = {
    "pip install a 'b>=2' \"c[x]<3\"": ["a", "b>=2", "c[x]<3"],
    "python3.11 -m pip --no-input install -U --no-cache-dir a": ["a"],
    "/opt/venv/bin/pip3.11 install --target /x a": ["a"],
    "uv pip install --system --index-strategy unsafe-best-match a==1": ["a==1"],
    "apt-get update && apt-get install -y pip && pip install a; pip install b || true": ["a", "b"],
    "PIP_NO_CACHE_DIR=1 pip install a": ["a"],
    "--mount=type=cache,target=/root/.cache --network=none pip install a": ["a"],
    "if [ -n 1 ]; then pip install a; fi": ["a"],
    "(cd /x && pip install a)": ["a"],
    'bash -lc -c "pip install a && pip install b"': ["a", "b"],
    '["pip", "install", "a>=1"]': ["a>=1"],
    "pip install a \\\n    # why\n    b": ["a", "b"],
    "pip install torch==${VERSION} a==${OTHER:-3}": ["torch==2.2.2", "a==3"],
    "pip install -e ./local": ["-e ./local"],
    "pip download a": [],
    "echo pip install a": [],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command(tmp_path: Path, command: str) -> None:
    clues = read(tmp_path, "FROM x:1", "ARG VERSION=2.2.2", f"RUN {command}")

    assert COMMANDS[command] == told(clues)


NOTES = {
    "pip install torch>=2": "`torch>=2` is not quoted: a shell takes `>` for a redirection and "
    "installs any version; it is read as it was meant",
    "pip install $EXTRA": "`$EXTRA` is for a shell to work out: name it by hand",
    "pip install 'a": "the shell words cannot be taken apart (No closing quotation): "
    "read it by hand",
    "conda install pytorch": "what `conda` installs is not read",
    "xargs pip install": "`xargs pip install` is not understood: read it by hand",
    "pip install -r reqs/none.txt": "`reqs/none.txt` is not beside the Dockerfile: "
    "name it as another source",
    "pip install -f https://host/links.html a": "links of `https://host/links.html` are not "
    "read: name an index, or a direct URL",
    "python3 <<EOF": "the here-document is not read: name by hand what it installs",
}


@pytest.mark.parametrize("command", NOTES)
def test_what_is_not_understood_is_reported(tmp_path: Path, command: str) -> None:
    clues = read(tmp_path, "FROM x:1", f"RUN {command}", "EOF")

    assert [(NOTES[command], "Dockerfile:2")] == [(each.text, each.origin) for each in clues.notes]


def test_a_command_is_read_and_never_run(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    clues = read(tmp_path, "FROM x:1", f"RUN pip install $(touch {witness}) `touch {witness}` a")

    assert not witness.exists()
    assert ["`$` is for a shell to work out: name it by hand"] == [
        each.text for each in clues.notes
    ]


def test_only_what_the_last_stage_is_made_from_counts(tmp_path: Path) -> None:
    clues = read(
        tmp_path,
        "ARG TAG=3.11-slim",
        "FROM python:${TAG} AS base",
        "RUN pip install a",
        "FROM base AS tests",
        "RUN pip install pytest",
        "FROM golang:1 AS tools",
        "RUN pip install b",
        "FROM base",
        "COPY --from=tools /x /x",
        "RUN pip install c",
    )

    assert ["a", "b", "c"] == told(clues)
    assert "python:3.11-slim" == clues.base_image


def test_index_of_a_command_is_for_its_packages(tmp_path: Path) -> None:
    url = "https://download.pytorch.org/whl/cu121"
    clues = read(tmp_path, "FROM x:1", f"RUN pip install torch xformers --index-url {url}")

    assert [(url, ("torch", "xformers"), False)] == [
        (each.url, each.packages, each.extra) for each in clues.indexes
    ]


def test_requirements_files_are_found_beside_it(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("c==3\n")
    (tmp_path / "requirements.txt").write_text(
        "a==1 --hash=sha256:00 # why\n-r more.txt\n--extra-index-url https://host/simple\n???\n"
    )
    (tmp_path / "limits.txt").write_text("d<4\n")
    clues = read(tmp_path, "FROM x:1", "RUN pip install -r /app/requirements.txt -c limits.txt b")

    assert [("b", "Dockerfile:2"), ("a==1", "requirements.txt:1"), ("c==3", "more.txt:1")] == [
        (each.text, each.origin) for each in clues.requirements
    ]
    assert ["d<4"] == [each.text for each in clues.constraints]
    assert ["https://host/simple"] == [each.url for each in clues.indexes]
    assert ["`???` is no requirement, and is left out"] == [each.text for each in clues.notes]


def test_project_that_is_installed_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = ["a>=1"]\nrequires-python = ">=3.10,<4"\n'
    )
    clues = read(tmp_path, "FROM x:1", "RUN pip install --no-cache-dir -e '.[all]'")

    assert ["a>=1"] == told(clues)
    assert [("3.10", True)] == [(each.version, each.floor) for each in clues.python]


def test_python_that_is_installed_is_noticed(tmp_path: Path) -> None:
    clues = read(
        tmp_path,
        "FROM --platform=linux/arm64 x:1",
        "RUN apt-get install -y python3.11-venv",
        "RUN uv venv --python 3.12 /opt/venv",
    )

    assert ["3.12", "3.11"] == [each.version for each in clues.python]
    assert "aarch64" == clues.machine


@pytest.mark.parametrize(
    ("content", "reference"),
    [(b"RUN x\n", "dockerfile-without-from"), (b"FROM \xff\n", "dockerfile-unreadable")],
)
def test_what_is_no_dockerfile(tmp_path: Path, content: bytes, reference: str) -> None:
    (tmp_path / "Dockerfile").write_bytes(content)

    with pytest.raises(InputError) as caught:
        read_dockerfile(tmp_path / "Dockerfile")
    assert reference == caught.value.reference
