"""Digests of the recordings in a snapshot, without all that it takes to read them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing


def recorded_digests(path: str) -> dict[str, str] | None:
    """Return the digest of each index by its location, None where `open_snapshot` must complain."""
    if not os.path.isfile(path):
        return None
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    address = f"file:{quoted}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return dict(connection.execute("select location, digest from recording"))
    except (sqlite3.DatabaseError, ValueError):  # a damaged row, or text that is none
        return None
