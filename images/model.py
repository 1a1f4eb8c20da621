"""What an image spec says, as typed values."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime  # noqa: TC003
from pathlib import Path  # noqa: TC003
from typing import TYPE_CHECKING

from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.requirements import Requirement


@frozen
class Target:
    """What a lock is for. Declared, never sniffed from the solving machine."""

    python: str
    """``3.11`` or ``3.11.9``."""
    platform: str
    """Platform tag of the newest glibc that wheels may need: ``manylinux_2_35_x86_64``."""
    compute_capabilities: tuple[str, ...] = ()
    """``8.9`` for sm_89; sorted."""
    base_image: str | None = None
    disk_budget: int | None = None
    """Bytes."""


@frozen
class SpecRequirement:
    """A requirement and the place that states it."""

    requirement: Requirement
    origin: str
    """``nexa_heavy.toml: variants.cu121.requirements[3]``."""


@frozen
class IndexSpec:
    """An explicit index: the packages named come from it and from nowhere else."""

    name: str
    url: str
    packages: tuple[str, ...]
    """Normalised names, sorted."""


@frozen
class Override:
    """One deviation from published metadata that the spec itself asks for."""

    requirement: Requirement | None
    """Replaces every requirement on its name; None for an exclusion."""
    package: str
    """Normalised name of the package replaced or excluded."""
    reason: str
    origin: str


@frozen
class RecordedMetadata:
    """Core metadata that the spec states for one package, since no file can say it."""

    name: str
    version: str
    requires_dist: tuple[Requirement, ...]
    reason: str
    origin: str
    extras: tuple[str, ...] = ()
    """Normalised, where they are known."""
    requires_python: str | None = None


@frozen
class BasePackage:
    """A package that the base image already has."""

    name: str
    """Normalised name."""
    version: str
    path: str
    """Folder of packages inside the image that holds it."""
    requires_dist: tuple[Requirement, ...] | None = None
    """What it needs, for a version that no index has; None where the index says it."""
    upgrade: bool = False
    """It may be replaced: it is no constraint, and the pin shadows the one at the path."""
    origin: str


@frozen
class Formats:
    """Which kinds of files may be installed: normalised names, or ``:all:`` for what is not named.

    As pip has it, a name counts more than ``:all:``.
    """

    no_binary: tuple[str, ...] = ()
    """No wheels of these; sorted."""
    only_binary: tuple[str, ...] = ()
    """No sdists of these; sorted."""

    @property
    def any(self) -> bool:
        """Whether anything is barred at all."""
        return bool(self.no_binary or self.only_binary)

    def bars(self, name: str, *, wheel: bool) -> bool:
        """Tell whether a package must not come from a file of this kind."""
        for key in (name, ":all:"):
            if key in self.only_binary:
                return not wheel
            if key in self.no_binary:
                return wheel
        return False


@frozen
class StageHint:
    """A wish for one install stage."""

    name: str
    packages: tuple[str, ...]
    """Normalised names, in the order given."""


@frozen
class OptionalFiles:
    """Extension modules that may lack a shared library: what they offer is not used."""

    files: str
    """Shell pattern of the path below site-packages: ``torio/lib/_torio_ffmpeg*``."""
    reason: str


@frozen
class ValidateSpec:
    """What the validator will check inside the image."""

    imports: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables for the imports alone."""
    scripts: tuple[str, ...] = ()
    """Absolute paths of folders whose scripts must be runnable."""
    allow_extra: tuple[str, ...] = ()
    """Normalised names of distributions that may be there although the lock does not hold them."""
    optional_files: tuple[OptionalFiles, ...] = ()
    gpu_memory: int | None = None
    """Bytes that some GPU must have."""
    self_contained: bool = False
    """The virtual environment must not link to a Python outside of it."""


@frozen
class Variant:
    """One accelerator build of an image, complete: baselines are already merged in."""

    name: str
    as_of: datetime | None
    """First instant (UTC) whose uploads are too late. A date in the spec means its whole day."""
    requirements: tuple[SpecRequirement, ...]
    constraints: tuple[SpecRequirement, ...] = ()
    overrides: tuple[Override, ...] = ()
    metadata: tuple[RecordedMetadata, ...] = ()
    indexes: tuple[IndexSpec, ...] = ()
    prerelease: str = "if-necessary"
    """allow, disallow, explicit or if-necessary."""
    base_packages: tuple[BasePackage, ...] = ()
    """One per name, sorted."""
    allow_build: tuple[str, ...] = ()
    """Normalised names of packages whose sdists may be built at install time."""
    env: Mapping[str, str]
    """Environment variables that the image needs."""
    formats: Formats = Formats()
    target: Target
    """The image's target with the variant's own changes."""
    stages: tuple[StageHint, ...] = ()
    validate: ValidateSpec


@frozen
class ImageSpec:
    """One container image."""

    name: str
    summary: str
    default_variant: str
    variants: Mapping[str, Variant]
    path: Path
    """The file it was read from."""
    digest: str
    """SHA-256 over the spec's bytes and those of the baselines it extends."""
    files: tuple[tuple[Path, str], ...] = ()
    """The spec's file and those of its baselines, each with its SHA-256."""
