"""An index over the network: pages are compiled when they come, metadata is read when it is asked.

What was fetched is kept in the user's cache: core metadata for good, since a file never changes, a
page until it is older than ``fresh`` seconds.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urljoin

from depcheck.cache import default_cache
from depcheck.errors import DepcheckError
from depcheck.index.default import DEFAULT, configured_default_index
from depcheck.index.live.answers import Answers
from depcheck.index.live.core_metadata import parse_metadata, parse_sdist_metadata
from depcheck.index.live.credentials import redacted
from depcheck.index.live.http import HURRIED, Http, IndexUnreachableError
from depcheck.index.live.listing import ListedProject, Listing, address, file_record
from depcheck.index.live.once import Once
from depcheck.index.live.pages import fetch_page
from depcheck.index.live.remote_file import hash_of
from depcheck.index.model import CoreMetadata, Dependency, FileRecord, InvalidMetadataError
from depcheck.index.project import newest_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from depcheck.index.interface import PackageIndex
    from depcheck.index.live.http import Waiting
    from depcheck.index.model import Dist, IndexInfo
    from depcheck.index.project import Project

_Kept: TypeAlias = tuple[dict[str, Any], bytes]
FRESH_SECONDS = 600
"""A page younger than this is not asked for again: what the default index allows its readers."""
_PEP_643_SECONDS = 1_603_756_800
"""2020-10-27, when PEP 643 was accepted: an sdist from before is not worth a request."""
_FIRST_STEPS = 2
"""From so many unforeseen files of one project on, a search is taken to go down its versions."""
_MOST_FORESEEN = 16


class LiveIndex:
    """One index, asked over HTTP."""

    info: IndexInfo | None = None

    def __init__(
        self,
        location: str,
        http: Http,
        answers: Answers,
        *,
        fresh: float = FRESH_SECONDS,
        root: str | None = None,
        ahead: Executor | None = None,
        to_hash: frozenset[str] = frozenset(),
    ) -> None:
        """Ask the index at a location.

        Args:
            location: ``default`` or the URL, as specs and locks name it.
            http: The session.
            answers: Where answers are kept.
            fresh: Seconds for which a page is not asked for again.
            root: The URL to ask, where it is not the location: with credentials, for one.
            ahead: Reads what may be asked for next.
            to_hash: Projects whose files are downloaded where the index states no hash of them.
        """
        self.location = location
        stated = root or location
        self.root = configured_default_index() if stated == DEFAULT else f"{stated.rstrip('/')}/"
        self._http = http
        self._answers = answers
        self._fresh = 0 if self.root.startswith("file:") else fresh
        self._projects: Once[str, Project | None] = Once()
        self._listings: dict[str, Listing] = {}
        self._metadata: Once[tuple[str, int], CoreMetadata | None] = Once()
        self._begun: dict[str | tuple[str, int], Future[object]] = {}
        """Look-ups made ahead, by project and by file."""
        self._steps: Counter[str] = Counter()
        """How many files of each project were asked for that nobody had foreseen."""
        self._ahead = ahead
        self._to_hash = to_hash
        self._hashed: Once[str, tuple[str, int]] = Once()
        self._unannounced = True
        """Whether METADATA may lie beside wheels though the pages do not say so."""
        self.quality: Counter[str] = Counter()
        """How many pages and files were answered in which way."""

    @property
    def hurried(self) -> bool:
        """Whether somebody waits for the answers."""
        return self._ahead is not None

    def project(self, name: str) -> Project | None:
        """Return a project, None where the index says that there is none."""
        return self._projects.get(name, lambda: self._read_project(name, self._kept_page(name)))

    def project_ahead(self, name: str) -> Future[object] | None:
        """Begin to look up a project; None where that takes no request, and was done."""
        if name not in self._projects:
            kept = self._kept_page(name)
            read = partial(self._projects.get, name, lambda: self._read_project(name, kept))
            self._begin(name, read, known=self._is_fresh(kept))
        return self._begun.get(name)

    def metadata_ahead(self, project: Project, dist: Dist) -> Future[object] | None:
        """Begin to read a file's core metadata; None where that takes no request, and was done."""
        key = (project.name, dist.position)
        if key not in self._metadata:
            kept = self._kept_metadata(project, dist)
            read = partial(
                self._metadata.get, key, lambda: self._read_metadata(project, dist, kept)
            )
            self._begin(key, read, known=kept is not None)
        return self._begun.get(key)

    def _begin(
        self, key: str | tuple[str, int], read: Callable[[], object], *, known: bool
    ) -> None:
        if known or self._ahead is None:
            with suppress(DepcheckError, InvalidMetadataError):  # it is kept for who asks
                read()
        else:
            self._begun[key] = self._ahead.submit(read)

    def file(self, project: Project, dist: Dist) -> FileRecord:
        """Return where a file is, with its hash and size."""
        record = self._stated(project, dist)
        if record.sha256 is not None or project.name not in self._to_hash:
            return record
        url = address(self._listings[project.name], dist.position)
        sha256, size = self._hashed.get(url, lambda: hash_of(self._http, url))
        if record.size not in {None, size}:
            raise IndexUnreachableError(
                "size-mismatch",
                f"`{redacted(url)}` has {size} bytes, and its index states {record.size}",
                hint="the index is inconsistent, or somebody changed the file on its way",
            )
        return replace(record, sha256=sha256, size=size, downloaded=True)

    def _stated(self, project: Project, dist: Dist) -> FileRecord:
        return file_record(self._listings[project.name], self.location, dist.position)

    def core_metadata(self, project: Project, dist: Dist) -> CoreMetadata | None:
        """Return a file's core metadata, None where only a build could tell."""
        if self._ahead is not None and (project.name, dist.position) not in self._metadata:
            self._foresee(project, dist, self._ahead)
        return self._once(project, dist)

    def _once(self, project: Project, dist: Dist) -> CoreMetadata | None:
        key = (project.name, dist.position)
        return self._metadata.get(
            key, lambda: self._read_metadata(project, dist, self._kept_metadata(project, dist))
        )

    def _foresee(self, project: Project, dist: Dist, ahead: Executor) -> None:
        """Ask for files like this one of older versions, the more the longer a search goes down."""
        self._steps[project.name] += 1
        steps = self._steps[project.name]
        if steps < _FIRST_STEPS or steps & (steps - 1):
            return
        older = itertools.dropwhile(
            lambda each: each.position != dist.position,
            _alike(project, dist),
        )
        for each in itertools.islice(older, 1, 1 + min(2 * steps, _MOST_FORESEEN)):
            if (project.name, each.position) not in self._metadata:
                ahead.submit(self._once, project, each)

    def _read_project(self, name: str, kept: _Kept | None) -> Project | None:
        with self._answers.together():
            listing = self._page(name, kept)
        if listing is None:
            return None
        self._listings[name] = listing
        return ListedProject(name, self.location, listing)

    def _read_metadata(
        self, project: Project, dist: Dist, kept: _Kept | None
    ) -> CoreMetadata | None:
        if kept is not None:
            self.quality["metadata from the cache"] += 1
            found = _from_row(kept[0]["metadata"])
        else:
            with self._answers.together():
                found = self._described(project, dist)
        if isinstance(found, InvalidMetadataError):
            raise found
        return found

    def _address_of_page(self, name: str) -> str:
        return redacted(urljoin(self.root, f"{name}/"))

    def _kept_page(self, name: str) -> _Kept | None:
        return self._answers.read("pages", self._address_of_page(name))

    def _is_fresh(self, kept: _Kept | None) -> bool:
        return kept is not None and 0 <= time.time() - kept[0]["fetched"] < self._fresh

    def _page(self, name: str, kept: _Kept | None) -> Listing | None:
        if kept is not None and self._is_fresh(kept):
            self.quality["pages from the cache"] += 1
            return _from_entry(*kept)
        key = self._address_of_page(name)
        etag = kept[0]["etag"] if kept is not None else ""
        fetched = fetch_page(self._http, self.root, name, etag=etag)
        if fetched is None:
            self.quality["projects that are not there"] += 1
            self._answers.write("pages", key, {"absent": True, "etag": "", **_now()}, b"")
            return None
        if fetched.listing is None and kept is not None:
            self.quality["pages unchanged"] += 1
            self._answers.write("pages", key, {**kept[0], **_now()}, kept[1])
            return _from_entry(*kept)
        if fetched.listing is None:
            raise IndexUnreachableError(
                "index-nonsense",
                f"`{key}` says that a page is unchanged which was never fetched",
                hint="the index or a proxy before it is at fault: try again later",
            )
        self.quality[f"pages as {fetched.source}"] += 1
        header, content = _to_entry(fetched.listing)
        self._answers.write("pages", key, {**header, "etag": fetched.etag, **_now()}, content)
        return fetched.listing

    def _kept_metadata(self, project: Project, dist: Dist) -> _Kept | None:
        if dist.tags is None and dist.uploaded is not None and dist.uploaded < _PEP_643_SECONDS:
            return {"metadata": None}, b""
        return self._answers.read("metadata", _key(*self._place(project, dist)))

    def _place(self, project: Project, dist: Dist) -> tuple[FileRecord, str]:
        return (
            self._stated(project, dist),
            address(self._listings[project.name], dist.position),
        )

    def _described(
        self, project: Project, dist: Dist
    ) -> CoreMetadata | InvalidMetadataError | None:
        file, url = self._place(project, dist)
        try:
            found: CoreMetadata | InvalidMetadataError | None = self._read(file, url)
        except InvalidMetadataError as error:
            found = error
        self._answers.write("metadata", _key(file, url), {"metadata": _to_row(found)}, b"")
        return found

    def _read(self, file: FileRecord, url: str) -> CoreMetadata | None:
        if file.filename.endswith(".whl") and (file.has_metadata or self._unannounced):
            beside = self._beside(file, url)
            if beside is not None:
                return parse_metadata(beside)
        from depcheck.index.live import archives  # noqa: PLC0415 - slow to import

        if not file.filename.endswith(".whl"):
            self.quality["metadata from sdists"] += 1
            content = archives.read_sdist(self._http, url, file.filename, file.sha256)
            return parse_sdist_metadata(content)
        content, _ = archives.read_wheel(self._http, url, file.size, file.sha256)
        self.quality["metadata by range requests"] += 1
        return parse_metadata(content)

    def _beside(self, file: FileRecord, url: str) -> bytes | None:
        """Return the METADATA that the index serves beside a wheel (PEP 658), None without."""
        answer = self._http.get(f"{url}.metadata")
        if answer is None:
            if not file.has_metadata:
                self._unannounced = False
            return None
        digest = hashlib.sha256(answer.body).hexdigest()
        if file.metadata_sha256 not in {None, digest}:
            raise IndexUnreachableError(
                "metadata-hash-mismatch",
                f"`{redacted(url)}.metadata` has SHA-256 {digest}, and its index states "
                f"{file.metadata_sha256}",
                hint="the index is inconsistent, or somebody changed the file on its way: "
                "try again later",
            )
        if b"Metadata-Version:" not in answer.body[:4096]:
            return None  # a page for people that came with status 200
        self.quality["metadata beside wheels"] += 1
        return answer.body


def live_indexes(
    answers: Answers | None = None,
    *,
    fresh: float = FRESH_SECONDS,
    roots: Mapping[str, str] | None = None,
    hurried: bool = True,
    waiting: Waiting | None = None,
    to_hash: Iterable[str] = (),
) -> Callable[[str], PackageIndex]:
    """Return the look-up of live indexes by location; they share one session.

    Args:
        answers: Where answers are kept, in the user's cache folder by default.
        fresh: Seconds for which a page is not asked for again.
        roots: The URLs to ask, by location, where the two differ.
        hurried: Somebody waits: look-ups that are likely to be needed are made ahead.
        waiting: Says what is waited for.
        to_hash: Projects whose files are downloaded where an index states no hash of them.
    """
    hashed = frozenset(to_hash)
    addresses = roots or {}
    http = Http(waiting=waiting)
    shared = answers or Answers(default_cache())
    ahead = ThreadPoolExecutor(HURRIED) if hurried else None
    made: dict[str, LiveIndex] = {}

    def look_up(location: str) -> LiveIndex:
        if location in made:
            return made[location]
        # Of threads that come here at once, one makes the index that all use.
        index = LiveIndex(
            location,
            http,
            shared,
            fresh=fresh,
            root=addresses.get(location),
            ahead=ahead,
            to_hash=hashed,
        )
        return made.setdefault(location, index)

    return look_up


def _alike(project: Project, dist: Dist) -> Iterator[Dist]:
    """Yield the files of stable versions with the tags of one of them, newest first."""
    for rank in newest_first(project.everything & ~project.prereleases):
        yield from (each for each in project.dists(rank) if each.tags == dist.tags)


def _key(file: FileRecord, url: str) -> str:
    return file.sha256 or url


def _now() -> dict[str, float]:
    return {"fetched": time.time()}


def _to_entry(listing: Listing) -> tuple[dict[str, Any], bytes]:
    url, *columns, lines = listing
    return {"url": url, "columns": columns}, "\n".join(lines).encode(errors="surrogatepass")


def _from_entry(header: dict[str, Any], content: bytes) -> Listing | None:
    if header.get("absent"):
        return None
    versions, prereleases, starts = header["columns"]
    lines = content.decode(errors="surrogatepass").split("\n")
    return Listing(header["url"], versions, prereleases, starts, lines)


def _to_row(metadata: CoreMetadata | InvalidMetadataError | None) -> Any:
    if isinstance(metadata, InvalidMetadataError):
        return {"invalid": str(metadata)}
    return metadata


def _from_row(row: Any) -> CoreMetadata | InvalidMetadataError | None:
    if row is None:
        return None
    if isinstance(row, dict):
        return InvalidMetadataError(row["invalid"])
    dependencies, extras, requires_python = row
    return CoreMetadata(
        tuple(Dependency(each[0], tuple(each[1]), *each[2:]) for each in dependencies),
        tuple(extras),
        requires_python,
    )
