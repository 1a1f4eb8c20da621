"""What somebody meant who misspelt a command, an option or a choice."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from depcheck.images.loader import builtin_names
from depcheck.tomlfile import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def suggestion(
    parser: argparse.ArgumentParser, message: str, words: Sequence[str]
) -> tuple[str | None, str]:
    """Return a question to ask, if there is one, and the command whose help is of use.

    Args:
        parser: The parser that complains.
        message: Its complaint, which names the choices where one was wrong.
        words: All words of the command line, where the parser knows them.
    """
    parser = _of_command(parser, words)
    known = parser._option_string_actions  # noqa: SLF001 - argparse has no other list of them
    stated = (word.partition("=")[0] for word in words if word.startswith("--") and word != "--")
    asked = next((did_you_mean(word, known) for word in stated if word not in known), None)
    return asked or _choice(message), parser.prog


def _of_command(parser: argparse.ArgumentParser, words: Iterable[str]) -> argparse.ArgumentParser:
    """Return the parser of the command that the words lead to."""
    for word in words:
        groups = [
            action
            for action in parser._actions  # noqa: SLF001 - as above
            if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001 - as above
        ]
        if not groups:
            break
        parser = groups[0].choices.get(word, parser)
    return parser


def _choice(message: str) -> str | None:
    _, found, rest = message.partition("invalid choice: ")
    if not found:
        return None
    wrong, _, choices = rest.partition(" (choose from ")
    wrong = wrong.strip("'\"")
    if "argument COMMAND" in message and wrong in builtin_names():
        return f"did you mean `depcheck solve {wrong}`?"
    return did_you_mean(wrong, [each.strip(" '\")") for each in choices.split(",")])
