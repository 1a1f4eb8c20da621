"""The specs that come with depcheck."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from depcheck.errors import InputError
from depcheck.images.loader import builtin_names, find_spec, load_builtin, select_variant
from depcheck.images.model import IndexSpec, StageHint, Target

if TYPE_CHECKING:
    from depcheck.images.model import Variant


IMAGES = {
    "a1111": ("cu128",),
    "mmpose": ("cu116",),
    "nexa_heavy": ("cu121", "cu128"),
    "nexa_infer": ("cu121", "cu128"),
    "nexa_light": ("cu121", "cu128"),
    "nexis": ("cu128",),
    "xicon_dance_scail": ("cu126", "cu128"),
    "yolo_combined": ("cu121", "cpu"),
    "yolo_nas": ("cu118", "cpu"),
}
VARIANTS = [
    select_variant(load_builtin(image), variant)
    for image, variants in IMAGES.items()
    for variant in variants
]
IDS = [f"{image}-{variant}" for image, variants in IMAGES.items() for variant in variants]
NEXA = ("nexa_heavy", "nexa_infer", "nexa_light")
KNOWN = ", ".join(f"`{image}`" for image in IMAGES)
FAMILY = {"torch", "torchvision", "torchaudio"}


def test_images_are_listed_without_their_baselines() -> None:
    assert builtin_names() == tuple(IMAGES)


@pytest.mark.parametrize("name", IMAGES)
def test_image_has_its_variants(name: str) -> None:
    spec = load_builtin(name)

    assert tuple(spec.variants) == IMAGES[name]
    assert spec.default_variant == IMAGES[name][0]


@pytest.mark.parametrize(
    ("name", "variant", "as_of", "torch"),
    [
        ("a1111", "cu128", (2025, 7, 1), "torch==2.7.0"),
        ("mmpose", "cu116", (2025, 7, 2), "torch==1.12.1"),
        ("nexa_heavy", "cu121", (2024, 11, 26), "torch==2.2.2"),
        ("nexa_heavy", "cu128", (2025, 9, 1), "torch==2.7.1"),
        ("nexa_infer", "cu121", (2024, 5, 16), "torch==2.2.1"),
        ("nexa_infer", "cu128", (2025, 10, 1), "torch==2.7.1"),
        ("nexa_light", "cu121", (2024, 7, 16), "torch==2.2.2"),
        ("nexa_light", "cu128", (2025, 10, 1), "torch==2.7.1"),
        ("nexis", "cu128", (2025, 9, 1), "torch==2.7.1"),
        ("xicon_dance_scail", "cu126", (2026, 1, 28), "torch==2.8.0"),
        ("xicon_dance_scail", "cu128", (2026, 1, 28), "torch==2.8.0"),
        ("yolo_combined", "cu121", (2025, 7, 2), "torch==2.3.1"),
        ("yolo_combined", "cpu", (2025, 7, 2), "torch==2.3.1"),
        ("yolo_nas", "cu118", (2025, 7, 2), "torch==2.7.1"),
        ("yolo_nas", "cpu", (2025, 7, 2), "torch==2.7.1"),
    ],
)
def test_variant_states_its_cut_off_and_torch(
    name: str, variant: str, as_of: tuple[int, int, int], torch: str
) -> None:
    found = select_variant(load_builtin(name), variant)
    stated = [
        str(each.requirement) for each in found.requirements if each.requirement.name == "torch"
    ]

    assert (found.as_of, stated) == (datetime(*as_of, tzinfo=timezone.utc), [torch])


@pytest.mark.parametrize("variant", VARIANTS, ids=IDS)
def test_torch_family_comes_from_the_index_of_the_variant(variant: Variant) -> None:
    (index,) = variant.indexes
    stated = {each.requirement.name for each in variant.requirements}

    assert index.name == f"pytorch-{variant.name}"
    assert index.url == f"https://download.pytorch.org/whl/{variant.name}"
    assert stated & FAMILY <= set(index.packages)


@pytest.mark.parametrize("variant", VARIANTS, ids=IDS)
def test_image_runs_on_ada(variant: Variant) -> None:
    assert "8.9" in variant.target.compute_capabilities


@pytest.mark.parametrize("variant", VARIANTS, ids=IDS)
def test_image_says_where_it_is_built_and_what_must_import(variant: Variant) -> None:
    assert variant.target.base_image is not None
    assert variant.target.disk_budget == 14_000_000_000
    assert "torch" in variant.validate.imports


@pytest.mark.parametrize("name", NEXA)
def test_nexa_image_loads(name: str) -> None:
    spec = load_builtin(name)
    variant = select_variant(spec, None)

    assert spec.name == name
    assert variant.name == "cu121"
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


@pytest.mark.parametrize("variant", ["cu121", "cu128"])
@pytest.mark.parametrize("name", NEXA)
def test_what_rules_decide_is_not_in_the_spec(name: str, variant: str) -> None:
    found = select_variant(load_builtin(name), variant)
    named = {each.requirement.name for each in found.requirements + found.constraints}

    assert named.isdisjoint({"numpy", "setuptools", "pyarrow", "triton"})
    assert found.overrides == ()
    assert found.metadata == ()


def test_nexa_heavy_leaves_out_what_the_base_image_cannot_compile() -> None:
    variant = select_variant(load_builtin("nexa_heavy"), "cu121")
    named = {found.requirement.name for found in variant.requirements}

    assert named.isdisjoint({"flash-attn", "mpi4py"})
    assert "axolotl" in variant.allow_build


def test_digests_differ_and_are_repeatable() -> None:
    digests = [load_builtin(name).digest for name in builtin_names()]

    assert len(set(digests)) == len(IMAGES)
    assert digests == [load_builtin(name).digest for name in builtin_names()]


def test_misspelt_image_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        find_spec("nexa_haevy")

    assert caught.value.reference == "unknown-image"
    assert caught.value.message == f"there is no image `nexa_haevy`; known are {KNOWN}"
    assert caught.value.hint == "did you mean `nexa_heavy`?"


@pytest.mark.parametrize("name", ["comfyui_base", "nexa_base", "nuropadel_base", "something"])
def test_baseline_is_no_image(name: str) -> None:
    with pytest.raises(InputError) as caught:
        find_spec(name)

    assert caught.value.message == f"there is no image `{name}`; known are {KNOWN}"


def test_unknown_variant_is_answered_with_what_there_is() -> None:
    spec = load_builtin("nexa_light")

    with pytest.raises(InputError) as caught:
        select_variant(spec, "cu12")

    assert caught.value.reference == "unknown-variant"
    assert caught.value.message == (
        "image `nexa_light` has no variant `cu12`; it has `cu121`, `cu128`"
    )
    assert caught.value.hint == "did you mean `cu128`?"
