"""The answer of a solve: pins, why they are there, and what was waived to get them."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from depcheck.frozen import frozen
from depcheck.images.model import ValidateSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.conflicts.model import BuildNeeds
    from depcheck.images.model import StageHint, Target


@frozen
class LockedFile:
    """The one file of a release that the target installs."""

    filename: str
    url: str
    """Absolute."""
    sha256: str
    size: int | None
    """Bytes; None where the index does not say."""
    uploaded: int | None
    """Seconds since the epoch; None where the index does not say."""
    downloaded: bool = False
    """The index states no hash: this one was computed from a download."""

    @property
    def is_wheel(self) -> bool:
        """Whether it installs without being built."""
        return self.filename.endswith(".whl")


@frozen
class DirectSource:
    """A pin that comes from a URL instead of an index (PEP 610)."""

    url: str
    """Without the VCS prefix: ``https://github.com/axolotl-ai-cloud/axolotl``."""
    vcs: str | None = None
    """``git``, or None for an archive."""
    commit: str | None = None
    sha256: str | None = None
    subdirectory: str | None = None

    @property
    def is_wheel(self) -> bool:
        """Whether it installs without being built."""
        return self.vcs is None and self.url.endswith(".whl")


@frozen
class PassedOver:
    """Newer versions that were not chosen, for one and the same reason."""

    versions: tuple[str, ...]
    """Newest first."""
    reason: str


@frozen
class Via:
    """One requirement that led to a pin."""

    source: str
    """Normalised name of the pin that asks, or the origin (file and key, rule id)."""
    requirement: str
    """The requirement as it counted in the solve (PEP 508)."""
    is_package: bool
    """``source`` is a pin's name."""
    rule: str | None = None
    """Id of the rule that stated or replaced the requirement."""


@frozen
class Pin:
    """One distribution at one version, with the file chosen."""

    name: str
    """Normalised."""
    version: str
    """With its local label: ``2.2.2+cu121``."""
    index: str | None
    """Name of the index in ``Solution.indexes``; None for a direct reference."""
    file: LockedFile | None
    """None for a direct reference."""
    other_sha256: tuple[str, ...] = ()
    """Of the version's other files that the target could install, sorted; none for an image."""
    direct: DirectSource | None = None
    extras: tuple[str, ...] = ()
    """Extras asked for, sorted."""
    requires: tuple[str, ...] = ()
    """Normalised names of the pins it needs, sorted."""
    requires_python: str | None = None
    via: tuple[Via, ...] = ()
    metadata_from: str = "wheel"
    """wheel, sdist, ``rule:ID`` or ``spec``."""
    passed_over: tuple[PassedOver, ...] = ()
    build: BuildNeeds | None = None
    """How to build it, where a rule says so; only for an sdist or a direct reference."""

    @property
    def needs_build(self) -> bool:
        """Whether installing runs the distribution's own build backend."""
        source = self.direct or self.file
        return source is None or not source.is_wheel


@frozen
class Waiver:
    """One deviation from published metadata that a rule justified."""

    package: str
    version: str
    requirement: str
    """As published (PEP 508)."""
    replacement: str | None
    """What counts instead; None where the dependency was dropped."""
    rule: str
    reason: str


@frozen
class AppliedRule:
    """A rule that had something to say in this solve."""

    id: str
    kind: str
    reason: str
    remedy: str
    evidence: tuple[str, ...]
    subjects: tuple[str, ...]
    """``name==version`` of the pins in its scope, sorted."""


@frozen
class IgnoredRule:
    """A rule that would have counted, had the user not switched it off."""

    id: str
    reason: str
    """Why it was switched off, in the user's words."""


@frozen
class ProvidedPackage:
    """A package that pins need and that the base image has: nobody installs it."""

    name: str
    version: str
    path: str
    """Folder of packages inside the image that holds it."""
    needed_by: tuple[str, ...]
    """Names of packages, or places of direct requirements, sorted."""


@frozen
class Shadowed:
    """A package of the base image that a pin replaces on purpose."""

    name: str
    version: str
    """The version that the base image has."""
    path: str


@frozen
class IndexUse:
    """An index that pins came from."""

    name: str
    """``default``, or the spec's name for it."""
    url: str
    """Simple API root."""
    packages: tuple[str, ...] = ()
    """Normalised names that come from here and nowhere else; empty for the default index."""
    digest: str | None = None
    """Digest of the snapshot; None for a live index."""
    moment: str | None = None


@frozen
class Solution:
    """One image variant, solved."""

    image: str
    variant: str
    summary: str
    target: Target
    as_of: str | None
    """ISO 8601, UTC: the first instant whose uploads are too late."""
    input_digest: str
    """SHA-256 over everything that decided the answer: spec, rules, snapshot, limits."""
    pins: tuple[Pin, ...]
    """Sorted by name."""
    waivers: tuple[Waiver, ...] = ()
    rules: tuple[AppliedRule, ...] = ()
    switched_off: tuple[IgnoredRule, ...] = ()
    provided: tuple[ProvidedPackage, ...] = ()
    """Sorted by name; none of them is a pin."""
    shadowed: tuple[Shadowed, ...] = ()
    """Sorted by name; each of them is a pin."""
    indexes: tuple[IndexUse, ...] = ()
    after: tuple[tuple[str, str], ...] = ()
    """(package, package that must be installed in an earlier stage), from ``order`` rules."""
    stages: tuple[StageHint, ...] = ()
    shared: tuple[StageHint, ...] = ()
    """Stages that other images of a fleet have too: they come before all others, as they are."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables that the spec or rules ask the image to set."""
    system: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What the pins show; the lock states it, and the gate can tell it again."""
    fallbacks: tuple[str, ...] = ()
    """Warnings of pins that are far older than they need be: only the search could tell."""
    validate: ValidateSpec = field(default_factory=ValidateSpec)
    """What the spec wants to be checked inside the image."""
    rounds: int = 0

    @property
    def title(self) -> str:
        """What was solved, as messages call it."""
        return f"{self.image} ({self.variant})" if self.variant else self.image
