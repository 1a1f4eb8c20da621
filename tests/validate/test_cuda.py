"""The CUDA checks, with a stand-in for the driver's libraries and one for torch.

No test here needs a GPU, and none shows that one computes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.image import TARGET, Image, install, probed
from support.solutions import pin
from support.wheelhouse import make_wheel

from depcheck.validate.capabilities import coverage

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Path(__file__).parents[1] / "support" / "simulated_driver.c"
H100 = "H100:9:0:80000"
L4 = "L4:8:9:24000"
TORCH = ("--only", "driver", "--only", "torch", "--only", "kernels", "--only", "nccl")

Driver = "Callable[..., dict[str, str]]"


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a simulated driver."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("driver")
    command = ["cc", "-shared", "-fPIC", "-o", str(folder / "libcuda.so.1"), str(SOURCE)]
    subprocess.run(command, check=True)
    (folder / "libnvidia-ml.so.1").symlink_to("libcuda.so.1")
    return folder


@pytest.fixture
def driver(libraries: Path) -> Callable[..., dict[str, str]]:
    """Return the variables that make a driver appear, and what torch says of itself."""

    def appear(
        *devices: str, init: int = 0, api: int = 12040, version: str = "550.54.14", **torch: Any
    ) -> dict[str, str]:
        return {
            "LD_LIBRARY_PATH": str(libraries),
            "SIMULATED_DRIVER": " ".join([str(init), str(api), version, *devices]),
            "SIMULATED_TORCH": json.dumps({"devices": len(devices), **torch}),
        }

    return appear


def results(image: Image, *arguments: str, **options: Any) -> list[tuple[str, str, str]]:
    report = image.report(*arguments, **options)
    return [
        (each["status"], each["subject"], each.get("code") or each["message"])
        for each in report["results"]
    ]


def test_without_a_driver_nothing_passes_that_needs_one(healthy: Image) -> None:
    assert results(healthy, *TORCH) == [
        ("skip", "", "no NVIDIA driver"),
        ("pass", "torch 2.2.2+cu121", "CUDA 12.1, sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90"),
        ("skip", "", "no NVIDIA driver"),
        ("pass", "NCCL", "2.19.3"),
    ]


def test_a_gpu_that_is_required_and_absent_is_found(healthy: Image) -> None:
    assert results(healthy, "--only", "driver", "--require-gpu") == [
        ("fail", "GPU", "driver-missing")
    ]


def test_a_driver_without_a_device(healthy: Image, driver: Any) -> None:
    env = driver()
    version = ("pass", "driver 550.54.14", "serves CUDA 12.4, the lock is for 12.1")

    assert results(healthy, "--only", "driver", env=env) == [
        version,
        ("skip", "GPU", "the driver sees no GPU"),
    ]
    assert results(healthy, "--only", "driver", "--require-gpu", env=env) == [
        version,
        ("fail", "GPU", "gpu-missing"),
    ]


def test_skip_cuda_check_skips_and_says_so(healthy: Image, driver: Any) -> None:
    env = {**driver(H100), "SKIP_CUDA_CHECK": "1"}

    assert results(healthy, "--only", "driver", "--only", "kernels", env=env) == [
        ("skip", "", "SKIP_CUDA_CHECK is set"),
        ("skip", "", "SKIP_CUDA_CHECK is set"),
    ]
    assert results(healthy, "--only", "driver", "--require-gpu", env=env)[0][0] == "pass"


def test_everything_passes_with_the_right_driver_and_device(healthy: Image, driver: Any) -> None:
    assert results(healthy, *TORCH, env=driver(H100, L4)) == [
        ("pass", "driver 550.54.14", "serves CUDA 12.4, the lock is for 12.1"),
        ("pass", "GPU 0", "H100, compute capability 9.0, 80.0 GB"),
        ("pass", "GPU 1", "L4, compute capability 8.9, 24.0 GB"),
        ("pass", "torch 2.2.2+cu121", "CUDA 12.1, sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90"),
        *(
            ("pass", f"{kernel} on cuda:{number}", "within 0.00% of the CPU")
            for number in (0, 1)
            for kernel in (
                "elementwise fp32",
                "matmul fp32",
                "matmul fp16",
                "matmul bf16",
                "cuDNN convolution",
                "attention fp16",
            )
        ),
        ("pass", "NCCL", "2.19.3"),
    ]


@pytest.mark.parametrize(
    ("api", "version", "message"),
    [
        (
            11040,
            "470.82.01",
            "serves CUDA 11.4, the lock is for CUDA 12.1, which wants driver 525.60.13",
        ),
        (
            12000,
            "520.61.05",
            "serves CUDA 12.0, the lock is for CUDA 12.1, which wants driver 525.60.13",
        ),
    ],
)
def test_a_driver_that_is_too_old_is_found(
    healthy: Image, driver: Any, api: int, version: str, message: str
) -> None:
    env = driver(H100, api=api, version=version)

    assert healthy.findings("--only", "driver", env=env) == [
        ("driver-too-old", f"driver {version}", message)
    ]


@pytest.mark.parametrize(
    ("api", "version", "message"),
    [
        (12000, "525.60.13", "serves CUDA 12.0, and 12.1 by minor-version compatibility"),
        # The CUDA compatibility package: a newer libcuda above an older kernel module.
        (12040, "470.82.01", "serves CUDA 12.4, the lock is for 12.1"),
        (13000, "580.65.06", "serves CUDA 13.0, the lock is for 12.1"),
    ],
)
def test_a_driver_that_is_new_enough_passes(
    healthy: Image, driver: Any, api: int, version: str, message: str
) -> None:
    env = driver(H100, api=api, version=version)

    assert results(healthy, "--only", "driver", env=env)[0] == (
        "pass",
        f"driver {version}",
        message,
    )


@pytest.mark.parametrize(
    ("init", "status", "told"),
    [
        (999, "fail", "driver-broken"),
        (-1, "fail", "driver-broken"),
        (34, "skip", "no NVIDIA driver, libcuda.so.1 is a stub"),
    ],
)
def test_a_driver_that_does_not_start(
    healthy: Image, driver: Any, init: int, status: str, told: str
) -> None:
    found = results(healthy, "--only", "driver", env=driver(H100, init=init))

    assert [(status, told)] == [(each[0], each[2]) for each in found]


def test_a_driver_that_does_not_answer_is_not_waited_for(healthy: Image, driver: Any) -> None:
    env = driver(H100, init=-2)

    assert healthy.findings("--only", "driver", "--timeout", "2", env=env) == [
        ("driver-broken", "driver", "the driver does not answer within 2 s")
    ]


def test_the_driver_tells_its_versions_and_devices(driver: Any) -> None:
    assert probed("driver", **driver(H100, L4)) == {
        "absence": "",
        "failure": "",
        "api": 12040,
        "version": "550.54.14",
        "devices": [
            {"name": "H100", "capability": "9.0", "memory": 80_000_000_000},
            {"name": "L4", "capability": "8.9", "memory": 24_000_000_000},
        ],
    }


NONE: dict[str, Any] = {"absence": "", "failure": "", "api": 0, "version": "", "devices": []}
FOUND = {**NONE, "api": 12040, "version": "550.54.14"}


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        (34, {**FOUND, "absence": "no NVIDIA driver, libcuda.so.1 is a stub"}),
        (100, FOUND),
        (999, {**FOUND, "failure": "cuInit answers with CUDA error 999"}),
    ],
)
def test_the_driver_tells_why_it_does_not_start(
    driver: Any, init: int, expected: dict[str, Any]
) -> None:
    assert expected == probed("driver", **driver(H100, init=init))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, {"absence": "no NVIDIA driver"}),
        (b"\x7fELF no more", {"failure": "{}/libcuda.so.1: file too short"}),
    ],
)
def test_what_is_no_driver_is_absent_or_broken(
    tmp_path: Path, content: bytes | None, expected: dict[str, str]
) -> None:
    if content is not None:
        (tmp_path / "libcuda.so.1").write_bytes(content)
    expected = {key: text.replace("{}", str(tmp_path)) for key, text in expected.items()}

    assert {**NONE, **expected} == probed("driver", LD_LIBRARY_PATH=str(tmp_path))


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_library_without_the_driver_s_functions_is_a_stub(tmp_path: Path) -> None:
    """Without NVML, and without a kernel module whose version shows."""
    library = tmp_path / "libcuda.so.1"
    code = b"int cuDriverGetVersion(int *found) { *found = 12040; return 0; }"
    command = ["cc", "-shared", "-fPIC", "-o", str(library), "-x", "c", "-"]
    subprocess.run(command, input=code, check=True)
    reason = f"libcuda.so.1 is a stub ({library}: undefined symbol: cuInit)"

    assert probed("driver", LD_LIBRARY_PATH=str(tmp_path)) == {
        **NONE,
        "api": 12040,
        "absence": f"no NVIDIA driver, {reason}",
    }


def test_a_driver_that_nothing_in_the_lock_needs_is_told_where_a_gpu_is_required(
    image: Image, driver: Any
) -> None:
    pins = tuple(each for each in image.solution.pins if each.name != "torch")
    required = ("--only", "driver", "--require-gpu")

    assert results(image.locked(pins=pins), *required, env=driver(H100)) == [
        ("pass", "driver 550.54.14", "serves CUDA 12.4"),
        ("pass", "GPU 0", "H100, compute capability 9.0, 80.0 GB"),
    ]


def test_a_driver_that_finds_no_device_when_it_starts(healthy: Image, driver: Any) -> None:
    assert results(healthy, "--only", "driver", env=driver(init=100)) == [
        ("pass", "driver 550.54.14", "serves CUDA 12.4, the lock is for 12.1"),
        ("skip", "GPU", "the driver sees no GPU"),
    ]


def test_a_device_that_is_not_declared_is_found(image: Image, driver: Any) -> None:
    other = image.locked(target=replace(TARGET, compute_capabilities=("8.0", "8.9")))

    assert other.findings("--only", "driver", env=driver(L4, H100)) == [
        (
            "capability-undeclared",
            "GPU 1",
            "is H100, compute capability 9.0, declared are 8.0, 8.9",
        )
    ]


def test_a_declared_capability_that_torch_does_not_cover_is_found(
    image: Image, driver: Any
) -> None:
    other = image.locked(target=replace(TARGET, compute_capabilities=("8.9", "12.0")))

    assert other.findings("--only", "torch", env=driver(L4)) == [
        (
            "capability-not-covered",
            "compute capability 12.0",
            (
                "is declared, torch 2.2.2+cu121 has kernels for "
                "sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90"
            ),
        )
    ]


def test_a_device_that_torch_does_not_cover_is_found(healthy: Image, driver: Any) -> None:
    assert healthy.findings("--only", "torch", env=driver("B200:10:0:180000")) == [
        (
            "capability-not-covered",
            "compute capability 10.0",
            (
                "is there, torch 2.2.2+cu121 has kernels for "
                "sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90"
            ),
        )
    ]


def test_ptx_wants_a_driver_as_new_as_its_toolkit(healthy: Image, driver: Any) -> None:
    wish = {"architectures": ["sm_80", "compute_80"]}

    assert healthy.findings("--only", "torch", env=driver(H100, api=12000, **wish)) == [
        (
            "ptx-needs-newer-driver",
            "compute capability 9.0",
            (
                "is served by PTX of CUDA 12.1, and the driver compiles up to 12.0, "
                "that of driver 530.30.02"
            ),
        )
    ]
    assert healthy.findings("--only", "torch", env=driver(H100, api=12010, **wish)) == []


@pytest.mark.parametrize(
    ("cuda", "message"),
    [
        ("11.8", "is built for CUDA 11.8, the lock is for CUDA 12.1"),
        (None, "is built without CUDA, the lock is for CUDA 12.1"),
    ],
)
def test_a_torch_for_another_cuda_is_found(
    healthy: Image, driver: Any, cuda: str | None, message: str
) -> None:
    env = driver(H100, cuda=cuda, devices=0 if cuda is None else 1)

    assert healthy.findings("--only", "torch", env=env) == [
        ("torch-cuda-differs", "torch 2.2.2+cu121", message)
    ]


def test_a_torch_that_sees_fewer_devices_is_found(healthy: Image, driver: Any) -> None:
    assert healthy.findings("--only", "torch", env=driver(H100, L4, devices=1)) == [
        ("torch-device-count-differs", "torch 2.2.2+cu121", "sees 1 GPUs, the driver 2")
    ]


def test_too_little_memory_is_found(image: Image, driver: Any) -> None:
    other = image.validating(gpu_memory=40_000_000_000)

    assert other.findings("--only", "driver", env=driver(L4)) == [
        ("gpu-memory-low", "GPU", "has 24.0 GB, the spec asks for 40.0 GB")
    ]
    assert other.findings("--only", "driver", env=driver(L4, H100)) == []


def test_kernels_that_do_not_run_are_found(healthy: Image, driver: Any) -> None:
    error = "CUDA error: no kernel image is available for execution on the device"
    found = healthy.findings("--only", "kernels", env=driver(H100, error=error))

    assert len(found) == 6
    assert found[0] == ("kernel-failed", "elementwise fp32 on cuda:0", f"RuntimeError: {error}")


@pytest.mark.parametrize("factor", [1.5, "NaN"])
def test_kernels_that_compute_wrongly_are_found(
    healthy: Image, driver: Any, factor: float | str
) -> None:
    env = driver(H100, factor=float(factor))
    found = healthy.findings("--only", "kernels", env=env)

    assert {code for code, _, _ in found} == {"kernel-wrong-result"}
    assert len(found) == 6


@pytest.mark.parametrize(("signal", "name"), [(11, "SIGSEGV"), (6, "SIGABRT")])
def test_a_kernel_that_kills_the_process_is_found(
    healthy: Image, driver: Any, signal: int, name: str
) -> None:
    env = driver(H100, crash=str(signal))

    assert healthy.findings("--only", "kernels", env=env) == [
        ("kernel-crashed", "elementwise fp32 on cuda:0", f"its process is killed by {name}")
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import time; time.sleep(60)", ("kernel-hangs", "does not end within 2 s")),
        ("raise RuntimeError('ABI')", ("kernel-failed", "RuntimeError: ABI")),
        ("import os; os._exit(0)", ("kernel-failed", "its process ends with status 0")),
    ],
)
def test_a_torch_that_comes_to_no_kernel_is_found(
    image: Image, driver: Any, code: str, expected: tuple[str, str]
) -> None:
    (image.packages / "torch" / "__init__.py").write_text(code)
    found = image.findings("--only", "kernels", "--timeout", "2", env=driver(H100))

    assert [(expected[0], "torch", expected[1])] == found


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import time; time.sleep(60)", "does not answer within 2 s"),
        ("import os; os.abort()", "its process is killed by SIGABRT"),
        ("import os; os._exit(0)", "its process ends with status 0"),
        ("import libmissing", "ModuleNotFoundError: No module named 'libmissing'"),
    ],
)
def test_a_torch_that_cannot_be_asked_is_found(image: Image, code: str, message: str) -> None:
    (image.packages / "torch" / "__init__.py").write_text(code)
    only = ("--only", "torch", "--only", "nccl", "--timeout", "2")

    assert [("torch-unusable", "torch", message), ("nccl-missing", "NCCL", message)] == (
        image.findings(*only)
    )


def test_a_device_without_bf16_skips_it(healthy: Image, driver: Any) -> None:
    found = results(healthy, "--only", "kernels", env=driver("T4:7:5:16000", bf16=False))

    assert found[3] == (
        "skip",
        "matmul bf16 on cuda:0",
        "this GPU does not compute in bfloat16",
    )


def test_a_torch_without_nccl_is_found(healthy: Image, driver: Any) -> None:
    assert healthy.findings("--only", "nccl", env=driver(H100, nccl=[])) == [
        ("nccl-missing", "NCCL", "torch has none")
    ]


def test_a_lock_without_torch_needs_no_gpu(image: Image, driver: Any) -> None:
    pins = tuple(each for each in image.solution.pins if each.name != "torch")
    other = image.locked(pins=pins)

    assert results(other, *TORCH, env=driver(H100)) == [
        ("skip", "", "the lock needs no GPU"),
        ("skip", "", "the lock holds no torch"),
        ("skip", "", "the lock holds no torch for CUDA"),
        ("skip", "", "the lock holds no torch for CUDA"),
    ]


ONNXRUNTIME = """
__version__ = "1.17.1"
import os
class InferenceSession:
    def __init__(self, model, providers):
        assert model.startswith(b"\\x08\\x07")
        self.providers = os.environ.get("SIMULATED_PROVIDERS", providers[0]).split()
    def run(self, names, inputs):
        return [[float(os.environ.get("SIMULATED_FACTOR", 2)) * float(inputs["x"][0])]]
    def get_providers(self):
        return self.providers
"""
NUMPY = "float32 = float\ndef array(values, dtype): return values\n"


@pytest.fixture
def onnx(image: Image) -> Image:
    """An image with a stand-in for onnxruntime-gpu."""
    folder = image.folder / "more"
    install(
        image,
        make_wheel(folder, "onnxruntime-gpu", "1.17.1", files={"onnxruntime.py": ONNXRUNTIME}),
        make_wheel(folder, "numpy", "1.26.4", files={"numpy.py": NUMPY}),
    )
    more = (pin("onnxruntime-gpu", "1.17.1"), pin("numpy", "1.26.4"))
    return image.locked(pins=(*image.solution.pins, *more))


def test_onnxruntime_is_asked_which_provider_it_really_uses(onnx: Image, driver: Any) -> None:
    only = ("--only", "onnxruntime")
    env = driver(H100)

    assert results(onnx, *only) == [("skip", "", "no NVIDIA driver")]
    assert results(onnx, *only, env=env) == [
        ("pass", "onnxruntime 1.17.1", "computes with CUDAExecutionProvider")
    ]
    fallen = {**env, "SIMULATED_PROVIDERS": "CPUExecutionProvider"}
    assert onnx.findings(*only, env=fallen) == [
        (
            "onnxruntime-provider-differs",
            "onnxruntime 1.17.1",
            "uses CPUExecutionProvider instead of CUDAExecutionProvider",
        )
    ]


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        ("3", ("onnxruntime 1.17.1", "adds wrongly with CUDAExecutionProvider")),
        ("none", ("onnxruntime", "ValueError: could not convert string to float: 'none'")),
    ],
)
def test_an_onnxruntime_that_does_not_compute_is_found(
    onnx: Image, driver: Any, factor: str, expected: tuple[str, str]
) -> None:
    env = {**driver(H100), "SIMULATED_FACTOR": factor}

    assert [("onnxruntime-failed", *expected)] == onnx.findings("--only", "onnxruntime", env=env)


def test_onnxruntime_answers_with_its_provider_and_whether_it_adds(tmp_path: Path) -> None:
    (tmp_path / "onnxruntime.py").write_text(ONNXRUNTIME)
    (tmp_path / "numpy.py").write_text(NUMPY)

    assert probed("onnxruntime", "CPUExecutionProvider", PYTHONPATH=str(tmp_path)) == {
        "version": "1.17.1",
        "providers": ["CPUExecutionProvider"],
        "right": True,
    }


@pytest.mark.parametrize(
    ("capability", "architectures", "expected"),
    [
        ("8.9", ["sm_80", "sm_86", "sm_90"], "cubin"),
        ("8.6", ["sm_89"], ""),
        ("9.0", ["sm_80", "sm_86"], ""),
        ("9.0", ["sm_86", "compute_86"], "ptx"),
        ("8.0", ["compute_86"], ""),
        ("9.0", ["sm_90a"], "cubin"),
        ("10.0", ["sm_90a", "compute_90a"], ""),
        ("10.3", ["sm_100"], "cubin"),
        ("10.3", ["sm_100a"], ""),
        ("10.3", ["sm_100f"], "cubin"),
        ("12.0", ["sm_100f", "compute_100f"], ""),
        ("12.1", ["sm_120"], "cubin"),
        ("12.0", ["sm_90", "compute_90"], "ptx"),
        ("6.1", ["sm_60"], "cubin"),
        ("3.7", ["sm_37"], "cubin"),
        ("8.9", ["nonsense", ""], ""),
    ],
)
def test_a_cubin_serves_its_major_version_upwards_and_ptx_everything_newer(
    capability: str, architectures: list[str], expected: str
) -> None:
    assert coverage(capability, architectures) == expected
