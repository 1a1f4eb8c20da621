"""A loopback index in a process of its own, which counts what it sends."""

from __future__ import annotations

import multiprocessing
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from depcheck.index.simple_api import Page

_NOT_MODIFIED = 304
_FOR_EVER = 365_000_000


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """The usual five are fewer than the connections that a tool opens at once: what does not fit
    waits a second for the kernel to try again, which no index on the network would impose."""


class Api(Protocol):
    """What makes the answers of an index."""

    def answer(self, path: str, accept: str) -> Page | None:
        """Return the page of a path, None where there is nothing."""


class Index:
    """The index, seen from the process that measures; a context manager gives its address.

    As with the default index, pages have an ETag and stay fresh for ten minutes, files for ever: a
    tool with a filled cache asks for nothing. Each answer is made once: only the first request for
    it makes the index work.
    """

    def __init__(
        self, make: Callable[[], Api], *, latency: float = 0.0, fresh: int | None = 600
    ) -> None:
        """Take what makes the pages.

        Args:
            make: Called in the index's own process.
            latency: Seconds that each answer waits.
            fresh: Seconds for which a page need not be asked for again; None for an index that
                sends no headers on caching.
        """
        fork = multiprocessing.get_context("fork")
        self._make = make
        self._latency = latency
        self._fresh = fresh
        self._root = secrets.token_hex(8)
        """Part of every address: a port may have been another index's, whose pages are kept."""
        self._counted = fork.Array("q", 2)
        self._port = fork.Value("i", 0)
        self._ready = fork.Event()
        self._process = fork.Process(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._process.start()
        self._ready.wait()
        return f"http://127.0.0.1:{self._port.value}/{self._root}/simple/"

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def take(self) -> dict[str, int]:
        """Return requests and bytes since the last call."""
        with self._counted.get_lock():
            requests, sent = self._counted[0], self._counted[1]
            self._counted[0] = self._counted[1] = 0
        return {"requests": requests, "sent": sent}

    def _serve(self) -> None:
        handler = _handler(self._make(), self._count, self._latency, self._fresh)
        server = _Server(("127.0.0.1", 0), handler)
        self._port.value = server.server_address[1]
        self._ready.set()
        server.serve_forever()

    def _count(self, size: int) -> None:
        with self._counted.get_lock():
            self._counted[0] += 1
            self._counted[1] += size


def _handler(
    api: Api, count: Callable[[int], None], latency: float, fresh: int | None
) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers late, and keeps its answers so that only the first costs."""
    turn = threading.Lock()
    known: dict[tuple[str, bool], tuple[Page | None, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            due = time.monotonic() + latency
            accept = self.headers.get("Accept", "")
            with turn:
                key = (self.path, "json" in accept)
                if key not in known:
                    path = self.path.lstrip("/").partition("/")[2]
                    known[key] = (api.answer(path, accept), f'"{len(known)}"')
                page, etag = known[key]
            time.sleep(max(0.0, due - time.monotonic()))
            if page is None or page.location is not None:
                self._send(404, "text/plain", b"", etag)
            elif fresh is not None and self.headers.get("If-None-Match") == etag:
                self._send(_NOT_MODIFIED, page.kind, b"", etag)
            else:
                self._send(200, page.kind, page.body, etag)

        def _send(self, status: int, kind: str, body: bytes, etag: str) -> None:
            count(len(body))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if status != _NOT_MODIFIED:
                self.send_header("Content-Length", str(len(body)))
            if fresh is not None:
                self.send_header("ETag", etag)
                lasting = _FOR_EVER if "/files/" in self.path else fresh
                self.send_header("Cache-Control", f"max-age={lasting}")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
