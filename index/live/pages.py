"""Project pages of the Simple API, JSON or HTML (PEP 503, PEP 691), completed where they lack.

A page in HTML may lack Requires-Python, yanks and upload times. Where the index is one that has the
project JSON beside the Simple API, that fills the gaps.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from pypi_simple import ProjectPage as ParsedPage
from pypi_simple import UnsupportedContentTypeError, UnsupportedRepoVersionError

from depcheck.index.default import relative_location
from depcheck.index.live.http import UNCHANGED, IndexUnreachableError, redacted
from depcheck.index.model import PageFile, ProjectPage

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

    from depcheck.index.live.http import Answer, Http

_ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)
_LARGEST_PAGE = 96 * 1024 * 1024
_SHA256_DIGITS = 64


class FetchedPage(NamedTuple):
    """A project page and how good it is."""

    page: ProjectPage | None
    """None where it is the page that is known already."""
    source: str
    """json, html, or ``html+project-json`` for a page that was completed."""
    etag: str
    base: str = ""
    """Where relative locations of the files start: an index may be a mirror of another."""


def fetch_page(
    http: Http, root: str, location: str, name: str, *, etag: str = ""
) -> FetchedPage | None:
    """Return a project's page, None where the index has no such project.

    Args:
        http: The session.
        root: Simple API root, ending in a slash.
        location: ``default`` or the URL, as specs name the index.
        name: Normalised name.
        etag: Of the page that is known; not used where empty.

    Raises:
        IndexUnreachableError: no answer, or one that is no project page.
    """
    headers = {"Accept": _ACCEPT} | ({"If-None-Match": etag} if etag else {})
    answer = http.get(urljoin(root, f"{name}/"), headers, largest=_LARGEST_PAGE)
    if answer is None:
        return None
    if answer.status == UNCHANGED:
        return FetchedPage(None, "", etag)
    parsed = _parse(answer, name)
    files = tuple(_page_file(each, location) for each in parsed.packages if each.filename)
    source = "json" if "json" in answer.headers.get("Content-Type", "") else "html"
    if source == "html" and files and all(each.uploaded is None for each in files):
        details = _project_json(http, root, name)
        if details:
            files = tuple(_completed(each, details.get(each.filename)) for each in files)
            source = "html+project-json"
    page = ProjectPage(name=name, files=files)
    base = _base(parsed, location)
    return FetchedPage(page, source, answer.headers.get("ETag", ""), base)


def _base(parsed: ParsedPage, location: str) -> str:
    for each in parsed.packages:
        relative = relative_location(each.url, location)
        if relative != each.url:
            return each.url.removesuffix(relative)
    return ""


def _parse(answer: Answer, name: str) -> ParsedPage:
    try:
        parsed = ParsedPage.from_response(answer.response, name)
    except UnsupportedContentTypeError as error:
        raise _nonsense(answer, f"its content type is {error.content_type}") from error
    except UnsupportedRepoVersionError as error:
        raise _nonsense(answer, "its Simple API version is not known") from error
    except ValueError as error:  # JSON of another shape, or none
        raise _nonsense(answer, f"it is no project page: {_first_line(error)}") from error
    if not any(each.project for each in parsed.packages) and not _says_it_is_empty(answer.body):
        raise _nonsense(answer, "it is no project page: it lists no distribution")
    return parsed


def _says_it_is_empty(body: bytes) -> bool:
    """Tell a project without files from some other page that came with status 200."""
    return b'"files"' in body or b"links for " in body.lower()


def _first_line(error: ValueError) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _nonsense(answer: Answer, cause: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        "index-nonsense",
        f"`{redacted(answer.url)}` answers, but {cause}",
        hint="check that the address is the root of a Simple API (it often ends in `/simple/`)",
    )


def _page_file(package: DistributionPackage, location: str) -> PageFile:
    digests = {key.lower(): value.lower() for key, value in package.digests.items()}
    metadata = package.metadata_digests or {}
    return PageFile(
        filename=unquote(urlsplit(package.url).path.rpartition("/")[2]) or package.filename,
        location=relative_location(package.url, location),
        sha256=_sha256(digests),
        size=package.size,
        requires_python=package.requires_python or None,
        yanked=package.is_yanked,
        uploaded=_seconds(package.upload_time),
        has_metadata=bool(package.has_metadata),
        metadata_sha256=_sha256(metadata),
    )


def _sha256(digests: dict[str, str]) -> str | None:
    found = digests.get("sha256", "").lower()
    whole = len(found) == _SHA256_DIGITS and not set(found) - set("0123456789abcdef")
    return found if whole else None


def _seconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())


def _project_json(http: Http, root: str, name: str) -> dict[str, dict[str, Any]]:
    """Return the project JSON's records by file name, none where the index has no such thing."""
    if not root.endswith("/simple/"):
        return {}
    answer = http.get(urljoin(root, f"../pypi/{name}/json"), largest=_LARGEST_PAGE)
    if answer is None:
        return {}
    try:
        releases = json.loads(answer.body)["releases"]
        return {file["filename"]: file for files in releases.values() for file in files}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # an index may have something else at this place


def _completed(file: PageFile, details: dict[str, Any] | None) -> PageFile:
    if details is None:
        return file
    stated = details.get("upload_time_iso_8601") or ""
    size = details.get("size")
    return replace(
        file,
        requires_python=file.requires_python or details.get("requires_python") or None,
        yanked=file.yanked or bool(details.get("yanked")),
        uploaded=_seconds(datetime.fromisoformat(stated.replace("Z", "+00:00")))
        if stated
        else None,
        size=size if isinstance(size, int) else file.size,
    )
