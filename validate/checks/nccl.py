"""torch has NCCL, which several GPUs need to talk to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Outcome, Passed, Skipped
from depcheck.validate.probing import ask

if TYPE_CHECKING:
    from depcheck.validate.context import Context

MISSING = Code(
    "nccl-missing",
    "torch cannot load NCCL",
    "install the nvidia-nccl distribution of the lock again: run `install.sh` of the lock set",
)


def run(context: Context) -> Iterator[Outcome]:
    """Ask torch for its NCCL; no GPU is needed for that."""
    if not context.manifest.accelerated:
        yield Skipped("", "the lock holds no torch for CUDA")
        return
    answer = ask(context, "nccl")
    if isinstance(answer, str):
        reason, _, told = answer.partition("\n")
        yield MISSING.found("NCCL", reason, evidence=told)
    elif answer["version"]:
        yield Passed("NCCL", answer["version"])
    else:
        yield MISSING.found("NCCL", "torch has none")


CHECK = Check(
    name="nccl",
    summary="torch has NCCL",
    codes=(MISSING,),
    run=run,
)
