"""The GPU really computes: kernels run, and give what the CPU gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.environment import run_source
from depcheck.validate.findings import Code, Outcome, Passed, Skipped

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.processes import Ended

FAILED = Code(
    "kernel-failed",
    "a kernel does not run on the GPU",
    "the message names the cause: `no kernel image` is a torch build without this GPU, a missing "
    "library is a package of the lock that is damaged",
)
WRONG = Code(
    "kernel-wrong-result",
    "a kernel computes something else than the CPU",
    "suspect the GPU: run `nvidia-smi -q` and look for ECC errors",
)
CRASHED = Code(
    "kernel-crashed",
    "a kernel kills the process",
    "the CUDA libraries of the image do not fit each other or the driver",
)
HANGS = Code(
    "kernel-hangs",
    "a kernel does not end",
    "reset the GPU, or raise --timeout where the first use compiles kernels",
)


def run(context: Context) -> Iterator[Outcome]:
    """Run every kernel on every GPU, in a process of its own."""
    reason = _unusable(context)
    if reason:
        yield Skipped("", reason)
        return
    devices = [f"cuda:{number}" for number in range(len(context.driver.devices))]
    ended = run_source(context.environment, "kernels", devices, timeout=context.options.timeout)
    lines = _lines(ended.answer)
    for line in lines:
        outcome = _judged(line)
        if outcome is not None:
            yield outcome
    unfinished = "" if not lines or len(lines[-1]) > 1 else str(lines[-1]["kernel"])
    yield from _violent_end(ended, unfinished, context.options.timeout, any_line=bool(lines))


def _unusable(context: Context) -> str:
    """Say why nothing can be computed here, empty where something can."""
    if not context.manifest.accelerated:
        return "the lock holds no torch for CUDA"
    if context.without_driver:
        return context.without_driver
    return "" if context.driver.usable else "no usable NVIDIA GPU"


def _lines(answer: str) -> list[dict[str, Any]]:
    lines = []
    for text in answer.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # cut off when the process died
        lines.append(line)
    return lines


def _judged(line: dict[str, Any]) -> Outcome | None:
    name = line["kernel"]
    if "error" in line:
        return FAILED.found(name, line["error"].partition("\n")[0], evidence=line["error"])
    if "skipped" in line:
        return Skipped(name, line["skipped"])
    if "difference" not in line:
        return None  # it starts
    difference, tolerance = line["difference"], line["tolerance"]
    if not difference <= tolerance:  # NaN is not
        message = f"differs from the CPU by {difference:.2%}, allowed is {tolerance:.2%}"
        return WRONG.found(name, message)
    return Passed(name, f"within {difference:.2%} of the CPU")


def _violent_end(
    ended: Ended, unfinished: str, timeout: float, *, any_line: bool
) -> Iterator[Outcome]:
    subject, told = unfinished or "torch", ended.stderr.strip()
    if ended.timed_out:
        yield HANGS.found(subject, f"does not end within {timeout:g} s", evidence=told)
    elif ended.signal_name:
        message = f"its process is killed by {ended.signal_name}"
        yield CRASHED.found(subject, message, evidence=told)
    elif ended.status or unfinished or not any_line:
        last = told.rpartition("\n")[2] or f"its process ends with status {ended.status}"
        yield FAILED.found(subject, last, evidence=told)


CHECK = Check(
    name="kernels",
    summary="kernels run on every GPU and compute what the CPU computes",
    codes=(FAILED, WRONG, CRASHED, HANGS),
    run=run,
)
