"""What indexes answered, kept in one SQLite file, and checked when it is read.

Any number of processes may share the file. A damaged entry counts as absent, and a damaged file as
empty; one that cannot be read or written hinders nobody. Nothing waits for the disk: what a machine
loses when its power fails is fetched again.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NAME = "live-v1.sqlite"
_TABLE = "create table if not exists answer (key blob primary key, entry blob not null)"
_DIGEST_BYTES = 16
_PATIENCE_SECONDS = 2
"""How long another process may hold the file before this one does without."""
_MOST_SECONDS = 1.0
"""How long an answer may be held back."""


class Answers:
    """Entries by kind and key, each a JSON header and bytes.

    What is written while requests are under way is held back and written together.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._turn = RLock()
        self._connection: sqlite3.Connection | None = None
        self._held: dict[bytes, bytes] = {}
        self._under_way = 0
        self._since = 0.0

    def read(self, kind: str, key: str) -> tuple[dict[str, Any], bytes] | None:
        """Return an entry's header and content, None where there is none or it is damaged."""
        place = _place(kind, key)
        entry = self._held.get(place) or self._attempt(lambda: self._stored(place), create=False)
        if entry is None or entry[:_DIGEST_BYTES] != _digest(place, entry[_DIGEST_BYTES:]):
            return None
        header, _, content = entry[_DIGEST_BYTES:].partition(b"\n")
        return json.loads(header), content

    def write(self, kind: str, key: str, header: dict[str, Any], content: bytes) -> None:
        """Keep an entry."""
        place = _place(kind, key)
        rest = b"%b\n%b" % (json.dumps(header, separators=(",", ":")).encode(), content)
        with self.together():
            if not self._held:
                self._since = time.monotonic()
            self._held[place] = _digest(place, rest) + rest

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold back what is written until no such block runs any more, or for a second."""
        with self._turn:
            self._under_way += 1
        try:
            yield
        finally:
            with self._turn:
                self._under_way -= 1
                late = time.monotonic() - self._since > _MOST_SECONDS
                if self._held and (late or not self._under_way):
                    self._attempt(self._store, create=True)
                    self._held.clear()

    def _stored(self, place: bytes) -> bytes | None:
        if self._connection is None:
            return None
        row = self._connection.execute("select entry from answer where key = ?", (place,))
        found = row.fetchone()
        return found[0] if found and isinstance(found[0], bytes) else None

    def _store(self) -> None:
        if self._connection is not None:
            with self._connection:
                self._connection.execute("begin immediate")
                self._connection.execute(_TABLE)
                self._connection.executemany(
                    "insert or replace into answer values (?, ?)", self._held.items()
                )

    def _attempt(self, use: Callable[[], bytes | None], *, create: bool) -> bytes | None:
        """Use the file, where there is one; one that is damaged is removed."""
        import sqlite3  # noqa: PLC0415 - a live index only

        with self._turn:
            try:
                self._open(create=create)
                return use()
            except (sqlite3.OperationalError, OSError):  # locked, full, read-only, without a table
                return None
            except (sqlite3.DatabaseError, UnicodeDecodeError):  # SQLite quotes damaged text
                self._remove()
                return None

    def _open(self, *, create: bool) -> None:
        if self._connection is not None or not (create or self._path.is_file()):
            return
        import sqlite3  # noqa: PLC0415 - a live index only

        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            self._path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("pragma synchronous = off")

    def _remove(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for path in (self._path, self._path.with_name(f"{_NAME}-journal")):
            with suppress(OSError):
                path.unlink()


def _place(kind: str, key: str) -> bytes:
    return hashlib.blake2b(f"{kind} {key}".encode(), digest_size=_DIGEST_BYTES).digest()


def _digest(place: bytes, rest: bytes) -> bytes:
    return hashlib.blake2b(rest, digest_size=_DIGEST_BYTES, key=place).digest()
