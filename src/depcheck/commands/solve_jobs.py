"""``depcheck solve --executor``: hand images to an engine, and take what it made in order."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path
from typing import Any, NamedTuple

from depcheck import __version__
from depcheck.commands.solve import (
    Choice,
    Solved,
    choices_of,
    deliver,
    means_of,
    solve_choice,
)
from depcheck.errors import DepcheckError, ExitCode, InputError
from depcheck.fleet.engine import run_all
from depcheck.images.loader import find_spec, is_builtin, select_variant
from depcheck.terminal import Console

_PASSED_ON = ("rules", "ignore_rule", "snapshot", "live", "out")
"""Options that decide a lock set; paths must mean the same to every worker."""


class Job(NamedTuple):
    """One image variant, as small as it can be said."""

    image: str
    """Name, or path of a spec."""
    variant: str
    options: dict[str, Any]
    version: str = __version__


class Failed(NamedTuple):
    """An error of a job: exceptions do not travel well."""

    exit_code: ExitCode
    reference: str
    message: str
    hint: str | None
    details: dict[str, Any]


class JobError(DepcheckError):
    """What went wrong where a job ran, told as if it had been here."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.reference, failed.message, hint=failed.hint)
        self.exit_code = failed.exit_code
        self._details = failed.details

    @property
    def details(self) -> dict[str, Any]:
        """What the error knew of itself."""
        return self._details


def run_by_executor(options: Namespace, console: Console) -> ExitCode:
    """Solve what was asked for elsewhere; nothing is written unless everything has a solution."""
    if options.align or options.keep or options.upgrade_package:
        raise InputError(
            "usage",
            "`--executor` solves each image by itself, from nothing",
            hint="leave out `--align`, `--keep` and `--upgrade-package`",
        )
    choices = choices_of(options)
    passed_on = {name: getattr(options, name) for name in _PASSED_ON}
    jobs = [Job(_image(each), each.variant.name, passed_on) for each in choices]
    results = run_all(options.executor, work, jobs, say=console.note)
    solved = [_checked(each) for each in results]
    documents = [deliver(*each, console) for each in zip(solved, choices, strict=True)]
    if console.as_json:
        console.document({"solved": documents})
    return ExitCode.OK


def _image(choice: Choice) -> str:
    """Return what finds the spec again: the name of a built-in image, or the path as given."""
    return choice.spec.name if is_builtin(choice.spec) else choice.spec.path.as_posix()


def work(job: Job) -> Solved | Failed:
    """Solve one image variant where the engine says; an error is a value like another."""
    if job.version != __version__:
        return Failed(
            ExitCode.ENVIRONMENT,
            "worker-version",
            f"a worker has depcheck {__version__}, and {job.version} asks",
            "install the same version everywhere",
            {},
        )
    options = Namespace(**job.options, keep=False, upgrade_package=[], quiet=True)
    try:
        spec = find_spec(job.image)
        variant = select_variant(spec, job.variant)
        choice = Choice(spec, variant, Path(options.out) / spec.name / variant.name)
        return solve_choice(choice, means_of(options), options, _SILENT)
    except DepcheckError as error:
        return Failed(
            error.exit_code, error.reference, error.message, error.hint, dict(error.details)
        )


_SILENT = Console(io.StringIO(), io.StringIO(), quiet=True)


def _checked(result: Solved | Failed) -> Solved:
    if isinstance(result, Failed):
        raise JobError(result)
    return result
