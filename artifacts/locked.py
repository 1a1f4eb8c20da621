"""Judge a whole lock set by what its wheels hold: coverage, libraries, collisions, disk."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from depcheck.artifacts.architectures import Coverage, Verdict, judge
from depcheck.artifacts.coverage import coverage_findings, driver_need, package_verdict
from depcheck.artifacts.layout import PREFIX
from depcheck.artifacts.linking import cuda_versions, for_other_cuda, linking_findings
from depcheck.artifacts.model import Basis, Finding, Severity
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from depcheck.artifacts.architectures import KernelImage
    from depcheck.artifacts.coverage import DriverNeed
    from depcheck.artifacts.cuda import CudaFacts
    from depcheck.artifacts.declared import Declared
    from depcheck.artifacts.libraries import LibraryFacts
    from depcheck.artifacts.lockset import LockedPackage, LockSet
    from depcheck.artifacts.model import Artifact, Member

_CODE = (".py", ".so", ".pth")


@frozen
class PackageReport:
    """One pin, judged."""

    package: LockedPackage
    basis: Basis | None
    """None where nothing is known of the wheel's inside."""
    artifact: Artifact | None
    kernels: Mapping[str, Sequence[KernelImage]]
    """By file; what is declared has no file, and stands under the wheel's name."""
    other_cuda: frozenset[str]
    """Files for a CUDA version that nothing brings: they are not loaded, and do not count."""
    verdicts: tuple[Verdict, ...]


@frozen
class StageReport:
    """One install stage: bytes on disk. Unknown sizes count as nothing, and are counted."""

    name: str
    packages: int
    download: int
    installed: int
    peak: int
    """While it is installed: all that is installed, its wheels, and every wheel in the cache."""
    peak_uncached: int
    """The same where nothing is cached."""
    unknown: tuple[str, ...]
    """Packages of which the size is not known: the numbers are at least so much."""
    peak_known: bool
    """No size of this or an earlier stage is unknown; otherwise the peaks are lower bounds."""


@frozen
class LockReport:
    """One lock set, judged."""

    lock: LockSet
    capabilities: tuple[str, ...]
    packages: tuple[PackageReport, ...]
    stages: tuple[StageReport, ...]
    driver: DriverNeed | None
    findings: tuple[Finding, ...]

    @property
    def objections(self) -> bool:
        """Whether there is an error among the findings."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


@frozen
class Knowledge:
    """Everything that does not depend on the lock set."""

    cuda: CudaFacts
    libraries: LibraryFacts
    declared: Declared


def judge_lock_set(
    lock: LockSet,
    artifacts: Mapping[str, Artifact],
    capabilities: Sequence[str],
    knowledge: Knowledge,
) -> LockReport:
    """Judge a lock set.

    Args:
        lock: What is installed.
        artifacts: What was measured, by package name; a package may be missing.
        capabilities: Compute capabilities that must be served.
        knowledge: What does not depend on the lock set.
    """
    versions = cuda_versions(lock, artifacts.values(), knowledge.libraries)
    packages = tuple(
        _package(package, artifacts.get(package.name), capabilities, versions, knowledge)
        for package in lock.packages
    )
    objects = [
        each
        for report in packages
        for each in (report.artifact.objects if report.artifact else ())
        if each.path not in report.other_cuda
    ]
    every = [
        judge(images, capability, knowledge.cuda)
        for report in packages
        for images in report.kernels.values()
        for capability in capabilities
    ]
    stages = _stages(lock, {report.package.name: report for report in packages})
    findings = [
        *_own_findings(packages),
        *_coverage(packages, capabilities, knowledge),
        *linking_findings(lock, packages, knowledge),
        *collisions(artifacts, knowledge.libraries.stray_folders),
        *_budget(lock, stages),
        *_unmeasured(packages),
    ]
    return LockReport(
        lock=lock,
        capabilities=tuple(capabilities),
        packages=packages,
        stages=stages,
        driver=driver_need(
            objects, every, knowledge.cuda, knowledge.libraries, _toolkits(packages, knowledge)
        ),
        findings=tuple(findings),
    )


def _package(
    package: LockedPackage,
    artifact: Artifact | None,
    capabilities: Sequence[str],
    versions: frozenset[str],
    knowledge: Knowledge,
) -> PackageReport:
    kernels: dict[str, Sequence[KernelImage]] = {}
    other: frozenset[str] = frozenset()
    basis: Basis | None = None
    if artifact is not None:
        basis = Basis.MEASURED
        other = for_other_cuda(artifact.objects, versions, knowledge.libraries)
        loaded = (each for each in artifact.objects if each.path not in other)
        kernels = {each.path: each.images for each in loaded if each.images}
    elif images := knowledge.declared.kernels.get((package.name, package.version)):
        basis = Basis.DECLARED
        kernels = {package.filename or package.name: images}
    return PackageReport(
        package=package,
        basis=basis,
        artifact=artifact,
        kernels=kernels,
        other_cuda=other,
        verdicts=tuple(
            Verdict(capability=capability, coverage=Coverage.UNKNOWN)
            if basis is None
            else package_verdict(
                package.name, kernels, capability, knowledge.cuda, knowledge.libraries
            )
            for capability in capabilities
        ),
    )


def _toolkits(packages: Iterable[PackageReport], knowledge: Knowledge) -> Iterator[str]:
    for report in packages:
        key = (report.package.name, report.package.version)
        if report.basis is Basis.DECLARED:
            yield knowledge.declared.toolkits[key]


def _own_findings(packages: Iterable[PackageReport]) -> Iterator[Finding]:
    for report in packages:
        if report.artifact is not None:
            for finding in report.artifact.findings:
                yield Finding(
                    code=finding.code,
                    severity=finding.severity,
                    subject=str(report.package),
                    message=f"`{finding.subject}`: {finding.message}",
                    remedy=finding.remedy,
                    evidence=finding.evidence,
                )


def _coverage(
    packages: Iterable[PackageReport], capabilities: Sequence[str], knowledge: Knowledge
) -> Iterator[Finding]:
    for report in packages:
        yield from coverage_findings(
            str(report.package), report.kernels, capabilities, knowledge.cuda
        )


def _stages(lock: LockSet, reports: Mapping[str, PackageReport]) -> tuple[StageReport, ...]:
    found: list[StageReport] = []
    installed = cached = 0
    known = True
    for name, names in lock.stages:
        members = [reports[each] for each in names if each in reports]
        download = sum(report.package.size or 0 for report in members)
        unpacked = sum(r.artifact.installed_size for r in members if r.artifact is not None)
        unknown = tuple(str(report.package) for report in members if _size_unknown(report))
        installed += unpacked
        cached += download
        known = known and not unknown
        found.append(
            StageReport(
                name=name,
                packages=len(names),
                download=download,
                installed=unpacked,
                peak=installed + cached + download,
                peak_uncached=installed + download,
                unknown=unknown,
                peak_known=known,
            )
        )
    return tuple(found)


def _size_unknown(report: PackageReport) -> bool:
    return report.artifact is None or report.package.size is None


def _budget(lock: LockSet, stages: Sequence[StageReport]) -> Iterator[Finding]:
    if lock.disk_budget is None or not stages:
        return
    worst = max(stages, key=lambda stage: stage.peak)
    for peak, severity, how in (
        (worst.peak_uncached, Severity.ERROR, "without a cache"),
        (worst.peak, Severity.WARNING, "with every wheel kept in the cache"),
    ):
        if peak > lock.disk_budget:
            yield Finding(
                code="over-disk-budget",
                severity=severity,
                subject=f"stage {worst.name}",
                message=f"needs {peak} bytes of disk {how}; the budget is {lock.disk_budget}",
                remedy="install without a cache, or raise `disk-budget`",
            )
            return


def collisions(artifacts: Mapping[str, Artifact], stray: frozenset[str]) -> Iterator[Finding]:
    """Yield each group of packages that write the same files, with those files.

    Which content stays depends on the order of installation. Files that are all empty are
    information; an error needs code of different size outside the folders that nobody imports.
    """
    owners: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, artifact in sorted(artifacts.items()):
        for path, size in _written(artifact):
            owners[path].append((name, size))
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, found in sorted(owners.items()):
        if len({name for name, _ in found}) > 1:
            groups[tuple(sorted({name for name, _ in found}))].append(path)
    for names, paths in sorted(groups.items()):
        sizes = {path: {size for _, size in owners[path]} for path in paths}
        yield Finding(
            code="file-collision",
            severity=_collision_severity(sizes, stray),
            subject=" + ".join(names),
            message=f"they write the same {len(paths)} {'file' if len(paths) == 1 else 'files'}",
            remedy="keep one of them, or check that the later one may overwrite the other",
            evidence=tuple(f"{path} ({_sizes_text(sizes[path])})" for path in paths),
        )


def _written(artifact: Artifact) -> Iterator[tuple[str, int]]:
    for member in artifact.members:
        if not _is_metadata(member):
            yield member.path, member.size
    for name in artifact.entry_points:
        yield f"{PREFIX}bin/{name}", 0


def _is_metadata(member: Member) -> bool:
    return ".dist-info/" in member.path


def _collision_severity(sizes: Mapping[str, set[int]], stray: frozenset[str]) -> Severity:
    if any(
        len(found) > 1 and path.endswith(_CODE) and path.partition("/")[0] not in stray
        for path, found in sizes.items()
    ):
        return Severity.ERROR
    return Severity.INFO if all(found == {0} for found in sizes.values()) else Severity.WARNING


def _sizes_text(sizes: set[int]) -> str:
    if len(sizes) == 1:
        return f"each {next(iter(sizes))} bytes"
    return " or ".join(map(str, sorted(sizes))) + " bytes"


def _unmeasured(packages: Iterable[PackageReport]) -> Iterator[Finding]:
    unknown = [str(report.package) for report in packages if report.basis is None]
    if unknown:
        count = "1 package was" if len(unknown) == 1 else f"{len(unknown)} packages were"
        yield Finding(
            code="not-measured",
            severity=Severity.INFO,
            subject="",
            message=f"{count} not looked into",
            remedy="measure them with `--record`; packages built from source cannot be measured",
            evidence=tuple(unknown),
        )
