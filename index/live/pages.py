"""Project pages of the Simple API, JSON or HTML (PEP 503, PEP 691), completed where they lack.

A page in HTML may lack Requires-Python, yanks and upload times. Where the index is one that has the
project JSON beside the Simple API, that fills the gaps.
"""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin

from depcheck.index.live.credentials import redacted
from depcheck.index.live.http import UNCHANGED, IndexUnreachableError
from depcheck.index.live.listing import json_files, make_listing

if TYPE_CHECKING:
    from depcheck.index.live.http import Answer, Http
    from depcheck.index.live.listing import Listing

_ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)
_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = frozenset({"application/vnd.pypi.simple.v1+html", "text/html"})
_TURN = Lock()
"""One page at a time is compiled: more would keep Python from what follows of those at hand."""
_LARGEST_PAGE = 32 * 1024 * 1024


class FetchedPage(NamedTuple):
    """A project page and how good it is."""

    listing: Listing | None
    """None where it is the page that is known already."""
    source: str
    """json, html, or ``html+project-json`` for a page that was completed."""
    etag: str


def fetch_page(http: Http, root: str, name: str, *, etag: str = "") -> FetchedPage | None:
    """Return a project's page, None where the index has no such project.

    Args:
        http: The session.
        root: Simple API root, ending in a slash.
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
    with _TURN:
        files, source = _files(answer)
    if source == "html" and files:
        details = _project_json(http, root, name)
        if details:
            for file in files:
                _complete(file, details.get(file["filename"]))
            source = "html+project-json"
    try:
        with _TURN:
            listing = make_listing(name, answer.url, files)
    except ValueError as error:
        raise _nonsense(answer, f"it lists a file whose place is no URL: {error}") from error
    return FetchedPage(listing, source, answer.headers.get("ETag", ""))


def _files(answer: Answer) -> tuple[list[dict[str, Any]], str]:
    stated = answer.headers.get("Content-Type", "text/html")
    kind = stated.partition(";")[0].strip().lower()
    try:
        if kind == _JSON:
            return json_files(answer.body), "json"
        if kind in _HTML:
            from depcheck.index.live.html_page import html_files  # noqa: PLC0415 - seldom

            return html_files(answer.body, stated), "html"
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


def _complete(file: dict[str, Any], details: dict[str, Any] | None) -> None:
    if details is None:
        return
    size, uploaded = details.get("size"), details.get("upload_time_iso_8601")
    file["requires-python"] = file["requires-python"] or _text(details.get("requires_python"))
    file["yanked"] = file["yanked"] or bool(details.get("yanked"))
    file["upload-time"] = _text(uploaded)
    file["size"] = size if isinstance(size, int) else None


def _text(stated: Any) -> str | None:
    return stated if isinstance(stated, str) else None
