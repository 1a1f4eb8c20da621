"""A loopback server of Simple API pages."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from depcheck.errors import EnvironmentFailure, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depcheck.index.simple_api import Page, SimpleApi

LOOPBACK = "127.0.0.1"


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """Tools open dozens of connections at once; one that does not fit waits for a second."""


def make_server(roots: Mapping[str, SimpleApi], port: int = 0) -> ThreadingHTTPServer:
    """Return a server that answers below each root's name, listening on loopback only.

    Args:
        roots: ``http://127.0.0.1:PORT/NAME/simple/`` for each name.
        port: 0 for any that is free.

    Raises:
        EnvironmentFailure: the port is taken.
    """
    try:
        return _Server((LOOPBACK, port), _handler(roots))
    except OSError as error:
        raise EnvironmentFailure(
            "port-taken",
            f"cannot listen on {LOOPBACK}:{port}: {refusal(error)}",
            hint="name another port by `--port`, or leave it out for any that is free",
        ) from error


def _handler(roots: Mapping[str, SimpleApi]) -> type[BaseHTTPRequestHandler]:
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with turn:  # an index is no matter for several threads
                page = _page(roots, self.path, self.headers.get("Accept", ""))
            if page is None:
                self._send(404, "text/plain", b"not found\n", {})
            elif page.location is not None:
                self._send(302, "text/plain", b"", {"Location": page.location})
            else:
                self._send_page(page)

        def _send_page(self, page: Page) -> None:
            """Send a page, unless whoever asks has it: its port may have been another server's."""
            tag = f'"{hashlib.blake2b(page.body, digest_size=16).hexdigest()}"'
            headers = {"ETag": tag, "Cache-Control": "no-cache"}
            if self.headers.get("If-None-Match") == tag:
                self._send(304, page.kind, b"", headers)
            else:
                self._send(200, page.kind, page.body, headers)

        def _send(self, status: int, kind: str, body: bytes, more: Mapping[str, str]) -> None:
            self.send_response(status)
            for key, value in {
                "Content-Type": kind,
                "Content-Length": str(len(body)),
                **more,
            }.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: who asked is of no interest."""

    return Handler


def _page(roots: Mapping[str, SimpleApi], path: str, accept: str) -> Page | None:
    name, _, rest = path.partition("?")[0].lstrip("/").partition("/")
    root = roots.get(name)
    return None if root is None else root.answer(rest, accept)


def address(server: ThreadingHTTPServer, name: str) -> str:
    """Return the Simple API root of one name."""
    return f"http://{LOOPBACK}:{server.server_address[1]}/{name}/simple/"


@contextmanager
def serving(roots: Mapping[str, SimpleApi]) -> Iterator[ThreadingHTTPServer]:
    """Serve until the block ends."""
    server = make_server(roots)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
