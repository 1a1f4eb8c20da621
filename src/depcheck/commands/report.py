"""``depcheck report``: a lock set as one page for the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.errors import EnvironmentFailure, ExitCode
from depcheck.images.loader import find_spec, select_variant
from depcheck.lockfiles.report import report_html
from depcheck.lockfiles.stored import read_lock_set

if TYPE_CHECKING:
    from argparse import Namespace

    from depcheck.terminal import Console


def run(options: Namespace, console: Console) -> ExitCode:
    """Write the page of one lock set."""
    spec = find_spec(options.image)
    variant = select_variant(spec, options.variant)
    remedy = f"depcheck solve {options.image} --variant {variant.name} --out {options.out}"
    stored = read_lock_set(Path(options.out) / spec.name / variant.name, remedy=remedy)
    path = Path(options.output)
    page = report_html(stored).encode()
    try:
        path.write_bytes(page)
    except OSError as error:
        raise EnvironmentFailure(
            "report-not-written",
            f"cannot write `{path}`: {error.strerror or error}",
            hint="check the folder and its permissions, or name another file by `-o`",
        ) from error
    if console.as_json:
        console.document({"report": str(path), "bytes": len(page)})
    else:
        console.result(f"{path}: {len(page) / 1000:.0f} kB")
    return ExitCode.OK
