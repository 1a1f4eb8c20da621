"""``depcheck gate``: may the committed lock sets be built?"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

import depcheck.index
from depcheck.errors import EnvironmentFailure, ExitCode, InputError, refusal
from depcheck.gate.finding import Level
from depcheck.gate.formats.interface import parse_output, rendered
from depcheck.gate.inputs import SETTINGS, has_settings, rules_hold
from depcheck.gate.judge import Surroundings, judge
from depcheck.gate.report import Report, report_document, said
from depcheck.gate.selection import Selected, select
from depcheck.index.digests import recorded_digests

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator, Mapping, Sequence

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
    outputs = [parse_output(stated) for stated in options.output]
    around = _surroundings(options)
    lock_sets = tuple(
        judge(each.folder, each.spec, around, full=options.full or options.live)
        if isinstance(each, Selected)
        else each
        for each in select(os.path.normpath(options.out), options.images, options.variant)
    )
    lock_sets = _by_services(lock_sets, options)
    found = tuple(found for file in options.dockerfile for found in _of_dockerfile(file))
    report = _by_policy(Report(lock_sets=lock_sets, others=found), options)
    _write(console, report, outputs)
    return ExitCode.NO if report.closed else ExitCode.OK


def _by_services(lock_sets: tuple[Judged, ...], options: Namespace) -> tuple[Judged, ...]:
    if not options.live and not options.vulnerabilities:
        return lock_sets
    from depcheck.services.gating import ask  # noqa: PLC0415 - needs HTTP

    return ask(
        lock_sets, files=options.live, osv=options.osv_url if options.vulnerabilities else None
    )


def _of_dockerfile(file: str) -> Iterator[Finding]:
    from depcheck.gate.dockerfile import dockerfile_findings  # noqa: PLC0415 - needs a parser

    try:
        with open(file, "rb") as opened:
            raw = opened.read()
    except OSError as error:
        from pathlib import Path  # noqa: PLC0415 - only after a mistake

        from depcheck.tomlfile import similar_file  # noqa: PLC0415

        raise InputError(
            "dockerfile-unreadable",
            f"cannot read `{file}`: {refusal(error)}",
            hint=similar_file(Path(file)) or "name a Dockerfile that is there",
        ) from error
    yield from dockerfile_findings(raw, os.path.normpath(file))


def _by_policy(report: Report, options: Namespace) -> Report:
    if not has_settings(SETTINGS):
        return report
    from datetime import datetime, timezone  # noqa: PLC0415 - as below
    from pathlib import Path  # noqa: PLC0415

    from depcheck.gate.policy import apply, read_policy  # noqa: PLC0415 - reads TOML

    today = datetime.now(timezone.utc).date()
    complete = not options.images and options.variant is None
    return apply(read_policy(Path(SETTINGS)), report, today, complete=complete)


def _write(console: Console, report: Report, outputs: Sequence[tuple[str, str]]) -> None:
    """Write the report to every file asked for, and to standard output unless one went there."""
    for name, file in outputs:
        text = rendered(report, name)
        if file == "-":
            console.raw(text)
            continue
        from pathlib import Path  # noqa: PLC0415 - only where a file is asked for

        from depcheck.replacing import put  # noqa: PLC0415

        try:
            put(text.encode(), Path(file))
        except OSError as error:
            raise EnvironmentFailure(
                "output-not-written",
                f"cannot write `{file}`: {refusal(error)}",
                hint="check that its folder is there, permissions and free disk space",
            ) from error
    if any(file == "-" for _, file in outputs):
        return
    if console.as_json:
        console.document(report_document(report))
        return
    for each in report.lock_sets:
        _show(console, each)
    for found in report.others:
        _show_finding(console, found)


def _surroundings(options: Namespace) -> Surroundings:
    path = options.snapshot or f"{depcheck.index.__path__[0]}/data/embedded.sqlite"

    @lru_cache(maxsize=1)
    def rules() -> RuleSet:
        from depcheck.settings import chosen_rules  # noqa: PLC0415 - reads TOML

        return chosen_rules(options)

    def problem(spec: ImageSpec, variant: Variant) -> Problem:
        from depcheck.stating import stated_problem  # noqa: PLC0415 - reads TOML

        return stated_problem(spec, variant, rules().rules, rules().switched_off)

    @lru_cache(maxsize=1)
    def snapshot() -> Snapshot:
        from depcheck.commands.index_choice import chosen_snapshot  # noqa: PLC0415 - slow

        return chosen_snapshot(options.snapshot)

    @lru_cache(maxsize=1)
    def live() -> Callable[[str], PackageIndex]:
        from depcheck.index.live.live_index import live_indexes  # noqa: PLC0415 - needs HTTP

        return live_indexes()

    def index(location: str) -> PackageIndex:
        return live()(location) if options.live else snapshot().index(location)

    @lru_cache(maxsize=1)
    def digests() -> Mapping[str, str] | None:
        return None if options.live else recorded_digests(path)

    return Surroundings(
        digests=digests,
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
    console.styled(
        f"  {console.paint(str(found.location), 'bold')}: {label}: "
        f"{console.paint(f'{said(found)} [{found.code}]')}"
    )
    for line in found.evidence:
        console.paragraph(line, indent="      ")
    if found.remedy:
        console.paragraph(f"remedy: {found.remedy}", indent="      ")
