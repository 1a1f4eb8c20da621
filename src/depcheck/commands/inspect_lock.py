"""``depcheck inspect LOCKSET``: what the wheels of a lock set contain, all together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.artifacts.architectures import Coverage
from depcheck.artifacts.cuda import load_cuda_facts
from depcheck.artifacts.declared import load_declared
from depcheck.artifacts.libraries import load_library_facts
from depcheck.artifacts.lock_document import lock_document
from depcheck.artifacts.locked import Knowledge, judge_lock_set
from depcheck.artifacts.lockset import read_lock_set
from depcheck.artifacts.store import FactStore, builtin_facts, write_facts
from depcheck.commands.inspect import section, show_findings
from depcheck.errors import ExitCode, InputError
from depcheck.paths import is_there
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from depcheck.artifacts.locked import LockReport
    from depcheck.artifacts.lockset import LockSet
    from depcheck.artifacts.model import Artifact
    from depcheck.artifacts.recording import Recorded
    from depcheck.terminal import Console


def run(options: Namespace, console: Console) -> ExitCode:
    """Inspect a lock set by recorded facts; with ``--record`` measure what is missing first."""
    lock = read_lock_set(Path(options.target))
    store = _store(options)
    if options.record:
        store = _record(lock, store, options, console)
    report = judged(lock, store, options.capability or lock.capabilities)
    if console.as_json:
        console.document(lock_document(report))
    else:
        _show(console, report)
    return ExitCode.NO if report.objections else ExitCode.OK


def judged(lock: LockSet, store: FactStore | None, capabilities: Sequence[str]) -> LockReport:
    """Return what recorded facts say of a lock set.

    A size that the index did not state is taken from the facts.
    """
    artifacts = _artifacts(lock, store)
    packages = tuple(
        replace(each, size=artifacts[each.name].size)
        if each.size is None and each.name in artifacts
        else each
        for each in lock.packages
    )
    knowledge = Knowledge(
        cuda=load_cuda_facts(), libraries=load_library_facts(), declared=load_declared()
    )
    return judge_lock_set(replace(lock, packages=packages), artifacts, capabilities, knowledge)


def _store(options: Namespace) -> FactStore | None:
    if options.facts is None:
        return builtin_facts()
    path = Path(options.facts)
    return None if options.record and not is_there(path) else FactStore(path)


def _artifacts(lock: LockSet, store: FactStore | None) -> dict[str, Artifact]:
    if store is None:
        return {}
    found = ((each.name, each.sha256 and store.artifact(each.sha256)) for each in lock.packages)
    return {name: artifact for name, artifact in found if artifact}


def _record(
    lock: LockSet, store: FactStore | None, options: Namespace, console: Console
) -> FactStore:
    """Measure the wheels that the facts lack, and add them to the file."""
    from depcheck.artifacts.recording import WheelFile, record_facts  # noqa: PLC0415 - needs HTTP

    if options.facts is None:
        raise InputError(
            "no-facts-file", "`--record` needs the file to write", hint="add `--facts FILE`"
        )
    known = store.all() if store else {}
    wheels = [
        WheelFile(url=each.url, sha256=each.sha256, size=each.size)
        for each in lock.packages
        if each.url and each.sha256 and each.sha256 not in known
    ]

    def tell(recorded: Recorded) -> None:
        said = recorded.problem or f"{size_text(recorded.transferred)} transferred"
        console.note(f"{recorded.wheel.filename}: {said}")

    for each in record_facts(wheels, progress=tell):
        if each.artifact is not None:
            known[each.wheel.sha256] = (each.wheel.filename, each.artifact)
    write_facts(Path(options.facts), known)
    return FactStore(Path(options.facts))


def _show(console: Console, report: LockReport) -> None:
    lock = report.lock
    title = console.paint(f"{lock.image} ({lock.variant})", "bold", "green")
    console.styled(f"{title}  python {lock.python}, {console.paint(lock.platform)}")
    bases = [package.basis for package in report.packages]
    counts = {basis: bases.count(basis) for basis in dict.fromkeys(bases)}
    said = ", ".join(
        f"{count} {basis.value if basis else 'not looked into'}" for basis, count in counts.items()
    )
    console.result(f"  {len(report.packages)} packages: {said}")
    if report.driver:
        need = report.driver
        console.result(f"  driver >= {need.driver}: {need.reason}; {need.require_line}")
    section(console, "kernels", _kernel_rows(report))
    section(console, "disk", _stage_rows(report))
    show_findings(console, report.findings)


def _kernel_rows(report: LockReport) -> Iterator[tuple[str, ...]]:
    interesting = [
        package
        for package in report.packages
        if any(v.coverage not in {Coverage.NO_KERNELS, Coverage.UNKNOWN} for v in package.verdicts)
    ]
    if interesting:
        yield ("package", "basis", *report.capabilities)
    for each in interesting:
        basis = each.basis.value if each.basis else "?"
        yield (str(each.package), basis, *(str(verdict) for verdict in each.verdicts))


def _stage_rows(report: LockReport) -> Iterator[tuple[str, ...]]:
    yield ("stage", "packages", "download", "unpacked", "peak", "peak without cache", "")
    for stage in report.stages:
        doubt = f"{len(stage.unknown)} of unknown size" if stage.unknown else ""
        own = (
            _at_least(size, sure=not stage.unknown) for size in (stage.download, stage.installed)
        )
        peaks = (_at_least(e, sure=stage.peak_known) for e in (stage.peak, stage.peak_uncached))
        texts = (*own, *peaks)
        yield (stage.name, str(stage.packages), *texts, doubt)


def _at_least(size: int, *, sure: bool) -> str:
    if not size and not sure:
        return "?"
    return size_text(size) if sure else f">= {size_text(size)}"
