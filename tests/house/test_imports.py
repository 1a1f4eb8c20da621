"""Which room may import what (CONTRIBUTING, "The map of the house")."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOMS, ROOT, repository_files
from support.unmeasured import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FOUNDATION = (
    *("__version__", "cache", "errors", "frozen", "heredocs", "limits", "paths"),
    *("replacing", "tomlfile", "tomllines", "tomlvalues"),
)
"""What every room but `validate` may take from the front door."""
MAY_IMPORT = {
    "artifacts": ("index",),
    "conflicts": (),
    "gate": ("artifacts", "conflicts", "images", "index", "lockfiles", "resolver"),
    "images": (),
    "index": (),
    # The resolver's result, and the values that it hands through.
    "lockfiles": ("resolver.solution", "conflicts.model", "images.model"),
    "resolver": ("conflicts", "images", "index"),
}
OUTSIDE_WORLD = (
    *("asyncio", "ftplib", "http", "pypi_simple", "requests", "socket", "ssl", "subprocess"),
    *("urllib.request", "urllib3"),
)
STANDALONE = ROOT / "validate"
"""Code that runs inside an image, where nothing of ours is installed."""
CHILDREN = ROOT / "validate" / "processes.py"
"""Runs imports and kernels in processes of their own."""


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_no_room_but_those_that_it_may(room: str) -> None:
    allowed = [f"depcheck.{name}" for name in (room, *FOUNDATION, *MAY_IMPORT[room])]
    imported = {name for name in imports(ROOT / room) if below(name, ["depcheck"])}

    assert set() == {name for name in imported if not below(name, allowed)}


def test_every_room_has_its_rule() -> None:
    assert sorted(ROOMS) == sorted([*MAY_IMPORT, "validate"])


def test_what_runs_inside_an_image_needs_the_standard_library_alone() -> None:
    allowed = [*sys.stdlib_module_names, "depcheck.validate", "depcheck.__version__"]

    assert set() == {name for name in imports(STANDALONE) if not below(name, allowed)}


@pytest.mark.parametrize(
    "path", sorted(STANDALONE.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_runs_inside_an_image_is_python_3_8(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize("room", ROOMS)
def test_only_the_live_index_and_the_validator_s_children_reach_the_outside_world(
    room: str,
) -> None:
    live = ROOT / "index" / "live"
    imported = {
        (path.relative_to(ROOT).as_posix(), name)
        for path, name in named_imports(ROOT / room)
        if live not in path.parents and path != CHILDREN and below(name, OUTSIDE_WORLD)
    }

    assert set() == imported


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_needs_no_library_loads_none(option: str) -> None:
    assert set() == loaded_by(option) & {"packaging", "pip", "resolvelib", "rich", "urllib3"}


def test_a_gate_that_finds_nothing_changed_reads_no_toml_and_no_versions(tmp_path: Path) -> None:
    locks = str(tmp_path / "locks")
    loaded_by("solve", "nexa_light", "--out", locks)

    assert set() == loaded_by("gate", "nexa_light", "--out", locks) & {
        *("packaging", "pip", "resolvelib", "rich", "tomli", "tomllib", "urllib3")
    }


def test_a_live_index_loads_http_with_its_first_request_only() -> None:
    loaded = loaded_by_python("-c", "import depcheck.index.live.live_index")

    assert {"depcheck"} == loaded & {"depcheck", "email", "requests", "ssl", "tarfile", "urllib3"}


def test_the_modules_that_a_command_loads_are_seen() -> None:
    assert {"packaging"} == loaded_by("images", "list") & {"packaging", "resolvelib"}


def imports(folder: Path) -> set[str]:
    return {name for _, name in named_imports(folder)}


def named_imports(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each dotted name that the modules of a folder import, wherever they do."""
    for path in repository_files(folder):
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                yield from ((path, name) for name in imported_names(node))


def imported_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names]
    return []


def below(name: str, tops: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{top}.") for top in tops)


def loaded_by(*arguments: str) -> set[str]:
    """Return the top-level packages that one run of the command line imports."""
    return loaded_by_python("-m", "depcheck", *arguments)


def loaded_by_python(*arguments: str) -> set[str]:
    """Return the top-level packages that one run of Python imports."""
    command = [sys.executable, "-X", "importtime", *arguments]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines()}
