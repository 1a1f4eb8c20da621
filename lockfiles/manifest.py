"""Write what a lock promises as the manifest that the validator reads inside the image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from depcheck.lockfiles.knowledge import cuda_facts, validator_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import Pin, Solution

FORMAT = 1
"""What `depcheck.validate.manifest` reads; a test holds the two together."""
_LABEL = re.compile(r"\+cu(\d+)(\d)\b")
_ONNX_PROVIDERS = {
    "onnxruntime-gpu": "CUDAExecutionProvider",
    "onnxruntime": "CPUExecutionProvider",
}
"""Distributions of onnxruntime, and the provider that each must really use."""


def manifest(solution: Solution, stages: Sequence[Stage]) -> dict[str, Any]:
    """Return the manifest of a solution and its stage plan; the same for the same solution."""
    wanted, facts = solution.validate, validator_facts()
    names = {pin.name for pin in solution.pins}
    optional = [(each.files, each.reason) for each in facts.optional_files if each.package in names]
    optional += [(each.files, each.reason) for each in wanted.optional_files]
    cuda = cuda_version(solution.pins)
    return {
        "format": FORMAT,
        "image": solution.image,
        "variant": solution.variant,
        "input-digest": solution.input_digest,
        "python": solution.target.python,
        "platform": solution.target.platform,
        "compute-capabilities": list(solution.target.compute_capabilities),
        "pins": [_pin(pin, stage) for pin, stage in _placed(stages)],
        "stages": [{"name": stage.name, "builds": stage.builds} for stage in stages],
        "waivers": _waivers(solution),
        "env": dict(sorted(solution.env.items())),
        "tolerated": sorted({*facts.tolerated, *wanted.allow_extra}),
        "self-contained": wanted.self_contained,
        "imports": list(wanted.imports),
        "import-env": dict(sorted(wanted.env.items())),
        "stderr-signs": [
            {"text": each.text, "meaning": each.meaning, "remedy": each.remedy}
            for each in facts.stderr_signs
        ],
        "optional-files": [{"pattern": pattern, "reason": reason} for pattern, reason in optional],
        "scripts": list(wanted.scripts),
        "cuda": _cuda(cuda) if cuda else None,
        "accelerated": cuda is not None if "torch" in names else None,
        "gpu-memory": wanted.gpu_memory,
        "driver-libraries": list(cuda_facts().driver_libraries),
        "onnxruntime-provider": next(
            (provider for name, provider in _ONNX_PROVIDERS.items() if name in names), ""
        ),
    }


def cuda_version(pins: Iterable[Pin]) -> str | None:
    """Return the CUDA version that the pins were built with, None where none of them says.

    torch's local label says it (``+cu121``); torch from the default index has none, but pins the
    CUDA runtime.
    """
    versions = {pin.name: pin.version for pin in pins}
    label = _LABEL.search(versions.get("torch", ""))
    if label:
        return f"{label[1]}.{label[2]}"
    if "+" in versions.get("torch", ""):
        return None  # torch says that it is for something else
    for name in cuda_facts().runtime_packages:
        if name in versions:
            return ".".join(versions[name].split(".")[:2])
    return None


def _cuda(version: str) -> dict[str, str]:
    facts = cuda_facts()
    return {
        "version": version,
        "minimum-driver": facts.minimum_driver.get(version.partition(".")[0], ""),
        "toolkit-driver": facts.toolkit_driver.get(version, ""),
    }


def _placed(stages: Sequence[Stage]) -> list[tuple[Pin, str]]:
    placed = [(pin, stage.name) for stage in stages for pin in stage.pins]
    return sorted(placed, key=lambda each: each[0].name)


def _pin(pin: Pin, stage: str) -> dict[str, Any]:
    direct = pin.direct
    return {
        "name": pin.name,
        "version": pin.version,
        "stage": stage,
        "extras": list(pin.extras),
        "source": (direct.commit if direct.vcs else direct.sha256) or "" if direct else "",
        "url": direct.url if direct and not direct.vcs else "",
        "recorded": pin.metadata_from != "wheel",
    }


def _waivers(solution: Solution) -> list[dict[str, str | None]]:
    return [
        {
            "package": waiver.package,
            "requirement": waiver.requirement,
            "replacement": waiver.replacement,
            "rule": waiver.rule,
        }
        for waiver in sorted(
            solution.waivers, key=lambda each: (each.package, each.requirement, each.rule)
        )
    ]
