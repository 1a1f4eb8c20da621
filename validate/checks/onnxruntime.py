"""onnxruntime computes with the provider that the image is built for, and does not fall back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Outcome, Passed, Skipped
from depcheck.validate.probing import ask

if TYPE_CHECKING:
    from depcheck.validate.context import Context

FAILED = Code(
    "onnxruntime-failed",
    "no onnxruntime session can be built, or it computes wrongly",
    "the message names the cause, often a missing CUDA or cuDNN library",
)
FELL_BACK = Code(
    "onnxruntime-provider-differs",
    "onnxruntime silently uses another provider, as a rule the CPU",
    "pin the onnxruntime-gpu that fits the CUDA and cuDNN of the image; its log says what it lacks",
)
_ON_THE_CPU = "CPUExecutionProvider"


def run(context: Context) -> Iterator[Outcome]:
    """Build a session, compute, and read the provider back: the list of providers is no proof."""
    wanted = context.manifest.onnxruntime_provider
    if not wanted:
        yield Skipped("", "the lock holds no onnxruntime")
        return
    if wanted != _ON_THE_CPU and (context.without_driver or not context.driver.usable):
        yield Skipped("", context.without_driver or "no usable NVIDIA GPU")
        return
    answer = ask(context, "onnxruntime", [wanted])
    if isinstance(answer, str):
        reason, _, told = answer.partition("\n")
        yield FAILED.found("onnxruntime", reason, evidence=told)
        return
    subject, used = f"onnxruntime {answer['version']}", answer["providers"]
    if wanted not in used[:1]:
        yield FELL_BACK.found(subject, f"uses {', '.join(used)} instead of {wanted}")
    elif not answer["right"]:
        yield FAILED.found(subject, f"adds wrongly with {wanted}")
    else:
        yield Passed(subject, f"computes with {wanted}")


CHECK = Check(
    name="onnxruntime",
    summary="onnxruntime computes with the provider that the image is built for",
    codes=(FAILED, FELL_BACK),
    run=run,
)
