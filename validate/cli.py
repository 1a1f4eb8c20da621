"""The command line of the validator."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import suppress
from datetime import datetime, timezone
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Iterable, NoReturn, Sequence

from depcheck import __version__
from depcheck.validate.checks import CHECKS, Check
from depcheck.validate.context import Context, Options
from depcheck.validate.environment import choose_python, probe
from depcheck.validate.errors import InvalidInputError
from depcheck.validate.manifest import Manifest, read_manifest
from depcheck.validate.reports.document import document
from depcheck.validate.reports.escaping import escape
from depcheck.validate.reports.junit import junit
from depcheck.validate.reports.text import TextReport
from depcheck.validate.runner import Result, run_checks

SKIP_VARIABLE = "SKIP_CUDA_CHECK"
_EXIT_CODES = """\
environment:
  SKIP_CUDA_CHECK=1  skip what needs an NVIDIA driver (--require-gpu counts more)
  VIRTUAL_ENV        the environment to check, unless --python names one

exit status:
  0    as locked
  1    something is not as the lock promises
  2    wrong usage, or a manifest that cannot be used
  3    a check itself failed, or a report could not be written
  130  interrupted
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints look like every other error."""

    def error(self, message: str) -> NoReturn:
        first = message.partition("unrecognized arguments: ")[2].split("=")[0].split(" ")[0]
        close = get_close_matches(first, self._option_string_actions, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"see `{self.prog} --help`"
        raise InvalidInputError("usage", message, hint)


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser."""
    parser = _Parser(
        prog=prog,
        description="Proves that an environment is as its lock set promises: the packages, their "
        "files and requirements, every import, and the GPU.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{prog} {__version__}")
    parser.add_argument(
        "--manifest",
        metavar="PATH",
        help="lock set folder, its validate_dependencies or a manifest (default: the one packed "
        "with this program)",
    )
    parser.add_argument("--python", metavar="PATH", help="interpreter of the environment to check")
    parser.add_argument(
        "--only", metavar="CHECK", action="append", default=[], help="run this check (repeatable)"
    )
    parser.add_argument(
        "--skip", metavar="CHECK", action="append", default=[], help="leave this check out"
    )
    parser.add_argument(
        "--stage", metavar="NAME", help="judge what this install stage alone has installed"
    )
    parser.add_argument("--full", action="store_true", help="hash every installed file")
    parser.add_argument("--fix", action="store_true", help="mend line ends and run bits of scripts")
    parser.add_argument(
        "--require-gpu", action="store_true", help="fail where there is no usable NVIDIA GPU"
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_positive,
        default=300.0,
        help="for one import or one kernel run (default: 300)",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_count,
        default=min(4, os.cpu_count() or 1),
        help="imports at a time (default: one per processor, at most 4)",
    )
    parser.add_argument("--list", action="store_true", help="list the checks and their codes")
    parser.add_argument("--json", action="store_true", help="write one JSON document to stdout")
    parser.add_argument("--junit", metavar="FILE", help="write a JUnit report to a file as well")
    parser.add_argument("-v", "--verbose", action="store_true", help="say everything")
    parser.add_argument("-q", "--quiet", action="store_true", help="say findings only")
    return parser


def _positive(text: str) -> float:
    with suppress(ValueError):
        value = float(text)
        if 0 < value < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"`{text}` is no number of seconds")


def _count(text: str) -> int:
    with suppress(ValueError):
        value = int(text)
        if value > 0:
            return value
    raise argparse.ArgumentTypeError(f"`{text}` is no number of jobs")


def main(argv: Sequence[str] | None = None, prog: str = "validate_dependencies") -> int:
    """Validate, report, and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        options = build_parser(prog).parse_args(words)
        code = _list(as_json=options.json) if options.list else _validate(options)
        sys.stdout.flush()
    except InvalidInputError as error:
        return _complain(error, as_json="--json" in words)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    return code


def _validate(options: argparse.Namespace) -> int:
    checks = choose_checks(options.only, options.skip, options.stage)
    manifest = read_manifest(_manifest_place(options.manifest))
    _check_stage(manifest, options.stage)
    context = Context(
        manifest=manifest,
        environment=probe(choose_python(options.python), manifest.python),
        options=Options(
            stage=options.stage,
            full=options.full,
            fix=options.fix,
            require_gpu=options.require_gpu,
            skip_cuda=os.environ.get(SKIP_VARIABLE, "") not in {"", "0"},
            timeout=options.timeout,
            jobs=options.jobs,
        ),
    )
    text = TextReport(sys.stdout, now, verbose=options.verbose, quiet=options.quiet)
    report = run_checks(checks, context, _ignore if options.json else text.add)
    if options.json:
        _write_document(document(report, context, now()))
    else:
        text.finish(report)
    code = report.exit_code
    if options.junit and not _write(Path(options.junit), junit(report, _title(manifest))):
        code = code or 3
    return code


def _ignore(_: Result) -> None:
    """The document says it all."""


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _title(manifest: Manifest) -> str:
    return f"{manifest.image} ({manifest.variant})"


def _write(path: Path, content: bytes) -> bool:
    try:
        path.write_bytes(content)
    except OSError as error:
        reason = error.strerror or str(error)
        sys.stderr.write(f"error: cannot write `{path}`: {reason} [report-not-written]\n\n")
        sys.stderr.write("hint: check permissions and free disk space\n")
        return False
    return True


def _manifest_place(wish: str | None) -> Path:
    if wish is not None:
        return Path(wish)
    packed = Path(__file__).resolve().parents[2]
    if packed.is_file():
        return packed
    raise InvalidInputError(
        "no-manifest",
        "there is no manifest: this program was not packed into a lock set",
        "name a lock set folder by `--manifest`, or run its own `validate_dependencies`",
    )


def choose_checks(only: Sequence[str], skip: Sequence[str], stage: str | None) -> tuple[Check, ...]:
    """Return the checks to run.

    Raises:
        InvalidInputError: there is no such check, or it cannot judge one stage.
    """
    known = {check.name: check for check in CHECKS}
    for name in (*only, *skip):
        if name not in known:
            raise _unknown("check", name, known)
    chosen = [check for check in CHECKS if (not only or check.name in only)]
    chosen = [check for check in chosen if check.name not in skip]
    if stage is None:
        return tuple(chosen)
    too_wide = [check.name for check in chosen if only and not check.in_stage]
    if too_wide:
        raise InvalidInputError(
            "check-not-for-stage",
            f"check `{too_wide[0]}` judges the whole environment, not one stage",
            "leave out `--stage`, or the check",
        )
    return tuple(check for check in chosen if check.in_stage)


def _check_stage(manifest: Manifest, stage: str | None) -> None:
    names = [each.name for each in manifest.stages]
    if stage is not None and stage not in names:
        raise _unknown("stage", stage, names)


def _unknown(kind: str, name: str, known: Iterable[str]) -> InvalidInputError:
    names = list(known)
    close = get_close_matches(name, names, n=1)
    listed = ", ".join(f"`{each}`" for each in names)
    hint = f"did you mean `{close[0]}`?" if close else f"name one of {listed}"
    return InvalidInputError(f"unknown-{kind}", f"there is no {kind} `{name}`", hint)


def _list(*, as_json: bool) -> int:
    if as_json:
        return _write_document({"checks": [_described(check) for check in CHECKS]})
    lines: list[str] = []
    for check in CHECKS:
        lines.append(f"{check.name}: {check.summary}")
        lines += [f"  {code.name}: {code.meaning}" for code in check.codes]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _described(check: Check) -> dict[str, object]:
    codes = [
        {
            "name": code.name,
            "meaning": code.meaning,
            "remedy": code.remedy,
            "severity": code.severity.value,
        }
        for code in check.codes
    ]
    return {"name": check.name, "summary": check.summary, "codes": codes}


def _write_document(content: dict[str, Any]) -> int:
    json.dump(content, sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
    return 0


def _complain(error: InvalidInputError, *, as_json: bool) -> int:
    if as_json:
        content = {
            "reference": error.reference,
            "message": error.message,
            "hint": error.hint,
        }
        _write_document({"error": content})
        return 2
    sys.stderr.write(f"error: {escape(error.message)} [{error.reference}]\n")
    sys.stderr.write(f"\nhint: {escape(error.hint)}\n")
    return 2
