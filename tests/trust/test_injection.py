"""Whatever texts from outside hold, they stay texts in every file and format that depcheck writes.

``pytest tests/trust/test_injection.py --full`` takes a thousand texts.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from dockerfile_parse import DockerfileParser
from packaging.requirements import Requirement
from support.pages import measured
from support.solutions import DEFAULT, heavy, pin, sdist

from depcheck.conflicts.model import BuildNeeds
from depcheck.gate.finding import Finding, Judged, Level, Location
from depcheck.gate.formats.interface import FORMATS, rendered
from depcheck.gate.report import Report
from depcheck.images.model import StageHint, Target
from depcheck.images.values import index_url
from depcheck.lockfiles.lockset import render
from depcheck.page.content import page_of
from depcheck.page.render import render_page
from depcheck.resolver.solution import IndexUse
from depcheck.terminal import Console, escape
from depcheck.tomlfile import BadValueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.resolver.solution import Solution

PIECES = (
    *("$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; "', "\\", "\\\\"),
    *("${HOME}", "$HOME", "$1", "!!", "*", "?", "~", "#", " # ", "&& touch pwned", "| touch pwned"),
    *("-r /etc/passwd", "--index-url=x", "-", "=", "@@CASES@@", "{site-packages}", "<<EOF", ">x"),
    *("<script>alert(1)</script>", "\" onload='x'", "</style>", "]]>", "<!--", "&amp;", "&"),
    *("%0A::error::x", "::error file=x::y", "{{ x }}", "{% x %}", "é", "日本", "\U0001f600", "a"),
)
UNPRINTABLE = ("\x1b[2J", "\x1b]8;;http://x\x07", "\u202e", "\u2066", "\x00", "\r", "\n", "\x9b")
BARE = "plain"
RECORDER = """\
#!/bin/bash
printf '%s\\0' "BUILD=${BUILD-}" "$@" END >>"$RECORD"
"""
PYTHON = """\
#!/bin/bash
case "$*" in
  *version_info*) echo "3.11 $0" ;;
  *sysconfig*) echo /tmp ;;
  -\\ *) echo 999999999999 ;;
  *"--only installed"*)  # not before its stage was installed, but then
    if [[ -e $RECORD.asked ]]; then rm "$RECORD.asked"; exit 0; fi
    touch "$RECORD.asked"; exit 1 ;;
  *) exit 0 ;;
esac
"""


def texts(count: int, pieces: tuple[str, ...], seed: str) -> list[str]:
    random = Random(seed)
    return ["".join(random.choices(pieces, k=random.randint(1, 5))) for _ in range(count)]


def solution(text: str) -> Solution:
    """Put a text wherever a file of a lock set takes text from."""
    index = IndexUse(name=text, url=f"https://ours.example/{text}", packages=("torch",))
    needs = BuildNeeds(constraints=(Requirement("setuptools<82"),), env={"BUILD": text})
    return heavy(
        image=text,
        variant=text,
        summary=text,
        target=Target(python="3.11", platform="manylinux_2_35_x86_64"),
        indexes=(DEFAULT, index),
        pins=(pin("torch", index=text), pin("x", file=sdist("x", "1.0"), build=needs)),
        stages=(StageHint(name="torch", packages=("torch",)),),
        env={"NEEDED": text},
        system=(text,),
        warnings=(text,),
    )


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder with an installer and a Python that do nothing but note what they get."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, content in (("uv", RECORDER), ("python", PYTHON)):
        (folder / name).write_text(content)
        (folder / name).chmod(0o755)
    return folder


def observed(command: list[str], programs: Path, **env: str) -> list[list[str]]:
    """Run a command and return the arguments that the installer got, call by call."""
    record = programs / "record"
    record.unlink(missing_ok=True)
    done = subprocess.run(
        command,
        cwd=programs,
        env={"PATH": f"{programs}:{os.environ['PATH']}", "RECORD": str(record), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    calls = record.read_text().split("END\0")[:-1]
    return [call.split("\0")[:-1] for call in calls]


def expected(python: str, folder: str, index: str, text: str) -> list[list[str]]:
    start = ["pip", "install", "--python", python, "--no-deps"]
    stages = f"{folder}/stages"
    torch = [*start, "--no-config", "--default-index", index, "--require-hashes"]
    torch += ["--only-binary", ":all:", "-r", f"{stages}/01-torch.txt"]
    built = [*start, "--build-constraints", f"{stages}/02-build-isolated.build-constraints.txt"]
    built += ["--require-hashes", "-r", f"{stages}/02-build-isolated.txt"]
    return [["BUILD=", *torch], [f"BUILD={text}", *built]]


def test_scripts_and_layers_hand_texts_on_unchanged(
    tmp_path: Path, programs: Path, full: bool
) -> None:
    """``bash -n`` and shellcheck are clean, and the installer gets the intended arguments."""
    scripts = []
    for number, text in enumerate(texts(1000 if full else 12, PIECES, "scripts")):
        files = render(solution(text), command="depcheck solve x")
        script = tmp_path / f"{number}.d" / "install.sh"
        script.parent.mkdir()
        script.write_bytes(files["install.sh"])
        scripts.append(str(script))
        python = str(programs / "python")
        found = observed(["bash", str(script)], programs, PYTHON=python)
        url = f"https://ours.example/{text}"

        assert expected(python, str(script.parent), url, text) == found, text
        check_layers(files["Dockerfile.stages"], text, programs)
    assert not list(tmp_path.rglob("pwned"))
    for start in range(0, len(scripts), 100):
        assert "" == complaints_of("shellcheck", *scripts[start : start + 100])
    for each in scripts:
        assert "" == complaints_of("bash", each)


def complaints_of(tool: str, *scripts: str) -> str:
    shellcheck = str(Path(sys.executable).parent / "shellcheck")
    command = {"bash": ["bash", "-n"], "shellcheck": [shellcheck, "--norc"]}[tool]
    done = subprocess.run([*command, *scripts], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def check_layers(content: bytes, text: str, programs: Path) -> None:
    """Take the layers apart by another parser, and run their commands."""
    parser = instructions(content)
    plain = plain_layers()
    kinds = [each["instruction"] for each in parser if each["instruction"] != "COMMENT"]

    assert [each["instruction"] for each in plain if each["instruction"] != "COMMENT"] == kinds
    stated = next(each for each in parser if each["value"].startswith("DEPCHECK_INDEX_URL_"))
    name, _, quoted = stated["value"].partition("=")
    url = re.sub(r"\\(.)", r"\1", quoted[1:-1])
    runs = [each["value"] for each in parser if each["instruction"] == "RUN"][:2]
    found = [
        call
        for run in runs
        for call in observed(
            ["bash", "-c", run.partition("sharing=locked ")[2]],
            programs,
            **{name: url, "VENV": "/opt/venv"},
        )
    ]
    python = "/opt/venv/bin/python"
    assert expected(python, "/opt/depcheck", f"https://ours.example/{text}", text) == found, text


@cache
def plain_layers() -> list[dict[str, Any]]:
    """Return the layers of a lock set with harmless texts."""
    return instructions(render(solution(BARE), command="x")["Dockerfile.stages"])


def instructions(content: bytes) -> list[dict[str, Any]]:
    parser = DockerfileParser(fileobj=io.BytesIO(content))  # type: ignore[arg-type]
    return [dict(each) for each in parser.structure]


@pytest.mark.parametrize("text", ["https://h/a\nRUN evil", "https://h/a b", "https://h/\u202ea"])
def test_an_index_url_is_one_printable_word(text: str) -> None:
    with pytest.raises(BadValueError, match="is not the address of an index"):
        index_url(text)


def test_reports_of_the_gate_hold_texts_as_texts(full: bool) -> None:
    count = 0
    for text in texts(1000 if full else 200, (*PIECES, *UNPRINTABLE), "reports"):
        finding = Finding(
            code="lock-edited",
            level=Level.ERROR,
            subject=text,
            message=text,
            location=Location(file=text, line=3),
            evidence=(text,),
            remedy=text,
        )
        judged = Judged(image=text, variant=text, folder=text, findings=(finding,), full=True)
        report = Report(lock_sets=(judged,), others=(finding,))
        written = {name: rendered(report, name) for name in FORMATS}
        for name in ("json", "sarif", "gitlab"):
            json.loads(written[name])
        suites = ET.fromstring(written["junit"])  # noqa: S314 - our own

        assert ["testsuite", "testsuite"] == [each.tag for each in suites]
        lines = written["github"].removesuffix("\n").split("\n")
        assert [True, True] == [line.startswith("::error file=") for line in lines]
        assert [] == [name for name, raw in written.items() if "\x1b" in raw or "\x00" in raw]
        count += 1
    print(f"{count} texts in {len(FORMATS)} formats")


def test_control_and_bidirectional_characters_are_escaped_on_the_terminal(full: bool) -> None:
    for text in texts(1000 if full else 300, (*PIECES, *UNPRINTABLE), "terminal"):
        out = SimpleNamespace(written="")
        out.write = lambda part, out=out: setattr(out, "written", out.written + part)
        console = Console(out=out, err=out)  # type: ignore[arg-type]
        console.result(text)
        console.note(text)
        console.warn(text)
        console.error(text.replace("\n", ""), text.replace("\n", ""))
        console.paragraph(text)
        console.table([(text, text)])

        assert [] == [each for each in UNPRINTABLE if each != "\n" and each in out.written]
        assert [] == [each for each in UNPRINTABLE if each in escape(text)]


class Elements(HTMLParser):
    """Counts elements with the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[tuple[str, ...], int] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        key = (tag, *(name for name, _ in attrs))
        self.found[key] = self.found.get(key, 0) + 1


def pages(folder: Path, some: list[str]) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(some):
        yield text, render_page(page_of(measured(folder / str(number), solution(text))))


def test_the_page_of_a_lock_set_has_no_element_that_a_text_brought(
    tmp_path: Path, full: bool
) -> None:
    ((_, plain),) = pages(tmp_path / "plain", [BARE])
    kinds = set(Elements(plain).found)
    for text, page in pages(tmp_path, texts(1000 if full else 8, PIECES, "pages")):
        assert set() == set(Elements(page).found) - kinds, text
