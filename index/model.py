"""Values that an index speaks in: pages, files, distributions and core metadata."""

from __future__ import annotations

from typing import NamedTuple

from depcheck.errors import EnvironmentFailure
from depcheck.frozen import frozen

UNRECORDED = -1
"""Metadata id of a distribution whose core metadata was not read (yet)."""
DYNAMIC = -2
"""Metadata id of an sdist that cannot state its dependencies without being built (PEP 643)."""
INVALID = -3
"""Metadata id of a distribution whose core metadata breaks the specification."""


class Dependency(NamedTuple):
    """One ``Requires-Dist`` entry, split into what a solver asks of it."""

    name: str
    """Normalised name (PEP 503)."""
    extras: tuple[str, ...]
    """Normalised extras, sorted."""
    specifier: str
    """Specifier set as text, empty for any version."""
    marker: str | None
    url: str | None
    """Direct reference (PEP 508 ``name @ url``)."""

    def __str__(self) -> str:
        """The requirement in PEP 508 form."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        target = f" @ {self.url}" if self.url else self.specifier
        gap = " ;" if self.url else ";"
        return f"{self.name}{extras}{target}" + (f"{gap} {self.marker}" if self.marker else "")


class CoreMetadata(NamedTuple):
    """The part of core metadata that decides a resolution."""

    dependencies: tuple[Dependency, ...]
    extras: tuple[str, ...]
    """Normalised names from ``Provides-Extra``."""
    requires_python: str | None = None


class Dist(NamedTuple):
    """One file of a release, as a solver sees it (no URL, no hash)."""

    tags: str | None
    """Compressed tag set of a wheel (``cp311-cp311-manylinux_2_17_x86_64``), None for an sdist."""
    build: str
    """Build tag of a wheel, empty without."""
    requires_python: str | None
    yanked: bool
    uploaded: int | None
    """Upload time in seconds since the epoch, None where the index does not say."""
    metadata: int
    """Id in the project's metadata table, or UNRECORDED, or DYNAMIC."""
    position: int
    """Row of the file in the project's listing."""


@frozen
class FileRecord:
    """Where a file is and how to recognise it."""

    filename: str
    location: str
    """Relative to the index's file base, or an absolute URL where the index points elsewhere."""
    sha256: str | None
    """Lower-case hex digest; None where the index does not state one."""
    size: int | None
    """Bytes; None where the index does not say."""
    has_metadata: bool = False
    """The index serves the wheel's METADATA beside it (PEP 658)."""
    metadata_sha256: str | None = None
    downloaded: bool = False
    """The index states no hash: this one was computed from a download, as the user asked."""


@frozen
class PageFile:
    """One file of a project page, before compilation."""

    filename: str
    location: str
    sha256: str | None
    size: int | None
    requires_python: str | None
    yanked: bool
    uploaded: int | None
    has_metadata: bool = False
    """The index serves the wheel's METADATA beside it (PEP 658)."""
    metadata_sha256: str | None = None


@frozen
class ProjectPage:
    """A project's files as an index lists them (PEP 503, PEP 691)."""

    name: str
    """Normalised name."""
    files: tuple[PageFile, ...]


@frozen
class IndexInfo:
    """What is known about a recorded index."""

    location: str
    """``default`` for the client library's default index, else the index URL."""
    moment: str
    """When it was recorded: ISO 8601, UTC."""
    horizon: int | None
    """Uploads after this instant (seconds since the epoch) were not recorded; None: no limit."""
    projects: int
    versions: int
    files: int
    described: int
    """Files whose core metadata is recorded."""
    digest: str
    """SHA-256 over all records of the index: equal digests, equal answers."""


ASK_INDEXES = "ask the indexes themselves: `solve --live`, `compile` without `--snapshot`"


class NotRecordedError(EnvironmentFailure):
    """The recorded index does not know: neither present nor absent."""

    def __init__(self, subject: str | None, *, index: str, hint: str | None = None) -> None:
        """Say what is missing; without a subject it is the index as a whole."""
        what = f"{subject} is not in the recording of" if subject else "there is no recording of"
        super().__init__(
            "not-recorded",
            f"{what} index `{index}`",
            hint=hint or f"record it with `depcheck index record`, or {ASK_INDEXES}",
        )
        self.index = index


class CorruptIndexError(EnvironmentFailure):
    """A recording or a cache entry cannot be read back."""


class InvalidMetadataError(Exception):
    """Core metadata that breaks the specification: the candidate is passed over, not the index."""
