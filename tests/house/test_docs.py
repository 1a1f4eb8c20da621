"""The documents tell the truth: links lead somewhere, sessions print what they show."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT, repository_files

from depcheck.cli import build_parser
from depcheck.errors import InputError
from depcheck.validate.cli import build_parser as build_validator
from depcheck.validate.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = [path for path in repository_files() if path.suffix == ".md"]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"^\$ ", re.MULTILINE)
SECONDS = re.compile(r"\d+\.\d+ s\b")

documents = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


@documents
def test_every_link_within_the_repository_leads_somewhere(document: Path) -> None:
    broken = [
        match[0]
        for match in LINK.finditer(document.read_text("utf-8"))
        if not leads_somewhere(document, match[1], match[2])
    ]

    assert [] == broken


def leads_somewhere(document: Path, path: str, anchor: str | None) -> bool:
    target = document.parent / path if path else document
    return target.exists() and (anchor is None or anchor in anchors(target))


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = HEADING.findall(BLOCK.sub("", document.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@documents
def test_every_session_prints_what_the_document_shows(document: Path, tmp_path: Path) -> None:
    """``$`` starts a command; ``...`` in its output stands for anything, as in doctest."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    for command, expected in sessions(document):
        actual = SECONDS.sub("0.00 s", output(command, tmp_path))

        if not OutputChecker().check_output(expected, actual, ELLIPSIS):
            assert expected == actual


def sessions(document: Path) -> Iterator[tuple[str, str]]:
    """Yield the commands of the ``console`` blocks of a document, each with its output."""
    for kind, block in BLOCK.findall(document.read_text("utf-8")):
        for part in PROMPT.split(block)[1:] if kind == "console" else ():
            command, _, shown = part.partition("\n")
            yield command, SECONDS.sub("0.00 s", shown)


def output(command: str, folder: Path) -> str:
    """Return what a command prints, in the order in which a person would see it."""
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "PATH": programs, "PYTHONUNBUFFERED": "1"},
    )
    return ran.stdout


@documents
def test_every_command_that_is_not_run_can_be_parsed(document: Path) -> None:
    """Blocks of the kind ``sh`` need the network, Docker or a GPU; their options are real."""
    told = {
        line: objection(words[1:])
        for kind, block in BLOCK.findall(document.read_text("utf-8"))
        for line in (block.replace("\\\n", " ").splitlines() if kind == "sh" else ())
        if (words := shlex.split(line.partition(" > ")[0], comments=True))[:1] == ["depcheck"]
    }

    assert {} == {line: why for line, why in told.items() if why is not None}


def objection(words: list[str]) -> str | None:
    """Return what the parser of the commands objects to."""
    try:
        if words[:1] == ["validate"]:
            build_validator("depcheck validate").parse_args(words[1:])
        else:
            build_parser().parse_args(words)
    except (InputError, InvalidInputError) as error:
        return str(error)
    except SystemExit:  # after `--print-completion`
        return None
    return None


def test_nobody_is_told_to_install_the_other_depcheck() -> None:
    told = [
        path.name
        for path in DOCUMENTS
        if re.search(r"install depcheck(?!-toolkit)", path.read_text("utf-8"))
    ]

    assert [] == told
