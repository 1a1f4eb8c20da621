"""The report of a lock set as a document (``schemas/inspect-lock-set.json``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.artifacts.report import driver_document, finding_document, verdict_document

if TYPE_CHECKING:
    from depcheck.artifacts.locked import LockReport, PackageReport, StageReport


def lock_document(report: LockReport) -> dict[str, Any]:
    """Return the report as plain data."""
    lock = report.lock
    return {
        "kind": "lock-set",
        "image": lock.image,
        "variant": lock.variant,
        "platform": lock.platform,
        "base-image": lock.base_image,
        "capabilities": list(report.capabilities),
        "driver": driver_document(report.driver),
        "disk-budget": lock.disk_budget,
        "stages": [_stage(stage) for stage in report.stages],
        "packages": [_package(package) for package in report.packages],
        "findings": [finding_document(finding) for finding in report.findings],
    }


def _stage(stage: StageReport) -> dict[str, Any]:
    return {
        "name": stage.name,
        "packages": stage.packages,
        "download": stage.download,
        "installed": stage.installed,
        "peak": stage.peak,
        "peak-without-cache": stage.peak_uncached,
        "peak-known": stage.peak_known,
        "unknown": list(stage.unknown),
    }


def _package(report: PackageReport) -> dict[str, Any]:
    package, artifact = report.package, report.artifact
    return {
        "name": package.name,
        "version": package.version,
        "filename": package.filename,
        "basis": report.basis.value if report.basis else None,
        "download": package.size,
        "installed": artifact.installed_size if artifact else None,
        "imports": list(artifact.top_level) if artifact else None,
        "kernels": {
            path: [str(image.architecture) for image in images]
            for path, images in sorted(report.kernels.items())
        },
        "other-cuda": sorted(report.other_cuda),
        "verdicts": [verdict_document(verdict) for verdict in report.verdicts],
    }
