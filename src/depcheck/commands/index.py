"""``depcheck index``: record package indexes, or describe a recording."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from depcheck.commands.index_choice import chosen_snapshot
from depcheck.errors import ExitCode
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from depcheck.index.model import IndexInfo
    from depcheck.index.snapshot import Snapshot
    from depcheck.terminal import Console


def run(options: Namespace, console: Console) -> ExitCode:
    """Record indexes, or describe those in a recording."""
    if options.action == "record":
        from depcheck.commands.index_record import record  # noqa: PLC0415 - needs HTTP

        return record(options, console)
    snapshot = chosen_snapshot(options.snapshot)
    if options.action == "serve":
        from depcheck.commands.index_serve import serve  # noqa: PLC0415 - needs HTTP

        return serve(options, console, snapshot)
    if console.as_json:
        console.document(_document(snapshot))
    else:
        _show(console, snapshot)
    return ExitCode.OK


def _document(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "snapshot": str(snapshot.path),
        "bytes": snapshot.path.stat().st_size,
        "indexes": [
            {
                "location": info.location,
                "moment": info.moment,
                "horizon": _instant(info.horizon),
                "projects": info.projects,
                "versions": info.versions,
                "files": info.files,
                "files-with-metadata": info.described,
                "digest": info.digest,
            }
            for info in snapshot.infos()
        ],
    }


def _show(console: Console, snapshot: Snapshot) -> None:
    console.result(f"{snapshot.path}  {size_text(snapshot.path.stat().st_size)}")
    for info in snapshot.infos():
        console.styled(f"\n{console.paint(info.location, 'bold')}")
        console.table(_rows(info), indent="  ")


def _rows(info: IndexInfo) -> Iterator[tuple[str, str]]:
    yield "recorded", info.moment
    yield "horizon", f"uploads until {_instant(info.horizon)}" if info.horizon else "none"
    yield "projects", f"{info.projects:,}"
    yield "versions", f"{info.versions:,}"
    yield "files", f"{info.files:,}, {_share(info)} with metadata"
    yield "digest", info.digest


def _share(info: IndexInfo) -> str:
    return f"{info.described / info.files:.1%}" if info.files else "none"


def _instant(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
