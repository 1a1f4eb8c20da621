"""Shared libraries, with extension modules that a C compiler makes on the spot."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from support.image import CLEAN, Image, install
from support.wheelhouse import make_wheel

from depcheck.images.model import OptionalFiles
from depcheck.validate.elf import ForeignElfError, MalformedElfError, read_elf

if TYPE_CHECKING:
    from typing import Any

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
ONLY = ("--only", "libraries")
EXTENSION = """
#include <Python.h>
int demo(void);
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", 0, -1, 0, 0, 0, 0, 0};
PyMODINIT_FUNC PyInit_native(void) { demo(); return PyModule_Create(&module); }
"""
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
RPATH = "-Wl,--disable-new-dtags,-rpath,$ORIGIN/native.libs"
RUNPATH = "-Wl,--enable-new-dtags,-rpath,$ORIGIN/native.libs"


def compiled(folder: Path, name: str, code: str, *options: str) -> Path:
    folder.mkdir(exist_ok=True)
    source = folder / f"{name}.c"
    source.write_text(code)
    out = folder / name
    include = sysconfig.get_path("include")
    command = ["cc", "-shared", "-fPIC", "-w", f"-I{include}", "-o", str(out), str(source)]
    subprocess.run([*command, *options], check=True)
    return out


def library(folder: Path, *, soname: str = "libdemo.so.1", version: str = "") -> Path:
    """Make a library that defines ``demo``, under a symbol version if one is given."""
    folder.mkdir(exist_ok=True)
    options = [f"-Wl,-soname,{soname}"]
    if version:
        script = folder / "versions"
        script.write_text(f"{version} {{ global: demo; local: *; }};\n")
        options.append(f"-Wl,--version-script={script}")
    return compiled(folder, soname, "int demo(void) { return 1; }", *options)


def extension(folder: Path, needed: Path, *options: str) -> Path:
    return compiled(folder, f"native{SUFFIX}", EXTENSION, str(needed), *options)


def installed(image: Image, native: Path, *libraries: Path, where: str = "native.libs") -> Image:
    files = {native.name: native.read_bytes()}
    files |= {f"{where}/{each.name}": each.read_bytes() for each in libraries}
    install(image, make_wheel(image.folder / "more", "gamma", "1.0", files=files))
    return image


def really_imports(image: Image, **env: str) -> bool:
    """Ask the loader itself."""
    command = [str(image.python), "-c", "import native"]
    done = subprocess.run(command, env={**CLEAN, **env}, capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("option", [RPATH, RUNPATH])
def test_a_library_beside_the_module_is_found(image: Image, tmp_path: Path, option: str) -> None:
    demo = library(tmp_path / "c")
    installed(image, extension(tmp_path / "c", demo, option), demo)

    assert image.findings(*ONLY) == []
    assert really_imports(image)


def test_a_missing_library_is_named_with_who_wants_it(image: Image, tmp_path: Path) -> None:
    installed(image, extension(tmp_path / "c", library(tmp_path / "c"), RPATH))

    assert image.findings(*ONLY) == [
        ("library-missing", "libdemo.so.1", f"is nowhere, native{SUFFIX} of gamma==1.0 wants it")
    ]
    assert not really_imports(image)


def test_another_version_of_the_library_is_not_it(image: Image, tmp_path: Path) -> None:
    native = extension(tmp_path / "c", library(tmp_path / "c", soname="libdemo.so.2"), RPATH)
    installed(image, native, library(tmp_path / "old", soname="libdemo.so.1"))

    assert image.findings(*ONLY) == [
        ("library-missing", "libdemo.so.2", f"is nowhere, native{SUFFIX} of gamma==1.0 wants it")
    ]
    assert not really_imports(image)


def test_a_library_without_the_symbol_version_is_found(image: Image, tmp_path: Path) -> None:
    native = extension(tmp_path / "c", library(tmp_path / "c", version="DEMO_2"), RPATH)
    installed(image, native, library(tmp_path / "old", version="DEMO_1"))

    assert image.findings(*ONLY) == [
        (
            "library-version-differs",
            "libdemo.so.1",
            f"lacks DEMO_2, which native{SUFFIX} of gamma==1.0 wants",
        )
    ]
    assert not really_imports(image)


def test_a_symbol_version_that_is_wanted_weakly_may_lack(image: Image, tmp_path: Path) -> None:
    demo = library(tmp_path / "c", version="DEMO_2")
    code = EXTENSION.replace("int demo(void);", "extern int demo(void) __attribute__((weak));")
    code = code.replace("demo();", "if (demo) demo();")
    options = ("-Wl,--no-as-needed", str(demo), RPATH)
    native = compiled(tmp_path / "c", f"native{SUFFIX}", code, *options)
    strong = struct.pack("<IH", sysv_hash("DEMO_2"), 0)
    native.write_bytes(native.read_bytes().replace(strong, strong[:4] + b"\x02\x00"))
    installed(image, native, library(tmp_path / "old", version="DEMO_1"))

    assert image.findings(*ONLY) == []
    assert really_imports(image)


def sysv_hash(name: str) -> int:
    """Return the hash by which a version need names its version (System V ABI)."""
    value = 0
    for character in name.encode():
        value = (value << 4) + character
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value


def test_an_interpreter_that_a_script_starts_brings_no_library(
    image: Image, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {image.python} "$@"\n')
    python.chmod(0o755)
    installed(image, extension(tmp_path / "c", library(tmp_path / "c"), RPATH))

    assert image.findings(*ONLY, python=python) == [
        ("library-missing", "libdemo.so.1", f"is nowhere, native{SUFFIX} of gamma==1.0 wants it")
    ]


def test_the_library_path_of_the_environment_counts(image: Image, tmp_path: Path) -> None:
    demo = library(tmp_path / "c")
    installed(image, extension(tmp_path / "c", demo))
    env = {"LD_LIBRARY_PATH": str(demo.parent)}

    assert [code for code, _, _ in image.findings(*ONLY)] == ["library-missing"]
    assert image.findings(*ONLY, env=env) == []
    assert really_imports(image, **env)


def test_what_is_preloaded_counts(image: Image, tmp_path: Path) -> None:
    demo = library(tmp_path / "c")
    installed(image, extension(tmp_path / "c", demo))
    env = {"LD_PRELOAD": str(demo)}

    assert image.findings(*ONLY, env=env) == []
    assert really_imports(image, **env)


@pytest.mark.parametrize(("outer", "found"), [(RPATH, True), (RUNPATH, False)])
def test_a_rpath_serves_the_libraries_of_libraries_and_a_runpath_does_not(
    image: Image,
    tmp_path: Path,
    outer: str,
    found: bool,  # noqa: FBT001
) -> None:
    demo = library(tmp_path / "c")
    middle = compiled(
        tmp_path / "c",
        "libmiddle.so",
        "int demo(void); int middle(void) { return demo(); }",
        str(demo),
        "-Wl,-soname,libmiddle.so",
    )
    native = compiled(
        tmp_path / "c",
        f"native{SUFFIX}",
        EXTENSION.replace("demo", "middle"),
        str(middle),
        outer,
        f"-Wl,-rpath-link,{tmp_path / 'c'}",
    )
    # Under another name than it is asked by, lest it count as brought by the distribution.
    installed(image, native, middle)
    (image.packages / "native.libs" / "libdemo.so.1").write_bytes(demo.read_bytes())

    assert really_imports(image) == found
    assert [code for code, _, _ in image.findings(*ONLY)] == ([] if found else ["library-missing"])


def test_a_library_that_another_distribution_loads_first_counts(
    image: Image, tmp_path: Path
) -> None:
    demo = library(tmp_path / "c")
    installed(image, extension(tmp_path / "c", demo), demo, where="torch_like/lib")

    assert image.findings(*ONLY) == []


def test_a_library_of_another_distribution_that_was_deleted_is_missing(
    image: Image, tmp_path: Path
) -> None:
    demo = library(tmp_path / "c")
    installed(image, extension(tmp_path / "c", demo), demo, where="torch_like/lib")
    (image.packages / "torch_like" / "lib" / demo.name).unlink()

    assert [code for code, _, _ in image.findings(*ONLY)] == ["library-missing"]


def test_an_optional_module_may_lack_its_library(image: Image, tmp_path: Path) -> None:
    installed(image, extension(tmp_path / "c", library(tmp_path / "c")))
    optional = (
        OptionalFiles(files="other*", reason="we have no other"),
        OptionalFiles(files="native*", reason="we have no demo"),
    )
    report = image.validating(optional_files=optional).report(*ONLY)

    assert [("skip", "we have no demo"), ("pass", "find their libraries")] == [
        (each["status"], each["message"]) for each in report["results"]
    ]


def test_the_driver_s_library_is_no_finding_without_a_driver(image: Image, tmp_path: Path) -> None:
    cuda = library(tmp_path / "c", soname="libcuda.so.1")
    installed(image, extension(tmp_path / "c", cuda))
    wanted = f"native{SUFFIX} of gamma==1.0 wants it"

    assert [(each["status"], each["message"]) for each in image.report(*ONLY)["results"]] == [
        ("skip", f"no NVIDIA driver ({wanted})"),
        ("pass", "find their libraries"),
    ]
    assert image.findings(*ONLY, "--require-gpu") == [
        ("library-missing", "libcuda.so.1", f"is nowhere, {wanted}")
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw[:200], "binary-malformed"),
        (lambda _: b"not a library", "binary-malformed"),
        (lambda raw: raw[:4] + b"\x01" + raw[5:], "binary-foreign"),
        (lambda raw: raw[:18] + b"\xf3\x00" + raw[20:], "binary-foreign"),
    ],
)
def test_a_damaged_or_foreign_module_is_found(
    image: Image, tmp_path: Path, change: Any, code: str
) -> None:
    native = extension(tmp_path / "c", library(tmp_path / "c"))
    native.write_bytes(change(native.read_bytes()))
    installed(image, native)

    assert [found for found, _, _ in image.findings(*ONLY)] == [code]


def test_whatever_is_in_a_file_the_reader_keeps_its_temper(tmp_path: Path) -> None:
    raw = extension(tmp_path / "c", library(tmp_path / "c", version="DEMO_1"), RPATH).read_bytes()
    path, random = tmp_path / "spoiled.so", Random(0)  # noqa: S311  # not a secret
    for _ in range(400):
        spoiled = bytearray(raw)
        for _ in range(random.randrange(1, 8)):
            spoiled[random.choice([random.randrange(64, 1200), random.randrange(len(raw))])] = (
                random.randrange(256)
            )
        path.write_bytes(spoiled[: random.choice([len(raw), random.randrange(4, len(raw))])])
        try:
            read_elf(path)
        except (MalformedElfError, ForeignElfError):
            continue


def test_the_needs_of_real_libraries_are_those_that_the_loader_lists() -> None:
    """`ldd` may add what the needs need; each need is among its lines."""
    if shutil.which("ldd") is None:
        pytest.skip("needs ldd")
    folder = Path(sysconfig.get_path("stdlib")) / "lib-dynload"
    checked = 0
    for path in sorted(folder.glob("_*.so"))[:12]:
        elf = read_elf(path)
        assert elf is not None
        listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
        assert [name for name in elf.needed if name not in listed] == []
        checked += len(elf.needed)

    assert checked > 0
    assert read_elf(Path(os.path.realpath(sys.executable))) is not None
