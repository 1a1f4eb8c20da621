"""The interpreter: there, whole, of the locked version, with what builds need."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Finding, Outcome, Passed, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.validate.context import Context
    from depcheck.validate.environment import Environment

MISSING = Code(
    "interpreter-missing",
    "the interpreter does not exist, or is a link to nothing",
    "make the virtual environment again in this image, or copy the Python that it links to",
)
BROKEN = Code(
    "interpreter-broken",
    "the interpreter does not start",
    "run it by hand to see why; make the virtual environment again in this image",
)
NO_LIBRARY = Code(
    "standard-library-missing",
    "modules of the standard library are missing",
    "install the whole Python of the base image (Debian and Ubuntu: `python3-full`), or copy its "
    "`lib/pythonX.Y` with the virtual environment",
)
VERSION = Code(
    "python-version-differs",
    "the interpreter has another version than the lock is for",
    "make the environment with the Python that the image spec names, or solve for this one",
)
PATCH = Code(
    "python-patch-differs",
    "the interpreter has another patch version than the image spec names",
    "name the minor version alone in the spec, or pin the base image",
    Severity.WARNING,
)
PLATFORM = Code(
    "platform-differs",
    "the machine or its C library cannot run the locked wheels",
    "use the base image that the spec names, or solve for this platform",
)
LINKED = Code(
    "venv-not-self-contained",
    "the virtual environment links to a Python outside of it, though the spec wants it whole",
    "make it with `python -m venv --copies`, and copy the base Python along",
)
DANGLING = Code(
    "dangling-link",
    "a link in the virtual environment leads nowhere",
    "copy what it links to, or make the virtual environment again",
)
HEADERS = Code(
    "headers-missing",
    "a stage builds from source and there is no `Python.h`",
    "if a build stops for `Python.h`, install the headers (Debian and Ubuntu: `python3.X-dev`)",
    Severity.WARNING,
)
_NO_ENCODINGS = re.compile(r"No module named '?encodings|unable to get the locale encoding")


def run(context: Context) -> Iterator[Outcome]:
    """Judge the interpreter; where it does not start, nothing else can be said of it."""
    environment = context.environment
    yield from _links(environment)
    if not environment.starts:
        yield _failure(environment)
        return
    found = [*_judged(context, environment)]
    yield from found
    if not any(each.severity is Severity.ERROR for each in found):
        yield Passed(str(environment.python), f"Python {environment.version}")


def _failure(environment: Environment) -> Finding:
    python = environment.python
    reason, _, told = environment.failure.partition("\n")
    if not os.path.exists(python):  # noqa: PTH110  # never raises
        return MISSING.found(str(python), _absence(python), location=str(python))
    if _NO_ENCODINGS.search(told):
        message = "it cannot start: `encodings` of the standard library is missing"
        return NO_LIBRARY.found(str(python), message, evidence=told, location=str(python))
    message = f"it does not start: {reason}"
    return BROKEN.found(str(python), message, evidence=told, location=str(python))


def _absence(python: Path) -> str:
    return (
        f"links to `{os.readlink(python)}`, which is not there"
        if os.path.islink(python)  # noqa: PTH114  # never raises
        else ("there is no such file")
    )


def _links(environment: Environment) -> Iterator[Finding]:
    """Report dangling links among the environment's programs, but for the interpreter itself."""
    try:
        programs = sorted(environment.scripts.iterdir())
    except OSError:
        return
    for path in programs:
        if path.is_symlink() and not path.exists() and path != environment.python:
            message = f"links to `{os.readlink(path)}`, which is not there"
            yield DANGLING.found(str(path), message, location=str(path))


def _judged(context: Context, environment: Environment) -> Iterator[Finding]:
    manifest, subject = context.manifest, str(environment.python)
    if environment.missing:
        names = ", ".join(environment.missing)
        yield NO_LIBRARY.found(subject, f"the standard library lacks {names}")
    yield from _version(environment, manifest.python)
    platform = _platform(environment, manifest.platform)
    if platform:
        yield PLATFORM.found(subject, platform)
    if manifest.self_contained:
        yield from _self_contained(environment)
    stage = context.options.stage
    builders = [each.name for each in manifest.stages if each.builds and stage in {None, each.name}]
    if builders and not environment.has_headers:
        message = f"no Python.h, and stage {', '.join(builders)} builds from source"
        yield HEADERS.found(subject, message, location=environment.include)


def _version(environment: Environment, wanted: str) -> Iterator[Finding]:
    have, want = _numbers(environment.version), _numbers(wanted)
    message = f"is Python {environment.version}, the lock is for {wanted}"
    if environment.markers.get("implementation_name") != "cpython":
        message = f"is {environment.markers.get('implementation_name')}, the lock is for CPython"
        yield VERSION.found(str(environment.python), message)
    elif have[:2] != want[:2]:
        yield VERSION.found(str(environment.python), message)
    elif have[: len(want)] != want:
        yield PATCH.found(str(environment.python), message)


def _platform(environment: Environment, platform: str) -> str | None:
    """Say why the platform cannot run wheels of a manylinux tag, None where it can."""
    match = re.fullmatch(r"manylinux_(\d+)_(\d+)_(\w+)", platform)
    if match is None:
        return None
    if environment.machine != match[3]:
        return f"the machine is {environment.machine}, the lock is for {match[3]}"
    if not environment.glibc:
        return f"the C library is not glibc, the lock is for glibc {match[1]}.{match[2]}"
    if _numbers(environment.glibc)[:2] < (int(match[1]), int(match[2])):
        return f"glibc is {environment.glibc}, wheels may need {match[1]}.{match[2]}"
    return None


def _self_contained(environment: Environment) -> Iterator[Finding]:
    prefix = os.path.realpath(environment.prefix)
    target = os.path.realpath(environment.python)
    if not target.startswith(prefix + os.sep):
        yield LINKED.found(str(environment.python), f"links to `{target}`, outside of `{prefix}`")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


CHECK = Check(
    name="interpreter",
    summary="the interpreter starts, is whole and of the locked version",
    codes=(
        MISSING,
        BROKEN,
        NO_LIBRARY,
        VERSION,
        PATCH,
        PLATFORM,
        LINKED,
        DANGLING,
        HEADERS,
    ),
    run=run,
    in_stage=True,
    needs_interpreter=False,
)
