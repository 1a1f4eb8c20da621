"""Faults of the interpreter and its standard library."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.image import MINOR, TARGET, Image
from support.solutions import pin, sdist

from depcheck.validate import environment
from depcheck.validate.checks.interpreter import CHECK
from depcheck.validate.context import Context, Options
from depcheck.validate.environment import choose_python, probe
from depcheck.validate.findings import Finding
from depcheck.validate.manifest import read_manifest

if TYPE_CHECKING:
    from typing import Any

ONLY = ("--only", "interpreter")


def test_a_healthy_interpreter_passes(healthy: Image) -> None:
    assert healthy.findings(*ONLY) == []


def test_a_dangling_interpreter_link_is_found(image: Image) -> None:
    image.python.unlink()
    image.python.symlink_to("/gone/bin/python3")

    assert image.findings(*ONLY) == [
        (
            "interpreter-missing",
            str(image.python),
            "links to `/gone/bin/python3`, which is not there",
        )
    ]


def test_a_name_that_no_file_system_takes_is_no_interpreter(healthy: Image) -> None:
    done = healthy.run("--python", "a" * 450, *ONLY)

    assert done.returncode == 1
    assert "there is no such file" in done.stdout
    assert "the check itself failed" not in done.stdout


def test_where_the_interpreter_is_missing_the_packages_are_judged_all_the_same(
    image: Image,
) -> None:
    image.python.unlink()
    shutil.rmtree(image.packages / "gamma-1.0.dist-info")
    report = image.report()
    statuses = {each["check"]: (each["status"], each.get("code")) for each in report["results"]}

    assert statuses["interpreter"] == ("fail", "interpreter-missing")
    assert statuses["installed"] == ("fail", "distribution-missing")
    assert statuses["metadata"] == ("skip", None)


def test_another_dangling_link_of_the_environment_is_found(image: Image) -> None:
    tool = image.venv / "bin" / "tool"
    tool.symlink_to("/gone/tool")

    assert image.findings(*ONLY) == [
        ("dangling-link", str(tool), "links to `/gone/tool`, which is not there")
    ]


@pytest.fixture
def copied_python(tmp_path: Path) -> Path:
    """An interpreter whose standard library is its own, as in a copied environment."""
    base = Path(sys.base_prefix)
    home = tmp_path / "copied"
    (home / "bin").mkdir(parents=True)
    shutil.copy2(base / "bin" / f"python{MINOR}", home / "bin" / "python")
    library = home / "lib" / f"python{MINOR}"
    library.mkdir(parents=True)
    for path in (base / "lib" / f"python{MINOR}").iterdir():
        (library / path.name).symlink_to(path)
    shared = sysconfig.get_config_var("INSTSONAME")
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        (home / "lib" / shared).symlink_to(base / "lib" / shared)
    return home


def run_copied(image: Image, home: Path) -> list[tuple[str, str, str]]:
    env = {"LD_LIBRARY_PATH": str(home / "lib"), "PYTHONHOME": ""}
    return image.findings(*ONLY, python=home / "bin" / "python", env=env)


def test_a_missing_encodings_is_found(image: Image, copied_python: Path) -> None:
    python = copied_python / "bin" / "python"
    (copied_python / "lib" / f"python{MINOR}" / "encodings").unlink()

    assert run_copied(image, copied_python) == [
        (
            "standard-library-missing",
            str(python),
            "it cannot start: `encodings` of the standard library is missing",
        )
    ]


def test_a_missing_module_of_the_standard_library_is_found(
    image: Image, copied_python: Path
) -> None:
    for name in ("unittest", "asyncio"):
        (copied_python / "lib" / f"python{MINOR}" / name).unlink()

    assert run_copied(image, copied_python) == [
        (
            "standard-library-missing",
            str(copied_python / "bin" / "python"),
            "the standard library lacks asyncio, unittest",
        )
    ]


def test_a_program_that_is_no_interpreter_is_found(image: Image) -> None:
    image.python.unlink()
    image.python.write_text("#!/bin/sh\necho no such luck >&2\nexit 7\n")
    image.python.chmod(0o755)
    [result] = image.report(*ONLY)["results"]

    assert (result["code"], result["message"], result["evidence"]) == (
        "interpreter-broken",
        "it does not start: exit status 7",
        "no such luck",
    )


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        (
            {"python": "3.99"},
            "python-version-differs",
            f"is Python {sys.version.split()[0]}, the lock is for 3.99",
        ),
        (
            {"python": f"{MINOR}.999"},
            "python-patch-differs",
            f"is Python {sys.version.split()[0]}, the lock is for {MINOR}.999",
        ),
        (
            {"platform": "manylinux_2_17_riscv64"},
            "platform-differs",
            f"the machine is {os.uname().machine}, the lock is for riscv64",
        ),
        (
            {"platform": f"manylinux_2_99_{os.uname().machine}"},
            "platform-differs",
            f"glibc is {os.confstr('CS_GNU_LIBC_VERSION')!s:.10}, wheels may need 2.99".replace(
                "glibc is glibc ", "glibc is "
            ),
        ),
    ],
)
def test_another_python_or_platform_is_found(
    image: Image, target: dict[str, Any], code: str, message: str
) -> None:
    other = image.locked(target=replace(TARGET, **target))

    assert other.findings(*ONLY) == [(code, str(image.python), message)]


def test_a_link_out_of_the_environment_is_found_where_the_spec_forbids_it(image: Image) -> None:
    target = os.path.realpath(image.python)

    assert image.validating(self_contained=True).findings(*ONLY) == [
        (
            "venv-not-self-contained",
            str(image.python),
            f"links to `{target}`, outside of `{image.venv}`",
        )
    ]


def test_missing_headers_are_a_warning_where_a_stage_builds(
    image: Image, copied_python: Path
) -> None:
    pins = (*image.solution.pins, pin("built", file=sdist("built", "1.0")))
    other = image.locked(pins=pins)

    assert [code for code, _, _ in run_copied(other, copied_python)] == ["headers-missing"]
    assert [code for code, _, _ in run_copied(image.locked(), copied_python)] == []


@pytest.mark.parametrize(
    ("promise", "answer", "expected"),
    [
        ({}, {}, []),
        (
            {},
            {"markers": {"implementation_name": "pypy"}},
            [("python-version-differs", "is pypy, the lock is for CPython")],
        ),
        (
            {"platform": "manylinux_2_17_riscv64"},
            {"machine": "riscv64", "glibc": ""},
            [("platform-differs", "the C library is not glibc, the lock is for glibc 2.17")],
        ),
        ({"platform": "linux_x86_64"}, {"machine": "riscv64"}, []),
        ({}, {"scripts": Path("/nowhere")}, []),
        ({"self_contained": True}, {"prefix": Path("/usr"), "python": Path("/usr/bin/env")}, []),
    ],
)
def test_what_no_interpreter_here_answers(
    healthy: Image,
    promise: dict[str, Any],
    answer: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    context = Context(
        manifest=replace(read_manifest(healthy.program), **promise),
        environment=replace(probe(healthy.python, MINOR), **answer),
        options=Options(),
    )
    found = [each for each in CHECK.run(context) if isinstance(each, Finding)]

    assert expected == [(each.code, each.message) for each in found]


def test_an_interpreter_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nsleep 60\n")
    python.chmod(0o755)
    monkeypatch.setattr(environment, "_PATIENCE", 0.2)

    assert probe(python, MINOR).failure == "it did not answer within 0 s"


@pytest.mark.parametrize(
    ("wish", "virtual", "expected"),
    [
        ("bin/python", "/venv", Path.cwd() / "bin" / "python"),
        ("/usr/bin/python3", None, Path("/usr/bin/python3")),
        (None, "/venv", Path("/venv/bin/python")),
        (None, "", Path(sys.executable)),
        (None, None, Path(sys.executable)),
    ],
)
def test_the_wish_counts_before_the_active_environment_and_that_before_the_running_one(
    monkeypatch: pytest.MonkeyPatch, wish: str | None, virtual: str | None, expected: Path
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    if virtual is not None:
        monkeypatch.setenv("VIRTUAL_ENV", virtual)

    assert expected == choose_python(wish)
