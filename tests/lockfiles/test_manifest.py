"""What the validator's manifest says of a solution."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.solutions import heavy, pin

from depcheck.images.model import OptionalFiles, ValidateSpec
from depcheck.lockfiles.knowledge import cuda_facts, validator_facts
from depcheck.lockfiles.manifest import cuda_version, manifest
from depcheck.lockfiles.stages import plan_stages

if TYPE_CHECKING:
    from depcheck.resolver.solution import Pin, Solution


def written(solution: Solution) -> dict[str, object]:
    return manifest(solution, plan_stages(solution))


@pytest.mark.parametrize(
    ("pins", "expected"),
    [
        ([pin("torch", "2.2.2+cu121")], "12.1"),
        ([pin("torch", "2.7.1+cu128")], "12.8"),
        ([pin("torch", "1.12.1+cu113")], "11.3"),
        ([pin("torch", "2.2.2"), pin("nvidia-cuda-runtime-cu12", "12.1.105")], "12.1"),
        ([pin("torch", "1.13.1"), pin("nvidia-cuda-runtime-cu11", "11.7.99")], "11.7"),
        ([pin("torch", "2.2.2+cpu"), pin("nvidia-cuda-runtime-cu12", "12.1.105")], None),
        ([pin("torch", "2.2.2")], None),
        ([pin("numpy", "1.26.4")], None),
    ],
)
def test_torch_s_label_or_its_cuda_runtime_says_the_cuda_version(
    pins: list[Pin], expected: str | None
) -> None:
    assert cuda_version(pins) == expected


@pytest.mark.parametrize(
    ("version", "accelerated", "cuda"),
    [
        (
            "2.2.2+cu121",
            True,
            {"version": "12.1", "minimum-driver": "525.60.13", "toolkit-driver": "530.30.02"},
        ),
        (
            "2.3.0+cu125",
            True,
            {"version": "12.5", "minimum-driver": "525.60.13", "toolkit-driver": ""},
        ),
        ("2.2.2+cpu", False, None),
    ],
)
def test_the_driver_that_cuda_wants_is_written_down(
    version: str,
    accelerated: bool,  # noqa: FBT001  # a parameter of the test
    cuda: object,
) -> None:
    content = written(heavy(pins=(pin("torch", version),)))

    assert (content["accelerated"], content["cuda"]) == (accelerated, cuda)


def test_a_lock_without_torch_says_nothing_of_cuda() -> None:
    content = written(heavy(pins=(pin("numpy"),)))

    assert (content["accelerated"], content["cuda"]) == (None, None)


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("onnxruntime-gpu", "CUDAExecutionProvider"),
        ("onnxruntime", "CPUExecutionProvider"),
        ("numpy", ""),
    ],
)
def test_onnxruntime_says_its_provider(name: str, provider: str) -> None:
    assert written(heavy(pins=(pin(name),)))["onnxruntime-provider"] == provider


def test_knowledge_of_packages_that_are_not_locked_stays_out() -> None:
    own = OptionalFiles(files="mine/*", reason="not used")
    spec = ValidateSpec(optional_files=(own,))
    without = written(heavy(pins=(pin("numpy"),), validate=spec))
    numba = [each for each in validator_facts().optional_files if each.package == "numba"]
    with_numba = written(heavy(pins=(pin("numba"),), validate=spec))

    assert without["optional-files"] == [{"pattern": "mine/*", "reason": "not used"}]
    assert with_numba["optional-files"] == [
        *({"pattern": each.files, "reason": each.reason} for each in numba),
        {"pattern": "mine/*", "reason": "not used"},
    ]


def test_each_pin_has_its_stage_and_source() -> None:
    pins = {each["name"]: each for each in written(heavy())["pins"]}  # type: ignore[attr-defined]

    assert pins["torch"] == {
        "name": "torch",
        "version": "2.2.2+cu121",
        "stage": "torch",
        "extras": [],
        "source": "",
        "url": "",
        "recorded": False,
    }
    assert (pins["axolotl"]["source"], pins["axolotl"]["recorded"]) == (
        "47e19164847c0000000000000000000000000000",
        True,
    )
    assert pins["axolotl"]["url"] == ""
    assert (pins["archived"]["source"], pins["archived"]["url"]) == (
        "a" * 64,
        "https://files.example/archived-2.0.zip",
    )


def test_what_the_spec_wants_arrives() -> None:
    spec = ValidateSpec(
        imports=("torch",),
        env={"B": "2", "A": "1"},
        scripts=("/opt/app",),
        allow_extra=("ours",),
        gpu_memory=24_000_000_000,
        self_contained=True,
    )
    content = written(replace(heavy(), validate=spec))

    assert {
        "imports": ["torch"],
        "import-env": {"A": "1", "B": "2"},
        "scripts": ["/opt/app"],
        "tolerated": ["ours", "pip", "setuptools", "uv", "wheel"],
        "gpu-memory": 24_000_000_000,
        "self-contained": True,
    }.items() <= content.items()


def test_every_toolkit_has_the_minimum_of_its_major_version() -> None:
    facts = cuda_facts()

    assert {cuda.partition(".")[0] for cuda in facts.toolkit_driver} == set(facts.minimum_driver)
