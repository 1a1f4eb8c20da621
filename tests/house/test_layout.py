"""The rooms are real folders at the root, and `depcheck.ROOM` wherever Python looks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from support.tree import ROOMS, ROOT, is_ignored, repository_files

if TYPE_CHECKING:
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FRONT_DOOR = ROOT / "src" / "depcheck"


@pytest.fixture(scope="module")
def tools() -> dict[str, Any]:
    """Return the tables ``[tool.*]`` of pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    return found


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository without what builds leave behind."""
    copy = tmp_path_factory.mktemp("clone") / "depcheck"
    shutil.copytree(
        ROOT, copy, symlinks=True, ignore=lambda _, names: [n for n in names if is_ignored(n)]
    )
    return copy


def homes() -> dict[str, Path]:
    """Return where the front door and each room are, by the package that they are."""
    return {"depcheck": FRONT_DOOR} | {f"depcheck.{room}": ROOT / room for room in ROOMS}


def packaged_files() -> list[str]:
    """Return what a wheel must hold: every file of the front door and of the rooms."""
    return sorted(
        f"{package.replace('.', '/')}/{path.relative_to(home).as_posix()}"
        for package, home in homes().items()
        for path in repository_files(home)
    )


def packages() -> dict[str, str]:
    """Return each folder that is a package, by its dotted name."""
    return {
        ".".join((name, *path.parent.relative_to(home).parts)): str(path.parent.relative_to(ROOT))
        for name, home in homes().items()
        for path in repository_files(home)
        if path.name == "__init__.py"
    }


def test_each_room_has_a_link_in_the_front_door() -> None:
    links = [path for path in FRONT_DOOR.iterdir() if path.is_symlink()]

    assert {room: f"../../{room}" for room in ROOMS} == {
        path.name: path.readlink().as_posix() for path in links
    }


def test_every_package_is_listed_for_the_build(tools: dict[str, Any]) -> None:
    assert sorted(packages()) == sorted(tools["setuptools"]["packages"])


def test_every_package_outside_the_front_door_is_mapped_to_its_folder(
    tools: dict[str, Any],
) -> None:
    # Found below `depcheck`, which is mapped.
    front = ("commands", "drafting", "fleet", "page", "services", "sources")
    inside = {f"depcheck.{name}" for name in front}
    expected = {name: folder for name, folder in packages().items() if name not in inside}

    assert expected == tools["setuptools"]["package-dir"]


def test_the_tools_know_every_room(tools: dict[str, Any]) -> None:
    banned = tools["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]

    assert {room: {"msg": f"import depcheck.{room}"} for room in ROOMS} == banned
    assert ["src/depcheck", *ROOMS] == tools["coverage"]["run"]["source"]


@pytest.mark.parametrize("options", [("--wheel",), ()], ids=["from the tree", "from an sdist"])
def test_a_wheel_holds_every_file_of_the_tree(
    clone: Path, options: tuple[str, ...], tmp_path: Path
) -> None:
    with zipfile.ZipFile(build(clone, tmp_path, *options)) as wheel:
        names = wheel.namelist()

    assert packaged_files() == sorted(name for name in names if ".dist-info/" not in name)


def test_an_installed_wheel_solves_as_the_tree_does(clone: Path, tmp_path: Path) -> None:
    wheel, site = build(clone, tmp_path), tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(site), str(wheel))
    for name, path in (("tree", ""), ("wheel", str(site))):
        command = [sys.executable, "-m", "depcheck", "solve", "nexa_light", "--out", name]
        run(*command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path})
    by_tree, by_wheel = (contents(tmp_path / name) for name in ("tree", "wheel"))

    assert by_tree == by_wheel


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in repository_files(folder)}


def build(source: Path, out: Path, *options: str) -> Path:
    """Build a wheel with the setuptools that is installed: isolation would need an index."""
    run(
        *(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *options),
        str(source),
    )
    [wheel] = out.glob("*.whl")
    return wheel


def run(*command: str, **options: Any) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, **options)

    assert 0 == ran.returncode, ran.stdout + ran.stderr
