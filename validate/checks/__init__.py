"""The checks, in the order in which they run: what others rest on comes first."""

from __future__ import annotations

from depcheck.validate.checks import (
    driver,
    files,
    imports,
    installed,
    interpreter,
    kernels,
    libraries,
    metadata,
    nccl,
    onnxruntime,
    scripts,
    torch_build,
    variables,
)
from depcheck.validate.checks.interface import Check

__all__ = ["CHECKS", "Check"]

CHECKS: tuple[Check, ...] = (
    interpreter.CHECK,
    installed.CHECK,
    files.CHECK,
    metadata.CHECK,
    variables.CHECK,
    scripts.CHECK,
    libraries.CHECK,
    imports.CHECK,
    driver.CHECK,
    torch_build.CHECK,
    kernels.CHECK,
    onnxruntime.CHECK,
    nccl.CHECK,
)
