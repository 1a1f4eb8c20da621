"""``depcheck index serve``: a recording as an index on loopback, for other tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depcheck.errors import ExitCode
from depcheck.index.live.server import address, make_server
from depcheck.index.simple_api import SimpleApi

if TYPE_CHECKING:
    from argparse import Namespace

    from depcheck.index.snapshot import Snapshot, SnapshotIndex
    from depcheck.terminal import Console


def serve(options: Namespace, console: Console, snapshot: Snapshot) -> ExitCode:
    """Serve every index of a recording; return only when interrupted."""
    roots = {_root(info.location): _api(snapshot.index(info.location)) for info in snapshot.infos()}
    server = make_server(roots, options.port)
    addresses = {info.location: address(server, _root(info.location)) for info in snapshot.infos()}
    if console.as_json:
        console.document({"indexes": addresses})
    else:
        console.table(addresses.items())
    console.out.flush()
    try:
        server.serve_forever()
    finally:
        server.server_close()
    return ExitCode.OK


def _api(index: SnapshotIndex) -> SimpleApi:
    return SimpleApi(lambda _: index)


def _root(location: str) -> str:
    """Return a location as one part of a path."""
    return re.sub(r"[^a-z0-9]+", "-", location.partition("://")[2] or location).strip("-")
