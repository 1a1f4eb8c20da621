"""Gated against the indexes themselves, over HTTP: what they list now, and whether files answer."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from support.scripted import Reply, Scripted, ranged, scripted
from support.wheelhouse import make_wheel

from depcheck.cli import main
from depcheck.errors import EnvironmentFailure
from depcheck.index.live import http
from depcheck.services import files, session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PAGE = "/simple/a/"
FILE = "/files/a-1.0-py3-none-any.whl"
SPEC = """\
name = "demo"
summary = "One package of a house's own index"
default-variant = "cpu"

[target]
python = "3.11"
platform = "manylinux_2_35_x86_64"

[variants.cpu]
as-of = 2025-01-01
requirements = ["a"]

[[variants.cpu.indexes]]
name = "house"
url = "{url}/simple"
packages = ["a"]
"""


@pytest.fixture
def script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Scripted]:
    """Serve an index on loopback, and solve an image by it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    monkeypatch.setattr(session, "RETRIES", session.RETRIES.new(backoff_factor=0))
    fresh(tmp_path / "before", monkeypatch)
    content = make_wheel(tmp_path / "wheels", "a", "1.0").read_bytes()
    with scripted() as server:
        server.routes[PAGE] = page(content)
        server.routes[FILE] = ranged(content)
        (tmp_path / "demo.toml").write_text(SPEC.format(url=server.url))
        assert 0 == main(["solve", "./demo.toml", "--live", "-q"])
        capsys.readouterr()
        fresh(tmp_path / "after", monkeypatch)
        yield server


def fresh(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember nothing of what indexes said before."""
    monkeypatch.setattr("depcheck.index.live.live_index.default_cache", lambda: cache)


def page(content: bytes, **more: Any) -> Reply:
    file = {
        "filename": FILE.rpartition("/")[2],
        "url": FILE,
        "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
        "upload-time": "2024-05-01T12:00:00Z",
        **more,
    }
    return listing(file)


def listing(*files: dict[str, Any]) -> Reply:
    document = {"meta": {"api-version": "1.1"}, "name": "a", "files": list(files)}
    kind = "application/vnd.pypi.simple.v1+json"
    return Reply(headers={"Content-Type": kind}, body=json.dumps(document).encode())


def yanked(script: Scripted, content: bytes) -> None:
    script.routes[PAGE] = page(content, yanked="broken")


def replaced(script: Scripted, content: bytes) -> None:
    script.routes[PAGE] = page(content + b"other", url=FILE)


def moved(script: Scripted, content: bytes) -> None:
    script.routes["/elsewhere/a-1.0-py3-none-any.whl"] = script.routes.pop(FILE)
    script.routes[PAGE] = page(content, url="/elsewhere/a-1.0-py3-none-any.whl")


def vanished(script: Scripted, _: bytes) -> None:
    script.routes[PAGE] = listing()


def project_gone(script: Scripted, _: bytes) -> None:
    del script.routes[PAGE]


def file_gone(script: Scripted, content: bytes) -> None:
    metadata = b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n"
    digest = hashlib.sha256(metadata).hexdigest()
    script.routes[PAGE] = page(content, **{"core-metadata": {"sha256": digest}})
    script.routes[f"{FILE}.metadata"] = Reply(body=metadata)
    del script.routes[FILE]


CASES: list[tuple[Callable[[Scripted, bytes], None], list[str]]] = [
    (lambda *_: None, []),
    (yanked, ["release-yanked"]),
    (replaced, ["hash-unknown"]),
    (moved, ["url-unknown", "url-dead"]),
    (vanished, ["release-unknown"]),
    (project_gone, ["release-unknown"]),
    (file_gone, ["url-dead"]),
]


@pytest.mark.parametrize(("change", "codes"), CASES)
def test_what_the_index_says_now_is_told(
    script: Scripted,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Scripted, bytes], None],
    codes: list[str],
) -> None:
    change(script, (tmp_path / "wheels" / "a-1.0-py3-none-any.whl").read_bytes())
    code = main(["gate", "--live", "--json"])
    [judged] = json.loads(capsys.readouterr().out)["lock-sets"]

    assert (int(bool(codes)), codes) == (code, [each["code"] for each in judged["findings"]])


def test_an_index_that_fails_is_no_answer(
    script: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    script.routes[PAGE] = Reply(status=500)
    code = main(["gate", "--live"])
    out, err = capsys.readouterr()

    assert (3, "") == (code, out)
    assert (
        f"error: `{script.url}/simple/a/` answered with HTTP status 500 [index-refused]\n\n"
        "hint: try again later, or check the address of the index\n"
    ) == err


@contextmanager
def heads(statuses: dict[str, int]) -> Iterator[str]:
    """Serve nothing but statuses, by path; those of 405 answer GET with 200."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(statuses[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep standard error clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_files_are_asked_for_without_being_fetched() -> None:
    with heads({"/there": 200, "/gone": 410, "/no-head": 405}) as url:
        assert {f"{url}/there": 200, f"{url}/gone": 410, f"{url}/no-head": 200} == files.answering(
            [f"{url}/there", f"{url}/gone", f"{url}/no-head", f"{url}/there"]
        )


def test_a_file_that_only_some_may_have_is_not_called_dead(
    script: Scripted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file_gone(script, (tmp_path / "wheels" / "a-1.0-py3-none-any.whl").read_bytes())
    script.routes[FILE] = Reply(status=401)
    code = main(["gate", "--live", "--json"])
    [judged] = json.loads(capsys.readouterr().out)["lock-sets"]

    assert (0, [], "whether the files of a are there is told only to whom their servers know") == (
        code,
        judged["findings"],
        judged["notes"][-1],
    )


def test_a_server_that_is_not_there_is_no_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/file"

        with pytest.raises(EnvironmentFailure) as caught:
            files.answering([url])

    assert f"cannot ask for `{url}`: it cannot be reached" == caught.value.message
