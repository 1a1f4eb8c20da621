"""Imports that fail in every way that imports fail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from support.image import Image, install
from support.wheelhouse import make_wheel

if TYPE_CHECKING:
    from typing import Any

ONLY = ("--only", "imports")
NUMPY_WARNING = (
    "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.0.1 as it may crash."
)


def spoil(image: Image, code: str) -> Image:
    """Give the distribution `gamma` another module, and declare it as an import."""
    install(image, make_wheel(image.folder / "more", "gamma", "1.0", files={"gamma.py": code}))
    return image.validating(imports=("alpha", "gamma"))


def test_imports_pass_with_their_versions(image: Image) -> None:
    report = image.validating(imports=("torch", "alpha", "torch.cuda")).report(*ONLY)

    assert [
        ("torch", "pass", "2.2.2+cu121"),
        ("alpha", "pass", "1.0"),
        ("torch.cuda", "pass", "2.2.2+cu121"),
    ] == [(each["subject"], each["status"], each["message"]) for each in report["results"]]


def test_no_declared_import_is_no_pass(healthy: Image) -> None:
    assert [("skip", "the spec declares no imports")] == [
        (each["status"], each["message"]) for each in healthy.report(*ONLY)["results"]
    ]


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        (
            "import nothing_like_this",
            ("import-failed", "ModuleNotFoundError: No module named 'nothing_like_this'"),
        ),
        (
            "raise RuntimeError('Numpy is not available')",
            ("import-failed", "RuntimeError: Numpy is not available"),
        ),
        ("import ctypes; ctypes.string_at(0)", ("import-crashed", "killed by SIGSEGV")),
        ("import os; os.abort()", ("import-crashed", "killed by SIGABRT")),
        ("import os; os._exit(0)", ("import-exited", "status 0")),
        ("import sys; sys.exit('bye')", ("import-exited", "status bye")),
        (
            "import atexit, os, signal; atexit.register(os.kill, os.getpid(), signal.SIGSEGV)",
            ("import-crashed", "is imported, but then"),
        ),
        (
            f"import sys; sys.stderr.write({NUMPY_WARNING!r})",
            ("import-complains", "compiled for NumPy 1"),
        ),
        (
            "import sys; sys.stderr.write('AttributeError: _ARRAY_API not found')",
            ("import-complains", "compiled for NumPy 1"),
        ),
    ],
)
def test_a_failing_import_is_found_and_the_others_pass(
    image: Image, code: str, finding: tuple[str, str]
) -> None:
    report = spoil(image, code).report(*ONLY)
    alpha, gamma = report["results"]

    assert alpha["status"] == "pass"
    assert (gamma["code"], finding[1] in gamma["message"]) == (finding[0], True), gamma


def test_a_module_that_is_not_there_is_found(image: Image) -> None:
    other = image.validating(imports=("no_such_module", "alpha.no_such_part"))

    assert other.findings(*ONLY) == [
        (
            "module-missing",
            "no_such_module",
            "ModuleNotFoundError: No module named 'no_such_module'",
        ),
        (
            "module-missing",
            "alpha.no_such_part",
            "ModuleNotFoundError: No module named 'alpha.no_such_part'; 'alpha' is not a package",
        ),
    ]


def test_a_hanging_import_is_found_and_its_children_are_ended(image: Image) -> None:
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])\n"
        "time.sleep(3600)\n"
    )
    started = time.monotonic()
    findings = spoil(image, code).findings(*ONLY, "--timeout", "2")

    assert findings == [("import-hangs", "gamma", "the process does not end within 2 s")]
    assert time.monotonic() - started < 30


def test_a_child_that_keeps_the_pipes_open_is_not_waited_for(image: Image) -> None:
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])\n"
    )
    started = time.monotonic()

    assert spoil(image, code).findings(*ONLY) == []
    assert time.monotonic() - started < 30


def test_a_flood_on_stderr_is_cut(image: Image) -> None:
    code = "import sys\nfor _ in range(3000): sys.stderr.write('x' * 999 + '\\n')\nraise OSError(7)"
    [finding] = [each for each in spoil(image, code).report(*ONLY)["results"] if "code" in each]

    assert finding["message"] == "OSError: 7"


def test_imports_get_the_variables_of_the_spec(image: Image) -> None:
    other = spoil(image, "import os; __version__ = os.environ['HF_HUB_OFFLINE']")
    results = other.validating(env={"HF_HUB_OFFLINE": "1"}).report(*ONLY)["results"]

    assert ("gamma", "1") == (results[1]["subject"], results[1]["message"])


@pytest.mark.parametrize(
    ("arguments", "env", "expected"),
    [
        ([], {}, ("skip", "no NVIDIA driver (it wants libcuda.so.1)")),
        (
            [],
            {"SKIP_CUDA_CHECK": "1"},
            ("skip", "SKIP_CUDA_CHECK is set (it wants libcuda.so.1)"),
        ),
        (["--require-gpu"], {}, ("fail", "import-failed")),
    ],
)
def test_an_import_that_wants_the_driver_s_library(
    image: Image, arguments: list[str], env: dict[str, str], expected: Any
) -> None:
    code = (
        "raise ImportError('libcuda.so.1: cannot open shared object file: No such file or "
        "directory')"
    )
    [_, result] = spoil(image, code).report(*ONLY, *arguments, env=env)["results"]

    assert expected == (result["status"], result.get("code", result["message"]))
