"""``depcheck install``: run the stages of a lock set into a virtual environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.errors import EnvironmentFailure, ExitCode, InputError, refusal
from depcheck.images.loader import find_spec, select_variant
from depcheck.lockfiles.stored import read_lock_set
from depcheck.paths import is_there
from depcheck.terminal import escape_lines, size_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from depcheck.lockfiles.stored import StoredLockSet, StoredStage
    from depcheck.terminal import Console

_ENDS = {0: ExitCode.OK, 1: ExitCode.NO, 2: ExitCode.INPUT}
"""What install.sh means by its exit status; anything else is the machine's."""


def run(options: Namespace, console: Console) -> ExitCode:
    """Run install.sh stage by stage, and say how far it is."""
    spec = find_spec(options.image)
    variant = select_variant(spec, options.variant)
    folder = Path(options.out) / spec.name / variant.name
    remedy = f"depcheck solve {options.image} --variant {variant.name} --out {options.out}"
    stored = read_lock_set(folder, remedy=remedy)
    if not options.dry_run:
        _check_builds(stored, variant.allow_build)
    python = _python(Path(options.into), stored)
    done: list[str] = []
    code = ExitCode.OK
    for stage in stored.stages:
        console.note(f"[{stage.number}/{len(stored.stages)}] {stage.name}: {_extent(stage)}")
        code = _run(folder, stage.name, python, options, console)
        if code != ExitCode.OK:
            break
        done.append(stage.name)
    if console.as_json:
        console.document(
            {
                "image": spec.name,
                "variant": variant.name,
                "into": options.into,
                "stages": [stage.name for stage in stored.stages],
                "done": done,
            }
        )
    elif code == ExitCode.OK and not options.dry_run:
        console.result(f"{len(stored.pins)} pins of {stored.title} are in {options.into}")
    return code


def _check_builds(stored: StoredLockSet, allowed: Sequence[str]) -> None:
    """Refuse to run code of packages that the spec does not name for it."""
    unlisted = [n for n, each in stored.pins.items() if each.pin.needs_build and n not in allowed]
    if unlisted:
        named = ", ".join(f"`{name}`" for name in unlisted)
        raise InputError(
            "build-not-allowed",
            f"installing {named} runs its own build, and `allow-build` does not list it",
            hint=f'add "{unlisted[0]}" to `allow-build` and solve again, or pin a version that has '
            "a wheel",
        )


def _python(into: Path, stored: StoredLockSet) -> Path:
    """Return the interpreter of the virtual environment, which must be there."""
    python = into / "bin" / "python"
    if not is_there(python):
        minor = ".".join(stored.target.python.split(".")[:2])
        raise InputError(
            "no-environment",
            f"there is no virtual environment in `{into}`",
            hint=f"make it: `python{minor} -m venv {into}`, or `uv venv --python {minor} {into}`",
        )
    return python


def _extent(stage: StoredStage) -> str:
    unknown = f" and {stage.unknown_sizes} of unknown size" if stage.unknown_sizes else ""
    pins = "1 pin" if len(stage.pins) == 1 else f"{len(stage.pins)} pins"
    return f"{pins}, {size_text(stage.known_bytes)}{unknown}"


def _run(folder: Path, stage: str, python: Path, options: Namespace, console: Console) -> ExitCode:
    command = ["bash", str(folder / "install.sh"), "--stage", stage]
    command += ["--no-hashes"] if options.no_hashes else []
    command += ["--dry-run"] if options.dry_run else []
    # A document is all that standard output may hold.
    out = subprocess.DEVNULL if console.as_json else None
    err = subprocess.PIPE if console.quiet else None
    environment = {**os.environ, "PYTHON": str(python.absolute())}
    try:
        ran = subprocess.run(
            command, stdout=out, stderr=err, env=environment, text=True, check=False
        )
    except OSError as error:
        raise EnvironmentFailure(
            "install-not-started", f"cannot run bash: {refusal(error)}", hint="install bash"
        ) from error
    if ran.returncode != 0 and ran.stderr:
        console.err.write(f"{escape_lines(ran.stderr.rstrip())}\n")
    return _ENDS.get(ran.returncode, ExitCode.ENVIRONMENT)
