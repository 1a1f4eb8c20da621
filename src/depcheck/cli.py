"""The command line: parse, call one function, give its exit code.

Each command lives in `depcheck.commands` and is imported only when it runs, so that ``--version``
and ``--help`` start as fast as Python allows.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from depcheck import __version__
from depcheck.errors import DepcheckError, ExitCode
from depcheck.terminal import Console, escape, make_console

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXIT_CODES = """\
exit status:
  0    done, nothing to object
  1    the answer is no: unsatisfiable, not lockable
  2    wrong usage or input; the message names the file and key, and the remedy
  3    the environment failed: index unknown or corrupt, disk, search limit; a retry may help
  130  interrupted

With --json an error is a document too: {"error": {"reference", "message", "hint"}}.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints look like every other error, with a suggestion."""

    def error(self, message: str) -> NoReturn:
        suggestion = _suggestion(message)
        self._print_message(f"error: {message} [usage]\n\n", sys.stderr)
        hint = suggestion or f"see `{self.prog} --help`"
        self._print_message(f"hint: {hint}\n", sys.stderr)
        sys.exit(ExitCode.INPUT)


def _suggestion(message: str) -> str | None:
    """Return "did you mean" for a misspelt command (argparse names the choices it knows)."""
    if "invalid choice: " not in message:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    _, _, rest = message.partition("invalid choice: ")
    wrong, _, choices = rest.partition(" (choose from ")
    known = [each.strip(" '\")") for each in choices.split(",")]
    close = get_close_matches(wrong.strip("'\""), known, n=1)
    return f"did you mean `{close[0]}`?" if close else None


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = _Parser(
        prog="depcheck",
        description="Makes the dependencies of GPU container images reproducible: solves an image "
        "against package indexes and known-conflict rules, and writes its lock set.",
        epilog="examples:\n"
        "  depcheck solve nexa_heavy           solve one image, write locks/nexa_heavy/cu121/\n"
        "  depcheck explain nexa_heavy numpy   why that version of numpy\n"
        "  depcheck conflicts list             what is known to break\n\n" + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"depcheck {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_solve(commands)
    _add_explain(commands)
    _add_images(commands)
    _add_conflicts(commands)
    _add_index(commands)
    return parser


def _command(
    commands: argparse._SubParsersAction[_Parser], name: str, summary: str, examples: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"examples:\n{examples}\n\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="write the result as one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no warnings")
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: auto"
    )
    return parser


def _add_snapshot(parser: argparse.ArgumentParser | argparse._MutuallyExclusiveGroup) -> None:
    parser.add_argument(
        "--snapshot", metavar="FILE", help="recorded indexes (default: those in depcheck)"
    )


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", metavar="DIR", default="locks", help="folder of all lock sets (default: locks)"
    )


def _add_solve(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        commands,
        "solve",
        "Solve images and write their lock sets.",
        "  depcheck solve nexa_heavy\n"
        "  depcheck solve nexa_light nexa_infer --out /tmp/locks\n"
        "  depcheck solve ./my_image.toml --variant cu121\n"
        "  depcheck solve --all --json",
    )
    parser.add_argument("images", metavar="IMAGE", nargs="*", help="built-in name or spec file")
    parser.add_argument("--all", action="store_true", help="every built-in image, every variant")
    parser.add_argument("--variant", metavar="NAME", help="default: the spec's default variant")
    _add_out(parser)
    source = parser.add_mutually_exclusive_group()
    _add_snapshot(source)
    source.add_argument(
        "--live", action="store_true", help="ask the indexes themselves, over the network"
    )


def _add_explain(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        commands,
        "explain",
        "Say why a lock set holds what it holds.",
        "  depcheck explain nexa_heavy\n  depcheck explain nexa_heavy numpy",
    )
    parser.add_argument("image", metavar="IMAGE", help="built-in name or spec file")
    parser.add_argument("package", metavar="PACKAGE", nargs="?", help="one package of it")
    parser.add_argument("--variant", metavar="NAME", help="default: the spec's default variant")
    _add_out(parser)


def _add_images(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        commands,
        "images",
        "List the built-in images, or show one.",
        "  depcheck images list\n  depcheck images show nexa_heavy",
    )
    parser.add_argument("action", choices=("list", "show"))
    parser.add_argument("image", metavar="IMAGE", nargs="?", help="for show: name or spec file")


def _add_conflicts(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        commands,
        "conflicts",
        "List the known-conflict rules, or show one with its evidence.",
        "  depcheck conflicts list\n  depcheck conflicts show numpy2-torch-lt-2.3",
    )
    parser.add_argument("action", choices=("list", "show"))
    parser.add_argument("rule", metavar="ID", nargs="?", help="for show: the rule's id")


def _add_index(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        commands,
        "index",
        "Record package indexes for offline solving, or describe a recording.",
        "  depcheck index info\n  depcheck index record ./my_image.toml --snapshot my.sqlite",
    )
    parser.add_argument("action", choices=("record", "info"))
    parser.add_argument(
        "images", metavar="IMAGE", nargs="*", help="for record: names or spec files"
    )
    parser.add_argument("--all", action="store_true", help="record for every built-in image")
    parser.add_argument("--variant", metavar="NAME", help="record for this variant alone")
    parser.add_argument(
        "--reuse", metavar="FILE", help="take the indexes that this snapshot has from it"
    )
    _add_snapshot(parser)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(argv)
    console = make_console(as_json=options.json, quiet=options.quiet, colour=options.color)
    try:
        command = import_module(f"depcheck.commands.{options.command}")
        code = int(command.run(options, console))
        sys.stdout.flush()
    except DepcheckError as error:
        return report(error, console)
    except KeyboardInterrupt:
        console.note("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever reads us went away, as `head` does: nothing is wrong. Python would complain
        # when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    return code


def report(error: DepcheckError, console: Console) -> int:
    """Write an error for a person, or as a document; return its exit code."""
    if console.as_json:
        content = {"reference": error.reference, "message": error.message, "hint": error.hint}
        console.document({"error": content})
        return error.exit_code
    label = "\x1b[1;31merror:\x1b[0m" if console.colour else "error:"
    print(f"{label} {escape(error.message)} [{error.reference}]", file=console.err)
    if error.hint:
        print(f"\nhint: {escape(error.hint)}", file=console.err)
    return error.exit_code
