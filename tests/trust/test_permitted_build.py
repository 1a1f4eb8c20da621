"""With permission a package is built in isolation, under the rule's constraint; without it is not.

``pytest tests/trust --full`` builds with pip too; the other runs take uv alone.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.wheelhouse import make_sdist, make_wheel, serve

from depcheck.cli import main

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEC = f"""\
name = "demo"
summary = "Builds one package"
default-variant = "cpu"
[target]
python = "{platform.python_version_tuple()[0]}.{platform.python_version_tuple()[1]}"
platform = "manylinux_2_28_x86_64"
[variants.cpu]
requirements = ["modern", "plain"]
"""
PERMISSION = 'allow-build = ["modern"]\n'
RULES = """\
[[rule]]
id = "modern-build"
kind = "build"
when = "modern<2"
build = { constraints = ["buildtool<2"] }
reason = "it does not build with buildtool 2"
evidence = ["experiment: modern 1.0 builds with buildtool 1.0 and not with 2.0"]
since = 2024-06-16
remedy = "build it with buildtool<2"
example = ["modern==1.0"]
counterexample = ["modern==2.0"]
"""
BACKEND = """\
import importlib.util
import buildtool
BUILT_WITH = buildtool.__version__
SEEN = "plain" if importlib.util.find_spec("plain") else "nothing"
open({marks!r}, "a").write(f"buildtool {{BUILT_WITH}}, {{SEEN}} of the environment\\n")
"""
INSTALLERS = ("uv", "pip")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in a folder with a spec, rules and an environment, in reach of an index."""
    house = tmp_path / "house"
    make_wheel(house, "plain", "1.0")
    for version in ("1.0", "2.0"):
        make_wheel(house, "buildtool", version)
    preamble = BACKEND.format(marks=str(tmp_path / "marks"))
    make_sdist(house, "modern", "1.0", preamble=preamble, build_requires=["buildtool"])
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "rules.toml").write_text(RULES)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DEPCHECK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    with serve({"main": house}) as served:
        url = served.index_url("main")
        monkeypatch.setenv("PIP_INDEX_URL", url)
        monkeypatch.setenv("UV_DEFAULT_INDEX", url)
        yield folder


@pytest.fixture(params=INSTALLERS)
def installer(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, here: Path, full: bool
) -> str:
    """Make an environment, and one of the installers the one that is found."""
    name = str(request.param)
    if name == "pip" and not full:
        pytest.skip("builds with pip are slow: --full")
    tools = here.parent / "tools"
    tools.mkdir()
    for tool in ("bash", "env", "date", "dirname", "sed", "grep", "git"):
        (tools / tool).symlink_to(f"/usr/bin/{tool}")
    if name == "uv":
        (tools / "uv").symlink_to(Path(sys.executable).parent / "uv")
    monkeypatch.setenv("PATH", str(tools))
    venv.create(here / "venv", with_pip=name == "pip")
    return name


def solved(folder: Path, spec: str) -> dict[str, object]:
    """Solve; return the record of the stage that builds."""
    (folder / "demo.toml").write_text(spec)
    assert 0 == main(["solve", "demo.toml", "--live", "--rules", "rules.toml"])
    lock = tomllib.loads((folder / "locks/demo/cpu/pylock.toml").read_text())
    (stage,) = (each for each in lock["tool"]["depcheck"]["stages"] if each.get("builds"))
    return dict(stage)


def built_with(folder: Path) -> str:
    """Return what the package that was built says of its build."""
    command = [str(folder / "venv/bin/python"), "-c", "import modern; print(modern.BUILT_WITH)"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.usefixtures("installer")
@pytest.mark.parametrize("way", ["command", "script"])
def test_a_permitted_build_is_isolated_and_constrained(here: Path, way: str) -> None:
    stage = solved(here, SPEC + PERMISSION)
    if way == "command":
        assert 0 == main(["install", "demo.toml", "--into", "venv"])
    else:
        env = {**os.environ, "PYTHON": str(here / "venv/bin/python")}
        subprocess.run(["bash", "locks/demo/cpu/install.sh"], check=True, env=env)
    constraints = stage["build-constraints"]

    assert ["buildtool<2"] == constraints
    assert "1.0" == built_with(here)
    seen = set((here.parent / "marks").read_text().splitlines())
    assert {"buildtool 1.0, nothing of the environment"} == seen


@pytest.mark.usefixtures("installer")
def test_nothing_is_built_without_permission(here: Path) -> None:
    solved(here, SPEC)

    assert 2 == main(["install", "demo.toml", "--into", "venv"])
    assert not (here.parent / "marks").exists()
