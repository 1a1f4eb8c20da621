"""The NVIDIA driver is new enough for the lock, and the GPUs are those that the lock is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Finding, Outcome, Passed, Skipped

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.driver import Driver

MISSING = Code(
    "driver-missing",
    "a GPU is required and there is no NVIDIA driver",
    "run the container with the NVIDIA runtime: `docker run --gpus all`",
)
NO_DEVICE = Code(
    "gpu-missing",
    "a GPU is required and the driver sees none",
    "give the container a GPU: `--gpus all`, and look at CUDA_VISIBLE_DEVICES",
)
BROKEN = Code(
    "driver-broken",
    "there is an NVIDIA driver and it does not work",
    "run `nvidia-smi` on the host; a driver that was updated while it ran wants a reboot",
)
TOO_OLD = Code(
    "driver-too-old",
    "the NVIDIA driver is too old for the CUDA of the lock",
    "update the driver of the host, or solve a variant for an older CUDA",
)
UNDECLARED = Code(
    "capability-undeclared",
    "a GPU is not one of those that the image spec declares",
    "run on a declared GPU, or add it to `compute-capabilities` and solve again",
)
MEMORY = Code(
    "gpu-memory-low",
    "no GPU has the memory that the image spec asks for",
    "run on a larger GPU",
)


def run(context: Context) -> Iterator[Outcome]:
    """Judge driver and devices."""
    manifest, required = context.manifest, context.options.require_gpu
    if not (manifest.needs_gpu or required):
        yield Skipped("", "the lock needs no GPU")
        return
    if context.options.skip_cuda and not required:
        yield Skipped("", "SKIP_CUDA_CHECK is set")
        return
    driver = context.driver
    if driver.absence:
        yield MISSING.found("GPU", driver.absence) if required else Skipped("", driver.absence)
    elif driver.failure:
        message, _, told = driver.failure.partition("\n")
        yield BROKEN.found("driver", message, evidence=told)
    else:
        yield from _version(context, driver)
        yield from _devices(context, driver)


def _version(context: Context, driver: Driver) -> Iterator[Outcome]:
    cuda = context.manifest.cuda
    serves = "CUDA {}.{}".format(*driver.api)
    title = f"driver {driver.version}".strip()
    if cuda is None:
        yield Passed(title, f"serves {serves}")
        return
    wanted = _numbers(cuda.version)
    old = bool(driver.version) and _numbers(driver.version) < _numbers(cuda.minimum_driver)
    if driver.api < wanted and (old or driver.api[0] < wanted[0]):
        floor = f", which wants driver {cuda.minimum_driver}" if cuda.minimum_driver else ""
        message = f"serves {serves}, the lock is for CUDA {cuda.version}{floor}"
        yield TOO_OLD.found(title, message)
    elif driver.api < wanted:
        yield Passed(title, f"serves {serves}, and {cuda.version} by minor-version compatibility")
    else:
        yield Passed(title, f"serves {serves}, the lock is for {cuda.version}")


def _devices(context: Context, driver: Driver) -> Iterator[Outcome]:
    if not driver.devices:
        message = "the driver sees no GPU"
        required = context.options.require_gpu
        yield NO_DEVICE.found("GPU", message) if required else Skipped("GPU", message)
        return
    declared, floor = context.manifest.capabilities, context.manifest.gpu_memory
    for number, device in enumerate(driver.devices):
        title = f"GPU {number}"
        told = f"{device.name}, compute capability {device.capability}"
        if declared and device.capability not in declared:
            yield UNDECLARED.found(title, f"is {told}, declared are {', '.join(declared)}")
        else:
            yield Passed(title, f"{told}, {device.memory / 1e9:.1f} GB")
    largest = max(device.memory for device in driver.devices)
    if floor is not None and largest < floor:
        yield _low(largest, floor)


def _low(largest: int, floor: int) -> Finding:
    return MEMORY.found(
        "GPU", f"has {largest / 1e9:.1f} GB, the spec asks for {floor / 1e9:.1f} GB"
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


CHECK = Check(
    name="driver",
    summary="the NVIDIA driver serves the CUDA of the lock, on GPUs that it is for",
    codes=(MISSING, NO_DEVICE, BROKEN, TOO_OLD, UNDECLARED, MEMORY),
    run=run,
)
