"""What a sound wheel holds, and how it is judged."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from support.artifacts import FILENAME, wheel_bytes
from support.elf import Elf, fatbin_of

from depcheck.artifacts.report import artifact_document, report_artifact
from depcheck.artifacts.wheel import read_wheel
from depcheck.errors import EnvironmentFailure

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.artifacts.model import Artifact

KERNELS = Elf(
    needed=["libcudart.so.12", "libdemo.so.1", "libc.so.6"],
    versions={"libc.so.6": ["GLIBC_2.17", "GLIBC_2.28"]},
    sections={".nv_fatbin": fatbin_of("sm_80 sm_86 compute_86")},
).build()
NEW_ONLY = Elf(needed=["libc.so.6"], sections={".nv_fatbin": fatbin_of("sm_90a")}).build()
PLAIN = Elf(soname="libdemo.so.1", versions={"libm.so.6": ["GLIBC_2.29"]}).build()


def read(files: dict[str, bytes], *, whole: bool = True, **changes: str) -> Artifact:
    return read_wheel(io.BytesIO(wheel_bytes(files, **changes)), FILENAME, whole=whole)


def test_files_lie_where_an_installer_puts_them() -> None:
    found = read(
        {
            "demo/__init__.py": b"",
            "demo-1.0.data/purelib/demo/extra.py": b"1",
            "demo-1.0.data/platlib/demo/fast.so": PLAIN,
            "demo-1.0.data/scripts/demo-tool": b"#!python",
            "demo-1.0.data/data/share/demo.txt": b"text",
            "demo-1.0.data/headers/demo.h": b"int x;",
        }
    )

    assert [
        ("demo/extra.py", 1),
        ("demo/fast.so", len(PLAIN)),
        ("demo/__init__.py", 0),
        ("{prefix}/bin/demo-tool", 8),
        ("{prefix}/include/demo.h", 6),
        ("{prefix}/share/demo.txt", 4),
    ] == sorted(
        ((each.path, each.size) for each in found.members if "dist-info" not in each.path),
        key=lambda member: member[0].replace("__", "~"),
    )
    assert ["demo/fast.so"] == [each.path for each in found.objects]
    assert () == found.findings


@pytest.mark.parametrize(
    ("files", "metadata", "expected"),
    [
        (["demo/__init__.py", "demo/sub/a.py", "single.py"], "", ("demo", "single")),
        (["_fast.cpython-311-x86_64-linux-gnu.so"], "", ("_fast",)),
        (["demo.libs/libx.so.1", "README.md", "data/a.txt"], "", ()),
        (["google/cloud/a.py", "not-a-module/x.py", "1st/x.py"], "", ("google",)),
        (["demo/a.py"], "Import-Name: demo\nImport-Namespace: ns\n", ("demo", "ns")),
        (["demo/a.py"], "Import-Name: _demo ; private\n", ("_demo",)),
    ],
)
def test_names_that_can_be_imported(
    files: list[str], metadata: str, expected: tuple[str, ...]
) -> None:
    assert expected == read(dict.fromkeys(files, b"x = 1"), metadata=metadata).top_level


def test_programs_are_those_of_the_entry_points() -> None:
    text = "[console_scripts]\ndemo = demo:main\n[gui_scripts]\nDemo-UI = demo:ui\n[other]\nx = y\n"

    assert ("Demo-UI", "demo") == read({"demo.py": b""}, entry_points=text).entry_points


def test_only_shared_objects_are_read_where_the_wheel_is_remote() -> None:
    files = {"demo/lib.so": KERNELS, "demo/data.bin": b"x"}
    whole, part = read(files), read(files, whole=False)

    assert (True, False) == (whole.whole, part.whole)
    assert whole.objects == part.objects
    assert whole.members == part.members


def test_files_that_look_like_objects_and_are_none_are_left_out() -> None:
    found = read({"demo/lib.so": b"INPUT(libx.so)", "demo/empty.so": b"", "demo/a.so": PLAIN})

    assert ["demo/a.so"] == [each.path for each in found.objects]
    assert () == found.findings


def test_report_judges_files_and_package() -> None:
    found = read({"demo/lib.so": KERNELS, "demo/hopper.so": NEW_ONLY, "demo/libdemo.so.1": PLAIN})
    report = report_artifact(found, ["8.9", "9.0", "7.5"])

    assert [
        ("demo/hopper.so", ["none", "native", "none"]),
        (
            "demo/lib.so",
            [
                "binary-compatible (sm_86)",
                "PTX JIT from compute_86 (needs driver >= 530.30.02)",
                "none",
            ],
        ),
    ] == [(file.path, [str(verdict) for verdict in file.verdicts]) for file in report.files]
    assert [
        "binary-compatible (sm_86)",
        "PTX JIT from compute_86 (needs driver >= 530.30.02)",
        "none",
    ] == [str(verdict) for verdict in report.verdicts]
    assert [
        ("uncovered-file", "`demo/hopper.so` has no kernel that runs on compute capability 8.9"),
        ("uncovered-capability", "it has no kernel that runs on compute capability 7.5"),
    ] == [(finding.code, finding.message) for finding in report.findings]
    assert {"GLIBC": "2.29"} == report.floors
    assert ("libc.so.6", "libcudart.so.12") == report.outside


def test_driver_is_that_of_the_linked_libraries_without_jit() -> None:
    report = report_artifact(read({"demo/lib.so": KERNELS}), ["8.9"])
    document = artifact_document(report, transferred=None)

    assert {
        "driver": "525.60.13",
        "cuda": "12.0",
        "reason": "links CUDA 12 libraries",
        "require": "NVIDIA_REQUIRE_CUDA=cuda>=12.0",
    } == document["driver"]


def test_driver_is_that_of_the_toolkit_where_ptx_is_compiled() -> None:
    report = report_artifact(read({"demo/lib.so": KERNELS}), ["8.9", "9.0"])
    document = artifact_document(report, transferred=None)

    assert {
        "driver": "530.30.02",
        "cuda": "12.1",
        "reason": "compute_86 is compiled for 9.0 when it is loaded",
        "require": "NVIDIA_REQUIRE_CUDA=cuda>=12.1",
    } == document["driver"]


def test_package_without_kernels_needs_no_driver() -> None:
    report = report_artifact(read({"demo/a.so": PLAIN}), ["8.9"])

    assert ["no kernels"] == [str(verdict) for verdict in report.verdicts]
    assert report.driver is None


def test_full_temporary_folder_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("depcheck.artifacts.wheel._IN_MEMORY", 16)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))

    with pytest.raises(EnvironmentFailure) as caught:
        read({"demo/lib.so": KERNELS})

    assert "no-temporary-space" == caught.value.reference
