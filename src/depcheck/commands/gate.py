"""``depcheck gate``: may the committed lock sets be built?"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import depcheck.index
from depcheck.errors import ExitCode, InputError
from depcheck.gate.finding import Level
from depcheck.gate.inputs import rules_hold
from depcheck.gate.judge import Surroundings, judge
from depcheck.gate.report import report_document
from depcheck.gate.selection import Selected, select
from depcheck.index.digests import recorded_digests

if TYPE_CHECKING:
    from argparse import Namespace

    from depcheck.gate.finding import Finding, Judged
    from depcheck.images.model import ImageSpec, Variant
    from depcheck.index.interface import PackageIndex
    from depcheck.index.snapshot import Snapshot
    from depcheck.resolver.problem import Problem
    from depcheck.settings import RuleSet
    from depcheck.terminal import Console

_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.INFO: "dim"}


def run(options: Namespace, console: Console) -> ExitCode:
    """Judge lock sets; the answer is no where any finding is an error."""
    if options.all and options.images:
        raise InputError(
            "no-image",
            "`--all` takes no image names",
            hint="name images, or leave them out to judge every lock set",
        )
    around = _surroundings(options)
    judged = [
        judge(each.folder, each.spec, around, full=options.full)
        if isinstance(each, Selected)
        else each
        for each in select(Path(options.out), options.images, options.variant)
    ]
    if console.as_json:
        console.document(report_document(judged))
    else:
        for each in judged:
            _show(console, each)
    return ExitCode.NO if any(each.closed for each in judged) else ExitCode.OK


def _surroundings(options: Namespace) -> Surroundings:
    path = options.snapshot or Path(depcheck.index.__path__[0]) / "data" / "embedded.sqlite"

    @lru_cache(maxsize=1)
    def rules() -> RuleSet:
        from depcheck.settings import chosen_rules  # noqa: PLC0415 - reads TOML

        return chosen_rules(options)

    def problem(spec: ImageSpec, variant: Variant) -> Problem:
        from depcheck.stating import stated_problem  # noqa: PLC0415 - reads TOML

        return stated_problem(spec, variant, rules().rules, rules().switched_off)

    @lru_cache(maxsize=1)
    def snapshot() -> Snapshot:
        from depcheck.commands.solve import chosen_snapshot  # noqa: PLC0415 - slow

        return chosen_snapshot(options.snapshot)

    def index(location: str) -> PackageIndex:
        return snapshot().index(location)

    return Surroundings(
        digests=lru_cache(maxsize=1)(lambda: recorded_digests(Path(path))),
        rules_hold=lambda recorded: rules_hold(recorded, options),
        problem=problem,
        indexes=index,
    )


def _show(console: Console, judged: Judged) -> None:
    word, colour = ("closed", "red") if judged.closed else ("open", "green")
    console.styled(
        f"{console.paint(word, 'bold', colour)}  "
        f"{console.paint(f'{judged.image} ({judged.variant})', 'bold')}"
    )
    for found in judged.findings:
        _show_finding(console, found)
    for note in judged.notes:
        console.paragraph(f"note: {note}", indent="  ")


def _show_finding(console: Console, found: Finding) -> None:
    label = console.paint(found.level.value, _COLOURS[found.level])
    said = found.message if found.subject in found.message else f"{found.subject}: {found.message}"
    console.styled(
        f"  {console.paint(str(found.location), 'bold')}: {label}: "
        f"{console.paint(f'{said} [{found.code}]')}"
    )
    for line in found.evidence:
        console.paragraph(line, indent="      ")
    if found.remedy:
        console.paragraph(f"remedy: {found.remedy}", indent="      ")
