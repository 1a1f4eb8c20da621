"""Versions that the solver passes over, since no kernel of theirs runs on the target."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.universe import indexes, pins, problem

from depcheck.artifacts.architectures import KernelImage, parse_architecture
from depcheck.artifacts.cuda import load_cuda_facts
from depcheck.artifacts.declared import Declared
from depcheck.artifacts.model import Artifact, SharedObject
from depcheck.artifacts.serving import unserved_versions
from depcheck.resolver.explanation import UnsatisfiableError
from depcheck.resolver.solve import solve


def images(names: str) -> tuple[KernelImage, ...]:
    return tuple(
        KernelImage(architecture=parse_architecture(name), count=1) for name in names.split()
    )


def wheel(name: str, version: str, *kernels: str) -> Artifact:
    objects = tuple(
        SharedObject(path=f"{place}.so", machine="x86_64", kernels=images(names))
        for place, names in enumerate(kernels)
    )
    return Artifact(name=name, version=version, objects=objects)


DECLARED = Declared(
    kernels={
        ("torch", "1.0+cu121"): images("sm_80 sm_90"),
        ("torch", "2.0+cu128"): images("sm_80 sm_90 sm_120"),
        ("measured", "1.0"): images("sm_50"),
    },
    toolkits={},
    provisions=(),
)
MEASURED = (
    wheel("measured", "1.0", "sm_80", "sm_120"),
    wheel("old", "1.0", "sm_50", "sm_60 sm_50"),
    wheel("jit", "1.0", "sm_50 compute_50"),
    wheel("plain", "1.0"),
    wheel("two", "1.0", "sm_50"),
    wheel("two", "1.0", "sm_120"),
)


def unserved(*capabilities: str) -> dict[str, dict[str, str]]:
    return unserved_versions(capabilities, MEASURED, DECLARED, load_cuda_facts())


def test_versions_without_kernels_for_the_target_are_named_with_what_they_have() -> None:
    assert {
        "old": {
            "1.0": "it has no kernel that runs on compute capability 12.0 (measured: sm_50 sm_60)"
        },
        "torch": {
            "1.0+cu121": (
                "it has no kernel that runs on compute capability 12.0 (declared: sm_80 sm_90)"
            )
        },
    } == unserved("12.0")


def test_every_capability_of_the_target_counts() -> None:
    assert {"old", "two"} == set(unserved("8.9"))
    assert "2.0+cu128" in unserved("12.0", "7.5")["torch"]
    assert {} == unserved()


def test_solver_takes_a_version_that_serves_the_target() -> None:
    versions: dict[str, list[str]] = {"1.0+cu121": [], "2.0+cu128": [], "3.0+cu121": []}
    asked = replace(problem("torch"), unserved={"torch": {"3.0+cu121": "it has no kernel"}})
    found = solve(asked, indexes({"torch": versions}))

    assert {"torch": "2.0+cu128"} == pins(found)
    assert [(("3.0+cu121",), "it has no kernel")] == [
        (each.versions, each.reason) for each in found.pins[0].passed_over
    ]


def test_failure_says_that_no_kernel_serves_the_target() -> None:
    asked = replace(problem("torch==1.0"), unserved=unserved("12.0"))

    with pytest.raises(UnsatisfiableError) as caught:
        solve(asked, indexes({"torch": {"1.0+cu121": []}}))

    assert (
        "  - `torch==1.0+cu121` is not offered: it has no kernel that runs on compute capability"
        " 12.0 (declared: sm_80 sm_90)"
    ) == caught.value.message.splitlines()[-1]
