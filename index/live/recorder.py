"""Record what solves could visit: ask a plan what is missing, fetch it, and compile the outcome.

At most `POLITE` requests are under way at once. What was fetched is in the cache, so that a
recording that was cut short goes on where it stopped.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, Protocol

from depcheck.index.compiled import compile_page
from depcheck.index.live.http import POLITE
from depcheck.index.model import (
    DYNAMIC,
    INVALID,
    UNRECORDED,
    CoreMetadata,
    InvalidMetadataError,
    PageFile,
    ProjectPage,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from depcheck.index.compiled import CompiledProject, ParsedFile
    from depcheck.index.interface import PackageIndex
    from depcheck.index.model import Dist
    from depcheck.index.project import Project


class Plan(Protocol):
    """Says what is missing, takes answers, and is asked again (`depcheck.resolver.visits`)."""

    def projects(self) -> Iterator[tuple[str, str]]:
        """Yield location and name of each project that is needed next."""

    def give_project(self, location: str, name: str, project: Project | None) -> None:
        """Take a project, None where the index has none."""

    def files(self) -> Iterator[tuple[str, Project, Dist]]:
        """Yield the files whose core metadata is needed next."""

    def give_metadata(
        self,
        location: str,
        project: Project,
        dist: Dist,
        metadata: CoreMetadata | InvalidMetadataError | None,
    ) -> None:
        """Take a file's core metadata."""

    def wanted(self) -> dict[tuple[str, str], int]:
        """Return the ranks that the recording must describe, by location and name."""


class Progress(Protocol):
    """Is told how far the recording is."""

    def update(self, *, projects: int, files: int, waiting: int) -> None:
        """Take the numbers of projects and files read so far, and of requests that wait."""


class Recording(NamedTuple):
    """What was recorded, by index location."""

    projects: dict[str, list[CompiledProject]]
    absent: list[tuple[str, str]]


class Recorder:
    """One recording."""

    def __init__(
        self,
        plan: Plan,
        indexes: Callable[[str], PackageIndex],
        *,
        keep: Callable[[ParsedFile], bool],
        horizon: int | None,
        progress: Progress,
    ) -> None:
        """Prepare a recording.

        Args:
            plan: What to record.
            indexes: Live indexes by location.
            keep: Which files are of use to anybody.
            horizon: Seconds since the epoch; later uploads are left out.
            progress: Is told how far it is.
        """
        self._plan = plan
        self._indexes = indexes
        self._keep = keep
        self._horizon = horizon
        self._progress = progress
        self._projects: dict[tuple[str, str], Project | None] = {}
        self._metadata: dict[tuple[str, str], dict[int, CoreMetadata | int]] = {}
        self._files = 0

    def record(self) -> Recording:
        """Fetch everything that the plan asks for, and compile it.

        Raises:
            EnvironmentFailure: an index does not answer.
        """
        with ThreadPoolExecutor(POLITE) as pool:
            try:
                while self._fetch_projects(pool) or self._fetch_metadata(pool):
                    pass
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        wanted = self._plan.wanted()
        recording = Recording({}, [])
        for (location, name), project in sorted(self._projects.items()):
            compiled = recording.projects.setdefault(location, [])
            if project is None:
                recording.absent.append((location, name))
            else:
                compiled.append(self._compile(location, project, wanted.get((location, name), 0)))
        return recording

    def _fetch_projects(self, pool: ThreadPoolExecutor) -> bool:
        missing = list(self._plan.projects())
        answers = pool.map(lambda each: self._indexes(each[0]).project(each[1]), missing)
        for left, ((location, name), project) in enumerate(zip(missing, answers, strict=True)):
            self._projects[location, name] = project
            self._plan.give_project(location, name, project)
            self._report(len(missing) - left - 1)
        return bool(missing)

    def _fetch_metadata(self, pool: ThreadPoolExecutor) -> bool:
        missing = list(self._plan.files())
        answers = pool.map(lambda each: self._read(*each), missing)
        for left, ((location, project, dist), found) in enumerate(
            zip(missing, answers, strict=True)
        ):
            known = self._metadata.setdefault((location, project.name), {})
            known[dist.position] = _stored(found)
            self._plan.give_metadata(location, project, dist, found)
            self._files += 1
            self._report(len(missing) - left - 1)
        return bool(missing)

    def _read(
        self, location: str, project: Project, dist: Dist
    ) -> CoreMetadata | InvalidMetadataError | None:
        try:
            return self._indexes(location).core_metadata(project, dist)
        except InvalidMetadataError as error:
            return error

    def _report(self, waiting: int) -> None:
        self._progress.update(projects=len(self._projects), files=self._files, waiting=waiting)

    def _compile(self, location: str, project: Project, wanted: int) -> CompiledProject:
        known = self._metadata.get((location, project.name), {})
        files: list[PageFile] = []
        described: dict[str, CoreMetadata | int] = {}
        recorded: set[str] = set()
        for rank, version in enumerate(project.versions):
            if wanted >> rank & 1:
                recorded.add(version)
            for dist in project.dists(rank):
                if self._too_late(dist):
                    continue
                file = _page_file(self._indexes(location), project, dist)
                files.append(file)
                described[file.filename] = known.get(dist.position, UNRECORDED)
        return compile_page(
            ProjectPage(name=project.name, files=tuple(files)),
            describe=lambda file: described[file.filename],
            specifiers=project.masks(),
            recorded=lambda version: str(version) in recorded,
            keep=self._keep,
        )

    def _too_late(self, dist: Dist) -> bool:
        if self._horizon is None or dist.uploaded is None:
            return False
        return dist.uploaded >= self._horizon


def _stored(metadata: CoreMetadata | InvalidMetadataError | None) -> CoreMetadata | int:
    if metadata is None:
        return DYNAMIC
    return INVALID if isinstance(metadata, InvalidMetadataError) else metadata


def _page_file(index: PackageIndex, project: Project, dist: Dist) -> PageFile:
    record = index.file(project, dist)
    return PageFile(
        filename=record.filename,
        location=record.location,
        sha256=record.sha256,
        size=record.size,
        requires_python=dist.requires_python,
        yanked=dist.yanked,
        uploaded=dist.uploaded,
    )
