"""The compiled form of a project: what a solve reads apart from what only a lock needs.

A project becomes three blobs. ``solve`` (compressed lines of JSON) holds versions, specifier
verdicts and file kinds in its first line, then a line for each version's files, each distinct core
metadata and each distinct requirement. ``listing`` (compressed text) holds a line per file: name,
size, location and, where the index serves it, the hash of the METADATA beside it (PEP 658).
``digests`` holds 32 raw bytes of SHA-256 per file, then 32 of the BLAKE2 digest that the default
index puts into its file locations: neither compresses, and a solve reads none of them.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from depcheck.frozen import frozen
from depcheck.index.model import (
    UNRECORDED,
    CoreMetadata,
    CorruptIndexError,
    Dependency,
    FileRecord,
)
from depcheck.index.project import Project, allowed, from_runs, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from depcheck.index.model import PageFile, ProjectPage
    from depcheck.index.project import RawKind, RawRelease

_DIGEST_BYTES = 32
_DASHES_WITH_BUILD = 3
"""In a wheel's name after its version."""
_HASHED_LOCATION = re.compile(r"packages/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{60})/([^/]+)")
_UNKNOWN = bytes(_DIGEST_BYTES)
_DAMAGE = (zlib.error, ValueError, KeyError, TypeError, IndexError, AttributeError)
_AGAIN = "record the index again, or install `depcheck-toolkit` again"
_ROWS = ("releases", "metadata", "requirements")
"""What has one row a version, or one of each distinct value: a solve reads few of them."""


@frozen
class CompiledProject:
    """One project on one index, as stored."""

    name: str
    versions: int
    files: int
    described: int
    """Files whose core metadata is known."""
    solve: bytes
    listing: bytes
    digests: bytes


@frozen
class ParsedFile:
    """A page's file with what its name says."""

    file: PageFile
    version: Version
    tags: str | None
    build: str


def parse_file(project: str, file: PageFile) -> ParsedFile | None:
    """Return what a file name says, None for a name that is no wheel or sdist of the project."""
    found = named(file.filename)
    if found is None or found.project != project:
        return None
    return ParsedFile(file=file, version=found.version, tags=found.tags, build=found.build)


class Named(NamedTuple):
    """What the name of a wheel or an sdist says."""

    project: str
    """Normalised."""
    text: str
    """The version as it is written."""
    version: Version
    tags: str | None
    """As in `Dist`."""
    build: str


def named(filename: str) -> Named | None:
    """Return what a file name says, None for one that is neither of a wheel nor of an sdist.

    `packaging` decides; it is asked once for each part, since names repeat theirs.
    """
    if filename.endswith(".whl"):
        name, _, rest = filename[:-4].partition("-")
        text, _, tags = rest.partition("-")
        build = ""
        if tags.count("-") == _DASHES_WITH_BUILD:
            label, _, tags = tags.partition("-")
            build = _build_tag(label)
            if not build:
                return None
        if not _are_tags(tags):
            return None
        project = _wheel_project(name)
        stated: str | None = tags
    elif filename.endswith((".tar.gz", ".zip")):
        stem = filename[:-4] if filename.endswith(".zip") else filename[:-7]
        name, _, text = stem.rpartition("-")
        project, stated, build = _sdist_project(name), None, ""
    else:
        return None
    version = _version(text)
    if project is None or version is None:
        return None
    return Named(project, text, version, stated, build)


@lru_cache(maxsize=1 << 12)
def _wheel_project(name: str) -> str | None:
    try:
        return parse_wheel_filename(f"{name}-1-py3-none-any.whl")[0]
    except ValueError:  # endless digits too
        return None


@lru_cache(maxsize=1 << 12)
def _sdist_project(name: str) -> str | None:
    try:
        return parse_sdist_filename(f"{name}-1.zip")[0]
    except ValueError:  # endless digits too
        return None


@lru_cache(maxsize=1 << 14)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # endless digits too
        return None


@lru_cache(maxsize=1 << 12)
def _are_tags(tags: str) -> bool:
    try:
        parse_wheel_filename(f"name-1-{tags}.whl")
    except ValueError:  # endless digits too
        return False
    return tags.count("-") == _DASHES_WITH_BUILD - 1


@lru_cache(maxsize=1 << 10)
def _build_tag(label: str) -> str:
    """Return a build tag as it is written, empty for none."""
    try:
        _, _, parts, _ = parse_wheel_filename(f"name-1-{label}-py3-none-any.whl")
    except ValueError:  # endless digits too
        return ""
    return "".join(map(str, parts))


def compile_page(
    page: ProjectPage,
    *,
    describe: Callable[[PageFile], CoreMetadata | int],
    specifiers: Iterable[str] = (),
    recorded: Callable[[Version], bool] | None = None,
    keep: Callable[[ParsedFile], bool] | None = None,
    effort: int = 9,
) -> CompiledProject:
    """Compile a project page.

    Args:
        page: The project's files.
        describe: Gives a file's core metadata, UNRECORDED or DYNAMIC.
        specifiers: Specifier sets whose verdicts are worked out now.
        recorded: Which versions keep their files; the others are listed as not recorded.
        keep: Which files are of use at all.
        effort: Of the compression, 1 to 9.
    """
    parsed = [found for file in page.files if (found := parse_file(page.name, file))]
    return _Compiler(parsed, describe, recorded, keep).compile(page.name, specifiers, effort)


class _Compiler:
    """Numbers each distinct value of one project."""

    def __init__(
        self,
        files: Sequence[ParsedFile],
        describe: Callable[[PageFile], CoreMetadata | int],
        recorded: Callable[[Version], bool] | None,
        keep: Callable[[ParsedFile], bool] | None,
    ) -> None:
        self._by_version: dict[Version, list[ParsedFile]] = {}
        for file in sorted(files, key=lambda each: each.file.filename):
            self._by_version.setdefault(file.version, []).append(file)
        self._describe = describe
        self._recorded = recorded
        self._keep = keep
        self._kinds: dict[RawKind, int] = {}
        self._metadata: dict[CoreMetadata, int] = {}
        self._requirements: dict[Dependency, int] = {}
        self._kept: list[PageFile] = []
        self._described = 0

    def compile(self, name: str, specifiers: Iterable[str], effort: int) -> CompiledProject:
        ordered = sorted(self._by_version)
        releases = [self._release(version) for version in ordered]
        pre = sum(1 << rank for rank, version in enumerate(ordered) if version.is_prerelease)
        document = {
            "versions": [str(version) for version in ordered],
            "pre": runs(pre),
            "kinds": list(self._kinds),
            "releases": releases,
            "metadata": [self._metadata_row(entry) for entry in self._metadata],
            "requirements": list(self._requirements),
            "specifiers": {text: runs(allowed(ordered, text)) for text in sorted(set(specifiers))},
        }
        return CompiledProject(
            name=name,
            versions=len(ordered),
            files=len(self._kept),
            described=self._described,
            solve=zlib.compress(_lines(document).encode(), effort),
            listing=zlib.compress("\n".join(map(_listing_line, self._kept)).encode(), effort),
            digests=b"".join(_digest_pair(file) for file in self._kept),
        )

    def _release(self, version: Version) -> RawRelease | None:
        if self._recorded is not None and not self._recorded(version):
            return None
        row: RawRelease = [len(self._kept)]
        for parsed in self._by_version[version]:
            if self._keep is not None and not self._keep(parsed):
                continue
            file = parsed.file
            kind = (parsed.tags, parsed.build, file.requires_python, file.yanked)
            row += [_number(self._kinds, kind), self._metadata_id(file), file.uploaded]
            self._kept.append(file)
        return row

    def _metadata_id(self, file: PageFile) -> int:
        metadata = self._describe(file)
        if isinstance(metadata, int):
            self._described += metadata != UNRECORDED
            return metadata
        self._described += 1
        return _number(self._metadata, metadata)

    def _metadata_row(self, metadata: CoreMetadata) -> list[Any]:
        ids = [_number(self._requirements, each) for each in metadata.dependencies]
        return [ids, metadata.extras, metadata.requires_python]


def _lines(document: Mapping[str, Any]) -> str:
    """Return a project as lines of JSON: first what every solve reads, then one line a row."""
    rows = [document[name] for name in _ROWS]
    head = {name: value for name, value in document.items() if name not in _ROWS}
    head["rows"] = list(map(len, rows))
    return "\n".join(map(_json, (head, *chain.from_iterable(rows))))


_json = json.JSONEncoder(separators=(",", ":")).encode


def _number(table: dict[Any, int], value: object) -> int:
    return table.setdefault(value, len(table))


def _listing_line(file: PageFile) -> str:
    location = "" if _hashed_location(file) else file.location
    flag = "" if file.sha256 else "?"
    beside = f"\t{file.metadata_sha256 or '?'}" if file.has_metadata else ""
    return f"{file.filename}\t{'' if file.size is None else file.size}\t{flag}\t{location}{beside}"


def _hashed_location(file: PageFile) -> bytes | None:
    match = _HASHED_LOCATION.fullmatch(file.location)
    if match is None or match[4] != file.filename:
        return None
    return bytes.fromhex(match[1] + match[2] + match[3])


def _digest_pair(file: PageFile) -> bytes:
    sha256 = bytes.fromhex(file.sha256) if file.sha256 else _UNKNOWN
    return sha256 + (_hashed_location(file) or _UNKNOWN)


def decode_project(name: str, index: str, solve: bytes) -> Project:
    """Read a project back from its ``solve`` blob.

    Raises:
        CorruptIndexError: the blob is not what `compile_page` wrote.
    """
    try:
        head, *rows = zlib.decompress(solve).decode().split("\n")
        return _build(name, index, json.loads(head), rows)
    except (*_DAMAGE, RecursionError) as error:
        raise CorruptIndexError(
            "corrupt-project",
            f"the recording of `{name}` on index `{index}` cannot be read: {error}",
            hint=_AGAIN,
        ) from error


def _build(name: str, index: str, document: Mapping[str, Any], rows: list[str]) -> Project:
    releases, metadata, requirements = document["rows"]
    if len(rows) != releases + metadata + requirements:
        raise ValueError("rows are missing")
    for key, kind in (("versions", list), ("kinds", list), ("specifiers", dict)):
        if not isinstance(document[key], kind):
            raise TypeError(f"`{key}` is of another kind")
    described, asked = rows[releases : releases + metadata], rows[releases + metadata :]
    return Project(
        name,
        index=index,
        versions=document["versions"],
        prereleases=from_runs(document["pre"], len(document["versions"])),
        kinds=document["kinds"],
        releases=_Rows(rows[:releases]),
        metadata=_Metadata(_Rows(asked), described),
        specifiers=document["specifiers"],
    )


class _Rows(Sequence[Any]):
    """Lines of JSON, decoded when asked for: a solve reads few of them."""

    def __init__(self, lines: list[Any]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, at: Any) -> Any:
        found = self._lines[at]
        if isinstance(found, str):
            try:
                found = self._lines[at] = _row(found)
            except (ValueError, RecursionError) as error:
                raise _damaged_row(error) from error
        return found


def _row(line: str) -> Any:
    """Decode one line: `json.loads` takes longer about so little."""
    found, end = _decode(line)
    if end != len(line):
        raise ValueError("there is more than one value")
    return found


_decode = json.JSONDecoder().raw_decode


def _damaged_row(error: Exception) -> CorruptIndexError:
    return CorruptIndexError(
        "corrupt-project", f"a row of a recorded project cannot be read: {error}", hint=_AGAIN
    )


class _Metadata(dict[int, CoreMetadata]):
    """Distinct core metadata by number, decoded when asked for: a solve reads little of it."""

    def __init__(self, requirements: Sequence[Any], rows: Sequence[str]) -> None:
        super().__init__()
        self._requirements = requirements
        self._rows = rows

    def __missing__(self, number: int) -> CoreMetadata:
        try:
            ids, extras, requires_python = _row(self._rows[number])
            stated = (self._requirements[each] for each in ids)
            dependencies = tuple(Dependency(row[0], tuple(row[1]), *row[2:]) for row in stated)
            self[number] = found = CoreMetadata(dependencies, tuple(extras), requires_python)
        except (*_DAMAGE, RecursionError) as error:
            raise _damaged_row(error) from error
        return found


def decode_file(listing: Sequence[str], digests: bytes, position: int) -> FileRecord:
    """Read one file back from a project's listing lines and digests.

    Raises:
        CorruptIndexError: the line is not what `compile_page` wrote.
    """
    try:
        filename, size, flag, location, *beside = listing[position].split("\t")
        bytes_of_file = int(size) if size else None
    except (IndexError, ValueError) as error:
        raise CorruptIndexError(
            "corrupt-listing",
            f"a file listing cannot be read: {error}",
            hint=_AGAIN,
        ) from error
    start = position * 2 * _DIGEST_BYTES
    sha256 = digests[start : start + _DIGEST_BYTES].hex()
    path = digests[start + _DIGEST_BYTES : start + 2 * _DIGEST_BYTES].hex()
    return FileRecord(
        filename=filename,
        location=location or f"packages/{path[:2]}/{path[2:4]}/{path[4:]}/{filename}",
        sha256=None if flag else sha256,
        size=bytes_of_file,
        has_metadata=bool(beside),
        metadata_sha256=beside[0] if beside and beside[0] != "?" else None,
    )


def decode_listing(listing: bytes) -> list[str]:
    """Return a listing's lines, one per file.

    Raises:
        CorruptIndexError: the blob is not what `compile_page` wrote.
    """
    try:
        return zlib.decompress(listing).decode().split("\n")
    except (zlib.error, UnicodeDecodeError) as error:
        raise CorruptIndexError(
            "corrupt-listing",
            f"a file listing cannot be read: {error}",
            hint=_AGAIN,
        ) from error
