"""Write docs/cli.md, the help of every command: ``python -m tools.cli_page [--check]``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.cli import build_parser
from depcheck.validate.cli import build_parser as build_validator

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
_WIDTH = "100"
_INTRODUCTION = """\
# Commands and options

<!-- Written by `python -m tools.cli_page`: change the parsers in src/depcheck/cli.py. -->

What `--help` says of every command. [Everyday commands](commands.md) shows them at work, and
[Codes and errors](codes.md) lists what they can object to.
"""


def page() -> str:
    """Return the page."""
    os.environ["COLUMNS"] = _WIDTH
    sections = (
        f"\n## {parser.prog}\n\n```text\n{parser.format_help()}```\n" for parser in _parsers()
    )
    return "".join([_INTRODUCTION, *sections])


def _parsers() -> Iterator[argparse.ArgumentParser]:
    for parser in _below(build_parser()):
        yield build_validator(parser.prog) if parser.prog == "depcheck validate" else parser


def _below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:  # noqa: SLF001 - argparse has no other list of them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            for below in action.choices.values():
                yield from _below(below)


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` say whether it is up to date."""
    text = page()
    if arguments == ["--check"]:
        return 0 if PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
