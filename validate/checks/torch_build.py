"""The installed torch is the build that the lock names, and has kernels for the GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, Sequence

from depcheck.validate.capabilities import coverage
from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Finding, Outcome, Passed, Skipped
from depcheck.validate.probing import ask

if TYPE_CHECKING:
    from depcheck.validate.context import Context

UNUSABLE = Code(
    "torch-unusable",
    "torch cannot be asked what it is built for",
    "see what check `imports` says of torch; install it again by `install.sh`",
)
CUDA = Code(
    "torch-cuda-differs",
    "torch is built for another CUDA than the variant",
    "install torch from the index that the lock names: run `install.sh` of the lock set",
)
NOT_COVERED = Code(
    "capability-not-covered",
    "torch has no kernels for a GPU that is declared or there",
    "use a torch build that covers it, or take it out of `compute-capabilities`",
)
PTX = Code(
    "ptx-needs-newer-driver",
    "torch serves a GPU by PTX alone, which a driver older than torch's CUDA cannot compile",
    "update the driver of the host",
)
COUNT = Code(
    "torch-device-count-differs",
    "torch sees another number of GPUs than the driver",
    "ask torch why: `python -c 'import torch; torch.cuda.init()'`",
)


def run(context: Context) -> Iterator[Outcome]:
    """Compare the build with the lock, and its architectures with declared and present GPUs."""
    if context.manifest.accelerated is None:
        yield Skipped("", "the lock holds no torch")
        return
    answer = ask(context, "torch_build")
    if isinstance(answer, str):
        reason, _, told = answer.partition("\n")
        yield UNUSABLE.found("torch", reason, evidence=told)
        return
    findings = [*_build(context, answer), *_kernels(context, answer), *_devices(context, answer)]
    yield from findings
    if not findings:
        built = answer["architectures"]
        detail = f"CUDA {answer['cuda']}, {' '.join(built)}" if answer["cuda"] else "without CUDA"
        yield Passed(f"torch {answer['version']}", detail)


def _build(context: Context, answer: dict[str, Any]) -> Iterator[Finding]:
    cuda = context.manifest.cuda
    wanted = cuda.version if cuda else None
    found = ".".join(answer["cuda"].split(".")[:2]) if answer["cuda"] else None
    if found != wanted:
        have = f"is built for CUDA {found}" if found else "is built without CUDA"
        want = f"for CUDA {wanted}" if wanted else "without CUDA"
        yield CUDA.found(f"torch {answer['version']}", f"{have}, the lock is {want}")


def _kernels(context: Context, answer: dict[str, Any]) -> Iterator[Finding]:
    built: Sequence[str] = answer["architectures"]
    if not built:
        return
    present = [] if context.without_driver else [each.capability for each in context.driver.devices]
    for capability in dict.fromkeys((*present, *context.manifest.capabilities)):
        served = coverage(capability, built)
        where = "there" if capability in present else "declared"
        subject = f"compute capability {capability}"
        if not served:
            message = f"is {where}, torch {answer['version']} has kernels for {' '.join(built)}"
            yield NOT_COVERED.found(subject, message)
        elif served == "ptx" and capability in present:
            yield from _ptx(context, subject)


def _ptx(context: Context, subject: str) -> Iterator[Finding]:
    cuda, driver = context.manifest.cuda, context.driver
    wanted = tuple(map(int, cuda.version.split("."))) if cuda else (0, 0)
    if cuda is not None and driver.api < wanted:
        floor = f", that of driver {cuda.toolkit_driver}" if cuda.toolkit_driver else ""
        message = f"is served by PTX of CUDA {cuda.version}, and the driver compiles up to "
        yield PTX.found(subject, message + "{}.{}".format(*driver.api) + floor)


def _devices(context: Context, answer: dict[str, Any]) -> Iterator[Finding]:
    if context.without_driver or not context.driver.usable or not answer["cuda"]:
        return
    count = len(context.driver.devices)
    if answer["devices"] != count:
        message = f"sees {answer['devices']} GPUs, the driver {count}"
        yield COUNT.found(f"torch {answer['version']}", message)


CHECK = Check(
    name="torch",
    summary="torch is built for the CUDA of the lock and has kernels for the GPUs",
    codes=(UNUSABLE, CUDA, NOT_COVERED, PTX, COUNT),
    run=run,
)
