"""Where an artifact comes from: a file, a folder, or a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from depcheck.artifacts.tree import read_tree
from depcheck.artifacts.wheel import read_wheel
from depcheck.errors import InputError, refusal
from depcheck.frozen import frozen
from depcheck.paths import is_folder
from depcheck.tomlfile import similar_file

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.artifacts.model import Artifact
    from depcheck.index.live.http import Http

_WINDOW = 8 * 1024 * 1024
_TAIL = 256 * 1024
"""Bytes of the first request: the directory of most wheels, with METADATA and RECORD."""


@frozen
class Inspected:
    """An artifact, and what it took to read it."""

    artifact: Artifact
    transferred: int | None
    """Bytes over the network; None for a local one."""


def inspect_path(path: Path) -> Inspected:
    """Return what a wheel or a folder holds.

    Raises:
        InputError: there is nothing of that name, or it is no wheel.
    """
    try:
        if is_folder(path):
            return Inspected(artifact=read_tree(path), transferred=None)
        with path.open("rb") as file:
            return Inspected(artifact=read_wheel(file, path.name, whole=True), transferred=None)
    except OSError as error:
        raise InputError(
            "artifact-unreadable",
            f"`{path}` cannot be read: {refusal(error)}",
            hint=similar_file(path)
            or "name a wheel, an installed folder, a lock set, or the URL of a wheel",
        ) from error


def inspect_url(http: Http, url: str, *, size: int | None = None, whole: bool = False) -> Inspected:
    """Return what a wheel behind a URL holds, by HTTP range requests.

    Its directory, its metadata and its shared objects are fetched; with ``whole`` every file.

    Raises:
        InputError: it is no wheel.
        IndexUnreachableError: the server does not answer, or not with the ranges asked for.
    """
    # requests is slow to import
    from depcheck.index.live.remote_file import RemoteFile  # noqa: PLC0415

    address = urlsplit(url)._replace(fragment="")
    file = RemoteFile(http, address.geturl(), size=size, tail=_TAIL, window=_WINDOW)
    name = unquote(address.path.rpartition("/")[2])
    return Inspected(
        artifact=read_wheel(cast("BinaryIO", file), name, whole=whole), transferred=file.transferred
    )
