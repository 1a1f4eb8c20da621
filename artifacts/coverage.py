"""Judge what an artifact holds: which GPUs its kernels serve, which driver that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.artifacts.architectures import Coverage, Verdict, judge
from depcheck.artifacts.model import Finding, Severity
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from depcheck.artifacts.architectures import KernelImage
    from depcheck.artifacts.cuda import CudaFacts
    from depcheck.artifacts.libraries import LibraryFacts
    from depcheck.artifacts.model import SharedObject

_ORDER = (Coverage.NONE, Coverage.PTX, Coverage.BINARY, Coverage.NATIVE)


@frozen
class DriverNeed:
    """What the host's driver must be."""

    driver: str
    """``525.60.13``."""
    cuda: str
    """CUDA version that the driver must know."""
    reason: str

    @property
    def require_line(self) -> str:
        """The variable by which the container toolkit refuses a host that cannot serve."""
        return f"NVIDIA_REQUIRE_CUDA=cuda>={self.cuda}"


def package_verdict(
    name: str | None,
    kernels: Mapping[str, Sequence[KernelImage]],
    capability: str,
    cuda: CudaFacts,
    libraries: LibraryFacts,
) -> Verdict:
    """Return how a package serves a capability: as the least direct of its files that serve it.

    Args:
        name: Normalised name of the package, None for a tree.
        kernels: Kernel images by file, of the files that have any.
        capability: ``8.9``.
        cuda: Which GPU runs what.
        libraries: Which packages compile at run time.
    """
    if name in libraries.runtime_compilers:
        return Verdict(capability=capability, coverage=Coverage.RUNTIME)
    if not kernels:
        return Verdict(capability=capability, coverage=Coverage.NO_KERNELS)
    verdicts = [judge(images, capability, cuda) for images in kernels.values()]
    serving = [verdict for verdict in verdicts if verdict.coverage is not Coverage.NONE]
    return min(serving or verdicts, key=lambda verdict: _ORDER.index(verdict.coverage))


def coverage_findings(
    subject: str,
    kernels: Mapping[str, Sequence[KernelImage]],
    capabilities: Iterable[str],
    cuda: CudaFacts,
) -> tuple[Finding, ...]:
    """Return the capabilities that a package, or a file of it, has no kernels for.

    It is an error where no file of the package serves; files that do less than others of the same
    package are warnings, since kernels for special units are often built for new GPUs only.
    """
    lacking: dict[tuple[str, ...], list[str]] = {}
    for capability in capabilities:
        paths = tuple(
            path
            for path, images in sorted(kernels.items())
            if judge(images, capability, cuda).coverage is Coverage.NONE
        )
        if paths:
            lacking.setdefault(paths, []).append(capability)
    return tuple(_uncovered(subject, names, paths, kernels) for paths, names in lacking.items())


def _uncovered(
    subject: str,
    capabilities: Sequence[str],
    paths: Sequence[str],
    kernels: Mapping[str, Sequence[KernelImage]],
) -> Finding:
    everywhere = len(paths) == len(kernels)
    where = f"compute capability {', '.join(capabilities)}"
    files = f"`{paths[0]}` has" if len(paths) == 1 else f"{len(paths)} of its files have"
    return Finding(
        code="uncovered-capability" if everywhere else "uncovered-file",
        severity=Severity.ERROR if everywhere else Severity.WARNING,
        subject=subject,
        message=f"{'it has' if everywhere else files} no kernel that runs on {where}",
        remedy="choose a build with kernels or PTX for it" if everywhere else None,
        evidence=tuple(f"{path}: {architectures_text(kernels[path])}" for path in paths),
    )


def driver_need(
    objects: Iterable[SharedObject],
    verdicts: Iterable[Verdict],
    cuda: CudaFacts,
    libraries: LibraryFacts,
    toolkits: Iterable[str] = (),
) -> DriverNeed | None:
    """Return the oldest driver that will do, None where nothing needs one.

    ``toolkits`` are the CUDA versions of wheels of which only that is known.

    The CUDA libraries that are linked ask for the driver of their major version (NVIDIA's minor
    version compatibility); PTX that must be compiled asks for that of its own toolkit.
    """
    names = {name for each in objects for name in (*each.needed, each.soname) if name}
    needs: list[DriverNeed] = []
    majors = {major: f"links CUDA {major} libraries" for major in libraries.cuda_majors(names)}
    for toolkit in toolkits:
        majors.setdefault(toolkit.partition(".")[0], f"is built with CUDA {toolkit}")
    for major, reason in sorted(majors.items()):
        if floor := cuda.compatible_driver(major):
            needs.append(DriverNeed(driver=floor, cuda=f"{major}.0", reason=reason))
    for verdict in verdicts:
        if verdict.toolkit and verdict.driver:
            reason = f"{verdict.by} is compiled for {verdict.capability} when it is loaded"
            needs.append(DriverNeed(driver=verdict.driver, cuda=verdict.toolkit, reason=reason))
    return max(needs, key=lambda need: _version(need.driver), default=None)


def architectures_text(images: Iterable[KernelImage]) -> str:
    """Return architectures for a person: ``sm_80 sm_86 compute_86``; a dash for none."""
    return " ".join(dict.fromkeys(str(image.architecture) for image in images)) or "-"


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
