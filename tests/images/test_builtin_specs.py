"""The specs that come with depcheck."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from depcheck.errors import InputError
from depcheck.images.loader import builtin_names, find_spec, load_builtin, select_variant
from depcheck.images.model import IndexSpec, StageHint, Target


def test_images_are_listed_without_their_baseline() -> None:
    assert builtin_names() == ("nexa_heavy", "nexa_infer", "nexa_light")


@pytest.mark.parametrize(
    ("name", "as_of", "torch"),
    [
        ("nexa_heavy", datetime(2024, 11, 26, tzinfo=timezone.utc), "torch==2.2.2"),
        ("nexa_infer", datetime(2024, 5, 16, tzinfo=timezone.utc), "torch==2.2.1"),
        ("nexa_light", datetime(2024, 7, 16, tzinfo=timezone.utc), "torch==2.2.2"),
    ],
)
def test_nexa_image_loads(name: str, as_of: datetime, torch: str) -> None:
    spec = load_builtin(name)
    variant = select_variant(spec, None)

    assert spec.name == name
    assert variant.name == "cu121"
    assert variant.as_of == as_of
    assert str(variant.requirements[0].requirement) == torch
    assert variant.requirements[0].origin == f"{name}.toml: variants.cu121.requirements[0]"
    assert variant.target == Target(
        python="3.11",
        platform="manylinux_2_35_x86_64",
        compute_capabilities=("8.0", "8.6", "8.9", "9.0"),
        base_image="nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04",
        disk_budget=14_000_000_000,
    )
    assert variant.indexes == (
        IndexSpec(
            name="pytorch-cu121",
            url="https://download.pytorch.org/whl/cu121",
            packages=("torch", "torchaudio", "torchvision"),
        ),
    )
    assert variant.stages == (
        StageHint(name="torch", packages=("torch", "torchvision", "torchaudio")),
    )
    assert variant.env == {"HF_HOME": "/home/runner/.cache/huggingface"}
    assert variant.prerelease == "if-necessary"
    assert variant.validate.env["HF_HUB_OFFLINE"] == "1"


@pytest.mark.parametrize("name", builtin_names())
def test_what_rules_decide_is_not_in_the_spec(name: str) -> None:
    variant = select_variant(load_builtin(name), None)
    named = {found.requirement.name for found in variant.requirements + variant.constraints}

    assert named.isdisjoint({"numpy", "setuptools", "pyarrow", "triton"})
    assert variant.overrides == ()
    assert variant.metadata == ()


def test_nexa_heavy_leaves_out_what_the_base_image_cannot_compile() -> None:
    variant = select_variant(load_builtin("nexa_heavy"), "cu121")
    named = {found.requirement.name for found in variant.requirements}

    assert named.isdisjoint({"flash-attn", "mpi4py"})
    assert "axolotl" in variant.allow_build


def test_digests_differ_and_are_repeatable() -> None:
    digests = [load_builtin(name).digest for name in builtin_names()]

    assert len(set(digests)) == 3
    assert digests == [load_builtin(name).digest for name in builtin_names()]


def test_misspelt_image_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        find_spec("nexa_haevy")

    assert caught.value.reference == "unknown-image"
    assert caught.value.message == (
        "there is no image `nexa_haevy`; known are `nexa_heavy`, `nexa_infer`, `nexa_light`"
    )
    assert caught.value.hint == "did you mean `nexa_heavy`?"


@pytest.mark.parametrize("name", ["nexa_base", "something"])
def test_baseline_is_no_image(name: str) -> None:
    with pytest.raises(InputError) as caught:
        find_spec(name)

    assert caught.value.message == (
        f"there is no image `{name}`; known are `nexa_heavy`, `nexa_infer`, `nexa_light`"
    )


def test_unknown_variant_is_answered_with_what_there_is() -> None:
    spec = load_builtin("nexa_light")

    with pytest.raises(InputError) as caught:
        select_variant(spec, "cu12")

    assert caught.value.reference == "unknown-variant"
    assert caught.value.message == "image `nexa_light` has no variant `cu12`; it has `cu121`"
    assert caught.value.hint == "did you mean `cu121`?"
