"""What each probe answers when the checked interpreter runs it."""

from __future__ import annotations

import json
import os
import platform
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.markers import default_environment
from support.image import TORCH, probed

if TYPE_CHECKING:
    from collections.abc import Callable

KERNELS = {
    "elementwise fp32": 0.002,
    "matmul fp32": 0.002,
    "matmul fp16": 0.01,
    "matmul bf16": 0.03,
    "cuDNN convolution": 0.002,
    "attention fp16": 0.01,
}


@pytest.fixture
def torch(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Return the variables that make the stand-in for torch importable, with more code in it."""

    def appear(more: str = "", **wish: Any) -> dict[str, str]:
        (tmp_path / "torch.py").write_text(f"{TORCH}\n{more}\n", encoding="utf-8")
        return {"PYTHONPATH": str(tmp_path), "SIMULATED_TORCH": json.dumps(wish)}

    return appear


def test_the_interpreter_tells_what_it_is() -> None:
    paths = sysconfig.get_paths()
    answer = probed("interpreter", "json", "no_such_module", "no_such.part")

    assert answer.pop("path") != []
    assert answer == {
        "version": platform.python_version(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "own": [paths["purelib"], paths["platlib"]],
        "scripts": paths["scripts"],
        "headers": (Path(paths["include"]) / "Python.h").exists(),
        "include": paths["include"],
        "glibc": (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")[2],
        "machine": platform.machine(),
        "markers": default_environment(),
        "missing": ["no_such_module", "no_such.part"],
        "extensions": sysconfig.get_config_var("EXT_SUFFIX"),
    }


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("__version__ = '1.0'", {"version": "1.0"}),
        ("__version__ = (1, 0)", {"version": ""}),
        ("", {"version": ""}),
        ("raise SystemExit('bye')", {"exit": "bye"}),
        ("import os; os._exit(3)", (3, "")),
    ],
)
def test_an_import_is_told_by_its_version_or_its_end(
    tmp_path: Path, code: str, expected: object
) -> None:
    (tmp_path / "judged.py").write_text(code)

    assert expected == probed("imports", "judged", PYTHONPATH=str(tmp_path))


@pytest.mark.parametrize(
    ("code", "error", "message", "missing"),
    [
        ("import absent.part", "ModuleNotFoundError", "No module named 'absent'", "absent"),
        ("raise ImportError('libx.so.1: gone')", "ImportError", "libx.so.1: gone", None),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "", None),
    ],
)
def test_an_import_that_raises_is_told_with_its_traceback(
    tmp_path: Path, code: str, error: str, message: str, missing: str | None
) -> None:
    (tmp_path / "judged.py").write_text(code)
    answer = probed("imports", "judged", PYTHONPATH=str(tmp_path))
    last = answer.pop("traceback").splitlines()[-1]

    assert last == (f"{error}: {message}" if message else error)
    assert answer == {"error": error, "message": message, "missing": missing}


def computed(device: str) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    for name, tolerance in KERNELS.items():
        kernel = f"{name} on {device}"
        lines.append({"kernel": kernel})
        lines.append({"kernel": kernel, "difference": 0.0, "tolerance": tolerance})
    return lines


def test_kernels_tell_their_differences_from_the_cpu_as_they_come(
    torch: Callable[..., dict[str, str]],
) -> None:
    assert computed("cpu") + computed("cuda:0") == probed("kernels", "cpu", "cuda:0", **torch())


def test_a_kernel_that_this_torch_or_gpu_lacks_is_told(
    torch: Callable[..., dict[str, str]],
) -> None:
    more = "del nn.functional.scaled_dot_product_attention\nbackends.cudnn.is_available = bool"
    answers = probed("kernels", "cuda:0", **torch(more, bf16=False))

    assert [
        {"skipped": "this GPU does not compute in bfloat16"},
        {"error": "cuDNN is not available"},
        {"skipped": "this torch has no scaled_dot_product_attention"},
    ] == [
        {key: value for key, value in answer.items() if key != "kernel"} for answer in answers[7::2]
    ]


@pytest.mark.parametrize(
    ("more", "wish", "expected"),
    [
        (
            "",
            {"architectures": ["sm_80", "compute_80"]},
            {"cuda": "12.1", "architectures": ["sm_80", "compute_80"], "devices": 1},
        ),
        ("", {"cuda": None}, {"cuda": None, "architectures": [], "devices": 0}),
        (
            "del _C._cuda_getArchFlags\ncuda.get_arch_list = lambda: ['sm_90']",
            {},
            {"cuda": "12.1", "architectures": ["sm_90"], "devices": 1},
        ),
    ],
)
def test_torch_tells_its_build(
    torch: Callable[..., dict[str, str]], more: str, wish: Any, expected: dict[str, object]
) -> None:
    answer = probed("torch_build", **torch(more, **wish))

    assert answer == {"version": "2.2.2+cu121", **expected}


@pytest.mark.parametrize(
    ("more", "wish", "expected"),
    [
        ("", {"nccl": [2, 19, 3]}, "2.19.3"),
        ("", {"nccl": []}, ""),
        ("cuda.nccl.version = lambda: 2708", {}, "2708"),
    ],
)
def test_torch_tells_its_nccl(
    torch: Callable[..., dict[str, str]], more: str, wish: Any, expected: str
) -> None:
    assert {"version": expected} == probed("nccl", **torch(more, **wish))
