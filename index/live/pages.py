"""Project pages of the Simple API, JSON or HTML (PEP 503, PEP 691), completed where they lack.

A page in HTML may lack Requires-Python, yanks and upload times. Where the index is one that has the
project JSON beside the Simple API, that fills the gaps.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin

from depcheck.index.default import relative_location
from depcheck.index.live.credentials import redacted
from depcheck.index.live.http import UNCHANGED, IndexUnreachableError
from depcheck.index.live.listing import Link, json_links, page_file, seconds
from depcheck.index.model import ProjectPage

if TYPE_CHECKING:
    from depcheck.index.live.http import Answer, Http
    from depcheck.index.model import PageFile

_ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)
_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = frozenset({"application/vnd.pypi.simple.v1+html", "text/html"})
_LARGEST_PAGE = 32 * 1024 * 1024


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
    links, source = _links(answer, name)
    files = tuple(page_file(each, location) for each in links)
    if source == "html" and files and all(each.uploaded is None for each in files):
        details = _project_json(http, root, name)
        if details:
            files = tuple(_completed(each, details.get(each.filename)) for each in files)
            source = "html+project-json"
    page = ProjectPage(name=name, files=files)
    base = _base(links, files, location)
    return FetchedPage(page, source, answer.headers.get("ETag", ""), base)


def _base(links: list[Link], files: tuple[PageFile, ...], location: str) -> str:
    for link, file in zip(links, files, strict=True):
        if "://" not in file.location:
            return link.url.removesuffix(relative_location(link.url, location))
    return ""


def _links(answer: Answer, name: str) -> tuple[list[Link], str]:
    stated = answer.headers.get("Content-Type", "text/html")
    kind = stated.partition(";")[0].strip().lower()
    try:
        if kind == _JSON:
            return json_links(answer.body, answer.url), "json"
        if kind in _HTML:
            from depcheck.index.live.html_page import html_links  # noqa: PLC0415 - slow to import

            return html_links(answer.body, answer.url, stated, name), "html"
    except (ValueError, RecursionError) as error:
        raise _nonsense(answer, f"it is no project page: {_first_line(error)}") from error
    raise _nonsense(answer, f"its content type is {kind}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _nonsense(answer: Answer, cause: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        "index-nonsense",
        f"`{redacted(answer.url)}` answers, but {cause}",
        hint="check that the address is the root of a Simple API (it often ends in `/simple/`)",
    )


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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # an index may have something else at this place


def _completed(file: PageFile, details: dict[str, Any] | None) -> PageFile:
    if details is None:
        return file
    size = details.get("size")
    return replace(
        file,
        requires_python=file.requires_python or details.get("requires_python") or None,
        yanked=file.yanked or bool(details.get("yanked")),
        uploaded=seconds(details.get("upload_time_iso_8601")),
        size=size if isinstance(size, int) else file.size,
    )
