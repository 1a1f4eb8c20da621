"""Which versions of packages cannot run on the GPUs of a target, for the solver to pass over."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from depcheck.artifacts.coverage import architectures_text, coverage_findings
from depcheck.artifacts.model import Basis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from depcheck.artifacts.architectures import KernelImage
    from depcheck.artifacts.cuda import CudaFacts
    from depcheck.artifacts.declared import Declared
    from depcheck.artifacts.model import Artifact

    Kernels = Mapping[str, Sequence[KernelImage]]


def unserved_versions(
    capabilities: Sequence[str],
    artifacts: Iterable[Artifact],
    declared: Declared,
    cuda: CudaFacts,
) -> dict[str, dict[str, str]]:
    """Return package -> version -> why some capability is not served, both sorted.

    A version counts where each of its wheels that is known lacks kernels. What is declared counts
    for versions of which no wheel was measured.
    """
    measured: dict[tuple[str, str], list[Kernels]] = defaultdict(list)
    for artifact in artifacts:
        kernels = {each.path: each.images for each in artifact.objects if each.images}
        if artifact.name and artifact.version and kernels:
            measured[artifact.name, artifact.version].append(kernels)
    found: dict[tuple[str, str], str] = {}
    for key, wheels in measured.items():
        reasons = [_reason(each, capabilities, cuda, Basis.MEASURED) for each in wheels]
        if all(reasons):
            found[key] = reasons[0]
    for key, images in declared.kernels.items():
        if key not in measured and (
            reason := _reason({"": images}, capabilities, cuda, Basis.DECLARED)
        ):
            found[key] = reason
    answer: dict[str, dict[str, str]] = {}
    for (name, version), reason in sorted(found.items()):
        answer.setdefault(name, {})[version] = reason
    return answer


def _reason(kernels: Kernels, capabilities: Sequence[str], cuda: CudaFacts, basis: Basis) -> str:
    """Return why a wheel does not serve the capabilities; empty where it does."""
    for finding in coverage_findings("", kernels, capabilities, cuda):
        if finding.code == "uncovered-capability":
            every = sorted({image for images in kernels.values() for image in images}, key=_order)
            return f"{finding.message} ({basis.value}: {architectures_text(every)})"
    return ""


def _order(image: KernelImage) -> tuple[bool, tuple[int, int], str]:
    architecture = image.architecture
    return architecture.ptx, architecture.capability, architecture.suffix
