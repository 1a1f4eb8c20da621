"""Here-documents of Dockerfiles, which the parser of Dockerfiles takes for instructions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARK = re.compile(r"<<(-?)\s*([\"']?)(\w+)\2")
_FLAGS = re.compile(r"(?:--\S+\s+)+")
_SHELL = re.compile(r"(?:(?:/usr)?/bin/)?(?:ba|da)?sh(?:\s+-\w+)*")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """What stands between a mark such as ``<<EOF`` and the line that ends it."""

    commands: tuple[tuple[int, str], ...]
    """Lines with their numbers, counted from 1; lines that go on are joined, comments left out."""
    is_script: bool
    """A shell runs them; else they are the input of another program, or a file."""
    last: int
    """Number of the line that ends it, or of the file's last one."""


def read_heredoc(lines: Sequence[str], after: int, value: str) -> Heredoc | None:
    """Return the here-document that an instruction begins, None where it begins none.

    Args:
        lines: All lines of the Dockerfile.
        after: Number of the instruction's last line, counted from 1.
        value: What stands behind the word of the instruction.
    """
    mark = _MARK.search(value)
    if mark is None:
        return None
    last = next(
        (number for number in range(after, len(lines)) if _ends(lines[number], mark)), len(lines)
    )
    program = _FLAGS.sub("", f"{value[: mark.start()]} {value[mark.end() :]} ".lstrip()).strip()
    return Heredoc(
        commands=tuple(_joined(lines[after:last], after + 1)),
        is_script=not program or _SHELL.fullmatch(program) is not None,
        last=last + 1,
    )


def _ends(line: str, mark: re.Match[str]) -> bool:
    return (line.lstrip("\t") if mark[1] else line) == mark[3]


def _joined(lines: Sequence[str], first: int) -> list[tuple[int, str]]:
    """Return lines with their numbers, those that end in a backslash with what follows them."""
    found: list[tuple[int, str]] = []
    going_on = False
    for number, line in enumerate(lines, start=first):
        text = line.strip()
        if going_on:
            begun, earlier = found.pop()
            found.append((begun, f"{earlier} {text.removesuffix(chr(92)).strip()}"))
        elif text and not text.startswith("#"):
            found.append((number, text.removesuffix("\\").strip()))
        else:
            continue
        going_on = text.endswith("\\")
    return found
