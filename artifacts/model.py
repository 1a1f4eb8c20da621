"""What is inside an artifact, as typed values."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.artifacts.architectures import KernelImage


class Basis(str, Enum):
    """How depcheck knows."""

    MEASURED = "measured"
    """Read from the file itself."""
    DECLARED = "declared"
    """Stated by the project's build scripts; nobody looked into the file."""


class Severity(str, Enum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@frozen
class Finding:
    """One thing that an inspection has to say."""

    code: str
    """Kebab-case: ``path-traversal``."""
    severity: Severity
    subject: str
    """The file inside the artifact, or the pin."""
    message: str
    remedy: str | None = None
    evidence: tuple[str, ...] = ()


@frozen
class Member:
    """One file as it lies on disk after the installation."""

    path: str
    """Relative to site-packages; scripts, data and headers go below ``../`` of their scheme."""
    size: int
    """Bytes, unpacked."""


@frozen
class SharedObject:
    """What one ELF file holds and needs."""

    path: str
    machine: str
    """``x86_64``."""
    soname: str | None = None
    needed: tuple[str, ...] = ()
    """Names of shared libraries (DT_NEEDED), in the file's order."""
    run_paths: tuple[str, ...] = ()
    """RPATH and RUNPATH."""
    floors: Mapping[str, str] = field(default_factory=dict)
    """``GLIBC``, ``GLIBCXX`` and ``CXXABI`` -> the newest version asked for."""
    kernels: tuple[KernelImage, ...] = ()
    """Of ``.nv_fatbin``, which the driver loads."""
    relocatable: tuple[KernelImage, ...] = ()
    """Of ``__nv_relfatbin``: what the former was linked from. Its PTX can be linked anew."""
    embedded: tuple[KernelImage, ...] = ()
    """Of containers in data sections, which the library itself gives to the driver."""
    requires_abi: tuple[str, ...] = ()
    """Ids of C++ interfaces that it calls (``data/libraries.toml``)."""
    provides_abi: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[KernelImage, ...]:
        """Everything that can serve a GPU: the kernels, and PTX that the driver links anew."""
        linked = tuple(each for each in self.relocatable if each.architecture.ptx)
        return self.kernels + linked + self.embedded


@frozen
class Artifact:
    """What is inside one wheel or installed tree."""

    name: str | None
    """Normalised; None for a tree of several distributions."""
    version: str | None
    basis: Basis = Basis.MEASURED
    size: int | None = None
    """Bytes of the archive; None for a tree."""
    whole: bool = True
    """Every file was read and compared with RECORD; otherwise only the shared objects were read."""
    members: tuple[Member, ...] = ()
    """Sorted by path."""
    objects: tuple[SharedObject, ...] = ()
    """Sorted by path."""
    top_level: tuple[str, ...] = ()
    """Names that can be imported, sorted."""
    entry_points: tuple[str, ...] = ()
    """Console scripts, sorted."""
    findings: tuple[Finding, ...] = ()

    @property
    def installed_size(self) -> int:
        """Bytes on disk after the installation, without what the installer adds."""
        return sum(member.size for member in self.members)
