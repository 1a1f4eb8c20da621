"""Project pages in their real length: with the files that a recording leaves out.

A recording has the files that some image could install, a small part of what the default index
lists: no other platforms, no other Pythons. Other tools read the whole page. So the rest of each
page is taken from the index that pip or uv are configured for, once, and kept in a folder.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from depcheck.index.default import configured_default_index
from depcheck.index.live.http import Http
from depcheck.index.simple_api import JSON, Page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from benchmarks.loopback import Api

_KEYS = ("filename", "hashes", "requires-python", "size", "upload-time", "yanked")


class WholePages:
    """An index whose pages are those of another, and what the default index lists besides."""

    def __init__(
        self, api: Api, folder: Path, *, as_of: datetime | None, untouched: Collection[str]
    ) -> None:
        """Take an index.

        Args:
            api: Recorded pages of the default index.
            folder: Keeps what was fetched.
            as_of: First instant whose uploads are too late.
            untouched: Projects whose pages stay as they are: those of other indexes.
        """
        self._api = api
        self._folder = folder
        self._as_of = as_of
        self._untouched = untouched
        self._http = Http()

    def answer(self, path: str, accept: str) -> Page | None:
        """Return the page of a path, None where there is nothing."""
        page = self._api.answer(path, accept)
        kind, _, name = path.strip("/").partition("/")
        if page is None or kind != "simple" or name in self._untouched:
            return page
        document = json.loads(page.body)
        document["files"] += self._others(name, document)
        return Page(kind=JSON, body=json.dumps(document).encode())

    def _others(self, name: str, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield files that are not recorded and that change no answer.

        Those are files of releases that have a recorded wheel, and wheels of others for other
        systems. What else could be chosen is left out, since depcheck could not choose it.
        """
        listed = {each["filename"] for each in document["files"]}
        recorded = {_version(filename) for filename in listed if filename.endswith(".whl")}
        for each in self._fetched(name):
            filename = each["filename"]
            version = _version(filename)
            if filename in listed or version is None or _is_late(each, self._as_of):
                continue
            if version in recorded or _is_for_another_system(filename):
                yield {**each, "url": f"../../files/{name}/{version}/{filename}"}

    def _fetched(self, name: str) -> list[dict[str, Any]]:
        path = self._folder / f"{name}.json"
        if not path.exists():
            url = urljoin(configured_default_index(), f"{name}/")
            answer = self._http.get(url, {"Accept": JSON})
            files = [] if answer is None else json.loads(answer.body)["files"]
            kept = [{key: each.get(key) for key in _KEYS} for each in files]
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(kept))
        found: list[dict[str, Any]] = json.loads(path.read_text())
        return found


def _version(filename: str) -> str | None:
    """Return the version in a file's name; None where pip and uv do not understand the name."""
    try:
        if filename.endswith(".whl"):
            return str(parse_wheel_filename(filename)[1])
        return str(parse_sdist_filename(filename)[1])
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _is_for_another_system(filename: str) -> bool:
    return filename.endswith(".whl") and not filename.endswith(("any.whl", "linux_x86_64.whl"))


def _is_late(file: dict[str, Any], as_of: datetime | None) -> bool:
    return as_of is not None and datetime.fromisoformat(file["upload-time"]) >= as_of
