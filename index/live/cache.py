"""What was fetched, kept on disk: compiled project pages and core metadata, each checked when read.

An entry is a file whose first line is the BLAKE2 digest of the rest; a damaged entry counts as
absent. Entries are written beside their place and moved into it, so that any number of processes
may share a cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

_FORMAT = "v2"


def default_cache() -> Path:
    """Return the user's cache folder for depcheck; ``DEPCHECK_CACHE_DIR`` names another."""
    stated = os.environ.get("DEPCHECK_CACHE_DIR")
    return Path(stated) if stated else user_cache_path("depcheck", appauthor=False)


class Cache:
    """A folder of entries, each a JSON header and bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FORMAT

    def read(self, kind: str, key: str) -> tuple[dict[str, Any], bytes] | None:
        """Return an entry's header and content, None where there is none or it is damaged."""
        try:
            digest, _, rest = self._path(kind, key).read_bytes().partition(b"\n")
        except OSError:
            return None
        if digest.decode("latin-1") != _digest(rest):
            return None
        header, _, content = rest.partition(b"\n")
        return json.loads(header), content

    def write(self, kind: str, key: str, header: dict[str, Any], content: bytes) -> None:
        """Keep an entry; a cache that cannot be written to does not hinder anybody."""
        path = self._path(kind, key)
        rest = json.dumps(header, sort_keys=True).encode() + b"\n" + content
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_digest(rest).encode() + b"\n" + rest)
                Path(temporary).replace(path)
            except OSError:
                Path(temporary).unlink(missing_ok=True)
        except OSError:
            return

    def _path(self, kind: str, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / kind / name[:2] / name[2:]


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
