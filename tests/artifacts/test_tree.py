"""An installed folder, read file by file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.elf import Elf, fatbin_of

from depcheck.artifacts.sources import inspect_path
from depcheck.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

KERNELS = Elf(needed=["libc.so.6"], sections={".nv_fatbin": fatbin_of("sm_80")}).build()


def test_folder_is_read_with_every_object_in_it(tmp_path: Path) -> None:
    package = tmp_path / "site" / "demo"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("x = 1\n")
    (package / "k.so").write_bytes(KERNELS)
    (package / "tool").write_bytes(KERNELS)
    (package / "bad.so").write_bytes(b"\x7fELF")
    (package / "same.so").symlink_to("k.so")
    (package / "out.so").symlink_to("/bin/sh")
    (package / "gone.so").symlink_to("nowhere")
    (package / "loop").symlink_to("..")
    os.mkfifo(package / "pipe")
    found = inspect_path(tmp_path / "site").artifact

    assert ["demo/k.so", "demo/tool"] == [each.path for each in found.objects]
    assert ["demo/__init__.py", "demo/bad.so", "demo/k.so", "demo/tool"] == [
        member.path for member in found.members
    ]
    assert ("demo",) == found.top_level
    assert [
        ("broken-object", "demo/bad.so"),
        ("broken-link", "demo/gone.so"),
        ("link-outside", "demo/out.so"),
    ] == [(each.code, each.subject) for each in found.findings]


def test_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        inspect_path(tmp_path / "none.whl")

    assert "artifact-unreadable" == caught.value.reference
