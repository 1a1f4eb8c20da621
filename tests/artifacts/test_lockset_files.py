"""A lock set read back from its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.world import World, make_world

from depcheck.artifacts.lockset import is_lock_set, read_lock_set
from depcheck.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    return make_world(tmp_path, monkeypatch, capsys)


def test_lock_set_reads_back(world: World) -> None:
    world.solve("./demo.toml")
    folder = world.folder / "locks" / "demo" / "cu121"
    lock = read_lock_set(folder)

    assert is_lock_set(folder)
    assert ("demo", "cu121", "3.11", "manylinux_2_35_x86_64", ("8.9",), 14_000_000_000) == (
        lock.image,
        lock.variant,
        lock.python,
        lock.platform,
        lock.capabilities,
        lock.disk_budget,
    )
    assert "nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04" == lock.base_image
    assert "2.35" == lock.glibc
    assert [
        ("kernels==3.0", None),
        ("numpy==1.26.4", "numpy-1.26.4-py3-none-any.whl"),
        ("torch==2.2.2+cu121", "torch-2.2.2+cu121-cp311-cp311-linux_x86_64.whl"),
        ("trainer==1.1", "trainer-1.1-py3-none-any.whl"),
    ] == [(str(package), package.filename) for package in lock.packages]
    assert {"kernels", "numpy", "torch", "trainer"} == {
        name for _, names in lock.stages for name in names
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('lock-version = "1.0"', "lock-version", "Expected '=' after a key"),
        ('lock-version = "1.0"', "", "Missing required value"),
        ("[tool.depcheck.target]", "[tool.depcheck.other]", "key 'target' of"),
        ('variant = "cu121"', "", "key 'variant' of"),
    ],
)
def test_lock_set_that_is_broken_is_refused(world: World, old: str, new: str, message: str) -> None:
    world.solve("./demo.toml")
    folder = world.folder / "locks" / "demo" / "cu121"
    path = folder / "pylock.toml"
    path.write_text(path.read_text().replace(old, new))

    with pytest.raises(InputError) as caught:
        read_lock_set(folder)

    assert "lock-set-unreadable" == caught.value.reference
    assert message in caught.value.message
