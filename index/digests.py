"""Digests of the recordings in a snapshot, without all that it takes to read them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def recorded_digests(path: Path) -> dict[str, str] | None:
    """Return the digest of each index by its location, None where `open_snapshot` must complain."""
    if not path.is_file():
        return None
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return dict(connection.execute("select location, digest from recording"))
    except sqlite3.DatabaseError:
        return None
