"""A recording, served as an index: what another client reads is what was recorded."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from support.recording import record
from support.universe import Release

from depcheck.errors import EnvironmentFailure
from depcheck.index.live.answers import Answers
from depcheck.index.live.live_index import live_indexes
from depcheck.index.live.server import address, make_server, serving
from depcheck.index.model import DYNAMIC, INVALID, UNRECORDED
from depcheck.index.simple_api import SimpleApi
from depcheck.index.snapshot import open_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depcheck.index.interface import PackageIndex
    from depcheck.index.snapshot import Snapshot

UNIVERSE = {
    "default": {
        "app": {
            "1.0": Release(
                "lib[fast]>=1 ; python_version > '3.8'",
                "more ; extra == 'x'",
                extras=("x",),
                python=">=3.8",
                metadata_python=">=3.8",
            ),
            "2.0": Release("lib", yanked=True, sha256="2" * 64),
        },
        "lib": {
            "1.0": [Release(tags=None, state=DYNAMIC), Release("app", tags="cp311-cp311-win32")],
            "2.0": Release(state=UNRECORDED),
            "3.0": Release(state=INVALID),
        },
    }
}


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return open_snapshot(record(tmp_path / "recorded.sqlite", UNIVERSE))


@pytest.fixture
def root(snapshot: Snapshot) -> Iterator[str]:
    """Return the address at which the recording is served."""
    api = SimpleApi(lambda _: snapshot.index("default"))
    with serving({"default": api}) as server:
        yield address(server, "default")


def described(index: PackageIndex, name: str) -> list[tuple[str, object]]:
    """Return each file of a project with what decides a solve."""
    project = index.project(name)
    assert project is not None
    return [
        (
            index.file(project, dist).filename,
            (
                dist.requires_python,
                dist.yanked,
                dist.uploaded,
                index.file(project, dist).sha256,
                index.core_metadata(project, dist),
            ),
        )
        for rank in range(len(project.versions))
        for dist in project.dists(rank)
        if index.file(project, dist).filename.endswith(".whl")
    ]


def test_our_own_client_reads_back_what_was_recorded(
    snapshot: Snapshot, root: str, tmp_path: Path
) -> None:
    live = live_indexes(Answers(tmp_path / "cache"))(root)

    assert described(snapshot.index("default"), "app") == described(live, "app")


def test_files_whose_metadata_is_not_known_are_not_listed(root: str) -> None:
    names = [each["filename"] for each in json.loads(fetched(f"{root}lib/", json_page()))["files"]]

    assert ["lib-1.0-cp311-cp311-win32.whl", "lib-1.0.tar.gz"] == names


@pytest.mark.parametrize("accept", ["text/html", "application/vnd.pypi.simple.v1+json"])
def test_the_stated_hash_is_that_of_the_metadata_that_is_served(root: str, accept: str) -> None:
    page = fetched(f"{root}app/", {"Accept": accept}).decode()
    body = fetched(f"{root.replace('simple', 'files')}app/1.0/app-1.0-py3-none-any.whl.metadata")

    assert hashlib.sha256(body).hexdigest() in page
    assert """\
Metadata-Version: 2.2
Name: app
Version: 1.0
Requires-Python: >=3.8
Provides-Extra: x
Requires-Dist: lib[fast]>=1; python_version > "3.8"
Requires-Dist: more; extra == "x"
""" == body.decode()


def test_later_uploads_are_not_listed(snapshot: Snapshot) -> None:
    """Those of an unknown time are: a solve takes them too."""
    undated = record(
        snapshot.path.with_name("undated.sqlite"),
        {"default": {"app": {"1.0": Release(uploaded=None), "2.0": Release(uploaded=5_000)}}},
    )
    api = SimpleApi(
        lambda _: open_snapshot(undated).index("default"),
        as_of=datetime.fromtimestamp(5_000, timezone.utc),
    )

    page = api.answer("/simple/app/", "json")

    assert page is not None
    assert ["app-1.0-py3-none-any.whl"] == [
        each["filename"] for each in json.loads(page.body)["files"]
    ]


def test_page_in_html(root: str) -> None:
    page = fetched(f"{root}app/", {"Accept": "text/html"}).decode()
    links = [line for line in page.splitlines() if line.startswith("<a ")]

    assert 2 == len(links)
    assert 'data-requires-python="&gt;=3.8"' in links[0]
    assert 'data-yanked=""' in links[1]


def test_what_is_not_there_is_not_found(snapshot: Snapshot) -> None:
    api = SimpleApi(lambda _: snapshot.index("default"))

    assert [None, None, None, None] == [
        api.answer(path, "")
        for path in ("simple/nowhere/", "", "files/app/9/app-9.whl", "files/app/1.0/other.whl")
    ]
    assert {"nowhere"} == api.not_recorded


def test_page_that_is_known_is_not_sent_again(root: str) -> None:
    with urlopen(Request(f"{root}app/", headers=json_page())) as answer:  # noqa: S310 - loopback
        known = {**json_page(), "If-None-Match": answer.headers["ETag"]}

        assert answer.headers["Cache-Control"] == "no-cache"
    with pytest.raises(HTTPError) as caught:
        fetched(f"{root}app/", known)

    caught.value.close()

    assert 304 == caught.value.code
    assert fetched(f"{root}app/", {**known, "Accept": "text/html"}).startswith(b"<!DOCTYPE html>")


def test_a_port_that_is_taken_is_named(snapshot: Snapshot) -> None:
    api = SimpleApi(lambda _: snapshot.index("default"))
    with serving({"default": api}) as server, pytest.raises(EnvironmentFailure) as caught:
        make_server({"default": api}, server.server_address[1])

    assert "port-taken" == caught.value.reference


def json_page() -> dict[str, str]:
    return {"Accept": "application/vnd.pypi.simple.v1+json"}


def fetched(url: str, headers: dict[str, str] | None = None) -> bytes:
    with urlopen(Request(url, headers=headers or {})) as answer:  # noqa: S310 - loopback
        content: bytes = answer.read()
    return content
