"""Draft a spec, and solve it at once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.expected import expected
from support.schemas import complaints

from depcheck.cli import main
from depcheck.images.loader import load_spec

if TYPE_CHECKING:
    from collections.abc import Callable

DOCKERFILE = """\
FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04
RUN apt-get update && apt-get install -y python3.11-venv git
RUN python3.11 -m pip install -U pip setuptools
RUN pip install torch==2.2.2 --index-url https://download.pytorch.org/whl/cu121
RUN pip install -r requirements.txt filelock>=3 $EXTRA git+https://github.com/huggingface/trl
"""


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").write_text(DOCKERFILE)
    Path("requirements.txt").write_text("numpy==1.26.4\nsympy\n")

    def runs(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(words)
        return (code, *capsys.readouterr())

    return runs


def test_dockerfile_becomes_a_spec_that_solves_at_once(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, err = run("init", "-o", "mine.toml")
    spec = Path("mine.toml").read_text()

    # The day is that of the recording in depcheck.
    spec = re.sub(r"(?<=as-of = )\d{4}-\d\d-\d\d", "DAY", spec)

    assert (code, out) == (0, "mine.toml: 4 requirements; next: `depcheck solve ./mine.toml`\n")
    assert expected("init.err.txt", err) == err
    assert expected("init.toml", spec) == spec
    assert 0 == run("solve", "./mine.toml", "-q")[0]


def test_what_was_guessed_as_a_document(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("init", "--json", "--name", "mine")

    assert (code, err) == (0, "")
    assert expected("init.json", out) == out
    assert complaints("init", json.loads(out)) == []


def test_what_is_not_recorded_is_asked_for_live(run: Callable[..., tuple[int, str, str]]) -> None:
    Path("other.txt").write_text("no-such-project-at-all\n")
    code, out, err = run("init", "other.txt", "--python", "3.12", "--name", "other")

    assert (code, out) == (
        0,
        "other.toml: 1 requirements; next: `depcheck solve ./other.toml --live`\n",
    )
    assert err.splitlines()[0] == "python 3.12: stated by --python"
    assert load_spec(Path("other.toml")).variants["default"].as_of is None


def test_a_file_that_is_there_is_not_overwritten(run: Callable[..., tuple[int, str, str]]) -> None:
    Path("mine.toml").write_text("mine")
    refused = run("init", "--name", "mine")
    kept = Path("mine.toml").read_text()
    forced, _, _ = run("init", "--name", "mine", "--force")

    assert refused == (
        2,
        "",
        (
            "error: `mine.toml` is there already [spec-exists]\n\n"
            "hint: name another file by `-o`, or overwrite it by `--force`\n"
        ),
    )
    assert (kept, forced) == ("mine", 0)
    assert load_spec(Path("mine.toml")).name == "mine"


def test_environment_is_asked_for_by_what_nothing_needs(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    site = tmp_path / "venv/lib/python3.10/site-packages"
    for name, needs in (("a", "b>=1"), ("b", "c; extra == 'x'"), ("c", "")):
        folder = site / f"{name}-1.0.dist-info"
        folder.mkdir(parents=True)
        line = f"Requires-Dist: {needs}\n" if needs else ""
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{line}"
        )
    (site / "evil.pth").write_text("import os; os.mkdir('ran')\n")
    (tmp_path / "venv/pyvenv.cfg").write_text("version = 3.10.1\n")
    code, _, _ = run("init", "--from-env", "venv", "-o", "env.toml", "-q")
    spec = Path("env.toml").read_text()
    variant = load_spec(Path("env.toml")).variants["default"]

    assert code == 0
    assert ["a==1.0", "c==1.0"] == [str(each.requirement) for each in variant.requirements]
    assert "3.10" == variant.target.python
    assert expected("init-env.toml", spec) == spec
    assert not Path("ran").exists()


WRONG = {
    "init-nothing-here": ([], {}),
    "init-no-such-file": (["none.txt"], {}),
    "init-alpine": (["Dockerfile"], {"Dockerfile": "FROM python:3.11-alpine\nRUN pip install a\n"}),
    "init-nothing-required": (["Dockerfile"], {"Dockerfile": "FROM python:3.11\n"}),
    "init-not-a-dockerfile": (["Dockerfile"], {"Dockerfile": "numpy\n"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_drafted(run: Callable[..., tuple[int, str, str]], name: str) -> None:
    words, files = WRONG[name]
    for path in ("Dockerfile", "requirements.txt"):
        Path(path).unlink()
    for path, content in files.items():
        Path(path).write_text(content)
    code, out, err = run("init", *words, "--name", "mine")

    assert (code, out) == (2, "")
    assert expected(f"bad/{name}.txt", err) == err
    assert not Path("mine.toml").exists()


def test_text_from_outside_stays_in_its_place(run: Callable[..., tuple[int, str, str]]) -> None:
    Path("a\nb.txt").write_text('numpy; os_name == "a\\u0007"\nsympy # \x1b[31m\n')
    code, _, _ = run("init", "a\nb.txt", "--name", "mine", "-q")

    assert code == 0
    assert "mine" == load_spec(Path("mine.toml")).name
