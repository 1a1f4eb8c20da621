"""A package comes from its own index and from no other, however high the versions elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support.wheelhouse import make_wheel, serve
from support.world import make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.wheelhouse import Wheelhouse
    from support.world import World

TARGET = ("--python-version", "3.11", "--platform", "manylinux_2_35_x86_64", "--no-rules")
SPEC = """\
name = "shop"
summary = "A package of our own, and one from everybody's index"
default-variant = "cpu"

[target]
python = "3.11"
platform = "manylinux_2_35_x86_64"
base-image = "python:3.11"
compute-capabilities = []
disk-budget = "1 GB"

[variants.cpu]
requirements = ["ours", "app"]

[[variants.cpu.indexes]]
name = "corp"
url = "{corp}"
packages = ["ours", "ours-core"]
"""


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    monkeypatch.setenv("DEPCHECK_CACHE_DIR", str(tmp_path / "cache"))
    return make_world(tmp_path, monkeypatch, capsys)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Wheelhouse]:
    """Serve our index, and a public one where a stranger took our names for higher versions."""
    corp, public = tmp_path / "corp", tmp_path / "public"
    make_wheel(corp, "ours", "1.0", requires=["ours-core"])
    make_wheel(corp, "ours-core", "1.0")
    make_wheel(public, "ours", "99.0", requires=["malware"])
    make_wheel(public, "ours-core", "99.0", requires=["malware"])
    make_wheel(public, "malware", "1.0")
    make_wheel(public, "app", "1.0", requires=["ours>=1"])
    with serve({"corp": corp, "public": public}) as wheelhouse:
        yield wheelhouse


def asked(house: Wheelhouse, index: str) -> set[str]:
    """Return the projects that an index was asked for."""
    found = (re.fullmatch(rf"/{index}/simple/([^/]+)/", path) for path in house.requests)
    return {match[1] for match in found if match}


def pins(text: str) -> list[str]:
    return [line for line in text.splitlines() if "==" in line and not line.startswith("#")]


def test_compile_takes_our_packages_from_our_index(world: World, house: Wheelhouse) -> None:
    (world.folder / "r.in").write_text("app\n")
    ours = f"--package-index=ours,ours-core={house.index_url('corp')}"
    words = ("--index-url", house.index_url("public"), ours)
    code, out, _ = world.run("compile", "r.in", *TARGET, *words)

    assert (0, ["app==1.0", "ours==1.0", "ours-core==1.0"]) == (code, pins(out))
    assert {"app"} == asked(house, "public")
    assert {"ours", "ours-core"} == asked(house, "corp")


def test_solve_takes_our_packages_from_our_index(
    world: World, house: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", house.index_url("public"))
    (world.folder / "shop.toml").write_text(SPEC.format(corp=house.index_url("corp")))
    code, _, err = world.run("solve", "shop.toml", "--live")
    lock = world.folder / "locks" / "shop" / "cpu" / "requirements.nohash.txt"

    assert (0, "") == (code, err)
    assert {"app==1.0", "ours==1.0", "ours-core==1.0"} == set(pins(lock.read_text()))
    assert {"app"} == asked(house, "public")


def test_our_index_that_lacks_a_version_is_no_reason_to_ask_another(
    world: World, house: Wheelhouse
) -> None:
    (world.folder / "r.in").write_text("ours>=2\n")
    ours = f"--package-index=ours,ours-core={house.index_url('corp')}"
    words = ("--index-url", house.index_url("public"), ours)
    code, out, _ = world.run("compile", "r.in", *TARGET, *words)

    assert (1, "") == (code, out)
    assert set() == asked(house, "public") & {"ours", "ours-core", "malware"}


def test_our_index_that_does_not_answer_is_no_reason_to_ask_another(
    world: World, house: Wheelhouse
) -> None:
    (world.folder / "r.in").write_text("ours\n")
    nowhere = "--package-index=ours,ours-core=http://127.0.0.1:9/simple"
    code, out, _ = world.run(
        "compile", "r.in", *TARGET, "--index-url", house.index_url("public"), nowhere
    )

    assert (3, "") == (code, out)
    assert set() == asked(house, "public")


def test_extra_index_url_is_refused_and_nobody_asked(world: World, house: Wheelhouse) -> None:
    (world.folder / "r.in").write_text("ours\n")
    extra = ("--extra-index-url", house.index_url("public"))
    code, out, err = world.run(
        "compile", "r.in", *TARGET, "--index-url", house.index_url("corp"), *extra
    )

    assert (2, "") == (code, out)
    assert (
        "error: `--extra-index-url` lets any of several indexes answer for any name, so that a "
        "stranger's package of the same name may be installed (dependency confusion) "
        "[extra-index-url]\n"
        "\n"
        "hint: say which packages come from that index, and from nowhere else: "
        "`--package-index torch,torchvision=https://download.pytorch.org/whl/cu121`\n"
    ) == err
    assert [] == house.requests
