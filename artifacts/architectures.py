"""CUDA architectures: which kernels a GPU can run, and how.

Pure: names in, verdicts out. The rules that are more than arithmetic (families, embedded GPUs,
PTX versions, drivers) are data: ``data/cuda.toml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from depcheck.errors import InputError
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depcheck.artifacts.cuda import CudaFacts

Capability = tuple[int, int]
"""Compute capability: (8, 9)."""
_NAME = re.compile(r"(sm|compute)_(\d+)(\d)([af]?)")
_CAPABILITY = re.compile(r"(\d+)\.(\d)")


@dataclass(frozen=True, slots=True, order=True)
class Architecture:
    """What one kernel image was compiled for: ``sm_86``, ``sm_90a``, ``compute_120f``."""

    capability: Capability
    ptx: bool
    """PTX, which the driver compiles when the program loads it; otherwise a cubin."""
    suffix: str = ""
    """``a``: this capability only; ``f``: this family of capabilities only."""

    def __str__(self) -> str:
        major, minor = self.capability
        return f"{'compute' if self.ptx else 'sm'}_{major}{minor}{self.suffix}"


class Coverage(str, Enum):
    """How a set of kernels serves one compute capability."""

    NATIVE = "native"
    BINARY = "binary-compatible"
    PTX = "ptx-jit"
    NONE = "none"
    RUNTIME = "compiled-at-run-time"
    """The package compiles its kernels on the machine that runs them, as triton does."""
    NO_KERNELS = "no-kernels"
    UNKNOWN = "unknown"
    """Nobody has looked into the file."""


@frozen
class Verdict:
    """How kernels serve one compute capability, and by which of them."""

    capability: str
    """``8.9``."""
    coverage: Coverage
    by: str | None = None
    """The architecture that runs: ``sm_86``."""
    toolkit: str | None = None
    """PTX only: the driver must know this CUDA version."""
    driver: str | None = None
    """PTX only: the first driver of that CUDA version."""

    def __str__(self) -> str:
        if self.coverage is Coverage.BINARY:
            return f"binary-compatible ({self.by})"
        if self.coverage is Coverage.PTX:
            need = f"driver >= {self.driver}" if self.driver else "a driver that knows its PTX"
            return f"PTX JIT from {self.by} (needs {need})"
        return str(self.coverage.value).replace("-", " ")


@frozen
class KernelImage:
    """All kernel images of one architecture in one file."""

    architecture: Architecture
    count: int
    ptx_version: str | None = None
    """The newest PTX version among them: ``8.1``."""


def parse_architecture(name: str) -> Architecture:
    """Return the architecture of ``sm_86`` or ``compute_90``.

    Raises:
        ValueError: it is no such name.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"`{name}` is not an architecture")
    return Architecture((int(match[2]), int(match[3])), match[1] == "compute", match[4])


def parse_capability(text: str) -> Capability:
    """Return the compute capability of ``8.9``.

    Raises:
        InputError: it is no compute capability.
    """
    match = _CAPABILITY.fullmatch(text)
    if match is None:
        raise InputError(
            "bad-capability",
            f"`{text}` is not a compute capability",
            hint="write it like `8.9` (the GPUs of sm_89)",
        )
    return int(match[1]), int(match[2])


def serves(architecture: Architecture, capability: Capability, facts: CudaFacts) -> bool:
    """Tell whether a GPU of this capability runs kernels of this architecture.

    - a cubin: the same major, and the same or a higher minor; not between embedded GPUs and others
    - PTX: the same or any higher capability
    - ``a``: that very capability; ``f``: the same or a higher one of its family
    """
    built = architecture.capability
    if architecture.suffix == "a" or capability == built:
        return capability == built
    if capability < built:
        return False
    if architecture.suffix == "f":
        return capability in facts.family(built)
    if architecture.ptx:
        return True
    return capability[0] == built[0] and not {built, capability} & facts.embedded


def judge(images: Iterable[KernelImage], capability: str, facts: CudaFacts) -> Verdict:
    """Return how kernel images serve a capability; what the driver prefers comes first.

    A cubin goes before PTX, and the nearest capability before one further below.
    """
    wanted = parse_capability(capability)
    images = tuple(images)
    if not images:
        return Verdict(capability=capability, coverage=Coverage.NO_KERNELS)
    fitting = [image for image in images if serves(image.architecture, wanted, facts)]
    if not fitting:
        return Verdict(capability=capability, coverage=Coverage.NONE)
    best = max(fitting, key=lambda image: _preference(image.architecture))
    name = str(best.architecture)
    if best.architecture.ptx:
        toolkit = facts.toolkit_of_ptx(best.ptx_version)
        driver = facts.toolkit_driver(toolkit)
        return Verdict(
            capability=capability, coverage=Coverage.PTX, by=name, toolkit=toolkit, driver=driver
        )
    native = best.architecture.capability == wanted
    return Verdict(
        capability=capability, coverage=Coverage.NATIVE if native else Coverage.BINARY, by=name
    )


def _preference(architecture: Architecture) -> tuple[bool, Capability, bool]:
    return not architecture.ptx, architecture.capability, architecture.suffix == "a"
