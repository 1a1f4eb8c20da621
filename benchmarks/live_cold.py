"""Live solves beside uv, over an index with latency: ``python -m benchmarks.live_cold``.

The recording in depcheck is served on loopback by a process of its own, which waits before each
answer as a far index does. depcheck (``solve --live``) and ``uv pip compile`` solve the same image
from it, alternately, as whole processes: with a cache that holds nothing from an index (cold), then
with the cache just filled (warm). Ratios are medians of pairs.

uv's own knowledge is compiled into it; depcheck works some out of its rules when it first runs, and
keeps it. So a solve from the recording, which asks no index, goes before the cold one; the line
``first`` says what a cold solve takes without it.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from depcheck.commands.second_opinions import OPINIONS
from depcheck.conflicts.loader import load_builtin_rules
from depcheck.images.loader import load_builtin
from depcheck.index.simple_api import SimpleApi
from depcheck.index.snapshot import open_snapshot
from depcheck.resolver.problem import DEFAULT_INDEX, build_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from depcheck.index.simple_api import Page

LATENCY_SECONDS = 0.02
ROUNDS = 7
IMAGE, VARIANT = "nexa_light", "cu121"
BASE = "nexa_base"
SPECS = Path(__file__).parent.parent / "images" / "data"
DEPCHECK = str(Path(sys.executable).parent / "depcheck")


class Took(NamedTuple):
    """What one process took."""

    wall: float
    cpu: float
    requests: int
    sent: int
    """Bytes of bodies that the index sent."""


class Index:
    """The loopback index, seen from the process that measures."""

    def __init__(self) -> None:
        fork = multiprocessing.get_context("fork")
        self._counted = fork.Array("q", 2)
        self._port = fork.Value("i", 0)
        self._ready = fork.Event()
        self._process = fork.Process(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._process.start()
        self._ready.wait()
        return f"http://127.0.0.1:{self._port.value}/simple/"

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def take(self) -> tuple[int, int]:
        """Return requests and bytes since the last call."""
        with self._counted.get_lock():
            requests, sent = self._counted
            self._counted[:] = [0, 0]
        return requests, sent

    def _serve(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(_api(), self._count))
        self._port.value = server.server_address[1]
        self._ready.set()
        server.serve_forever()

    def _count(self, size: int) -> None:
        with self._counted.get_lock():
            self._counted[0] += 1
            self._counted[1] += size


def _api() -> SimpleApi:
    spec = load_builtin(IMAGE)
    variant = spec.variants[VARIANT]
    problem = build_problem(spec, variant, load_builtin_rules())
    snapshot = open_snapshot()
    return SimpleApi(
        lambda name: snapshot.index(problem.index_of.get(name, DEFAULT_INDEX)), as_of=variant.as_of
    )


def _handler(api: SimpleApi, count: Callable[[int], None]) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers late, and keeps its answers so that only the first costs."""
    turn = threading.Lock()
    known: dict[tuple[str, bool], tuple[Page | None, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            due = time.monotonic() + LATENCY_SECONDS
            accept = self.headers.get("Accept", "")
            with turn:
                key = (self.path, "json" in accept)
                if key not in known:
                    known[key] = (api.answer(self.path, accept), f'"{len(known)}"')
                page, etag = known[key]
            time.sleep(max(0.0, due - time.monotonic()))
            if page is None or page.location is not None:
                self._send(404, "text/plain", b"", etag)
            elif self.headers.get("If-None-Match") == etag:
                self._send(304, page.kind, b"", etag)
            else:
                self._send(200, page.kind, page.body, etag)

        def _send(self, status: int, kind: str, body: bytes, etag: str) -> None:
            count(len(body))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if status != 304:  # noqa: PLR2004
                self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", etag)
            self.send_header("Cache-Control", "max-age=600")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def _specs(folder: Path, address: str) -> Path:
    """Write the image's spec with every index replaced by the one on loopback."""
    for path in SPECS.glob("*.toml"):
        text = re.sub(r'"https://download[^"]*/whl/[^"]*"', f'"{address}"', path.read_text())
        text = text.replace(f'extends = "{BASE}"', f'extends = "./{BASE}.toml"')
        (folder / path.name).write_text(text)
    return folder / f"{IMAGE}.toml"


def _measured(index: Index, run: Callable[[], object]) -> Took:
    index.take()
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run()
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(wall, cpu, *index.take())


def _solve(folder: Path, cache: Path, *words: str, address: str = "") -> None:
    command = [DEPCHECK, "solve", *words, "--variant", VARIANT, "-q"]
    environment = {**os.environ, "DEPCHECK_CACHE_DIR": str(cache), "UV_DEFAULT_INDEX": address}
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)


def _uv(problem: Any, address: str, folder: Path, cache: Path) -> None:
    os.environ["XDG_CACHE_HOME"] = str(cache)  # uv's own variables are taken from it
    answer = OPINIONS["uv"](problem, address, folder)
    if answer.failure is not None:
        sys.exit(f"uv: {answer.failure}")


def _pair(index: Index, address: str, folder: Path) -> Iterator[Took]:
    """Yield what uv and depcheck took, each cold and then warm, and depcheck's first of all."""
    spec = _specs(folder, address)
    known = folder / "depcheck"
    _solve(folder, known, IMAGE)
    built = load_builtin(IMAGE)
    problem = build_problem(built, built.variants[VARIANT], load_builtin_rules())
    for each in (
        lambda: _uv(problem, address, folder, folder / "uv"),
        lambda: _solve(folder, known, str(spec), "--live", address=address),
    ):
        yield _measured(index, each)
        yield _measured(index, each)
    empty = folder / "empty"
    yield _measured(index, lambda: _solve(folder, empty, str(spec), "--live", address=address))


def _line(what: str, tool: str, runs: Sequence[Took]) -> str:
    wall, cpu, requests, sent = (statistics.median(column) for column in zip(*runs, strict=True))
    return (
        f"{what:5}  {tool:8}  wall {wall:6.2f} s  CPU {cpu:6.2f} s  "
        f"{requests:4.0f} requests  {sent / 1e6:5.1f} MB"
    )


def _ratios(theirs: Sequence[Took], ours: Sequence[Took]) -> str:
    wall = statistics.median(b.wall / a.wall for a, b in zip(theirs, ours, strict=True))
    cpu = statistics.median(b.cpu / a.cpu for a, b in zip(theirs, ours, strict=True))
    return f"       ratio     wall {wall:6.2f}    CPU {cpu:6.2f}"


def main() -> None:
    """Print what both took, and the ratios."""
    rounds = int(sys.argv[1]) if sys.argv[1:] else ROUNDS
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {rounds} rounds, ", end="")
    print(f"{IMAGE} ({VARIANT}), {LATENCY_SECONDS * 1000:.0f} ms latency", flush=True)
    index = Index()
    taken: list[list[Took]] = []
    with index as address:
        for number in range(rounds + 1):
            with TemporaryDirectory() as folder:
                found = list(_pair(index, address, Path(folder)))
            if number:  # the first round fills the server
                taken.append(found)
    uv_cold, uv_warm, cold, warm, first = (list(column) for column in zip(*taken, strict=True))
    for what, theirs, ours in (("cold", uv_cold, cold), ("warm", uv_warm, warm)):
        print(_line(what, "uv", theirs))
        print(_line(what, "depcheck", ours))
        print(_ratios(theirs, ours))
    print(_line("first", "depcheck", first))


if __name__ == "__main__":
    main()
