"""The seam between solving and wherever candidates come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from concurrent.futures import Future

    from depcheck.index.model import CoreMetadata, Dist, FileRecord, IndexInfo
    from depcheck.index.project import Project


class PackageIndex(Protocol):
    """A package repository, live or recorded.

    All answers for one project are consistent with each other for the lifetime of the object.
    """

    @property
    def location(self) -> str:
        """``default``, or the URL by which a spec names the index."""

    @property
    def info(self) -> IndexInfo | None:
        """What was recorded, or None for a live index."""

    def project(self, name: str) -> Project | None:
        """Return the project of this normalised name, None where the index says there is none.

        Cost: one look-up (snapshot) or one request (live); answers are kept.

        Raises:
            NotRecordedError: a snapshot that was never asked about this project.
            EnvironmentFailure: the index cannot be reached or answers nonsense.
        """

    def core_metadata(self, project: Project, dist: Dist) -> CoreMetadata | None:
        """Return the core metadata of one file, None where only a build could tell (PEP 643).

        Raises:
            NotRecordedError: a snapshot that has not read this file's metadata.
            EnvironmentFailure: the index cannot be reached or answers nonsense.
        """

    def file(self, project: Project, dist: Dist) -> FileRecord:
        """Return where the file is, with its hash and size."""


@runtime_checkable
class RemoteIndex(Protocol):
    """What an index has beside that whose look-ups are requests: they can be made ahead."""

    hurried: bool
    """Somebody waits for the answers."""

    def project_ahead(self, name: str) -> Future[object] | None:
        """Begin to look up a project; None where that takes no request, and was done."""

    def metadata_ahead(self, project: Project, dist: Dist) -> Future[object] | None:
        """Begin to read a file's core metadata; None where that takes no request, and was done."""
