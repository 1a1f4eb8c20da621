"""The files of one project as a page lists them: a line of text for each, looked at when asked for.

A page in JSON (PEP 691) becomes lines in one pass, whatever else comes of it; a solve looks at few
of them. The same lines are what the cache keeps.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from depcheck.index.compiled import named
from depcheck.index.default import DEFAULT, HASHED_PATH, relative_location
from depcheck.index.live.credentials import redacted
from depcheck.index.model import UNRECORDED, Dist, FileRecord
from depcheck.index.project import Project, from_runs, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.version import Version

_SHA256 = re.compile(r"[0-9a-f]{64}")
MAJOR = "1"
"""Of the Simple API's versions, the one that is known (PEP 629)."""
_PLAIN = re.compile(r"(https?://[^@?#%/]+)/[^@?#%]+")
_FIELDS: dict[str, set[type]] = {
    "url": {str},
    "hashes": {dict},
    "requires-python": {str, type(None)},
    "size": {int, type(None)},
    "upload-time": {str, type(None)},
    "yanked": {bool, str, type(None)},
}
"""Of a file in JSON: what each key may hold."""
_BREAKS = re.compile(r"[\t\r\n]+")
_PLATFORMS = re.compile(r"(?:^|\.)(?:any|(?:many)?linux\w*_(?:x86_64|aarch64))(?:\.|$)", re.ASCII)
_SPECIAL = "[]%#? "
_RELEASE = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*", re.ASCII)
"""A version that `packaging` writes as it stands, and that is no pre-release."""


class Listing(NamedTuple):
    """What is kept of a page."""

    url: str
    """Of the page: URLs of files may be relative to it."""
    versions: list[str]
    """Ascending."""
    prereleases: list[int]
    """As runs of ranks."""
    starts: list[int]
    """First line of each version, and one past the last line of all."""
    lines: list[str]
    """By version, then by file name: the fields of `_Line`."""


class _Line(NamedTuple):
    filename: str
    tags: str
    """Empty for an sdist."""
    build: str
    requires_python: str
    yanked: str
    uploaded: str
    size: str
    sha256: str
    core_metadata: str
    """SHA-256 of the METADATA beside a wheel (PEP 714), ``?`` where it has none, or empty."""
    url: str


class ListedProject(Project):
    """A project whose files are looked at when one of its versions is asked for."""

    __slots__ = ("_listing",)

    def __init__(self, name: str, index: str, listing: Listing) -> None:
        super().__init__(
            name,
            index=index,
            versions=listing.versions,
            prereleases=from_runs(listing.prereleases, len(listing.versions)),
            kinds=(),
            releases=[[start] for start in listing.starts[:-1]],
            metadata={},
            specifiers={},
        )
        self._listing = listing

    def _expand(self, rank: int) -> Iterator[Dist]:
        starts = self._listing.starts
        for position in range(starts[rank], starts[rank + 1]):
            line = _line(self._listing, position)
            yield Dist(
                tags=line.tags or None,
                build=line.build,
                requires_python=line.requires_python or None,
                yanked=bool(line.yanked),
                uploaded=seconds(line.uploaded),
                metadata=UNRECORDED,
                position=position,
            )


def file_record(listing: Listing, index: str, position: int) -> FileRecord:
    """Return a file of a listing; ``index`` is the location of the index."""
    line = _line(listing, position)
    return FileRecord(
        filename=line.filename,
        location=_location(address(listing, position), index),
        sha256=_sha256(line.sha256),
        size=int(line.size) if line.size else None,
        has_metadata=bool(line.core_metadata),
        metadata_sha256=_sha256(line.core_metadata),
    )


def address(listing: Listing, position: int) -> str:
    """Return the URL of a file, without credentials and fragment."""
    url = _line(listing, position).url
    if _PLAIN.fullmatch(url):
        return url
    return redacted(urljoin(listing.url, url).partition("#")[0])


def _line(listing: Listing, position: int) -> _Line:
    return _Line(*listing.lines[position].split("\t"))


def json_files(body: bytes) -> list[dict[str, Any]]:
    """Return the files of a page in JSON, as PEP 691 has them.

    Raises:
        ValueError: it has another form.
    """
    document = json.loads(body)
    files: list[dict[str, Any]] = _of(document, "files", list)
    version = _of(_of(document, "meta", dict), "api-version", str)
    if version.partition(".")[0] != MAJOR:
        raise ValueError(f"its Simple API version is {version}")
    if not {type(file) for file in files} <= {dict}:
        raise _other_kind("files")
    for key, kinds in _FIELDS.items():
        if not {type(file.get(key)) for file in files} <= kinds:
            raise _other_kind(key)
    return files


def _of(document: Any, key: str, kind: type) -> Any:
    found = document.get(key) if isinstance(document, dict) else None
    if not isinstance(found, kind):
        raise _other_kind(key)
    return found


def _other_kind(key: str) -> ValueError:
    return ValueError(f"its `{key}` is missing or of another kind")


def make_listing(name: str, url: str, files: list[dict[str, Any]]) -> Listing:
    """Return what is kept of a page: the files whose names are those of wheels and sdists.

    Wheels that fit no target are left out, but for one where a version has nothing else.

    Args:
        name: Of the project, normalised.
        url: Of the page, without credentials.
        files: As PEP 691 has them.

    Raises:
        ValueError: the place of a file is no URL.
    """
    found: dict[Version, tuple[str, list[str]]] = {}
    by_text: dict[str, list[str]] = {}
    plain = _are_plain("".join([file["url"] for file in files]))
    for file in files:
        filename = file["url"].rpartition("/")[2] if plain else _filename(file["url"])
        if filename.endswith(".whl"):
            # Of files for other systems, one shows that a version is there.
            start, _, platforms = filename[:-4].rpartition("-")
            if not may_fit(platforms) and start.partition("-")[2].partition("-")[0] in by_text:
                continue
        stated = named(filename)
        if stated is None or stated.project != name:
            continue
        lines = by_text.get(stated.text)
        if lines is None:
            # Two spellings of a version are one version.
            _, lines = found.setdefault(stated.version, (stated.text, []))
            by_text[stated.text] = lines
        lines.append(_text(filename, stated.tags, stated.build, file))
    listing = Listing(url, [], [], [0], [])
    early = 0
    for rank, version in enumerate(sorted(found)):
        text, lines = found[version]
        if _RELEASE.fullmatch(text):
            listing.versions.append(text)
        else:
            listing.versions.append(str(version))
            early |= version.is_prerelease << rank
        listing.lines.extend(sorted(set(lines)) if len(lines) > 1 else lines)
        listing.starts.append(len(listing.lines))
    return listing._replace(prereleases=runs(early))


@lru_cache(maxsize=1 << 12)
def may_fit(platforms: str) -> bool:
    """Tell whether a wheel with these platform tags fits any target that a spec can state."""
    return _PLATFORMS.search(platforms) is not None


def _are_plain(urls: str) -> bool:
    """Tell whether the file names in URLs are what is behind their last slashes."""
    return urls.isascii() and urls.isprintable() and not any(each in urls for each in _SPECIAL)


def _filename(url: str) -> str:
    if _are_plain(url):
        return url.rpartition("/")[2]
    return unquote(urlsplit(url).path).rpartition("/")[2]  # may raise: it is no URL


def _text(filename: str, tags: str | None, build: str, file: Mapping[str, Any]) -> str:
    get = file.get
    core = get("core-metadata", get("dist-info-metadata"))
    beside = str(core.get("sha256") or "?") if isinstance(core, dict) else "?" if core else ""
    url = file["url"]
    size = get("size")
    fields = (
        filename,
        tags or "",
        build,
        get("requires-python") or "",
        "" if get("yanked") in {False, None} else "yanked",
        get("upload-time") or "",
        "" if size is None else str(size),
        str(file["hashes"].get("sha256") or ""),
        beside,
        redacted(url) if "@" in url else url,
    )
    line = "\t".join(fields)
    if line.count("\t") == len(fields) - 1 and "\n" not in line:
        return line
    return "\t".join(_BREAKS.sub(" ", field) for field in fields)


def _location(url: str, index: str) -> str:
    """Return what `relative_location` has for a URL; most are plain."""
    plain = _PLAIN.fullmatch(url)
    if plain is None or plain[1] != plain[1].lower():
        return relative_location(url, index)
    if index == DEFAULT:
        match = HASHED_PATH.search(url)
        return match[1] if match else url
    return url[len(plain[1]) :] if _origin(index) == plain[1] else url


@lru_cache(maxsize=64)
def _origin(index: str) -> str:
    parts = urlsplit(redacted(index))
    return f"{parts.scheme}://{parts.netloc}"


def _sha256(stated: str) -> str | None:
    found = stated.lower()
    return found if _SHA256.fullmatch(found) else None


def seconds(stated: str | None) -> int | None:
    """Return a moment in ISO 8601 as seconds since the epoch, None where it is none."""
    if not stated:
        return None
    whole, _, fraction = stated.replace("Z", "+00:00").partition(".")
    try:
        moment = datetime.fromisoformat(whole + fraction.lstrip("0123456789"))
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())
