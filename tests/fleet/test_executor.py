"""Images solved by an engine: the same bytes as here, even where a worker dies in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.world import SPEC, World, make_world

from depcheck.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IMAGES = ("nexa_light", "nexa_heavy", "nexa_infer", "yolo_nas", "mmpose", "yolo_combined", "nexis")


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    return make_world(tmp_path, monkeypatch, capsys)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (
            ["--executor", "ray"],
            "`ray` names no executor",
            "`dask` runs workers on this machine, `dask://HOST:PORT` asks a scheduler",
        ),
        (
            ["--executor", "dask://host"],
            "`dask://host` names no executor",
            "`dask` runs workers on this machine, `dask://HOST:PORT` asks a scheduler",
        ),
        (
            ["--executor", "dask", "--align"],
            "`--executor` solves each image by itself, from nothing",
            "leave out `--align`, `--keep` and `--upgrade-package`",
        ),
    ],
)
def test_wrong_use(world: World, words: list[str], message: str, hint: str) -> None:
    code, out, _ = world.solve("demo.toml", *words, "--json")

    assert 2 == code
    assert {"error": {"reference": "usage", "message": message, "hint": hint}} == json.loads(out)


def test_a_missing_library_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    assert world.solve("demo.toml", "--executor", "dask") == (
        2,
        "",
        (
            "error: `--executor` needs the library distributed, which is part of Dask "
            "[library-missing]\n\nhint: install it: `pip install 'depcheck-toolkit[dask]'`\n"
        ),
    )


@pytest.fixture
def scheduler() -> Iterator[str]:
    """Return an executor whose one worker is a thread of this process."""
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


@pytest.mark.filterwarnings("default")
def test_the_same_is_written_and_said_as_without(world: World, scheduler: str) -> None:
    here = world.solve("./demo.toml", "-q")
    before = files(world.folder / "locks")
    there = world.solve("./demo.toml", "-q", "--executor", scheduler)

    assert here == there
    assert before == files(world.folder / "locks")


@pytest.mark.filterwarnings("default")
def test_an_error_is_told_as_if_it_were_here(world: World, scheduler: str) -> None:
    world.spec.write_text(SPEC.replace('"numpy"]', '"numpy>=2"]'))
    here = world.solve("./demo.toml", "--json")

    assert 1 == here[0]
    assert here[:2] == world.solve("./demo.toml", "--json", "-q", "--executor", scheduler)[:2]


@pytest.mark.filterwarnings("default")
def test_a_worker_that_dies_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")

    assert 0 == main(["solve", *IMAGES, "--out", str(tmp_path / "here"), "-q", "--json"])

    with cluster_of_processes(tmp_path) as (address, workers):
        with distributed.Client(f"tcp://{address}", set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        run = subprocess.Popen(
            [
                *(sys.executable, "-m", "depcheck", "solve", *IMAGES, "-q", "--json"),
                *("--out", str(tmp_path / "there"), "--executor", f"dask://{address}"),
            ],
            stdout=subprocess.DEVNULL,
        )
        with distributed.Client(f"tcp://{address}", set_as_default=False) as client:
            busy = until(lambda: busy_worker(client))
        workers[busy].kill()

        assert 0 == run.wait(timeout=120)

    assert files(tmp_path / "here") == files(tmp_path / "there")


@contextmanager
def cluster_of_processes(
    folder: Path,
) -> Iterator[tuple[str, dict[str, subprocess.Popen[bytes]]]]:
    """Run a scheduler and two workers; give its address, and the workers by name."""
    dask, file = str(Path(sys.executable).parent / "dask"), folder / "scheduler.json"
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    started = [
        subprocess.Popen(
            [dask, "scheduler", *common, "--host", "127.0.0.1", "--port", "0"],
            stderr=subprocess.DEVNULL,
        )
    ]
    try:
        until(file.exists)
        workers = {
            name: subprocess.Popen(
                [dask, "worker", *common, "--no-nanny", "--nthreads", "1", "--name", name],
                cwd=folder,
                stderr=subprocess.DEVNULL,
            )
            for name in ("one", "other")
        }
        started += workers.values()
        yield json.loads(file.read_text())["address"].removeprefix("tcp://"), workers
    finally:
        for process in started:
            process.kill()
            process.wait()


def busy_worker(client: Any) -> str | None:
    """Return the name of a worker that has something to do."""
    info = client.scheduler_info()["workers"]
    at_work = sorted(address for address, tasks in client.processing().items() if tasks)
    return info[at_work[0]]["name"] if at_work else None


def until(happens: Callable[[], Any]) -> Any:
    """Wait for something to be there, and return it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = happens()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError
