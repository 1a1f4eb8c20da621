"""What was fetched or worked out, kept on disk, and checked when it is read.

An entry is a file whose first line is the BLAKE2 digest of the rest; a damaged entry counts as
absent. Entries are written beside their place and moved into it, so that any number of processes
may share a cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

from depcheck import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FORMAT = "v3"


def default_cache() -> Path:
    """Return the user's cache folder for depcheck; ``DEPCHECK_CACHE_DIR`` names another."""
    stated = os.environ.get("DEPCHECK_CACHE_DIR")
    if stated:
        return Path(stated)
    system: str = sys.platform
    if system == "linux":  # the XDG base directories, without a library that takes 4 ms
        root = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(root) if Path(root).is_absolute() else Path.home() / ".cache") / "depcheck"
    from platformdirs import user_cache_path  # noqa: PLC0415 - only where nothing is stated

    return user_cache_path("depcheck", appauthor=False)


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
        rest = json.dumps(header, sort_keys=True).encode() + b"\n" + content
        whole = _digest(rest).encode() + b"\n" + rest
        path = self._path(kind, key)
        temporary = path.with_name(f".new-{os.getpid()}-{get_ident()}")
        try:
            try:
                temporary.write_bytes(whole)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_bytes(whole)
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()

    def _path(self, kind: str, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / kind / name


def remembered(what: str, sources: Iterable[Path], make: Callable[[], Any]) -> Any:
    """Return a JSON value that is worked out of files, kept while they are what they were.

    As with Python's own bytecode, a file is what it was while its size and its time of change are.

    Args:
        what: Names the value, with all that it depends on besides the files.
        sources: The files, those with the code that works the value out among them.
        make: Works it out.
    """
    stamps = [(str(path), (at := path.stat()).st_mtime_ns, at.st_size) for path in sorted(sources)]
    key = json.dumps([__version__, what, stamps])
    cache = Cache(default_cache())
    kept = cache.read("derived", key)
    if kept is not None:
        return json.loads(kept[1])
    value = make()
    cache.write("derived", key, {"what": what}, json.dumps(value, separators=(",", ":")).encode())
    return value


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
