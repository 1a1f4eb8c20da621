"""Which GPU runs which kernels, as NVIDIA's compatibility guides state it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.artifacts.architectures import (
    KernelImage,
    judge,
    parse_architecture,
    parse_capability,
)
from depcheck.artifacts.coverage import driver_need
from depcheck.artifacts.cuda import load_cuda_facts, read_cuda_facts
from depcheck.artifacts.libraries import load_library_facts
from depcheck.errors import InputError
from depcheck.validate.capabilities import coverage

if TYPE_CHECKING:
    from pathlib import Path

TORCH_222 = "sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90"
TORCH_271 = "sm_75 sm_80 sm_86 sm_90 sm_100 sm_120 compute_120"
TORCH_112 = "sm_37 sm_50 sm_60 sm_70 sm_75 sm_80 sm_86"
SGL = "sm_80 sm_89 sm_90 sm_90a sm_100a sm_120a"

PAIRS = [
    # torch 2.2.2, as it is on the default index: no PTX at all
    (TORCH_222, "5.0", "native"),
    (TORCH_222, "5.2", "binary-compatible (sm_50)"),
    (TORCH_222, "6.1", "binary-compatible (sm_60)"),
    (TORCH_222, "7.0", "native"),
    (TORCH_222, "7.5", "native"),
    (TORCH_222, "8.0", "native"),
    (TORCH_222, "8.6", "native"),
    (TORCH_222, "8.9", "binary-compatible (sm_86)"),
    (TORCH_222, "9.0", "native"),
    (TORCH_222, "3.7", "none"),
    (TORCH_222, "10.0", "none"),
    (TORCH_222, "12.0", "none"),
    # torch 2.7.1 for CUDA 12.8: Blackwell, with PTX for what comes later
    (TORCH_271, "7.0", "none"),
    (TORCH_271, "7.5", "native"),
    (TORCH_271, "8.9", "binary-compatible (sm_86)"),
    (TORCH_271, "10.0", "native"),
    (TORCH_271, "10.3", "binary-compatible (sm_100)"),
    (TORCH_271, "11.0", "none"),
    (TORCH_271, "12.0", "native"),
    (TORCH_271, "12.1", "binary-compatible (sm_120)"),
    (TORCH_271, "13.0", "PTX JIT from compute_120 (needs driver >= 570.26)"),
    (TORCH_112, "3.7", "native"),
    (TORCH_112, "3.5", "none"),
    (TORCH_112, "8.9", "binary-compatible (sm_86)"),
    (TORCH_112, "9.0", "none"),
    # a cubin: the same major, the same or a higher minor
    ("sm_86", "8.0", "none"),
    ("sm_86", "8.6", "native"),
    ("sm_86", "8.9", "binary-compatible (sm_86)"),
    ("sm_86", "9.0", "none"),
    ("sm_80", "8.6", "binary-compatible (sm_80)"),
    ("sm_80", "8.9", "binary-compatible (sm_80)"),
    ("sm_89", "8.6", "none"),
    ("sm_89", "8.9", "native"),
    ("sm_80 sm_86", "8.9", "binary-compatible (sm_86)"),
    ("sm_86 sm_80", "8.9", "binary-compatible (sm_86)"),
    ("sm_70", "7.5", "binary-compatible (sm_70)"),
    ("sm_75", "7.0", "none"),
    ("sm_60", "6.1", "binary-compatible (sm_60)"),
    ("sm_100", "10.3", "binary-compatible (sm_100)"),
    ("sm_103", "10.0", "none"),
    ("sm_120", "12.1", "binary-compatible (sm_120)"),
    # embedded GPUs stand alone
    ("sm_86", "8.7", "none"),
    ("sm_87", "8.7", "native"),
    ("sm_87", "8.9", "none"),
    ("sm_70", "7.2", "none"),
    ("sm_86 compute_80", "8.7", "PTX JIT from compute_80 (needs driver >= 570.26)"),
    # `a`: this capability only
    ("sm_90a", "9.0", "native"),
    ("sm_90a", "8.9", "none"),
    ("sm_90a", "10.0", "none"),
    ("sm_90 sm_90a", "9.0", "native"),
    ("sm_100a", "10.0", "native"),
    ("sm_100a", "10.3", "none"),
    ("sm_120a", "12.1", "none"),
    ("compute_90a", "9.0", "PTX JIT from compute_90a (needs driver >= 570.26)"),
    ("compute_90a", "10.0", "none"),
    (SGL, "8.9", "native"),
    (SGL, "8.6", "binary-compatible (sm_80)"),
    (SGL, "7.5", "none"),
    (SGL, "12.1", "none"),
    # `f`: this family only
    ("sm_100f", "10.0", "native"),
    ("sm_100f", "10.3", "binary-compatible (sm_100f)"),
    ("sm_100f", "10.1", "none"),
    ("sm_100f", "11.0", "none"),
    ("sm_100f", "12.0", "none"),
    ("sm_103f", "10.0", "none"),
    ("sm_120f", "12.0", "native"),
    ("sm_120f", "12.1", "binary-compatible (sm_120f)"),
    ("compute_120f", "12.1", "PTX JIT from compute_120f (needs driver >= 570.26)"),
    ("compute_120f", "13.0", "none"),
    # PTX: the same or any higher capability, after every cubin
    ("compute_70", "7.0", "PTX JIT from compute_70 (needs driver >= 570.26)"),
    ("compute_70", "8.9", "PTX JIT from compute_70 (needs driver >= 570.26)"),
    ("compute_70", "12.0", "PTX JIT from compute_70 (needs driver >= 570.26)"),
    ("compute_70", "6.1", "none"),
    ("compute_50 compute_80", "9.0", "PTX JIT from compute_80 (needs driver >= 570.26)"),
    ("compute_89 sm_80", "8.9", "binary-compatible (sm_80)"),
    ("compute_90", "8.9", "none"),
    # nothing to run
    ("", "8.9", "no kernels"),
]


def images(names: str, ptx_version: str = "8.7") -> list[KernelImage]:
    return [
        KernelImage(
            architecture=parse_architecture(name),
            count=1,
            ptx_version=ptx_version if name.startswith("compute") else None,
        )
        for name in names.split()
    ]


@pytest.mark.parametrize(("names", "capability", "expected"), PAIRS)
def test_verdict(names: str, capability: str, expected: str) -> None:
    verdict = judge(images(names), capability, load_cuda_facts())

    assert expected == str(verdict)


@pytest.mark.parametrize(
    ("ptx_version", "expected"),
    [
        ("7.8", "PTX JIT from compute_80 (needs driver >= 520.61.05)"),
        ("8.1", "PTX JIT from compute_80 (needs driver >= 530.30.02)"),
        ("8.6", "PTX JIT from compute_80 (needs driver >= 570.26)"),
        ("9.0", "PTX JIT from compute_80 (needs driver >= 580.65.06)"),
        ("99.0", "PTX JIT from compute_80 (needs a driver that knows its PTX)"),
    ],
)
def test_driver_of_ptx_is_that_of_its_toolkit(ptx_version: str, expected: str) -> None:
    verdict = judge(images("compute_80", ptx_version), "8.9", load_cuda_facts())

    assert expected == str(verdict)


SIMPLER = {
    ("sm_86", "8.7"): "cubin",
    ("sm_87", "8.9"): "cubin",
    ("sm_70", "7.2"): "cubin",
    ("sm_86 compute_80", "8.7"): "cubin",
    ("sm_100f", "10.1"): "cubin",
}
"""Where the validator, which brings no data, knows neither embedded GPUs nor families."""


@pytest.mark.parametrize(("names", "capability", "expected"), PAIRS)
def test_validator_judges_alike(names: str, capability: str, expected: str) -> None:
    kinds = {"native": "cubin", "binary-compatible": "cubin", "PTX": "ptx"}
    alike = kinds.get(expected.split(maxsplit=1)[0], "")

    assert SIMPLER.get((names, capability), alike) == coverage(capability, names.split())


def test_a_cuda_version_that_nobody_knows_a_driver_of_asks_for_none() -> None:
    facts = load_cuda_facts()

    assert [None, "525.60.13"] == [
        need and need.driver
        for toolkits in (["99.0"], ["99.0", "12.1"])
        for need in [driver_need([], [], facts, load_library_facts(), toolkits)]
    ]


def test_every_pair_of_the_table_is_there_once() -> None:
    assert len(PAIRS) == len({(names, capability) for names, capability, _ in PAIRS})


@pytest.mark.parametrize("name", ["sm_80", "compute_90", "sm_90a", "sm_120f", "compute_100f"])
def test_architecture_reads_back(name: str) -> None:
    assert name == str(parse_architecture(name))


@pytest.mark.parametrize("name", ["", "sm_", "sm_8", "sm80", "compute_9.0", "sm_90b", "SM_90"])
def test_wrong_architecture_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not an architecture"):
        parse_architecture(name)


@pytest.mark.parametrize("text", ["", "8", "sm_89", "8.9.1", "89", "eight", "8.10"])
def test_wrong_capability_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_capability(text)

    assert f"`{text}` is not a compute capability" == caught.value.message


def test_facts_that_are_wrong_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "cuda.toml"
    path.write_text('[families]\nmembers = [["10"], "12.0"]\nsource = "x"\n[embeded]\n')

    with pytest.raises(InputError) as caught:
        read_cuda_facts(path)

    assert [
        f"{path}: 7 problems",
        "  minor-version-compatibility: key `source` is missing; add `source = ...`",
        "  toolkit-drivers: key `source` is missing; add `source = ...`",
        "  ptx-versions: key `source` is missing; add `source = ...`",
        "  embedded: key `source` is missing; add `source = ...`",
        (
            "  line 2: families.members[0]: `10` is not a compute capability;"
            " write it like `8.9` (the GPUs of sm_89)"
        ),
        "  line 2: families.members[1]: must be a list of compute capabilities",
        "  line 4: embeded: unknown key; did you mean `embedded`?",
    ] == caught.value.message.splitlines()
