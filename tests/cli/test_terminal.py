"""What a terminal shows: folded to its width, coloured, and safe from foreign text."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest
from support.world import SPEC, World, make_world

from depcheck.terminal import columns, folded

if TYPE_CHECKING:
    from pathlib import Path

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def on_a_terminal(width: int, folder: Path, *words: str, **env: str) -> list[str]:
    """Return the lines that a command writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "NO_COLOR"}}
    with subprocess.Popen(
        [sys.executable, "-m", "depcheck", *words],
        cwd=folder,
        env={**kept, "TERM": "xterm", **env},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        text = "".join(_chunks(ours))
    os.close(ours)
    return text.replace("\r\n", "\n").splitlines()


def _chunks(descriptor: int) -> list[str]:
    read: list[bytes] = []
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # how Linux says that the other end was closed
            chunk = b""
        if not chunk:
            return [b"".join(read).decode()]
        read.append(chunk)


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize(
    "words",
    [
        ["solve", "nexa_heavy"],
        ["solve", "nexa_infer"],
        ["images", "list"],
        ["images", "show", "nexa_heavy"],
        ["conflicts", "list"],
        ["conflicts", "show", "transformers-accelerate-0.34"],
        ["index", "info"],
    ],
    ids=" ".join,
)
def test_no_line_is_longer_than_the_terminal(tmp_path: Path, words: list[str], width: int) -> None:
    lines = on_a_terminal(width, tmp_path, *words)
    # A single word that is longer, like a path or a link, is left whole for copying.
    longer = [
        line for line in lines if len(ESCAPES.sub("", line)) > width and len(line.split()) > 1
    ]

    assert len(lines) > 2
    assert longer == []


def test_colour_is_for_terminals_that_want_it(tmp_path: Path) -> None:
    command = ["conflicts", "show", "numpy2-torch-lt-2.3"]
    painted = on_a_terminal(80, tmp_path, *command)
    plain = on_a_terminal(80, tmp_path, *command, NO_COLOR="1")

    assert painted[0] == "\x1b[1mnumpy2-torch-lt-2.3\x1b[0m"
    assert plain == [ESCAPES.sub("", line) for line in painted]
    assert on_a_terminal(80, tmp_path, *command, "--color", "never") == plain
    assert on_a_terminal(80, tmp_path, *command, TERM="dumb") == plain


def test_an_error_is_folded_and_its_label_painted(tmp_path: Path) -> None:
    assert on_a_terminal(40, tmp_path, "conflicts", "show", "numpy2-torch-lt-2.4") == [
        "\x1b[1;31merror:\x1b[0m there is no rule",
        "  `numpy2-torch-lt-2.4` [unknown-rule]",
        "",
        "\x1b[1mhint:\x1b[0m did you mean",
        "  `numpy2-torch-lt-2.3`?",
    ]


def test_foreign_text_cannot_steer_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world: World = make_world(tmp_path, monkeypatch, capsys)
    hostile = SPEC.replace("A small image", r"\u001b[31mred\u202e\u009b")
    world.spec.write_text(hostile)
    _, out, _ = world.run("images", "show", "./demo.toml", "--color", "always")

    assert out.splitlines()[0] == (
        "\x1b[1mdemo\x1b[0m  \\x1b[31mred\\u202e\\x9b, like the large ones"
    )


def test_the_last_column_is_folded_under_itself() -> None:
    rows = [("a", "one two three four five six seven"), ("long", "eight")]

    assert columns(rows, indent="  ", width=36) == [
        "  a     one two three four five six",
        "        seven",
        "  long  eight",
    ]


def test_the_last_column_goes_below_where_there_is_no_room() -> None:
    rows = [("a-long-first-column", "one two three four five six"), ("b", "")]

    assert columns(rows, width=30) == [
        "a-long-first-column",
        "    one two three four five",
        "    six",
        "b",
    ]


def test_without_a_terminal_nothing_is_folded() -> None:
    text = " ".join(["word"] * 100)

    assert folded(text, None, indent="  ") == [f"  {text}"]
    assert columns([("a", text)]) == [f"a  {text}"]
