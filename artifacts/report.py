"""The report of one artifact as a document (``schemas/inspect.json``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.artifacts.architectures import judge
from depcheck.artifacts.coverage import coverage_findings, driver_need, package_verdict
from depcheck.artifacts.cuda import load_cuda_facts
from depcheck.artifacts.libraries import load_library_facts
from depcheck.artifacts.model import Severity
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from depcheck.artifacts.architectures import KernelImage, Verdict
    from depcheck.artifacts.coverage import DriverNeed
    from depcheck.artifacts.model import Artifact, Finding, SharedObject

_FAMILIES = ("GLIBC", "GLIBCXX", "CXXABI")
_BIGGEST = 10


@frozen
class FileReport:
    """Kernels of one file, judged."""

    path: str
    images: tuple[KernelImage, ...]
    verdicts: tuple[Verdict, ...]
    """In the order of the capabilities asked for."""


@frozen
class ArtifactReport:
    """One artifact, judged."""

    artifact: Artifact
    files: tuple[FileReport, ...]
    """Those with kernels."""
    verdicts: tuple[Verdict, ...]
    """Of the package, in the order of the capabilities asked for."""
    driver: DriverNeed | None
    floors: dict[str, str]
    outside: tuple[str, ...]
    """Libraries that it needs and does not bring, sorted."""
    findings: tuple[Finding, ...]

    @property
    def objections(self) -> bool:
        """Whether there is an error among the findings."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def report_artifact(artifact: Artifact, capabilities: Sequence[str]) -> ArtifactReport:
    """Judge one artifact for some compute capabilities."""
    cuda, libraries = load_cuda_facts(), load_library_facts()
    kernels = {each.path: each.images for each in artifact.objects if each.images}
    files = tuple(
        FileReport(
            path=path,
            images=images,
            verdicts=tuple(judge(images, capability, cuda) for capability in capabilities),
        )
        for path, images in sorted(kernels.items())
    )
    verdicts = tuple(
        package_verdict(artifact.name, kernels, capability, cuda, libraries)
        for capability in capabilities
    )
    every = [verdict for file in files for verdict in file.verdicts]
    subject = f"{artifact.name}=={artifact.version}" if artifact.name else ""
    return ArtifactReport(
        artifact=artifact,
        files=files,
        verdicts=verdicts,
        driver=driver_need(artifact.objects, every, cuda, libraries),
        floors=floors_of(artifact.objects),
        outside=outside_needs(artifact.objects),
        findings=artifact.findings + coverage_findings(subject, kernels, capabilities, cuda),
    )


def floors_of(objects: Iterable[SharedObject]) -> dict[str, str]:
    """Return the newest glibc and libstdc++ interfaces that any file asks for."""
    found: dict[str, str] = {}
    for each in objects:
        for family, version in each.floors.items():
            found[family] = max(found.get(family, "0"), version, key=_order)
    return {family: found[family] for family in _FAMILIES if family in found}


def outside_needs(objects: Sequence[SharedObject]) -> tuple[str, ...]:
    """Return the libraries that files need and none of them is, sorted."""
    brought = {each.path.rpartition("/")[2] for each in objects}
    brought |= {each.soname for each in objects if each.soname}
    return tuple(sorted({name for each in objects for name in each.needed} - brought))


def artifact_document(report: ArtifactReport, *, transferred: int | None) -> dict[str, Any]:
    """Return the report as plain data."""
    artifact = report.artifact
    kernels = {file.path: file for file in report.files}
    biggest = sorted(artifact.members, key=lambda member: (-member.size, member.path))
    return {
        "kind": "artifact",
        "name": artifact.name,
        "version": artifact.version,
        "basis": artifact.basis.value,
        "hashes-checked": artifact.whole,
        "size": artifact.size,
        "transferred": transferred,
        "installed-size": artifact.installed_size,
        "files": len(artifact.members),
        "imports": list(artifact.top_level),
        "programs": list(artifact.entry_points),
        "verdicts": [verdict_document(verdict) for verdict in report.verdicts],
        "driver": driver_document(report.driver),
        "floors": report.floors,
        "needs": list(report.outside),
        "biggest": [{"path": each.path, "size": each.size} for each in biggest[:_BIGGEST]],
        "objects": [_object(each, kernels.get(each.path)) for each in artifact.objects],
        "findings": [finding_document(finding) for finding in report.findings],
    }


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain data."""
    return {
        "capability": verdict.capability,
        "coverage": verdict.coverage.value,
        "by": verdict.by,
        "driver": verdict.driver,
    }


def driver_document(need: DriverNeed | None) -> dict[str, Any] | None:
    """Return the need of a driver as plain data."""
    if need is None:
        return None
    line = need.require_line
    return {"driver": need.driver, "cuda": need.cuda, "reason": need.reason, "require": line}


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "remedy": finding.remedy,
        "evidence": list(finding.evidence),
    }


def _object(found: SharedObject, kernels: FileReport | None) -> dict[str, Any]:
    return {
        "path": found.path,
        "machine": found.machine,
        "soname": found.soname,
        "needed": list(found.needed),
        "run-paths": list(found.run_paths),
        "floors": dict(found.floors),
        "kernels": [_image(image) for image in found.kernels],
        "relocatable": [_image(image) for image in found.relocatable],
        "embedded": [_image(image) for image in found.embedded],
        "requires-abi": list(found.requires_abi),
        "provides-abi": list(found.provides_abi),
        "verdicts": [verdict_document(v) for v in kernels.verdicts] if kernels else [],
    }


def _image(image: KernelImage) -> dict[str, Any]:
    return {
        "architecture": str(image.architecture),
        "count": image.count,
        "ptx-version": image.ptx_version,
    }


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
