"""Known vulnerabilities: what a service of the documented form says, and what it cannot say."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from support.expected import expected
from support.world import World, make_world

from depcheck.services import osv, session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GHSA, PYSEC, OTHER, GONE = "GHSA-aaaa-bbbb-cccc", "PYSEC-2024-1", "PYSEC-2024-2", "PYSEC-2024-3"


def advisory(name: str, package: str, **fields: Any) -> dict[str, Any]:
    events = [{"introduced": "0"}, *({"fixed": each} for each in fields.pop("fixed", []))]
    ranges = [
        {"type": "GIT", "repo": "https://example.invalid/x", "events": [{"fixed": "c0ffee"}]},
        {"type": "ECOSYSTEM", "events": events},
    ]
    affected = {"package": {"name": package, "ecosystem": "PyPI"}, "ranges": ranges}
    foreign = {"package": {"name": package, "ecosystem": "npm"}, "ranges": ranges[1:]}
    return {"id": name, "schema_version": "1.6.0", "affected": [affected, foreign], **fields}


ADVISORIES = {
    GHSA: advisory(
        GHSA,
        "Torch",
        summary="Loading a file runs code",
        aliases=["CVE-2024-1", PYSEC],
        severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        database_specific={"severity": "CRITICAL"},
        fixed=["1.0", "2.6.0"],
    ),
    PYSEC: advisory(PYSEC, "torch", details="Long.\nMore.", aliases=["CVE-2024-1"], fixed=["2.6"]),
    OTHER: advisory(OTHER, "torch", summary="A crash"),
    GONE: advisory(GONE, "numpy", summary="Was none", withdrawn="2024-01-01T00:00:00Z"),
}
HASH = "a" * 64
METADATA = """
[[variants.cu121.metadata]]
name = "extra"
version = "1.0"
requires-dist = []
reason = "read from the wheel"
"""
KNOWN = {("torch", "2.2.2"): [[GHSA], [PYSEC, OTHER]], ("numpy", "1.26.4"): [[GONE]]}
"""Pages of ids by what was asked for."""


class Service:
    """A service on loopback, and everything that it was asked."""

    def __init__(self) -> None:
        self.queries: list[list[dict[str, Any]]] = []
        self.status = 200
        self.body: bytes | None = None
        self.url = ""

    def batch(self, content: dict[str, Any]) -> dict[str, Any]:
        self.queries.append(content["queries"])
        if self.body is not None:
            return {}
        return {"results": [self._page(each) for each in content["queries"]]}

    def _page(self, query: dict[str, Any]) -> dict[str, Any]:
        assert query["package"]["ecosystem"] == "PyPI"
        pages = KNOWN.get((query["package"]["name"], query["version"]), [])
        if not pages:
            return {}
        page = int(query.get("page_token", "0"))
        more = {"next_page_token": str(page + 1)} if page + 1 < len(pages) else {}
        return {"vulns": [{"id": each, "modified": "2024"} for each in pages[page]], **more}


@contextmanager
def serving(service: Service) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(service.batch(content) if self.path == "/v1/querybatch" else None)

        def do_GET(self) -> None:
            self._send(ADVISORIES.get(self.path.removeprefix("/v1/vulns/")))

        def _send(self, answer: dict[str, Any] | None) -> None:
            body = json.dumps(answer).encode() if service.body is None else service.body
            self.send_response(service.status if answer is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Keep standard error clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    with serving(service):
        yield service


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    world = make_world(tmp_path, monkeypatch, capsys)
    world.spec.write_text(world.spec.read_text().replace('"trainer", ', ""))
    world.solve("./demo.toml")
    return world


def test_what_is_known_of_pins_closes_the_gate(world: World, service: Service) -> None:
    """Names of one vulnerability come together; a withdrawn one does not count."""
    code, out, err = world.gate("--vulnerabilities", "--osv-url", service.url)
    asked = [[(q["package"]["name"], q["version"]) for q in each] for each in service.queries]

    assert (code, err) == (1, "")
    assert expected("gate-vulnerable.txt", out) == out
    assert [[("numpy", "1.26.4"), ("torch", "2.2.2")], [("torch", "2.2.2")]] == asked
    assert "1" == service.queries[1][0]["page_token"]


def test_nobody_is_asked_unless_it_is_wanted(world: World, service: Service) -> None:
    assert 0 == world.gate()[0]
    assert [] == service.queries


def test_a_policy_ignores_one_by_any_of_its_names(world: World, service: Service) -> None:
    ignores = "".join(
        f'[[tool.depcheck.gate.ignore]]\ncode = "vulnerable"\nsubject = "*{name}*"\n'
        f'reason = "not reachable here"\nuntil = 9999-12-31\n'
        for name in ("CVE-2024-1", OTHER)
    )
    (world.folder / "pyproject.toml").write_text(ignores)

    assert 0 == world.gate("--vulnerabilities", "--osv-url", service.url)[0]


def test_a_pin_from_a_url_is_not_clean(world: World, service: Service) -> None:
    url = "https://files.example/extra-1.0.tar.gz"
    text = world.spec.read_text().replace('"numpy"]', f'"numpy", "extra @ {url}#sha256={HASH}"]')
    world.spec.write_text(text + METADATA)
    world.solve("./demo.toml")
    code, out, _ = world.gate("--vulnerabilities", "--osv-url", service.url, "--json")
    [lock_set] = json.loads(out)["lock-sets"]
    [found] = [each for each in lock_set["findings"] if each["code"] == "vulnerability-unasked"]

    assert 1 == code
    assert ("extra==1.0", "warning", [url]) == (
        found["subject"],
        found["level"],
        found["evidence"],
    )
    assert "extra" not in [q["package"]["name"] for each in service.queries for q in each]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (400, b"{}", "it answered with status 400"),
        (200, b"no json", "its answer is not of the documented form"),
        (200, b'{"results": []}', "its answer is not of the documented form"),
        (200, b'{"results": [{"vulns": [{}]}, {}]}', "its answer is not of the documented form"),
        (200, b"[]", "its answer is not of the documented form"),
    ],
)
def test_a_service_that_does_not_answer_as_documented(
    world: World, service: Service, status: int, body: bytes, why: str
) -> None:
    service.status, service.body = status, body

    assert failure(service.url, why) == world.gate("--vulnerabilities", "--osv-url", service.url)


def test_a_service_that_never_ends(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.body = json.dumps({"results": [{"next_page_token": "x"}] * 2}).encode()
    monkeypatch.setattr(osv, "_PAGES", 3)
    why = "its answer is not of the documented form"

    assert failure(service.url, why) == world.gate("--vulnerabilities", "--osv-url", service.url)


def test_a_service_that_is_not_there(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        assert failure(url, "it cannot be reached") == world.gate(
            "--vulnerabilities", "--osv-url", url
        )


def test_a_service_that_hangs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "TIMEOUT", (5, 0.1))
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"

        assert failure(url, "it did not answer in time") == world.gate(
            "--vulnerabilities", "--osv-url", url
        )


def failure(url: str, why: str) -> tuple[int, str, str]:
    message = f"nobody can say which vulnerabilities are known: `{url}/v1/querybatch`: {why}"
    hint = "try again, or gate without `--vulnerabilities`"
    return 3, "", f"error: {message} [vulnerability-service]\n\nhint: {hint}\n"
