"""``depcheck report``: a lock set as one page for the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.artifacts.lockset import read_lock_set as read_wheels
from depcheck.artifacts.store import FactStore, builtin_facts
from depcheck.commands.inspect_lock import judged
from depcheck.errors import EnvironmentFailure, ExitCode, refusal
from depcheck.images.loader import find_spec, select_variant
from depcheck.lockfiles.stored import read_lock_set
from depcheck.page.content import Measured, page_of
from depcheck.page.render import render_page
from depcheck.replacing import put

if TYPE_CHECKING:
    from argparse import Namespace

    from depcheck.images.model import ImageSpec
    from depcheck.terminal import Console


def run(options: Namespace, console: Console) -> ExitCode:
    """Write the page of one lock set."""
    spec = find_spec(options.image)
    facts = builtin_facts() if options.facts is None else FactStore(Path(options.facts))
    here = _measured(spec, select_variant(spec, options.variant).name, options, facts)
    against = _against(spec, options, facts) if options.against is not None else None
    path = Path(options.output)
    page = render_page(page_of(here, against)).encode()
    try:
        put(page, path)
    except OSError as error:
        raise EnvironmentFailure(
            "report-not-written",
            f"cannot write `{path}`: {refusal(error)}",
            hint="check the folder and its permissions, or name another file by `-o`",
        ) from error
    if console.as_json:
        console.document({"report": str(path), "bytes": len(page)})
    else:
        console.result(f"{path}: {len(page) / 1000:.0f} kB")
    return ExitCode.OK


def _against(spec: ImageSpec, options: Namespace, facts: FactStore | None) -> Measured:
    """Return the other lock set: of a variant where there is one of that name, or of a folder."""
    if options.against in spec.variants:
        return _measured(spec, options.against, options, facts)
    return _read(Path(options.against), None, facts)


def _measured(
    spec: ImageSpec, variant: str, options: Namespace, facts: FactStore | None
) -> Measured:
    remedy = f"depcheck solve {options.image} --variant {variant} --out {options.out}"
    return _read(Path(options.out) / spec.name / variant, remedy, facts)


def _read(folder: Path, remedy: str | None, facts: FactStore | None) -> Measured:
    stored = read_lock_set(folder, remedy=remedy)
    return Measured(
        stored=stored, report=judged(read_wheels(folder), facts, stored.target.compute_capabilities)
    )
