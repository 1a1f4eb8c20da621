"""Wrong use of every command ends with exit 2, one message, and what was meant or what helps.

Each line of the table is a command line; ``expected/wrong-use.txt`` shows what all of them say.
"""

from __future__ import annotations

import argparse
import json
import shlex
from typing import TYPE_CHECKING

import pytest
from support.expected import expected
from support.world import World, make_world

from depcheck.cli import build_parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRONG = """\
slove demo.toml
nexa_heavy
--versoin
init Dockerfil
init Dockerfile --pyton 3.11
init Dockerfile --python three
init --from-env nowhere
solve
solve nexa_hevy
solve demo
solve Dockerfile
solve requirements.txt
solve ./demo.tml
solve ./dmo.toml
solve ./demo.toml --varient cu121
solve ./demo.toml --variant cu12
solve ./demo.toml --snapshot recorded.sqlit
solve ./demo.toml --snapshot recorded.sqlite --live
solve ./demo.toml --out
solve ./demo.toml --upgrade-package numpi --snapshot recorded.sqlite
solve --all nexa_heavy
gate nexa_hevy
gate --all nexa_heavy
gate --dockerfile Dockerfil
gate --output sariff=gate.sarif
gate --output sarif
gate --live --snapshot recorded.sqlite
gate --vulnerabilites
compile
compile requirement.txt
compile demo.toml
compile requirements.txt --formt pylock
compile requirements.txt --format pylok
compile requirements.txt --prerelease alow
compile requirements.txt --extra dev
compile requirements.txt --extra-index-url https://index.example/simple
compile requirements.txt -o lock.toml --format pylock
crosscheck nexa_lite
crosscheck ./demo.toml --with uvv
crosscheck ./demo.toml --with ,
crosscheck ./demo.toml requirements.txt
explain nexa_hevy
explain ./demo.toml numpi
explain ./demo.toml --outt locks
diff locks/demo/cu121
diff locks/demo locks/demo/cu121
diff locks/demo/cu12 locks/demo/cu121
diff locks/demo/cu121 locks/demo/cu121 --markdown --jsn
report ./demo.toml
report ./demo.toml -o report.html --against locks/demo
export ./demo.toml
export ./demo.toml --format requirement
export --format nohash
export --format matrix --variant cu121
install ./demo.toml
install ./demo.toml --into nowhere
install ./demo.toml --int venv
doctor nexa_hevy
doctor ./demo.toml --variant cu12
images
images lst
images list demo
images show nexia
conflicts
conflicts chek requirements.txt
conflicts show numpy2-torhc
conflicts list --rules rule.toml
conflicts list --ignore-rule numpy2-torhc=why
conflicts list --ignore-rule numpy2-torch
conflicts check
conflicts check requirement.txt
conflicts check --installed requirements.txt
conflicts check requirements.txt --python venv
index
index inof
index info --snapshot recorded.sqlit
index record ./demo.toml
index record nexa_hevy --snapshot new.sqlite
index record nexa_heavy --all --snapshot new.sqlite
index serve --port abc
index serve --snapshot recorded.sqlit
inspect
inspect nexa_heavy
inspect demo.whl
inspect locks/demo/cu12
inspect locks/demo/cu121 --capability 89
inspect locks/demo/cu121 --capabilty 8.9
inspect locks/demo/cu121 --record
validate
validate --manifets locks/demo/cu121
validate --manifest locks/demo/cu12
validate --manifest locks/demo/cu121 --only drivr
validate --manifest locks/demo/cu121 --stage toch
"""


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    made = make_world(tmp_path, monkeypatch, capsys)
    made.solve("demo.toml")
    (tmp_path / "Dockerfile").write_text("FROM python:3.11-slim\nRUN pip install numpy\n")
    (tmp_path / "requirements.txt").write_text("numpy\n")
    return made


def test_every_message_names_what_is_wrong_and_what_helps(world: World) -> None:
    said = [(line, *world.run(*shlex.split(line))) for line in WRONG.splitlines()]
    told = "\n".join(f"$ depcheck {line}\n{err}" for line, _, _, err in said)

    assert [] == [(line, code, out) for line, code, out, _ in said if (code, out) != (2, "")]
    assert [] == [line for line, _, _, err in said if "\n\nhint: " not in err]
    assert expected("wrong-use.txt", told) == told


@pytest.mark.parametrize("line", ["solve nexa_hevy", "gate --vulnerabilites", "images lst"])
def test_the_same_as_a_document(world: World, line: str) -> None:
    _, _, err = world.run(*shlex.split(line))
    code, out, beside = world.run(*shlex.split(line), "--json")
    error = json.loads(out)["error"]

    assert (code, beside) == (2, "")
    assert err == f"error: {error['message']} [{error['reference']}]\n\nhint: {error['hint']}\n"


def test_no_command_is_left_out() -> None:
    tried = {tuple(line.split()[:2]) for line in WRONG.splitlines()}
    words = {name for line in tried for name in (line, line[:1])}

    assert [] == [command for command in commands(build_parser()) if command not in words]


def commands(
    parser: argparse.ArgumentParser, above: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield (*above, name)
                yield from commands(below, (*above, name))
