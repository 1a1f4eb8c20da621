"""Whatever an index does, `compile` ends with a lock, or with one line that names URL and cause.

The index holds `a`, a wheel of version 1.0. Each case replaces one of its answers. It is asked with
credentials, which no output, lock or cache entry may hold.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from support.scripted import Reply, Scripted, ranged, scripted
from support.wheelhouse import make_wheel, metadata_text
from support.world import make_world

from depcheck.index.live import connections, http

if TYPE_CHECKING:
    from support.world import World

WORD = "s3cr3t"
PAGE, WHEEL = "/simple/a/", "/files/a-1.0-py3-none-any.whl"
METADATA = f"{WHEEL}.metadata"
JSON = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
HTML = {"Content-Type": "text/html"}
LOCKED = "a==1.0"
MOST_REQUESTS = 11
"""For one answer: 10 redirects, or 5 attempts."""
DONE = "1 pin for python 3.11, manylinux_2_35_x86_64"
PEM = Path(__file__).parent.parent / "support" / "loopback.pem"
Answer = Reply | Callable[[Mapping[str, str]], Reply]


class Case(NamedTuple):
    """One fault: where, what is answered there, and how the command ends."""

    name: str
    answer: Reply
    message: str = ""
    """Of the error; empty where the lock is made all the same."""
    path: str = PAGE
    announced: str = ""
    """Hash of the METADATA beside the wheel, as the page states it."""
    code: int = 3
    times: int | None = None
    """How often it is answered before all is in order; None for ever."""


def refused(status: int, url: str = PAGE) -> str:
    return f"`{{root}}{url}` answered with HTTP status {status} [index-refused]"


def unread(cause: str, url: str = PAGE) -> str:
    return f"`{{root}}{url}` cannot be read: {cause} [index-unreachable]"


def nonsense(cause: str) -> str:
    return f"`{{root}}{PAGE}` answers, but {cause} [index-nonsense]"


def shape(cause: str) -> str:
    return nonsense(f"it is no project page: {cause}")


def page(document: Any) -> Reply:
    return Reply(headers=JSON, body=json.dumps(document).encode())


def files(*stated: Any) -> Reply:
    return page({"meta": {"api-version": "1.1"}, "name": "a", "files": list(stated)})


LINK = {"url": WHEEL, "filename": "a-1.0-py3-none-any.whl", "hashes": {}}
NO_VERSION = "`r.in` has no solution, because these cannot all hold: [unsatisfiable]"
CASES = (
    # Statuses that last, and statuses that pass.
    Case("400", Reply(status=400), refused(400)),
    Case("401", Reply(status=401), refused(401)),
    Case("403", Reply(status=403), refused(403)),
    Case("404", Reply(status=404), NO_VERSION, code=1),
    Case("410", Reply(status=410), NO_VERSION, code=1),
    Case("418", Reply(status=418), refused(418)),
    Case("408 for ever", Reply(status=408), refused(408)),
    Case("429 for ever", Reply(status=429, headers={"Retry-After": "1"}), refused(429)),
    Case("500 for ever", Reply(status=500), refused(500)),
    Case("502 for ever", Reply(status=502), refused(502)),
    Case("503 for ever", Reply(status=503), refused(503)),
    Case("504 for ever", Reply(status=504), refused(504)),
    Case("429 once", Reply(status=429, headers={"Retry-After": "1"}), times=1),
    Case("503 and a date to retry", Reply(status=503, headers={"Retry-After": "Fri, 1"}), times=1),
    Case("500 twice", Reply(status=500), times=2),
    Case("502 four times", Reply(status=502), times=4),
    # Connections.
    Case("reset for ever", Reply(reset=True), unread("[Errno 104] Connection reset by peer")),
    Case("reset once", Reply(reset=True), times=1),
    Case("broken off once", Reply(headers=JSON, body=b"{", length=500), times=1),
    Case(
        "broken off for ever",
        Reply(headers=JSON, body=b"{", length=500),
        unread("IncompleteRead(1 bytes read, 499 more expected)"),
    ),
    Case(
        "length that is too short",
        Reply(headers=JSON, body=b'{"meta": 1}', length=5),
        shape("Unterminated string starting at: line 1 column 2 (char 1)"),
    ),
    Case(
        "junk as gzip",
        Reply(headers={**JSON, "Content-Encoding": "gzip"}, body=b"junk"),
        unread("Error -3 while decompressing data: incorrect header check"),
    ),
    # Redirects.
    Case(
        "redirect to itself",
        Reply(status=302, headers={"Location": PAGE}),
        unread("more than 10 redirects"),
    ),
    Case("redirect to nowhere", Reply(status=302), refused(302)),
    Case("redirect to a page", Reply(status=301, headers={"Location": "/elsewhere/"})),
    Case(
        "redirect to a file",
        Reply(status=302, headers={"Location": "file:///etc/passwd"}),
        unread("it redirects to an address that starts with `file:`"),
    ),
    Case(
        "redirect to another scheme",
        Reply(status=302, headers={"Location": "ftp://127.0.0.1/a"}),
        unread("it redirects to an address that starts with `ftp:`"),
    ),
    # Pages that are none.
    Case(
        "error page",
        Reply(headers=HTML, body=b"<h1>Please log in</h1>"),
        shape("it lists no distribution"),
    ),
    Case(
        "page of links to elsewhere",
        Reply(headers=HTML, body=b"<a href='/login'>Log in</a>"),
        shape("it lists no distribution"),
    ),
    Case(
        "picture",
        Reply(headers={"Content-Type": "image/png"}, body=b"\x89PNG"),
        nonsense("its content type is image/png"),
    ),
    Case(
        "other JSON",
        Reply(headers={"Content-Type": "application/json"}, body=b"{}"),
        nonsense("its content type is application/json"),
    ),
    Case(
        "JSON that says nothing of its kind",
        Reply(body=b'{"files": []}'),
        shape("it lists no distribution"),
    ),
    Case("empty body", Reply(headers=JSON), shape("Expecting value: line 1 column 1 (char 0)")),
    Case("empty object", page({}), shape("its `files` is missing or of another kind")),
    Case("list", page([]), shape("its `files` is missing or of another kind")),
    Case("number", page({"files": 3}), shape("its `files` is missing or of another kind")),
    Case("no version", page({"files": []}), shape("its `meta` is missing or of another kind")),
    Case(
        "version 2",
        page({"meta": {"api-version": "2.0"}, "files": []}),
        shape("its Simple API version is 2.0"),
    ),
    Case(
        "file without a URL",
        files({"hashes": {}}),
        shape("its `url` is missing or of another kind"),
    ),
    Case(
        "hashes in a list",
        files({**LINK, "hashes": []}),
        shape("its `hashes` is missing or of another kind"),
    ),
    Case(
        "size in words",
        files({**LINK, "size": "9"}),
        shape("its `size` is missing or of another kind"),
    ),
    Case(
        "not UTF-8",
        Reply(headers=JSON, body=b'{"a": "\xff"}'),
        shape("'utf-8' codec can't decode byte 0xff in position 7: invalid start byte"),
    ),
    Case(
        "nested without end",
        Reply(headers=JSON, body=b"[" * 200_000),
        shape("maximum recursion depth exceeded while decoding a JSON array from a unicode string"),
    ),
    Case(
        "50 MB",
        Reply(headers=JSON, body=b" " * 50_000_000),
        "`{root}/simple/a/` answers with more than 33554432 bytes [answer-too-large]",
    ),
    Case(
        "bomb",
        Reply(headers={**JSON, "Content-Encoding": "gzip"}, body=gzip.compress(bytes(50_000_000))),
        "`{root}/simple/a/` answers with more than 33554432 bytes [answer-too-large]",
    ),
    Case(
        "unchanged though never asked for",
        Reply(status=304),
        "`{root}/simple/a/` says that a page is unchanged which was never fetched [index-nonsense]",
    ),
    Case("no files", files(), NO_VERSION, code=1),
    # METADATA beside the wheel.
    Case("metadata that is not there", Reply(status=404), path=METADATA, announced="0" * 64),
    Case(
        "metadata of another hash",
        Reply(body=metadata_text("a", "1.0").encode()),
        f"`{{root}}{METADATA}` has SHA-256 {{metadata}}, and its index states {'0' * 64} "
        "[metadata-hash-mismatch]",
        path=METADATA,
        announced="0" * 64,
    ),
    Case("metadata refused", Reply(status=403), refused(403, METADATA), path=METADATA),
    Case(
        "metadata broken off",
        Reply(body=b"M", length=2),
        unread("IncompleteRead(1 bytes read, 1 more expected)", METADATA),
        path=METADATA,
    ),
    Case("metadata for people", Reply(headers=HTML, body=b"<h1>Hello</h1>"), path=METADATA),
    # The wheel itself, read by ranges.
    Case(
        "wheel that is gone",
        Reply(status=404),
        f"`{{root}}{WHEEL}` is listed by its index, but it is not there [file-gone]",
        path=WHEEL,
    ),
    Case("wheel refused", Reply(status=416), refused(416, WHEEL), path=WHEEL),
    *(
        Case(
            f"range `{stated}`",
            Reply(status=206, headers={"Content-Range": stated}, body=b"12345"),
            f"`{{root}}{WHEEL}` answers a range request with another range [wrong-range]",
            path=WHEEL,
        )
        for stated in ("bytes 0-4/5", "bytes 0-0/1", "bytes 1-5/4", "nonsense", "")
    ),
    Case(
        "another wheel, whole",
        Reply(body=b"junk"),
        f"`{{root}}{WHEEL}` has SHA-256 {hashlib.sha256(b'junk').hexdigest()}, and its index "
        "states {wheel} [file-hash-mismatch]",
        path=WHEEL,
    ),
)


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    monkeypatch.setattr(http, "_BACKOFF_SECONDS", 0)
    monkeypatch.setattr(http, "_LONGEST_PAUSE", 0)
    monkeypatch.setenv("DEPCHECK_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "r.in").write_text("a\n")
    return make_world(tmp_path, monkeypatch, capsys)


@pytest.fixture
def script() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def serve_a(script: Scripted, folder: Path, announced: str = "") -> bytes:
    """Serve the index in order, and return the wheel."""
    content = make_wheel(folder / "wheels", "a", "1.0").read_bytes()
    stated = {**LINK, "hashes": {"sha256": hashlib.sha256(content).hexdigest()}}
    if announced:
        stated["core-metadata"] = {"sha256": announced}
    script.routes[PAGE] = script.routes["/elsewhere/"] = files({**stated, "size": len(content)})
    script.routes[WHEEL] = ranged(content)
    return content


def at_first(times: int | None, answer: Reply, usual: Answer | None) -> Answer:
    """Answer so often in one way, and then as usual."""
    left = [None] * times if times is not None else None

    def answered(headers: Mapping[str, str]) -> Reply:
        if left is None or left:
            if left:
                left.pop()
            return answer
        assert usual is not None
        return usual if isinstance(usual, Reply) else usual(headers)

    return answered


def compiled(world: World, root: str) -> tuple[int, str, str]:
    """Return exit code, pins and the first line on stderr, once the secret was looked for."""
    target = ("--python-version", "3.11", "--platform", "manylinux_2_35_x86_64")
    address = root.replace("://", f"://me:{WORD}@") + "/simple"
    code, out, err = world.run("compile", "r.in", *target, "--no-rules", "--index-url", address)
    cached = b"".join(
        path.read_bytes() for path in (world.folder / "cache").rglob("*") if path.is_file()
    )

    assert WORD not in out + err + cached.decode("latin-1")
    # The kernel decides which of the two a client sees of a connection that is reset.
    err = err.replace(
        "Remote end closed connection without response", "[Errno 104] Connection reset by peer"
    )
    return code, " ".join(line for line in out.split("\n") if "==" in line), err.split("\n")[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lock_or_one_line(case: Case, world: World, script: Scripted) -> None:
    wheel = serve_a(script, world.folder, case.announced)
    script.routes[case.path] = at_first(case.times, case.answer, script.routes.get(case.path))
    told = case.message.format(
        root=script.url,
        wheel=hashlib.sha256(wheel).hexdigest(),
        metadata=hashlib.sha256(case.answer.body).hexdigest(),
    )
    expected = (case.code, "", f"error: {told}") if told else (0, LOCKED, DONE)

    assert expected == compiled(world, script.url)
    assert max(script.requests.count(path) for path in (PAGE, METADATA)) <= MOST_REQUESTS


def test_there_are_enough_of_them() -> None:
    names = [case.name for case in CASES]

    assert (True, len(names)) == (len(names) >= 55, len(set(names)))


def test_file_that_is_listed_twice(world: World, script: Scripted) -> None:
    serve_a(script, world.folder)
    usual = script.routes[PAGE]
    assert isinstance(usual, Reply)
    listed = json.loads(usual.body)["files"]
    script.routes[PAGE] = files(*listed, *listed)

    assert (0, LOCKED, DONE) == compiled(world, script.url)


def test_names_that_are_not_those_of_the_project(world: World, script: Scripted) -> None:
    serve_a(script, world.folder)
    usual = script.routes[PAGE]
    assert isinstance(usual, Reply)
    (wheel,) = json.loads(usual.body)["files"]
    names = (
        "b-9.0-py3-none-any.whl",
        "a-9.0.exe",
        "a-x-py3-none-any.whl",
        "A__-9-py3-none-any.whl",
    )
    others = [{**wheel, "url": f"/files/{name}", "filename": name} for name in (*names, "", "a")]
    script.routes[PAGE] = files(*others, wheel)

    assert (0, LOCKED, DONE) == compiled(world, script.url)


def test_slow_drip(world: World, script: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    serve_a(script, world.folder)
    monkeypatch.setattr(http, "DEADLINE_SECONDS", -1)

    told = f"`{script.url}{PAGE}` cannot be read: not read whole within -1 s [index-unreachable]"
    assert (3, "", f"error: {told}") == compiled(world, script.url)


def test_nobody_listens(world: World) -> None:
    told = "`http://127.0.0.1:9/simple/a/` cannot be read: [Errno 111] Connection refused"

    assert (3, "", f"error: {told} [index-unreachable]") == compiled(world, "http://127.0.0.1:9")


def test_host_without_an_address(world: World) -> None:
    code, out, line = compiled(world, "http://nowhere.invalid")

    assert (3, "") == (code, out)
    assert line.startswith("error: `http://nowhere.invalid/simple/a/` cannot be read: ")


def secure() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return context


@pytest.fixture
def safe() -> Iterator[Scripted]:
    """Serve over TLS; the certificate vouches for itself."""
    connections._tls_context.cache_clear()
    with scripted(secure()) as server:
        yield server
    connections._tls_context.cache_clear()


def test_certificate_that_nobody_vouches_for(world: World, safe: Scripted) -> None:
    serve_a(safe, world.folder)
    told = (
        f"`{safe.url}{PAGE}` cannot be read: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
        "failed: self-signed certificate"
    )
    code, out, line = compiled(world, safe.url)

    assert (3, "", f"error: {told}") == (code, out, line.partition(" (_ssl.c")[0])
    assert [] == safe.requests


def test_certificate_that_the_environment_trusts(
    world: World, safe: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_a(safe, world.folder)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(PEM))

    assert (0, LOCKED, DONE) == compiled(world, safe.url)


def test_redirect_from_https_to_http(
    world: World, safe: Scripted, script: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(PEM))
    serve_a(script, world.folder)
    safe.routes[PAGE] = Reply(status=302, headers={"Location": f"{script.url}{PAGE}"})
    told = f"`{safe.url}{PAGE}` redirects from https to http [insecure-redirect]"

    assert (3, "", f"error: {told}") == compiled(world, safe.url)
    assert [] == script.requests
