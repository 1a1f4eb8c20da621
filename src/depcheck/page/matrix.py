"""Which GPUs the packages serve, and which kernels their files hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.artifacts.architectures import Coverage
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depcheck.artifacts.architectures import Architecture, Capability, KernelImage, Verdict
    from depcheck.artifacts.locked import PackageReport


@frozen
class CoverageCell:
    """How a package serves one compute capability."""

    kind: str
    """A value of ``Coverage``, and so a class of the style sheet."""
    text: str
    title: str


@frozen
class CoverageRow:
    """How a package serves the target's compute capabilities."""

    name: str
    version: str
    basis: str
    cells: tuple[CoverageCell, ...]
    """In the order of the capabilities."""


@frozen
class FileRow:
    """The kernels of one file."""

    path: str
    cells: tuple[str, ...]
    """``cubin``, ``PTX``, ``cubin and PTX`` or nothing, in the order of the architectures."""


@frozen
class FileGroup:
    """The files with kernels of one package."""

    name: str
    files: tuple[FileRow, ...]


@frozen
class FileMatrix:
    """Files by architecture."""

    architectures: tuple[str, ...]
    """``8.0``, ``9.0a``, oldest first."""
    groups: tuple[FileGroup, ...]


_TEXTS = {
    Coverage.NATIVE: "native",
    Coverage.NONE: "none",
    Coverage.RUNTIME: "at run time",
    Coverage.NO_KERNELS: "no kernels",
    Coverage.UNKNOWN: "unknown",
}
_BY = {Coverage.BINARY: "by {}", Coverage.PTX: "PTX {}"}
_SILENT = {Coverage.NO_KERNELS, Coverage.UNKNOWN}


def coverage_rows(packages: Sequence[PackageReport]) -> tuple[CoverageRow, ...]:
    """Return the packages that have kernels or make them, in the order given."""
    return tuple(
        CoverageRow(
            name=each.package.name,
            version=each.package.version,
            basis=each.basis.value if each.basis else "not looked into",
            cells=tuple(map(_coverage, each.verdicts)),
        )
        for each in packages
        if not {verdict.coverage for verdict in each.verdicts} <= _SILENT
    )


def _coverage(verdict: Verdict) -> CoverageCell:
    pattern = _BY.get(verdict.coverage)
    text = pattern.format(verdict.by) if pattern else _TEXTS[verdict.coverage]
    return CoverageCell(kind=verdict.coverage.value, text=text, title=str(verdict))


def file_matrix(packages: Sequence[PackageReport]) -> FileMatrix:
    """Return the files with kernels by architecture."""
    columns = sorted(
        {
            _column(image.architecture)
            for each in packages
            for images in each.kernels.values()
            for image in images
        }
    )
    return FileMatrix(
        architectures=tuple(f"{major}.{minor}{suffix}" for (major, minor), suffix in columns),
        groups=tuple(
            FileGroup(
                name=each.package.name,
                files=tuple(
                    FileRow(path=path, cells=_cells(images, columns))
                    for path, images in sorted(each.kernels.items())
                ),
            )
            for each in packages
            if each.kernels
        ),
    )


def _column(architecture: Architecture) -> tuple[Capability, str]:
    return architecture.capability, architecture.suffix


def _cells(
    images: Sequence[KernelImage], columns: Sequence[tuple[Capability, str]]
) -> tuple[str, ...]:
    cubins = {_column(each.architecture) for each in images if not each.architecture.ptx}
    ptx = {_column(each.architecture) for each in images if each.architecture.ptx}
    return tuple(
        " and ".join(word for word, built in (("cubin", cubins), ("PTX", ptx)) if column in built)
        for column in columns
    )
