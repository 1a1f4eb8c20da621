"""No command runs code of a package, unless the spec permits a build of that one package."""

from __future__ import annotations

import argparse
import io
import platform
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.wheelhouse import Wheelhouse, make_sdist, make_wheel, serve

from depcheck.cli import build_parser, main
from depcheck.index.live.answers import Answers
from depcheck.index.live.live_index import live_indexes
from depcheck.index.simple_api import BuildGuard, SimpleApi

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

THIS = ".".join(platform.python_version_tuple()[:2])
SPEC = f"""\
name = "demo"
summary = "Wants sdists"
default-variant = "cpu"
[target]
python = "{THIS}"
platform = "manylinux_2_28_x86_64"
[variants.cpu]
requirements = ["modern", "plain"]
"""
PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "here"
version = "1"
dependencies = ["plain"]
"""
TARGET = ("--python-version", THIS, "--platform", "manylinux_2_28_x86_64", "--no-rules")
COMMANDS = (
    "init modern.in --base-image python:3.11 --name drafted -o drafted.toml",
    "init pyproject.toml --base-image python:3.11 -o drafted2.toml",
    "solve demo.toml --live",
    "gate demo.toml --full",
    "gate demo.toml --live",
    "compile modern.in",
    "compile legacy.in",
    "compile pyproject.toml",
    "compile direct.in",
    "crosscheck modern.in --with uv,pip-compile,pip",
    "crosscheck legacy.in --with uv,pip-compile,pip",
    "crosscheck leading.in --with uv,pip-compile,pip",
    "crosscheck direct.in --with uv,pip-compile,pip",
    "explain demo.toml modern",
    "diff locks/demo/cpu locks/demo/cpu",
    "report demo.toml -o report.html",
    "export demo.toml --format requirements",
    "export demo.toml --format cyclonedx",
    "install demo.toml --into venv",
    "install demo.toml --into venv --dry-run",
    "doctor",
    "images show demo.toml",
    "images list",
    "conflicts check modern.in",
    "conflicts check --installed --python {python}",
    "conflicts list",
    "conflicts show numpy2-torch-lt-2.3",
    "index record demo.toml --snapshot s.sqlite",
    "index info --snapshot s.sqlite",
    "inspect {legacy}",
    "inspect {legacy_file}",
    "inspect locks/demo/cpu",
    "validate --manifest locks/demo/cpu --skip driver",
)
NOT_RUN = {"index serve"}
"""It serves pages until it is interrupted; `crosscheck` serves the same pages."""


def mark(folder: Path, who: str) -> str:
    return f"open({str(folder / 'marks')!r}, 'a').write('{who} ')\nBUILT_WITH = None"


def make_legacy(folder: Path, marks: Path) -> Path:
    """Write an sdist that nothing describes but its ``setup.py``."""
    path = folder / "legacy-1.0.tar.gz"
    files = {
        "PKG-INFO": "Metadata-Version: 1.1\nName: legacy\nVersion: 1.0\n",
        "setup.py": mark(marks, "legacy")
        + "\nfrom setuptools import setup\nsetup(name='legacy')\n",
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"legacy-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Wheelhouse]:
    folder = tmp_path / "house"
    make_wheel(folder, "plain", "1.0")
    make_sdist(folder, "modern", "1.0", preamble=mark(tmp_path, "modern"), requires=["plain"])
    make_legacy(folder, tmp_path)
    with serve({"main": folder}) as served:
        url = served.file_url("main", "legacy-1.0.tar.gz")
        make_wheel(folder, "leading", "1.0", requires=[f"legacy @ {url}"])
        yield served


@pytest.fixture
def here(tmp_path: Path, house: Wheelhouse, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with inputs of every kind; return it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PIP_INDEX_URL", house.index_url("main"))
    monkeypatch.setenv("DEPCHECK_CACHE_DIR", str(tmp_path / "cache"))
    Path("demo.toml").write_text(SPEC)
    Path("pyproject.toml").write_text(PROJECT)
    Path("backend.py").write_text(mark(tmp_path, "project"))
    Path("setup.py").write_text(mark(tmp_path, "project"))
    for name in ("modern", "legacy", "leading"):
        Path(f"{name}.in").write_text(f"{name}\n")
    Path("direct.in").write_text(f"legacy @ {house.file_url('main', 'legacy-1.0.tar.gz')}\n")
    Path("venv/bin").mkdir(parents=True)
    Path("venv/bin/python").symlink_to(sys.executable)
    return folder


def words_of(command: str, house: Wheelhouse) -> list[str]:
    url = house.file_url("main", "legacy-1.0.tar.gz")
    path = house.folders["main"] / "legacy-1.0.tar.gz"
    words = [
        word.format(legacy=url, legacy_file=path, python=sys.executable) for word in command.split()
    ]
    return [*words, *(TARGET if words[0] in {"compile", "crosscheck"} else ())]


def test_no_command_runs_code_of_packages(
    here: Path, house: Wheelhouse, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = {}
    for command in COMMANDS:
        ends[command] = main(words_of(command, house))
        out, err = capsys.readouterr()
        print(f"{ends[command]}  {command}\n{out[-300:]}{err[-300:]}")

        assert not (here.parent / "marks").exists(), command
        assert "[usage]" not in err, command

    refused = [command for command, code in ends.items() if code == 2]
    assert [
        "compile legacy.in",
        "compile direct.in",
        "crosscheck direct.in --with uv,pip-compile,pip",
        "install demo.toml --into venv",
        "inspect {legacy}",
        "inspect {legacy_file}",
    ] == refused


def test_every_command_is_tried() -> None:
    tried = {" ".join(command.split()[:2]) for command in COMMANDS} | NOT_RUN
    first = {command.split()[0] for command in COMMANDS}

    assert set() == {
        name for name in names_of(build_parser()) if name not in tried and name not in first
    }


def names_of(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    """Yield every command, with that which it belongs to."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                deeper = list(names_of(inner, f"{before}{name} "))
                yield from deeper or [f"{before}{name}"]


def test_a_build_that_the_spec_permits_is_isolated_and_in_the_lock(here: Path) -> None:
    permitted = SPEC + 'allow-build = ["modern"]\n'
    (here / "demo.toml").write_text(permitted)

    assert 0 == main(["solve", "demo.toml", "--live"])
    lock = tomllib.loads((here / "locks/demo/cpu/pylock.toml").read_text())
    stages = lock["tool"]["depcheck"]["stages"]
    assert [("build-isolated", True)] == [
        (stage["name"], stage["builds"]) for stage in stages if stage.get("builds")
    ]
    script = (here / "locks/demo/cpu/install.sh").read_text()
    assert "isolation=no" not in script
    assert not (here.parent / "marks").exists()


@pytest.mark.parametrize("allowed", [(), ("modern",)])
def test_other_tools_are_told_of_an_sdist_where_it_may_be_built(
    here: Path, house: Wheelhouse, allowed: tuple[str, ...]
) -> None:
    look_up = live_indexes(Answers(here / "pages"))
    guard = BuildGuard(allowed=frozenset(allowed), reads_sdists=False)
    api = SimpleApi(lambda _: look_up(house.index_url("main")), guard=guard)
    page = api.answer("simple/modern/", "text/html")

    assert page is not None
    assert bool(allowed) == (b"modern-1.0.tar.gz" in page.body)
    assert bool(allowed) == (api.answer("files/modern/1.0/modern-1.0.tar.gz", "") is not None)


def test_a_build_leaves_its_mark(here: Path, house: Wheelhouse) -> None:
    """Otherwise the tests above would prove nothing."""
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "modern"]
    command += ["--ignore-installed", "--quiet", "--index-url", house.index_url("main")]
    subprocess.run(command, check=False, capture_output=True)

    assert "modern" in (here.parent / "marks").read_text()
