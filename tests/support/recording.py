"""Snapshots on disk, made from universes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.index.snapshot import write_snapshot
from support.universe import compiled

if TYPE_CHECKING:
    from pathlib import Path

    from support.universe import Universe

MOMENT = "2026-01-02T03:04:05Z"
HORIZON = 1_700_000_000


def record(path: Path, universe: Universe) -> Path:
    """Write a universe of several indexes, by location, as a snapshot."""
    write_snapshot(
        path,
        [
            (location, MOMENT, HORIZON, [compiled(name, projects[name]) for name in projects])
            for location, projects in universe.items()
        ],
    )
    return path
