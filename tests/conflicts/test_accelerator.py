"""Accelerator builds that meet in one set of pins."""

from __future__ import annotations

import pytest
from packaging.version import Version

from depcheck.conflicts.accelerator import mixtures, variant_of


def pins(*texts: str) -> dict[str, Version]:
    return {name: Version(version) for name, version in (text.split("==") for text in texts)}


TORCH_CU121 = "torch==2.2.2+cu121, torchvision==0.17.2+cu121"
CU121 = ("torch==2.2.2+cu121", "torchvision==0.17.2+cu121", "nvidia-cublas-cu12==12.1.3.1")


@pytest.mark.parametrize(
    ("texts", "variant", "expected"),
    [
        (CU121, "cu121", []),
        (CU121, None, []),
        (CU121, "gpu", []),
        (CU121, "cu128", ["foreign-label: torch==2.2.2+cu121, torchvision==0.17.2+cu121"]),
        (
            CU121,
            "cu118",
            [
                f"foreign-label: {TORCH_CU121}",
                f"mixed-cuda: nvidia-cublas-cu12==12.1.3.1, {TORCH_CU121}",
            ],
        ),
        (
            CU121,
            "cpu",
            [
                f"foreign-label: {TORCH_CU121}",
                f"mixed-cuda: nvidia-cublas-cu12==12.1.3.1, {TORCH_CU121}",
            ],
        ),
        (
            ("torch==2.2.2+cu121", "torchvision==0.17.2+cpu"),
            None,
            ["mixed-labels: torch==2.2.2+cu121, torchvision==0.17.2+cpu"],
        ),
        (("torch==2.2.2", "torchvision==0.17.2+cu121"), None, []),
        (
            ("torch==2.2.2", "torchvision==0.17.2+cu121"),
            "cu121",
            ["missing-label: torch==2.2.2"],
        ),
        (
            ("nvidia-cublas-cu12==12.1.3.1", "nvidia-cudnn-cu11==8.7"),
            None,
            ["mixed-cuda: nvidia-cublas-cu12==12.1.3.1, nvidia-cudnn-cu11==8.7"],
        ),
        (
            ("nvidia-cublas==13.0.0.19", "nvidia-nccl-cu12==2.27"),
            None,
            ["mixed-cuda: nvidia-cublas==13.0.0.19, nvidia-nccl-cu12==2.27"],
        ),
        (("cuda-toolkit==13.0.2", "nvidia-cudnn-cu13==9.19"), "cu130", []),
        (("cupy-cuda11x==13.0",), "cu121", ["mixed-cuda: cupy-cuda11x==13.0"]),
        (("jax-cuda12-plugin==0.4",), "cu118", ["mixed-cuda: jax-cuda12-plugin==0.4"]),
        (("nvidia-ml-py==12.560", "nvidia-dali-cuda120==1.4"), "cu121", []),
        (("torch==2.2.2+cpu", "torchvision==0.17.2+cpu"), "cpu", []),
        (("xformers==0.0.25",), "cu121", []),
    ],
)
def test_mixtures(texts: tuple[str, ...], variant: str | None, expected: list[str]) -> None:
    found = mixtures(pins(*texts), variant)

    assert expected == [f"{each.code}: {', '.join(each.subjects)}" for each in found]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (CU121, "cu121"),
        (("torch==2.2.2+cpu",), "cpu"),
        (("torch==2.2.2+rocm5.7",), "rocm5.7"),
        (("torch==2.2.2",), None),
        (("torch==2.3.0a0+ebedce4",), None),
        (("torch==2.2.2+cu121", "torchaudio==2.2.2+cpu"), None),
        ((), None),
    ],
)
def test_variant_is_read_off_the_torch_family(texts: tuple[str, ...], expected: str | None) -> None:
    assert expected == variant_of(pins(*texts))
