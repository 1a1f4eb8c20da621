"""A live solve asks for what it needs at once, asks for nothing twice, and answers the same."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from support.scripted import Reply, Scripted, scripted
from support.universe import Release, Universe, pins, problem, solved
from support.wheelhouse import metadata_text

from depcheck.index.live.answers import Answers
from depcheck.index.live.live_index import live_indexes
from depcheck.resolver.explanation import UnsatisfiableError
from depcheck.resolver.solve import solve

if TYPE_CHECKING:
    from pathlib import Path

Route = Callable[[Mapping[str, str]], Reply]
EAGER: Universe = {
    "app": {"1.0": ["lib", "tool>=1"]},
    "web": {"1.0": ["lib<3"]},
    "lib": {"1.0": [], "2.0": ["deep"], "3.0": ["deep"]},
    "tool": {"1.0": ["deep"], "2.0": ["deep<2"]},
    "deep": {"1.0": [], "2.0": []},
}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with scripted() as server:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{server.url}/simple")
        yield server


def serve(script: Scripted, universe: Universe) -> None:
    """Serve a universe of wheels with their METADATA beside them."""
    for name, versions in universe.items():
        files = []
        for version, needs in versions.items():
            filename = Release(*needs).filename(name, version)
            text = metadata_text(name, version, needs).encode()
            script.routes[f"/files/{filename}.metadata"] = Reply(body=text)
            files.append(_file(filename, hashlib.sha256(text).hexdigest()))
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
        script.routes[f"/simple/{name}/"] = Reply(
            headers={"Content-Type": "application/vnd.pypi.simple.v1+json"},
            body=json.dumps(page).encode(),
        )


def _file(filename: str, digest: str) -> dict[str, Any]:
    return {
        "filename": filename,
        "url": f"/files/{filename}",
        "hashes": {"sha256": hashlib.sha256(filename.encode()).hexdigest()},
        "core-metadata": {"sha256": digest},
    }


def live_pins(folder: Path, *requirements: str) -> dict[str, str]:
    return pins(solve(problem(*requirements), live_indexes(Answers(folder))))


def test_answer_is_that_of_a_search_alone(script: Scripted, tmp_path: Path) -> None:
    serve(script, EAGER)

    assert solved(EAGER, "app", "web") == live_pins(tmp_path, "app", "web")


def test_nothing_is_asked_for_twice(script: Scripted, tmp_path: Path) -> None:
    serve(script, EAGER)
    live_pins(tmp_path, "app", "web")

    assert sorted(set(script.requests)) == sorted(script.requests)


def test_a_second_solve_asks_for_nothing(script: Scripted, tmp_path: Path) -> None:
    serve(script, EAGER)
    live_pins(tmp_path, "web")
    asked = list(script.requests)
    live_pins(tmp_path, "web")

    assert asked == script.requests


def together(reply: Reply, gate: threading.Barrier) -> Route:
    """Answer only when as many requests are under way as the gate wants."""

    def answer(_: Mapping[str, str]) -> Reply:
        gate.wait(timeout=10)
        return reply

    return answer


@pytest.mark.parametrize(
    ("requirements", "paths"),
    [
        (("app", "web"), ("/simple/app/", "/simple/web/")),
        (("app",), ("/simple/lib/", "/simple/tool/")),
        (
            ("lib<2", "web"),
            (
                "/files/lib-1.0-py3-none-any.whl.metadata",
                "/files/web-1.0-py3-none-any.whl.metadata",
            ),
        ),
    ],
)
def test_what_is_needed_is_asked_for_at_once(
    script: Scripted, tmp_path: Path, requirements: tuple[str, ...], paths: tuple[str, ...]
) -> None:
    serve(script, EAGER)
    gate = threading.Barrier(len(paths))
    for path in paths:
        reply = script.routes[path]
        assert isinstance(reply, Reply)
        script.routes[path] = together(reply, gate)

    assert solved(EAGER, *requirements) == live_pins(tmp_path, *requirements)


def test_old_pages_are_asked_for_at_once(script: Scripted, tmp_path: Path) -> None:
    serve(script, EAGER)
    live_pins(tmp_path, "app", "web")
    gate = threading.Barrier(2)
    for path in ("/simple/app/", "/simple/web/"):
        script.routes[path] = together(Reply(status=304), gate)
    old = live_indexes(Answers(tmp_path), fresh=0)

    assert solved(EAGER, "app", "web") == pins(solve(problem("app", "web"), old))


def test_a_search_that_goes_down_reads_older_versions_at_once(
    script: Scripted, tmp_path: Path
) -> None:
    """Nothing of `top` but its oldest version fits, and the search meets them one by one."""
    versions = {f"{number}.0": [f"base=={number}"] for number in range(2, 30)}
    universe: Universe = {
        "top": {"1.0": [], **versions},
        "base": {"1": [], **{str(number): [] for number in range(2, 30)}},
        "keep": {"1.0": ["base<2"]},
    }
    serve(script, universe)
    gate = threading.Barrier(2)
    for number in (20, 19):
        path = f"/files/top-{number}.0-py3-none-any.whl.metadata"
        reply = script.routes[path]
        assert isinstance(reply, Reply)
        script.routes[path] = together(reply, gate)

    assert {"top": "1.0", "base": "1", "keep": "1.0"} == live_pins(tmp_path, "top", "keep")


def test_remedies_are_tried_within_an_allowance(
    script: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depcheck.resolver.remedies._SURPRISES", 3)
    versions = {f"{number}.0": [f"base=={number}"] for number in range(2, 30)}
    universe: Universe = {
        "top": versions,
        "base": {str(number): [] for number in range(1, 30)},
        "keep": {"1.0": ["base<2"]},
    }
    serve(script, universe)
    with pytest.raises(UnsatisfiableError) as caught:
        live_pins(tmp_path, "top==29", "keep")

    assert caught.value.hint is not None
    assert (
        "more may solve it that was not looked at, since it takes many requests to the index; "
        "record the index to have it tried"
    ) == caught.value.hint.splitlines()[-1]
