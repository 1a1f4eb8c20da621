"""Tell which NVIDIA driver and which GPUs there are, through the driver's own library."""

from __future__ import annotations

import ctypes
import json
import os
import re
from pathlib import Path
from typing import Any

LIBRARY = "libcuda.so.1"
NO_DEVICE = 100
STUB = 34
MAJOR, MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR


class CudaError(Exception):
    """A call of the driver failed."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(f"{call} answers with CUDA error {status}")
        self.status = status


def check(call: str, status: int) -> None:
    """Raise for every answer but success."""
    if status:
        raise CudaError(call, status)


def number(call: str, function: Any, *arguments: int) -> int:
    """Return the integer that a call of the driver writes."""
    value = ctypes.c_int()
    check(call, function(ctypes.byref(value), *arguments))
    return value.value


def device(cuda: Any, ordinal: int) -> dict[str, Any]:
    """Describe one GPU."""
    handle = number("cuDeviceGet", cuda.cuDeviceGet, ordinal)
    name = ctypes.create_string_buffer(256)
    check("cuDeviceGetName", cuda.cuDeviceGetName(name, 256, handle))
    memory = ctypes.c_size_t()
    check("cuDeviceTotalMem", cuda.cuDeviceTotalMem_v2(ctypes.byref(memory), handle))
    capability = [
        number("cuDeviceGetAttribute", cuda.cuDeviceGetAttribute, attribute, handle)
        for attribute in (MAJOR, MINOR)
    ]
    return {
        "name": name.value.decode("utf-8", "replace"),
        "capability": "{}.{}".format(*capability),
        "memory": memory.value,
    }


def by_nvml() -> str:
    """Return the driver's version as NVML tells it, empty without NVML."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        text = ctypes.create_string_buffer(96)
        if nvml.nvmlInit_v2() or nvml.nvmlSystemGetDriverVersion(text, 96):
            return ""
    except (OSError, AttributeError):
        return ""
    return text.value.decode("utf-8", "replace")


def by_kernel() -> str:
    """Return the version of the kernel module, empty where it does not show."""
    try:
        told = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8")
    except OSError:
        return ""
    match = re.search(r"\b(\d{3,}\.\d+(?:\.\d+)?)\b", told)
    return match[1] if match else ""


def main() -> None:
    """Write the answer to the descriptor that the parent named."""
    answer: dict[str, Any] = {"absence": "", "failure": "", "api": 0, "version": "", "devices": []}
    try:
        cuda = ctypes.CDLL(LIBRARY)
        answer["api"] = number("cuDriverGetVersion", cuda.cuDriverGetVersion)
        answer["version"] = by_nvml() or by_kernel()
        check("cuInit", cuda.cuInit(0))
        count = number("cuDeviceGetCount", cuda.cuDeviceGetCount)
        answer["devices"] = [device(cuda, ordinal) for ordinal in range(count)]
    except OSError as error:
        missing = "cannot open shared object file" in str(error) and LIBRARY in str(error)
        answer["absence" if missing else "failure"] = "no NVIDIA driver" if missing else str(error)
    except AttributeError as error:
        answer["absence"] = f"no NVIDIA driver, libcuda.so.1 is a stub ({error})"
    except CudaError as error:
        if error.status == STUB:
            answer["absence"] = "no NVIDIA driver, libcuda.so.1 is a stub"
        elif error.status != NO_DEVICE:
            answer["failure"] = str(error)
    with os.fdopen(int(os.environ["DEPCHECK_ANSWER"]), "w") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main()
