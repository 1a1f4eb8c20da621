"""Credentials go to their own host and are seen nowhere else."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from support.scripted import Reply, Scripted, ranged, scripted
from support.wheelhouse import make_wheel
from support.world import make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.world import World

USER, SECRET = "me", "s3cr3t/@:"
QUOTED = "s3cr3t%2F%40%3A"
TARGET = ("--python-version", "3.11", "--platform", "manylinux_2_35_x86_64", "--no-rules")
BASIC = f"Basic {base64.b64encode(f'{USER}:{SECRET}'.encode()).decode()}"
WHEEL = "/files/a-1.0-py3-none-any.whl"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    monkeypatch.setenv("DEPCHECK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "r.in").write_text("a\n")
    return make_world(tmp_path, monkeypatch, capsys)


@pytest.fixture
def private() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def stranger() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def guarded(reply: Reply) -> object:
    """Answer those who say who they are."""
    return lambda headers: reply if headers.get("authorization") == BASIC else Reply(status=401)


def serve_a(script: Scripted, folder: Path, *, host: str = "") -> None:
    """Serve an index for the initiated; its wheel may lie on another host."""
    content = make_wheel(folder / "wheels", "a", "1.0").read_bytes()
    listed = {
        "filename": "a-1.0-py3-none-any.whl",
        "url": f"{host}{WHEEL}",
        "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
    }
    page = {"meta": {"api-version": "1.1"}, "name": "a", "files": [listed]}
    body = json.dumps(page).encode()
    headers = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    script.routes["/simple/a/"] = guarded(Reply(headers=headers, body=body))  # type: ignore[assignment]
    script.routes[WHEEL] = ranged(content)


def with_user(url: str, user: str = f"{USER}:{QUOTED}") -> str:
    return url.replace("://", f"://{user}@")


def compiled(world: World, *words: str) -> int:
    """Return the exit code of a run that leaves no trace of the secret."""
    code, out, err = world.run("compile", "r.in", *TARGET, "--format", "pylock", *words)
    cached = [path for path in (world.folder / "cache").rglob("*") if path.is_file()]
    written = "".join(path.read_bytes().decode("latin-1") for path in cached)

    assert [] == [each for each in (SECRET, QUOTED, "s3cr3t") if each in out + err + written]
    return code


def sent(script: Scripted) -> list[str | None]:
    """Return who asked, request by request."""
    return [headers.get("authorization") for headers in script.headers]


def test_without_credentials_it_is_refused(world: World, private: Scripted) -> None:
    serve_a(private, world.folder)

    assert 3 == compiled(world, "--index-url", f"{private.url}/simple")


def test_in_the_url(world: World, private: Scripted) -> None:
    serve_a(private, world.folder)

    assert 0 == compiled(world, "--index-url", f"{with_user(private.url)}/simple")
    assert {BASIC} == set(sent(private))


def test_in_the_url_of_a_package_index(world: World, private: Scripted, stranger: Scripted) -> None:
    serve_a(private, world.folder)
    words = f"--package-index=a={with_user(private.url)}/simple"

    assert 0 == compiled(world, words, "--index-url", f"{stranger.url}/simple")
    assert {BASIC} == set(sent(private))
    assert set() == set(sent(stranger)) - {None}


def test_in_a_requirements_file(
    world: World, private: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_a(private, world.folder)
    monkeypatch.setenv("TOKEN", QUOTED)
    address = with_user(private.url, f"{USER}:${{TOKEN}}")
    (world.folder / "r.in").write_text(f"--index-url {address}/simple\na\n")

    assert 0 == compiled(world)


def test_in_netrc(world: World, private: Scripted) -> None:
    serve_a(private, world.folder)
    (world.folder / "netrc").write_text(
        f"machine other.example login other password other\n"
        f"machine 127.0.0.1 login {USER} password {SECRET}\n"
    )

    assert 0 == compiled(world, "--index-url", f"{private.url}/simple")


@pytest.mark.parametrize("variable", ["UV_INDEX_URL", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"])
def test_in_the_environment(
    world: World, private: Scripted, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    serve_a(private, world.folder)
    monkeypatch.setenv(variable, f"{with_user(private.url)}/simple")

    assert 0 == compiled(world)


def test_in_uvs_variables_for_an_index_with_a_name(
    world: World, private: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_a(private, world.folder)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"my-corp={private.url}/simple")
    monkeypatch.setenv("UV_INDEX_MY_CORP_USERNAME", USER)
    monkeypatch.setenv("UV_INDEX_MY_CORP_PASSWORD", SECRET)

    assert 0 == compiled(world)


def test_in_keyring(world: World, private: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    serve_a(private, world.folder)
    program = world.folder / "bin" / "keyring"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$*" = "get {private.url} {USER}" ] || exit 1\necho "{SECRET}"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")

    assert 0 == compiled(world, "--index-url", f"{with_user(private.url, USER)}/simple")


def test_files_on_another_host_are_fetched_without(
    world: World, private: Scripted, stranger: Scripted
) -> None:
    serve_a(private, world.folder, host=stranger.url)
    stranger.routes[WHEEL] = private.routes[WHEEL]

    assert 0 == compiled(world, "--index-url", f"{with_user(private.url)}/simple")
    assert {None} == set(sent(stranger))


def test_redirect_to_another_host_goes_without(
    world: World, private: Scripted, stranger: Scripted
) -> None:
    serve_a(private, world.folder)
    moved = Reply(status=302, headers={"Location": f"{stranger.url}/wheel"})
    stranger.routes["/wheel"] = private.routes[WHEEL]
    private.routes[WHEEL] = guarded(moved)  # type: ignore[assignment]

    assert 0 == compiled(world, "--index-url", f"{with_user(private.url)}/simple")
    assert {None} == set(sent(stranger))


def test_redirect_to_a_host_in_netrc_takes_those(
    world: World, private: Scripted, stranger: Scripted
) -> None:
    serve_a(private, world.folder)
    there = stranger.url.replace("127.0.0.1", "localhost")
    (world.folder / "netrc").write_text("machine localhost login you password other\n")
    stranger.routes["/wheel"] = private.routes[WHEEL]
    private.routes[WHEEL] = Reply(status=302, headers={"Location": f"{there}/wheel"})
    others = f"Basic {base64.b64encode(b'you:other').decode()}"

    assert 0 == compiled(world, "--index-url", f"{with_user(private.url)}/simple")
    assert {others} == set(sent(stranger))


def test_credentials_that_a_redirect_brings_are_not_used(
    world: World, private: Scripted, stranger: Scripted
) -> None:
    serve_a(stranger, world.folder)
    there = with_user(stranger.url)
    private.routes["/simple/a/"] = Reply(status=302, headers={"Location": f"{there}/simple/a/"})

    assert 3 == compiled(world, "--index-url", f"{private.url}/simple")
    assert {None} == set(sent(stranger))
