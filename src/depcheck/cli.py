"""The command line: parse, call one function, give its exit code.

Each command lives in `depcheck.commands` and is imported only when it runs, so that ``--version``
and ``--help`` start as fast as Python allows.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from depcheck import __version__
from depcheck.errors import DepcheckError, EnvironmentFailure, ExitCode, InputError, refusal
from depcheck.terminal import Console, make_console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_UNTIL_COLLECTED = 200_000
"""Objects made before Python looks for cycles: what a command makes is there until it ends, and
looking through all of it again and again takes a fifth of the time of a solve."""

_EXIT_CODES = """\
exit status:
  0    done, nothing to object
  1    the answer is no: unsatisfiable, not lockable
  2    wrong usage or input; the message names the file and key, and the remedy
  3    the environment failed: index unknown or corrupt, disk, search limit; a retry may help
  130  interrupted

With --json an error is a document too: {"error": {"reference", "message", "hint"}}.
"""

_FIRST_COLUMN, _WIDEST = 20, 100


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help whose first column has room for the name of every command."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=_FIRST_COLUMN, width=_WIDEST)
        self._action_max_length = 13  # argparse forgets that it indents commands further

    def format_help(self) -> str:
        """Return the text, fitted to the terminal; argparse makes formatters for less than that."""
        from shutil import get_terminal_size  # noqa: PLC0415 - slow

        self._width = min(get_terminal_size().columns, _WIDEST)
        self._max_help_position = min(_FIRST_COLUMN, max(self._width - 20, 4))
        return super().format_help()


class _Complaint(Exception):
    """What a parser has to object, or one of those below it."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors like every other."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Help, **options)

    def parse_args(self, words: Any = None, namespace: Any = None) -> Any:
        """Parse words; a complaint asks what they meant."""
        try:
            return super().parse_args(words, namespace)
        except _Complaint as complaint:
            from depcheck.misspelt import suggestion  # noqa: PLC0415 - only after a mistake

            message = str(complaint)
            hint, command = suggestion(self, message, words)
            raise InputError("usage", message, hint=hint or f"see `{command} --help`") from None

    def error(self, message: str) -> NoReturn:
        raise _Complaint(message)


class _PrintCompletion(argparse.Action):
    """Prints what a shell needs to complete commands and options."""

    def __call__(self, parser: argparse.ArgumentParser, *values: Any, **_: Any) -> NoReturn:
        import shtab  # noqa: PLC0415 - only for this

        sys.stdout.write(shtab.complete(parser, values[1]) + "\n")
        parser.exit()


def build_parser(word: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of every command, or only of the one that a word names."""
    parser = _Parser(
        prog="depcheck",
        description="Makes the dependencies of GPU container images reproducible: solves an image\n"
        "against package indexes and known-conflict rules, and writes its lock set.",
        epilog="examples:\n"
        "  depcheck solve nexa_heavy           solve one image, write locks/nexa_heavy/cu121/\n"
        "  depcheck explain nexa_heavy numpy   why that version of numpy\n"
        "  depcheck conflicts list             what is known to break\n\n" + _EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"depcheck {__version__}")
    parser.add_argument(
        "--print-completion",
        metavar="SHELL",
        choices=("bash", "zsh", "fish"),
        action=_PrintCompletion,
        help="print a completion script for bash, zsh or fish",
    )
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, prog=parser.prog
    )
    for add in [_COMMANDS[word]] if word in _COMMANDS else _COMMANDS.values():
        add(commands)
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - argparse names no public type


def _group(commands: _Commands, name: str, summary: str) -> _Commands:
    """Add a command that has commands of its own."""
    parser = commands.add_parser(name, help=summary, description=summary)
    return parser.add_subparsers(dest="action", metavar="COMMAND", required=True, prog=parser.prog)


def _command(commands: _Commands, name: str, summary: str, examples: str) -> _Parser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"examples:\n{examples}\n\n{_EXIT_CODES}",
    )
    parser.add_argument("--json", action="store_true", help="write the result as one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no warnings")
    parser.add_argument(
        "--color",
        metavar="WHEN",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto, always or never (default: auto)",
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


def _add_init(commands: _Commands) -> None:
    parser = _command(
        commands,
        "init",
        "Draft an image spec from a Dockerfile, requirements, a project or an environment.",
        "  depcheck init\n"
        "  depcheck init Dockerfile -o my_image.toml\n"
        "  depcheck init requirements.txt --base-image nvidia/cuda:12.1.1-runtime-ubuntu22.04\n"
        "  depcheck init --from-env /opt/venv",
    )
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="*",
        help="Dockerfile, requirements file, pyproject.toml, environment.yml (default: those here)",
    )
    parser.add_argument(
        "--from-env",
        metavar="PYTHON",
        nargs="?",
        const="",
        help="an interpreter, virtual environment or site-packages (default: the one running)",
    )
    parser.add_argument("--base-image", metavar="TAG", help="instead of the Dockerfile's FROM")
    parser.add_argument("--python", metavar="X.Y", help="instead of the version that is guessed")
    parser.add_argument("--name", metavar="NAME", help="the image's name")
    parser.add_argument("-o", "--output", metavar="FILE", help="default: NAME.toml")
    parser.add_argument("--force", action="store_true", help="overwrite the file")


def _add_solve(commands: _Commands) -> None:
    parser = _command(
        commands,
        "solve",
        "Solve images and write their lock sets.",
        "  depcheck solve nexa_heavy\n"
        "  depcheck solve nexa_light nexa_infer --out /tmp/locks\n"
        "  depcheck solve ./my_image.toml --variant cu121\n"
        "  depcheck solve nexa_heavy --upgrade-package numpy\n"
        "  depcheck solve nexa_light nexa_heavy nexa_infer --align\n"
        "  depcheck solve --all --json\n"
        "  depcheck solve --all --executor dask",
    )
    parser.add_argument("images", metavar="IMAGE", nargs="*", help="built-in name or spec file")
    parser.add_argument("--all", action="store_true", help="every built-in image, every variant")
    parser.add_argument("--variant", metavar="NAME", help="default: the spec's default variant")
    _add_out(parser)
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep the versions of the earlier lock set that still fit",
    )
    parser.add_argument(
        "--upgrade-package",
        metavar="NAME",
        action="append",
        default=[],
        help="keep all others, and take the newest version of this one that fits",
    )
    parser.add_argument(
        "--align",
        action="store_true",
        help="prefer equal pins in all of them, and plan layers that they share",
    )
    parser.add_argument(
        "--executor",
        metavar="WHERE",
        help="hand the images to Dask: `dask` starts workers, dask://HOST:PORT asks a scheduler",
    )
    source = parser.add_mutually_exclusive_group()
    _add_snapshot(source)
    source.add_argument(
        "--live", action="store_true", help="ask the indexes themselves, over the network"
    )
    parser.add_argument(
        "--hash-by-download",
        metavar="NAME",
        action="append",
        default=[],
        help="download its file where the index states no hash (with --live)",
    )
    _add_rules(parser)


def _add_gate(commands: _Commands) -> None:
    parser = _command(
        commands,
        "gate",
        "Say whether the committed lock sets may be built.",
        "  depcheck gate                       every lock set below locks/\n"
        "  depcheck gate nexa_heavy --full     trust no record, look at every pin\n"
        "  depcheck gate ./my_image.toml --json\n"
        "  depcheck gate --dockerfile Dockerfile --output sarif=gate.sarif",
    )
    parser.add_argument("images", metavar="IMAGE", nargs="*", help="built-in name or spec file")
    parser.add_argument("--all", action="store_true", help="every lock set, as without IMAGE")
    parser.add_argument("--variant", metavar="NAME", help="only the lock sets of this variant")
    parser.add_argument(
        "--full", action="store_true", help="work everything out again, even where nothing changed"
    )
    parser.add_argument(
        "--dockerfile",
        metavar="FILE",
        action="append",
        default=[],
        help="look for packages that it installs besides (repeatable)",
    )
    parser.add_argument(
        "--output",
        metavar="FORMAT=FILE",
        action="append",
        default=[],
        help="write json, sarif, junit, github, summary or gitlab, `-` for stdout (repeatable)",
    )
    _add_out(parser)
    source = parser.add_mutually_exclusive_group()
    _add_snapshot(source)
    source.add_argument(
        "--live",
        action="store_true",
        help="judge every pin by what the indexes themselves say now, over the network",
    )
    parser.add_argument(
        "--vulnerabilities",
        action="store_true",
        help="ask a service which vulnerabilities of the pins are known, over the network",
    )
    parser.add_argument(
        "--osv-url",
        metavar="URL",
        default="https://api.osv.dev",
        help="that service, or a mirror of it (default: https://api.osv.dev)",
    )
    _add_rules(parser)


def _add_compile(commands: _Commands) -> None:
    parser = _command(
        commands,
        "compile",
        "Lock any requirements, without an image spec.",
        "  depcheck compile requirements.in -o requirements.txt\n"
        "  depcheck compile pyproject.toml --extra dev --generate-hashes -o requirements.txt\n"
        "  depcheck compile requirements.in --python-version 3.11 -o pylock.toml\n"
        "  depcheck compile requirements.in --package-index torch=URL",
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="requirements file, pyproject.toml, or `-`"
    )
    _add_requirements(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: stdout)")
    parser.add_argument(
        "--format", choices=("requirements", "pylock"), help="default: by the name of the output"
    )
    parser.add_argument("--generate-hashes", action="store_true", help="write the hash of each pin")


def _add_requirements(parser: argparse.ArgumentParser) -> None:
    """Add what says how requirements without an image spec are to be solved."""
    for name, metavar, words in _COMPILE_LISTS:
        parser.add_argument(*name, metavar=metavar, action="append", default=[], help=words)
    for option, metavar, words in _COMPILE_VALUES:
        parser.add_argument(option, metavar=metavar, help=words)
    parser.add_argument("--no-rules", action="store_true", help="take no known-conflict rules")
    _add_rules(parser)


_COMPILE_LISTS = (
    (("-c", "--constraint"), "FILE", "requirements file whose lines only limit"),
    (("--override",), "FILE", "requirements file whose lines replace what packages ask for"),
    (("--extra",), "NAME", "extra of the pyproject.toml"),
    (("--group",), "NAME", "dependency group of the pyproject.toml"),
    (("--no-binary",), "NAMES", "no wheels of these (`:all:` for any package)"),
    (("--only-binary",), "NAMES", "no sdists of these (`:all:` for any package)"),
    (("--package-index",), "NAMES=URL", "packages that come from this index and nowhere else"),
    (("-f", "--find-links"), "DIR", "folder that packages come from whose files lie in it"),
    (("--hash-by-download",), "NAME", "download its file where the index states no hash"),
    (("--extra-index-url",), "URL", "refused: says why, and what to do instead"),
)
_COMPILE_VALUES = (
    ("--index-url", "URL", "index of all other packages (default: as pip is configured)"),
    ("--python-version", "VERSION", "Python to lock for (default: this one)"),
    ("--platform", "TAG", "such as manylinux_2_35_x86_64 (default: this machine)"),
    ("--variant", "NAME", "accelerator build for rules: cu121, cpu, ..."),
    ("--prerelease", "POLICY", "allow, disallow, explicit, if-necessary (default)"),
    ("--as-of", "DATE", "nothing uploaded later is considered"),
    ("--snapshot", "FILE", "recorded indexes (default: ask the indexes themselves)"),
)


def _add_crosscheck(commands: _Commands) -> None:
    parser = _command(
        commands,
        "crosscheck",
        "Let other tools solve the same problem, and show what differs; exit 1 if anything does.",
        "  depcheck crosscheck requirements.in --with uv,pip\n"
        "  depcheck crosscheck nexa_light --snapshot my.sqlite --json",
    )
    parser.add_argument(
        "files", metavar="INPUT", nargs="+", help="one image, or what `compile` takes"
    )
    parser.add_argument(
        "--with", metavar="TOOLS", dest="tools", default="uv", help="uv, pip-compile, pip"
    )
    _add_requirements(parser)


def _add_explain(commands: _Commands) -> None:
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


def _add_diff(commands: _Commands) -> None:
    parser = _command(
        commands,
        "diff",
        "Say what differs between two lock sets; exit 1 if anything does.",
        "  depcheck diff locks/nexa_heavy/cu121 new/nexa_heavy/cu121\n"
        "  depcheck diff locks/nexa_heavy/cu121 locks/nexa_heavy/cu128\n"
        "  depcheck diff old/nexa_heavy/cu121 locks/nexa_heavy/cu121 --markdown",
    )
    parser.add_argument("before", metavar="BEFORE", help="folder of a lock set")
    parser.add_argument("after", metavar="AFTER", help="folder of another")
    parser.add_argument("--markdown", action="store_true", help="write tables for a pull request")


def _add_install(commands: _Commands) -> None:
    parser = _command(
        commands,
        "install",
        "Install a lock set into a virtual environment, stage by stage.",
        "  depcheck install nexa_heavy --into /opt/venv\n"
        "  depcheck install nexa_heavy --into /opt/venv --dry-run",
    )
    parser.add_argument("image", metavar="IMAGE", help="built-in name or spec file")
    parser.add_argument("--into", metavar="VENV", required=True, help="the virtual environment")
    parser.add_argument("--variant", metavar="NAME", help="default: the spec's default variant")
    _add_out(parser)
    parser.add_argument("--no-hashes", action="store_true", help="for mirrors that repack files")
    parser.add_argument("--dry-run", action="store_true", help="print the commands, run nothing")


def _add_doctor(commands: _Commands) -> None:
    parser = _command(
        commands,
        "doctor",
        "Say whether this machine has what an image needs.",
        "  depcheck doctor\n  depcheck doctor nexa_heavy --json",
    )
    parser.add_argument("image", metavar="IMAGE", nargs="?", help="built-in name or spec file")
    parser.add_argument("--variant", metavar="NAME", help="default: the spec's default variant")
    _add_out(parser)


def _add_report(commands: _Commands) -> None:
    parser = _command(
        commands,
        "report",
        "Write a lock set as one page for the browser.",
        "  depcheck report nexa_heavy -o report.html\n"
        "  depcheck report nexa_heavy --against cu128 -o report.html\n"
        "  depcheck report nexa_heavy --against before/nexa_heavy/cu121 -o report.html",
    )
    parser.add_argument("image", metavar="IMAGE", help="built-in name or spec file")
    parser.add_argument("--variant", metavar="NAME", help="default: the spec's default variant")
    _add_out(parser)
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the page")
    parser.add_argument(
        "--against",
        metavar="LOCKSET",
        help="compare with another lock set: a variant of the image, or a folder",
    )
    parser.add_argument(
        "--facts",
        metavar="FILE",
        help="what `inspect --record` measured of the wheels (default: the facts in depcheck)",
    )


def _add_export(commands: _Commands) -> None:
    parser = _command(
        commands,
        "export",
        "Write a lock set in the form that another tool takes.",
        "  depcheck export nexa_heavy --format nohash\n"
        "  depcheck export nexa_heavy --format cyclonedx -o nexa_heavy.cdx.json\n"
        "  depcheck export --format matrix",
    )
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="*",
        help="built-in name or spec file (for `matrix` any number; default: all built-in ones)",
    )
    parser.add_argument(
        "--format",
        required=True,
        choices=(
            *("requirements", "nohash", "pylock", "constraints", "dockerfile", "matrix"),
            "cyclonedx",
        ),
        metavar="FORM",
        help="requirements, nohash, pylock, constraints, dockerfile, matrix (images and variants "
        "as JSON for GitHub Actions) or cyclonedx (SBOM)",
    )
    parser.add_argument("--variant", metavar="NAME", help="default: the spec's default variant")
    _add_out(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="default: standard output")


def _add_images(commands: _Commands) -> None:
    group = _group(commands, "images", "List the built-in images, or show one.")
    _command(group, "list", "List the built-in images.", "  depcheck images list")
    parser = _command(
        group,
        "show",
        "Show what an image asks for.",
        "  depcheck images show nexa_heavy\n  depcheck images show ./my_image.toml",
    )
    parser.add_argument("image", metavar="IMAGE", help="built-in name or spec file")


def _add_conflicts(commands: _Commands) -> None:
    group = _group(
        commands, "conflicts", "List the known-conflict rules, show one, or check by them."
    )
    listing = _command(
        group,
        "list",
        "List the known-conflict rules.",
        "  depcheck conflicts list\n  depcheck conflicts list --package torch",
    )
    listing.add_argument("--package", metavar="NAME", help="only rules that speak of it")
    show = _command(
        group,
        "show",
        "Show a rule with its reason, remedy and evidence.",
        "  depcheck conflicts show numpy2-torch-lt-2.3",
    )
    show.add_argument("rule", metavar="ID", help="the rule's id")
    check = _command(
        group,
        "check",
        "Judge a requirements file, a lock file or an environment by the rules.",
        "  depcheck conflicts check requirements.txt --python-version 3.11\n"
        "  pip freeze | depcheck conflicts check -\n"
        "  depcheck conflicts check uv.lock --variant cu121\n"
        "  depcheck conflicts check --installed --python /opt/venv",
    )
    check.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="requirements file, pylock.toml, uv.lock, poetry.lock, environment.yml, or `-`",
    )
    check.add_argument("--installed", action="store_true", help="what an environment has")
    check.add_argument(
        "--python", metavar="PATH", help="for --installed: interpreter, venv or site-packages"
    )
    check.add_argument("--python-version", metavar="VERSION", help="for markers (default: open)")
    check.add_argument("--variant", metavar="NAME", help="cu121, cpu, ... (default: torch's label)")
    for each in (listing, show, check):
        _add_rules(each)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rules", metavar="FILE", action="append", help="more rules, from a file (repeatable)"
    )
    parser.add_argument(
        "--ignore-rule",
        metavar="ID=REASON",
        action="append",
        help="switch a rule off, and say why (repeatable)",
    )


def _add_index(commands: _Commands) -> None:
    group = _group(commands, "index", "Record package indexes, or describe a recording.")
    info = _command(
        group,
        "info",
        "Describe a recording: what it holds of each index, and as of when.",
        "  depcheck index info\n  depcheck index info --snapshot my.sqlite",
    )
    _add_snapshot(info)
    record = _command(
        group,
        "record",
        "Record package indexes, for offline solving.",
        "  depcheck index record ./my_image.toml --snapshot my.sqlite",
    )
    serve = _command(
        group,
        "serve",
        "Serve a recording to other tools, on loopback, until it is interrupted.",
        "  depcheck index serve --snapshot my.sqlite --port 8080",
    )
    serve.add_argument(
        "--port", metavar="NUMBER", type=int, default=0, help="default: any that is free"
    )
    _add_snapshot(serve)
    record.add_argument("images", metavar="IMAGE", nargs="*", help="built-in names or spec files")
    record.add_argument("--all", action="store_true", help="record for every built-in image")
    record.add_argument("--variant", metavar="NAME", help="record for this variant alone")
    record.add_argument(
        "--reuse", metavar="FILE", help="take the indexes that this snapshot has from it"
    )
    _add_snapshot(record)


def _add_inspect(commands: _Commands) -> None:
    parser = _command(
        commands,
        "inspect",
        "Say what a wheel, an installed folder or a lock set really contains.",
        "  depcheck inspect torch-2.2.2-cp311-cp311-manylinux1_x86_64.whl --capability 8.9\n"
        "  depcheck inspect https://host/path/demo-1.0-py3-none-any.whl --json\n"
        "  depcheck inspect /opt/venv/lib/python3.11/site-packages\n"
        "  depcheck inspect locks/nexa_light/cu121",
    )
    parser.add_argument("target", metavar="TARGET", help="wheel, URL, folder or lock set")
    parser.add_argument(
        "--capability",
        metavar="X.Y",
        action="append",
        default=[],
        help="compute capability that the kernels must serve; may be given more than once "
        "(default: those of the lock set)",
    )
    parser.add_argument(
        "--whole", action="store_true", help="read all of a remote wheel and check every hash"
    )
    parser.add_argument(
        "--facts",
        metavar="FILE",
        help="what was measured of the wheels of lock sets (default: the facts in depcheck)",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="measure wheels that FILE lacks, over the network, and add them to it",
    )


def _add_validate(commands: _Commands) -> None:
    commands.add_parser("validate", help="Check an environment against its lock set.")


_COMMANDS: dict[str, Callable[[_Commands], None]] = {
    "init": _add_init,
    "solve": _add_solve,
    "gate": _add_gate,
    "compile": _add_compile,
    "crosscheck": _add_crosscheck,
    "explain": _add_explain,
    "diff": _add_diff,
    "report": _add_report,
    "export": _add_export,
    "install": _add_install,
    "doctor": _add_doctor,
    "images": _add_images,
    "conflicts": _add_conflicts,
    "index": _add_index,
    "inspect": _add_inspect,
    "validate": _add_validate,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    gc.set_threshold(_UNTIL_COLLECTED)
    atexit.register(gc.freeze)  # or Python looks for cycles among all of it once more when it exits
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == ["validate"]:  # a program of its own, which also runs without depcheck
        from depcheck.validate.cli import main as validate  # noqa: PLC0415

        return validate(words[1:], prog="depcheck validate")
    console = make_console(as_json="--json" in words, quiet=False, colour="auto")
    try:
        options = build_parser(words[0] if words else None).parse_args(words)
        console = make_console(as_json=options.json, quiet=options.quiet, colour=options.color)
        command = import_module(f"depcheck.commands.{options.command}")
        code = int(command.run(options, console))
        sys.stdout.flush()
    except DepcheckError as error:
        return _report(error, console)
    except KeyboardInterrupt:
        console.note("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever reads us went away, as `head` does: nothing is wrong. Python would complain
        # when it flushes at exit.
        _drop_output()
        return ExitCode.OK
    except OSError as error:
        _drop_output()
        return _report(_failure(error), make_console(as_json=False, quiet=False, colour="auto"))
    return code


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failure(error: OSError) -> EnvironmentFailure:
    """Return what the system refused, a full disk behind the output for one."""
    place = f": `{error.filename}`" if error.filename else ""
    return EnvironmentFailure(
        "system-refused",
        f"{refusal(error)}{place}",
        hint="check free disk space and permissions, then try again",
    )


def _report(error: DepcheckError, console: Console) -> int:
    """Write an error for a person, or as a document; return its exit code."""
    if console.as_json:
        content = {"reference": error.reference, "message": error.message, "hint": error.hint}
        content |= error.details
        console.document({"error": content})
    else:
        headline, separator, rest = error.message.partition("\n")
        console.error(f"{headline} [{error.reference}]{separator}{rest}", error.hint)
    return error.exit_code
