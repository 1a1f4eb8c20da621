"""``depcheck inspect``: what a wheel really contains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.artifacts.architectures import parse_capability
from depcheck.artifacts.coverage import architectures_text
from depcheck.artifacts.lockset import is_lock_set
from depcheck.artifacts.report import artifact_document, report_artifact
from depcheck.artifacts.sources import inspect_path, inspect_url
from depcheck.errors import ExitCode, InputError
from depcheck.images.loader import builtin_names
from depcheck.paths import is_there
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator, Sequence

    from depcheck.artifacts.model import Finding
    from depcheck.artifacts.report import ArtifactReport
    from depcheck.artifacts.sources import Inspected
    from depcheck.terminal import Console

_SHOWN = 5
_COLOURS = {"error": "red", "warning": "yellow", "info": "dim"}
_SEVERITIES = tuple(_COLOURS)


def run(options: Namespace, console: Console) -> ExitCode:
    """Inspect one target, and object to what cannot work."""
    for capability in options.capability:
        parse_capability(capability)
    if is_lock_set(Path(options.target)):
        from depcheck.commands import inspect_lock  # noqa: PLC0415 - only for lock sets

        return inspect_lock.run(options, console)
    found = _inspected(options)
    report = report_artifact(found.artifact, options.capability)
    if console.as_json:
        console.document(artifact_document(report, transferred=found.transferred))
    else:
        _show(console, options.target, report, found.transferred)
    return ExitCode.NO if report.objections else ExitCode.OK


def _inspected(options: Namespace) -> Inspected:
    if options.target.startswith(("https://", "http://")):
        from depcheck.index.live.http import Http  # noqa: PLC0415 - slow to import

        return inspect_url(Http(), options.target, whole=options.whole)
    path = Path(options.target)
    if options.target in builtin_names() and not is_there(path):
        raise InputError(
            "image-not-inspected",
            f"`{options.target}` is an image; what is inspected is its lock set",
            hint=f"name it: `depcheck inspect locks/{options.target}/VARIANT`",
        )
    return inspect_path(path)


def _show(console: Console, target: str, report: ArtifactReport, transferred: int | None) -> None:
    artifact = report.artifact
    name = f"{artifact.name} {artifact.version}" if artifact.name else target
    packed = f"{size_text(artifact.size)}, unpacks to " if artifact.size else ""
    size = f"{packed}{size_text(artifact.installed_size)} in {len(artifact.members)} files"
    console.styled(f"{console.paint(name, 'bold', 'green')}  {size}  ({artifact.basis.value})")
    if transferred is not None:
        hashes = "every hash checked" if artifact.whole else "hashes not checked, see `--whole`"
        console.result(f"  {size_text(transferred)} transferred; {hashes}")
    console.table(_summary(report), indent="  ")
    section(console, "kernels", _kernel_rows(report))
    section(console, "verdict", ((v.capability, str(v)) for v in report.verdicts))
    biggest = sorted(artifact.members, key=lambda member: (-member.size, member.path))[:_SHOWN]
    section(console, "biggest files", ((size_text(each.size), each.path) for each in biggest))
    show_findings(console, report.findings)


def _summary(report: ArtifactReport) -> Iterator[tuple[str, str]]:
    artifact = report.artifact
    if artifact.top_level:
        yield "imports", _shortened(artifact.top_level)
    if artifact.entry_points:
        yield "programs", _shortened(artifact.entry_points)
    if report.floors:
        yield "built for", ", ".join(f"{family} {at}" for family, at in report.floors.items())
    if report.outside:
        yield "needs", " ".join(report.outside)
    if report.driver:
        need = report.driver
        yield "driver", f">= {need.driver}: {need.reason}; {need.require_line}"


def _kernel_rows(report: ArtifactReport) -> Iterator[tuple[str, ...]]:
    for file in report.files:
        verdicts = (f"{verdict.capability} {verdict}" for verdict in file.verdicts)
        yield (file.path, architectures_text(file.images), "; ".join(verdicts))


def _shortened(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return " ".join(names[:most]) + more


def section(console: Console, title: str, rows: Iterable[Sequence[str]]) -> None:
    """Write a titled table; nothing where it has no rows."""
    table = tuple(rows)
    if table:
        console.heading(title, indent="  ")
        console.table(table, indent="    ")


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Write findings with their remedies, the worst first."""
    if not findings:
        return
    findings = sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity.value))
    console.heading("findings", indent="  ")
    for finding in findings:
        label = console.paint(finding.severity.value, _COLOURS[finding.severity.value])
        subject = f"{finding.subject}: " if finding.subject else ""
        console.styled(
            f"    {label} {console.paint(f'{subject}{finding.message} [{finding.code}]')}"
        )
        for line in finding.evidence[:_SHOWN]:
            console.result(f"      {line}")
        if len(finding.evidence) > _SHOWN:
            console.result(f"      and {len(finding.evidence) - _SHOWN} more")
        if finding.remedy:
            console.result(f"      remedy: {finding.remedy}")
