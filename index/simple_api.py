"""Any index, recorded or live, as the pages of the Simple API (PEP 503, 691, 658).

The files themselves stay where they are. Their METADATA is written anew from what is known of it,
so its hash is another than that of the original; the page states the one that is served.
"""

from __future__ import annotations

import hashlib
import html
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name

from depcheck.frozen import frozen
from depcheck.index.default import absolute_url
from depcheck.index.model import DYNAMIC, InvalidMetadataError, NotRecordedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from depcheck.index.interface import PackageIndex
    from depcheck.index.model import CoreMetadata, Dist
    from depcheck.index.project import Project

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
METADATA = ".metadata"


@frozen
class Page:
    """An answer with a body, or with the address where the file really is."""

    kind: str = "text/plain; charset=utf-8"
    body: bytes = b""
    location: str | None = None


@frozen
class BuildGuard:
    """Says which files a reader may have that builds sdists, and what URLs lead to, on its own."""

    allowed: frozenset[str]
    """Packages that may be built."""
    reads_sdists: bool
    """The reader takes metadata from an sdist that states it (PEP 643), instead of a build."""

    def lists(self, project: Project, dist: Dist) -> bool:
        """Whether a page may name a file, by what is known without reading it."""
        if dist.tags is not None or project.name in self.allowed:
            return True
        return self.reads_sdists and dist.metadata != DYNAMIC

    def lets_through(self, index: PackageIndex, project: Project, dist: Dist) -> bool:
        """Whether a reader may have a file, or its metadata, without running foreign code."""
        if not self.lists(project, dist):
            return False
        try:
            metadata = index.core_metadata(project, dist)
        except InvalidMetadataError:
            return False
        if metadata is None:
            return project.name in self.allowed
        return all(self._is_harmless(each.name, each.url) for each in metadata.dependencies)

    def _is_harmless(self, name: str, url: str | None) -> bool:
        return url is None or name in self.allowed or is_wheel_url(url)


def is_wheel_url(url: str) -> bool:
    """Whether a direct reference leads to a wheel, which needs no build."""
    return urlsplit(url).path.endswith(".whl") and not url.startswith("git+")


class SimpleApi:
    """Answers paths below one root: ``simple/NAME/`` and ``files/NAME/VERSION/FILE``."""

    def __init__(
        self,
        index_of: Callable[[str], PackageIndex],
        *,
        as_of: datetime | None = None,
        guard: BuildGuard | None = None,
    ) -> None:
        """Take the look-up of the index of each project.

        Args:
            index_of: The index of a project, by its name.
            as_of: First instant whose uploads are too late. Files whose index states no upload time
                are not too late, as in a solve.
            guard: Keeps back what the readers would run code of; None for readers that may.
        """
        self._guard = guard
        self._index_of = index_of
        self._as_of = None if as_of is None else int(as_of.timestamp())
        self.not_recorded: set[str] = set()
        """Projects that were asked for and that a recording knows nothing of."""

    def answer(self, path: str, accept: str) -> Page | None:
        """Return the page of a path, None where there is nothing."""
        match [unquote(part) for part in path.strip("/").split("/")]:
            case ["simple", name]:
                return self._project_page(canonicalize_name(name), accept)
            case ["files", name, version, filename]:
                return self._file(name, version, filename)
        return None

    def _project(self, name: str) -> tuple[PackageIndex, Project] | None:
        index = self._index_of(name)
        try:
            project = index.project(name)
        except NotRecordedError:
            self.not_recorded.add(name)
            return None
        return None if project is None else (index, project)

    def _project_page(self, name: str, accept: str) -> Page | None:
        found = self._project(name)
        if found is None:
            return None
        files = list(_files(*found, self._as_of, self._guard))
        if "json" in accept:
            document = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
            document["versions"] = list(found[1].versions)
            return Page(kind=JSON, body=json.dumps(document).encode())
        links = "\n".join(map(_link, files))
        text = f"<!DOCTYPE html><html><head><title>Links for {name}</title></head><body>\n"
        return Page(
            kind=HTML, body=f"{text}<h1>Links for {name}</h1>\n{links}\n</body></html>\n".encode()
        )

    def _file(self, name: str, version: str, filename: str) -> Page | None:
        found = self._project(name)
        if found is None or version not in found[1].versions:
            return None
        index, project = found
        for dist in project.dists(list(project.versions).index(version)):
            file = index.file(project, dist)
            asked = filename in {file.filename, file.filename + METADATA}
            if asked and self._guard and not self._guard.lets_through(index, project, dist):
                return None
            if filename == file.filename:
                return Page(location=absolute_url(file.location, index.location))
            if filename == file.filename + METADATA:
                metadata = index.core_metadata(project, dist)
                if metadata is None:
                    return None
                return Page(body=metadata_text(name, version, metadata).encode())
        return None


def _files(
    index: PackageIndex, project: Project, as_of: int | None, guard: BuildGuard | None
) -> Iterator[dict[str, Any]]:
    for rank, version in enumerate(project.versions):
        if not project.is_recorded(rank):
            continue
        for dist in project.dists(rank):
            if as_of is not None and dist.uploaded is not None and dist.uploaded >= as_of:
                continue
            if guard is not None and not guard.lists(project, dist):
                continue
            described = _described(index, project, version, dist)
            if described is not None:
                yield described


def _described(
    index: PackageIndex, project: Project, version: str, dist: Dist
) -> dict[str, Any] | None:
    """Return a file as PEP 691 has it, None where its metadata is not known or invalid."""
    file = index.file(project, dist)
    path = "/".join(quote(part) for part in (project.name, version, file.filename))
    core: bool | dict[str, str] = dist.metadata != DYNAMIC
    if dist.metadata >= 0:
        text = metadata_text(project.name, version, project.metadata[dist.metadata])
        core = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
    elif index.info is not None and dist.metadata != DYNAMIC:
        return None
    described: dict[str, Any] = {
        "filename": file.filename,
        "url": f"../../files/{path}",
        "hashes": {"sha256": file.sha256} if file.sha256 else {},
        "yanked": dist.yanked,
        "core-metadata": core,
    }
    if dist.requires_python:
        described["requires-python"] = dist.requires_python
    if file.size is not None:
        described["size"] = file.size
    if dist.uploaded is not None:
        moment = datetime.fromtimestamp(dist.uploaded, timezone.utc)
        described["upload-time"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return described


def _link(file: Mapping[str, Any]) -> str:
    fragment = f"#sha256={file['hashes']['sha256']}" if file["hashes"] else ""
    words = {"href": file["url"] + fragment}
    if file["core-metadata"]:
        core = file["core-metadata"]
        words["data-core-metadata"] = f"sha256={core['sha256']}" if core is not True else "true"
    if file["yanked"]:
        words["data-yanked"] = ""
    if "requires-python" in file:
        words["data-requires-python"] = file["requires-python"]
    stated = " ".join(f'{name}="{html.escape(value)}"' for name, value in words.items())
    return f"<a {stated}>{html.escape(file['filename'])}</a><br>"


def metadata_text(name: str, version: str, metadata: CoreMetadata) -> str:
    """Return core metadata as the METADATA file of a wheel has it."""
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    if metadata.requires_python:
        lines.append(f"Requires-Python: {metadata.requires_python}")
    lines += [f"Provides-Extra: {extra}" for extra in metadata.extras]
    lines += [f"Requires-Dist: {each}" for each in metadata.dependencies]
    return "\n".join([*lines, ""])
