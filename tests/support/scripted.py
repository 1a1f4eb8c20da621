"""A loopback server whose every answer a test decides."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    length: int | None = None
    """A false Content-Length."""
    reset: bool = False
    """Break the connection instead of answering."""


Route = "Reply | Callable[[Mapping[str, str]], Reply]"


class Scripted:
    """Answers by path; what was asked for is kept."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.routes: dict[str, Reply | Callable[[Mapping[str, str]], Reply]] = {}
        self.requests: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        """Of the requests, names in lower case."""

    def answer(self, path: str, headers: Mapping[str, str]) -> Reply:
        self.requests.append(path)
        self.headers.append(headers)
        found = self.routes.get(path, Reply(status=404))
        return found if isinstance(found, Reply) else found(headers)


class _Server(ThreadingHTTPServer):
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, object]:
        """Return a connection; a handshake that fails is a matter of its own thread."""
        connection, address = super().get_request()
        if self.tls is not None:
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep the test output clean: clients go away where an answer is too long."""


@contextmanager
def scripted(tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """Serve on a free loopback port until the block ends."""
    server = _Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.tls = tls
    script = Scripted(f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = script.answer(
                unquote(self.path), {k.lower(): v for k, v in self.headers.items()}
            )
            if reply.reset:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            length = len(reply.body) if reply.length is None else reply.length
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # inherited name
            """Keep the test output clean."""

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ranged(body: bytes) -> Callable[[Mapping[str, str]], Reply]:
    """Return a route that honours range requests."""

    def answer(headers: Mapping[str, str]) -> Reply:
        stated = headers.get("range")
        if stated is None:
            return Reply(body=body)
        first, _, last = stated.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(body) - int(last))
        end = min(int(last), len(body) - 1) if first and last else len(body) - 1
        part = body[start : end + 1]
        span = f"bytes {start}-{end}/{len(body)}"
        return Reply(status=206, headers={"Content-Range": span}, body=part)

    return answer
