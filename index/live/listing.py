"""The files that a page lists, whatever form it has: links in, records of the index out."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from depcheck.index.default import DEFAULT, HASHED_PATH, relative_location
from depcheck.index.live.credentials import redacted
from depcheck.index.model import PageFile

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAJOR = "1"
"""Of the Simple API's versions, the one that is known (PEP 629)."""
_PLAIN = re.compile(r"(https?://[^@?#%/]+)/[^@?#%]+")
_RELATIVE = re.compile(
    r"(/|(?:\.\./)*)((?:[A-Za-z0-9_+-][A-Za-z0-9_+.-]*/)*[A-Za-z0-9_+-][A-Za-z0-9_+.-]*)"
)
"""What climbs, and what follows without doing so."""
_FIELDS = (
    ("url", str, True),
    ("hashes", dict, True),
    ("requires-python", str, False),
    ("size", int, False),
    ("upload-time", str, False),
    ("yanked", (bool, str), False),
)
"""Of a file in JSON: key, kind, and whether it must be there."""


class Link(NamedTuple):
    """One file as a page states it."""

    url: str
    """Absolute, without credentials and fragment."""
    hashes: Mapping[str, str]
    requires_python: str | None = None
    yanked: bool = False
    size: int | None = None
    uploaded: int | None = None
    core_metadata: Mapping[str, str] | bool | None = None
    """Hashes of the METADATA beside a wheel (PEP 714), or whether it is there."""


def json_links(body: bytes, url: str) -> list[Link]:
    """Return the files of a page in JSON.

    Raises:
        ValueError: it has another form.
    """
    document = json.loads(body)
    files = _of(document, "files", list)
    version = _of(_of(document, "meta", dict), "api-version", str)
    if version.partition(".")[0] != _MAJOR:
        raise ValueError(f"its Simple API version is {version}")
    return [_json_link(file, url) for file in files]


def _json_link(file: Any, page: str) -> Link:
    for key, kind, required in _FIELDS:
        found = file.get(key) if isinstance(file, dict) else None
        if not isinstance(found, kind) and (required or found is not None):
            raise _other_kind(key)
    url, uploaded = file["url"], file.get("upload-time")
    core = file.get("core-metadata", file.get("dist-info-metadata"))
    return Link(
        url if _PLAIN.fullmatch(url) else _absolute(page, url),
        file["hashes"],
        file.get("requires-python"),
        file.get("yanked") not in {False, None},
        file.get("size"),
        seconds(uploaded) if uploaded else None,
        core if isinstance(core, (bool, dict)) else None,
    )


def _absolute(page: str, url: str) -> str:
    plain = _RELATIVE.fullmatch(url)
    if plain:
        return _start(page, plain[1]) + plain[2]
    return redacted(urljoin(page, url).partition("#")[0])


@lru_cache(maxsize=1 << 10)  # the files of a page start alike
def _start(page: str, climb: str) -> str:
    return redacted(urljoin(page, climb or "."))


def _of(document: Any, key: str, kind: type) -> Any:
    found = document.get(key) if isinstance(document, dict) else None
    if not isinstance(found, kind):
        raise _other_kind(key)
    return found


def _other_kind(key: str) -> ValueError:
    return ValueError(f"its `{key}` is missing or of another kind")


def page_file(link: Link, index: str) -> PageFile:
    """Return a file as it is stored.

    Args:
        link: What a page states.
        index: Location of the index, ``default`` or its URL.
    """
    filename, location = _place(link.url, index)
    core = link.core_metadata
    return PageFile(
        filename=filename,
        location=location,
        sha256=_sha256(link.hashes),
        size=link.size,
        requires_python=link.requires_python or None,
        yanked=link.yanked,
        uploaded=link.uploaded,
        has_metadata=bool(core) or core == {},
        metadata_sha256=_sha256(core) if isinstance(core, dict) else None,
    )


def _place(url: str, index: str) -> tuple[str, str]:
    """Return file name and location, as `relative_location` has it; most URLs are plain."""
    plain = _PLAIN.fullmatch(url)
    if plain is None or plain[1] != plain[1].lower():
        return unquote(urlsplit(url).path).rpartition("/")[2], relative_location(url, index)
    filename = url.rpartition("/")[2]
    if index == DEFAULT:
        match = HASHED_PATH.search(url)
        return filename, match[1] if match else url
    return filename, url[len(plain[1]) :] if _origin(index) == plain[1] else url


@lru_cache(maxsize=64)
def _origin(index: str) -> str:
    parts = urlsplit(redacted(index))
    return f"{parts.scheme}://{parts.netloc}"


def _sha256(hashes: Mapping[str, str]) -> str | None:
    found = str(hashes.get("sha256", "")).lower()
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
