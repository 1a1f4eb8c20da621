from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from support.solutions import DEFAULT, heavy, pin, sdist

from depcheck.conflicts.model import BuildNeeds
from depcheck.errors import InputError
from depcheck.images.model import StageHint, Target
from depcheck.lockfiles.install_script import index_variable, install_sh
from depcheck.lockfiles.stages import plan_stages
from depcheck.resolver.solution import IndexUse

if TYPE_CHECKING:
    from depcheck.resolver.solution import Solution

NASTY = 'it\'s "$HOME" `id` $(id) \\ ; & | > * ? {a,b} ! # ~'
BASH = "bash"
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


def script(solution: Solution) -> bytes:
    return install_sh(solution, plan_stages(solution))


def nasty(text: str) -> Solution:
    """Put a text wherever a script takes text from."""
    index = IndexUse(name=text, url=f"https://ours.example/{text}", packages=("torch",))
    needs = BuildNeeds(constraints=(Requirement("setuptools<82"),), env={"BUILD": text})
    return heavy(
        image=text,
        variant=text,
        target=Target(python="3.11", platform=text),
        indexes=(DEFAULT, index),
        pins=(pin("torch", index=text), pin("x", file=sdist("x", "1.0"), build=needs)),
        stages=(StageHint(name=text, packages=("torch",)),),
        env={"NEEDED": text},
        system=(text,),
        warnings=(text,),
    )


def checked(tool: list[str], content: bytes, folder: Path) -> str:
    path = folder / "install.sh"
    path.write_bytes(content)
    done = subprocess.run([*tool, str(path)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("solution", [heavy(), nasty(NASTY)])
def test_bash_and_shellcheck_have_nothing_to_say(solution: Solution, tmp_path: Path) -> None:
    content = script(solution)

    assert checked([BASH, "-n"], content, tmp_path) == ""
    assert checked([str(SHELLCHECK), "--norc"], content, tmp_path) == ""


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1).filter(
    str.isprintable
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PRINTABLE)
def test_whatever_a_name_or_url_holds_reaches_the_command_unchanged(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "install.sh"
    path.write_bytes(script(nasty(text)))
    # Type what --dry-run prints, behind a program that shows the words that arrive.
    command = [
        BASH,
        "-c",
        f'eval "$({BASH} {path} --dry-run | sed "s/^/printf \'%s\\\\\\\\0\' /")"',
    ]
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": "python"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    words = done.stdout.decode().split("\0")

    assert f"https://ours.example/{text}" in words
    assert f"BUILD={text}" in words


@pytest.mark.parametrize(
    ("name", "value"), [("A-B", "x"), ("", "x"), ("1A", "x"), ("A", "x\ny"), ("A", "\x1b")]
)
def test_a_variable_that_cannot_be_set_is_refused(name: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        script(heavy(env={name: value}))

    assert (caught.value.reference, str(caught.value)) == (
        "bad-environment-variable",
        f"`{name}={value}` cannot be set as an environment variable",
    )


def test_a_build_variable_that_cannot_be_set_is_refused() -> None:
    build = BuildNeeds(env={"A B": "x"})
    with pytest.raises(InputError, match=r"^`A B=x` cannot be set"):
        script(heavy(pins=(pin("x", file=sdist("x", "1.0"), build=build),)))


def test_a_mirror_variable_is_named_after_the_index() -> None:
    index = replace(DEFAULT, name="pytorch-cu121.x")

    assert index_variable(index) == "DEPCHECK_INDEX_URL_PYTORCH_CU121_X"


def test_help_is_printed_without_a_python_or_an_installer(tmp_path: Path) -> None:
    path = tmp_path / "install.sh"
    path.write_bytes(script(heavy()))
    done = subprocess.run(
        [BASH, str(path), "--help"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith(
        "usage: install.sh [--stage NAME] [--no-hashes] [--dry-run] [--list] [--help]\n"
    )
