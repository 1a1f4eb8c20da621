"""Folders of distributions, answered as an index would: for indexes at ``file://`` addresses.

A folder is a tree with a folder per project, or holds the files of all projects, as `pip download`
leaves them. Files that lie there are listed with their hashes; a project's ``index.html`` counts
only where none do.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name
from urllib3 import HTTPResponse

from depcheck.paths import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDINGS = (".whl", ".tar.gz", ".zip")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_JSON = "application/vnd.pypi.simple.v1+json"


def answer_locally(url: str, span: str) -> tuple[str, HTTPResponse]:
    """Answer for a ``file://`` address, and say where the answer comes from.

    Args:
        url: A page where it ends in a slash, else a file.
        span: The part that is asked for as ``bytes=...``, empty for all.
    """
    parts = urlsplit(url)
    path = Path(url2pathname(parts.path))
    if parts.netloc in {"", "localhost"}:
        if parts.path.endswith("/"):
            return _page(url, path.parent, path.name)
        if is_file(path):
            return url, _file(path, span)
    return url, _response(404, "", b"")


def _response(status: int, kind: str, body: bytes, **more: str) -> HTTPResponse:
    headers = {"Content-Type": kind, **more}
    return HTTPResponse(io.BytesIO(body), headers, status, preload_content=False)


def _page(url: str, root: Path, name: str) -> tuple[str, HTTPResponse]:
    folders = [each for each in _entries(root) if each.is_dir() and _is(each.name, name)]
    found = [path for folder in folders for path in _distributions(folder)]
    found += [path for path in _distributions(root) if _is(_project(path), name)]
    if found:
        files = [_listed(path) for path in sorted(found)]
        page = {"meta": {"api-version": "1.0"}, "name": name, "files": files}
        return url, _response(200, _JSON, json.dumps(page).encode())
    for folder in folders:
        page_of = folder / "index.html"
        if is_file(page_of):
            place = f"{folder.resolve().as_uri()}/"
            return place, _response(200, "text/html", page_of.read_bytes())
    return url, _response(404, "", b"")


def projects_in(folder: Path) -> set[str]:
    """Return the normalised names of the projects whose files lie in a folder."""
    return {canonicalize_name(_project(path)) for path in _distributions(folder)}


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if is_folder(folder) else []


def _distributions(folder: Path) -> Iterator[Path]:
    return (path for path in _entries(folder) if path.name.endswith(_ENDINGS) and path.is_file())


def _is(stated: str, name: str) -> bool:
    return canonicalize_name(stated) == name


def _project(path: Path) -> str:
    """Return the project in a file name; sdists of old may have hyphens in it."""
    if path.name.endswith(".whl"):
        return path.name.partition("-")[0]
    return path.name.rpartition("-")[0]


def _listed(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while content := file.read(1 << 20):
            digest.update(content)
    return {
        "filename": path.name,
        "url": path.resolve().parent.as_uri() + f"/{path.name}",
        "hashes": {"sha256": digest.hexdigest()},
        "size": path.stat().st_size,
    }


def _file(path: Path, stated: str) -> HTTPResponse:
    kind = "application/octet-stream"
    size = path.stat().st_size
    asked = _RANGE.fullmatch(stated)
    with path.open("rb") as file:
        if asked is None:
            return _response(200, kind, file.read())
        first = int(asked[1]) if asked[1] else max(0, size - int(asked[2] or 0))
        last = min(int(asked[2]), size - 1) if asked[1] and asked[2] else size - 1
        file.seek(first)
        body = file.read(last - first + 1)
    return _response(206, kind, body, **{"Content-Range": f"bytes {first}-{last}/{size}"})
