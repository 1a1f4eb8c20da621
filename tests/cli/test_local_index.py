"""A folder of distributions is an index: at a `file://` address, or by its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.wheelhouse import make_sdist, make_wheel, sha256
from support.world import make_world

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World

TARGET = ("--python-version", "3.11", "--platform", "manylinux_2_35_x86_64", "--no-rules")


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    monkeypatch.setenv("DEPCHECK_CACHE_DIR", str(tmp_path / "cache"))
    return make_world(tmp_path, monkeypatch, capsys)


def compiled(world: World, requirement: str, *words: str) -> tuple[int, list[str], str]:
    """Return exit code, locked lines and the first line on stderr."""
    (world.folder / "r.in").write_text(f"{requirement}\n")
    code, out, err = world.run("compile", "r.in", *TARGET, *words)
    lines = [line for line in out.replace(" \\\n    ", " ").splitlines() if "==" in line]
    return code, lines, err.splitlines()[0]


def test_folder_of_files_as_pip_leaves_them(world: World) -> None:
    house = world.folder / "wheel house"
    make_wheel(house, "My.App", "1.0", requires=["lib<2"])
    lib = make_wheel(house, "lib", "1.0")
    make_wheel(house, "lib", "2.0")
    make_sdist(house, "lib", "0.9")
    (house / "notes.txt").write_text("not a distribution")
    words = ("--index-url", house.as_uri(), "--generate-hashes")

    code, lines, _ = compiled(world, "my-app", *words)

    assert (0, f"lib==1.0 --hash=sha256:{sha256(lib)}") == (code, lines[0])
    assert ["lib==1.0", "my-app==1.0"] == [line.split()[0] for line in lines]


def test_tree_with_a_folder_per_project(world: World) -> None:
    make_wheel(world.folder / "index" / "my-app", "my-app", "1.0", requires=["lib"])
    make_wheel(world.folder / "index" / "Lib", "lib", "1.0")

    assert (0, ["lib==1.0", "my-app==1.0"]) == compiled(
        world, "my-app", "--index-url", (world.folder / "index").as_uri()
    )[:2]


def test_pages_that_point_elsewhere(world: World) -> None:
    wheel = make_wheel(world.folder / "files", "app", "1.0")
    page = world.folder / "index" / "app" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f"<a href='../../files/{wheel.name}#sha256={sha256(wheel)}'>{wheel.name}</a>")

    assert (0, ["app==1.0"]) == compiled(world, "app", "--index-url", "index")[:2]


def test_sdist_of_a_project_with_hyphens(world: World) -> None:
    make_sdist(world.folder / "house", "my-app", "1.0")

    assert (0, ["my-app==1.0"]) == compiled(world, "my-app", "--index-url", "house")[:2]


def test_path_from_the_working_folder(world: World) -> None:
    make_wheel(world.folder / "house", "app", "1.0")
    make_wheel(world.folder / "other", "lib", "1.0")

    assert (0, ["app==1.0", "lib==1.0"]) == compiled(
        world, "app\nlib", "--index-url", "house", "--package-index=lib=./other"
    )[:2]


@pytest.mark.parametrize("stated", ["--find-links house\napp\nlib", "-f ./house\napp\nlib"])
def test_folder_of_links_answers_for_what_lies_in_it_and_for_nothing_else(
    world: World, stated: str
) -> None:
    make_wheel(world.folder / "index", "app", "2.0")
    make_wheel(world.folder / "index", "lib", "1.0")
    make_wheel(world.folder / "house", "app", "1.0", requires=["lib"])
    locked = (0, ["app==1.0", "lib==1.0"])

    assert locked == compiled(world, stated, "--index-url", "index")[:2]
    assert (
        locked == compiled(world, "app\nlib", "--index-url", "index", "--find-links", "house")[:2]
    )


def test_index_of_a_package_beats_a_folder_of_links(world: World) -> None:
    make_wheel(world.folder / "index", "app", "2.0")
    make_wheel(world.folder / "house", "app", "1.0")
    words = ("--index-url", "index", "--find-links", "house", "--package-index", "app=index")

    assert (0, ["app==2.0"]) == compiled(world, "app", *words)[:2]


def test_folder_of_links_that_is_not_there(world: World) -> None:
    code, _, line = compiled(world, "app", "--find-links", "nowhere")

    assert (2, "error: --find-links: there is no folder `nowhere` [usage]") == (code, line)


def test_path_in_a_requirements_file(world: World) -> None:
    make_wheel(world.folder / "house", "app", "1.0")

    assert (0, ["app==1.0"]) == compiled(world, "--index-url ./house\napp")[:2]


def test_new_files_are_seen_at_once(world: World) -> None:
    make_wheel(world.folder / "house", "app", "1.0")
    first = compiled(world, "app", "--index-url", "house")
    make_wheel(world.folder / "house", "app", "2.0")
    second = compiled(world, "app", "--index-url", "house")

    assert (["app==1.0"], ["app==2.0"]) == (first[1], second[1])


def test_file_that_was_replaced_is_read_again(world: World) -> None:
    make_wheel(world.folder / "house", "lib", "1.0")
    make_wheel(world.folder / "house", "app", "1.0")
    first = compiled(world, "app", "--index-url", "house")
    make_wheel(world.folder / "house", "app", "1.0", requires=["lib"])
    second = compiled(world, "app", "--index-url", "house")

    assert (["app==1.0"], ["app==1.0", "lib==1.0"]) == (first[1], second[1])


def test_project_that_is_not_there(world: World) -> None:
    make_wheel(world.folder / "house", "app", "1.0")
    code, lines, _ = compiled(world, "other", "--index-url", "house")

    assert (1, []) == (code, lines)


@pytest.mark.parametrize("stated", ["file:///nowhere/at/all", "file://host/share"])
def test_folder_that_is_not_there(world: World, stated: str) -> None:
    code, lines, line = compiled(world, "app", "--index-url", stated)

    assert (2, [], f"error: --index-url: there is no folder `{stated}` [usage]") == (
        code,
        lines,
        line,
    )


def test_wheel_that_is_none_is_passed_over(world: World) -> None:
    make_wheel(world.folder / "house", "app", "1.0")
    (world.folder / "house" / "app-2.0-py3-none-any.whl").write_bytes(b"junk")

    assert (0, ["app==1.0"]) == compiled(world, "app", "--index-url", "house")[:2]
