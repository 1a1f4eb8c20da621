"""Which indexes the options of a command ask: a recording, or the live ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from depcheck.errors import InputError
from depcheck.paths import is_file
from depcheck.tomlfile import similar_file

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from depcheck.index.interface import PackageIndex
    from depcheck.index.snapshot import Snapshot


def open_indexes(options: Namespace) -> Callable[[str], PackageIndex]:
    """Return the look-up of indexes that the options ask for: a recording, or the live ones."""
    to_hash = [canonicalize_name(each) for each in getattr(options, "hash_by_download", ())]
    if to_hash and not getattr(options, "live", False):
        raise InputError(
            "usage",
            "`--hash-by-download` asks an index for files, and a recording has none",
            hint="give `--live` too",
        )
    if getattr(options, "live", False):
        from depcheck.index.live.live_index import live_indexes  # noqa: PLC0415 - needs HTTP
        from depcheck.waiting import Waiting  # noqa: PLC0415

        return live_indexes(waiting=None if options.quiet else Waiting(), to_hash=to_hash)
    return chosen_snapshot(options.snapshot).index


def chosen_snapshot(path: str | None) -> Snapshot:
    """Open the recording that an option names, the one in depcheck for None.

    Raises:
        InputError: the option names no file.
        CorruptIndexError: the file is not a recording that this version can read.
    """
    from depcheck.index.snapshot import open_snapshot  # noqa: PLC0415 - not for live indexes

    if path is not None and not is_file(path):
        raise InputError(
            "snapshot-not-found",
            f"there is no file `{path}`",
            hint=similar_file(Path(path))
            or f"check the path, or record it: `depcheck index record IMAGE --snapshot {path}`",
        )
    return open_snapshot(None if path is None else Path(path))
