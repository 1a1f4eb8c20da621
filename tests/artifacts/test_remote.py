"""A wheel behind a URL: what is fetched, what is kept, what is refused."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.artifacts import FILENAME, wheel_bytes
from support.elf import Elf, fatbin_of
from support.scripted import Reply, Scripted, ranged, scripted

from depcheck.artifacts.recording import WheelFile, record_facts
from depcheck.artifacts.sources import inspect_path, inspect_url
from depcheck.errors import InputError
from depcheck.index.live.http import Http, IndexUnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOISE = random.Random(7).randbytes(3_000_000)  # noqa: S311 - only shall not compress
KERNELS = Elf(needed=["libc.so.6"], sections={".nv_fatbin": fatbin_of("sm_80")}).build()
WHEEL = wheel_bytes({"demo/__init__.py": b"", "demo/data.bin": NOISE, "demo/k.so": KERNELS})
SMALL = wheel_bytes({"demo/__init__.py": b""})


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as script:
        script.routes[f"/{FILENAME}"] = ranged(WHEEL)
        yield script


def test_remote_wheel_gives_the_facts_of_a_local_one(server: Scripted, tmp_path: Path) -> None:
    path = tmp_path / FILENAME
    path.write_bytes(WHEEL)
    remote = inspect_url(Http(), f"{server.url}/{FILENAME}#sha256=0").artifact

    assert replace(inspect_path(path).artifact, whole=False) == remote


def test_only_directory_and_shared_objects_are_fetched(server: Scripted) -> None:
    found = inspect_url(Http(), f"{server.url}/{FILENAME}")

    assert ["demo/k.so"] == [each.path for each in found.artifact.objects]
    assert found.transferred is not None
    assert found.transferred < 300_000


def test_whole_wheel_is_fetched_where_it_is_asked_for(server: Scripted) -> None:
    found = inspect_url(Http(), f"{server.url}/{FILENAME}", size=len(WHEEL), whole=True)

    assert found.artifact.whole
    assert found.transferred is not None
    assert len(NOISE) < found.transferred < len(WHEEL) + 300_000


def test_server_that_ignores_ranges_is_an_error_where_the_wheel_is_large(server: Scripted) -> None:
    server.routes["/x/" + FILENAME] = Reply(status=404)

    with pytest.raises(IndexUnreachableError) as caught:
        inspect_url(Http(), f"{server.url}/x/{FILENAME}")

    assert "file-gone" == caught.value.reference


def test_what_is_no_wheel_is_refused(server: Scripted) -> None:
    server.routes["/page.html"] = ranged(b"<html>" * 100)
    server.routes["/x/" + FILENAME] = ranged(b"<html>" * 100)
    refused = []
    for path in ("page.html", f"x/{FILENAME}"):
        with pytest.raises(InputError) as caught:
            inspect_url(Http(), f"{server.url}/{path}")
        refused.append(caught.value.message)

    assert [
        "`page.html` is not the file name of a wheel",
        f"`{FILENAME}` is not a zip archive",
    ] == refused


def test_one_wheel_that_cannot_be_read_does_not_stop_the_others(server: Scripted) -> None:
    good = WheelFile(url=f"{server.url}/{FILENAME}", sha256="0" * 64, size=len(WHEEL))
    gone = replace(good, url=f"{server.url}/gone-1.0-py3-none-any.whl")
    large = replace(good, size=1_000_000_001)
    server.routes[f"/whole/{FILENAME}"] = Reply(body=SMALL)  # by a server that knows no ranges
    other = replace(good, url=f"{server.url}/whole/{FILENAME}", size=len(SMALL) + 1)
    told: list[str] = []
    wheels = [gone, good, large, other]
    found = record_facts(wheels, progress=lambda each: told.append(each.wheel.url))

    assert [False, True, False, False] == [each.artifact is not None for each in found]
    assert ["it is larger than 1 GB", "its size is not that of the lock"] == [
        each.problem for each in found[2:]
    ]
    assert sorted(each.url for each in wheels) == sorted(told)
    assert ["gone-1.0-py3-none-any.whl", FILENAME] == [each.filename for each in wheels[:2]]
