"""Shared stages: equal bytes in all images that have them, and nothing installed twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.solutions import heavy, pin, sdist, torch_pins, wheel

from depcheck.errors import InputError
from depcheck.fleet.accounting import layers, shared_layers, stored
from depcheck.fleet.layers import shared_stages
from depcheck.images.model import StageHint
from depcheck.lockfiles.lockset import render
from depcheck.lockfiles.stages import plan_stages

if TYPE_CHECKING:
    from depcheck.resolver.solution import Pin, Solution

MB = 1_000_000


def big(name: str, version: str = "1.0", size: int | None = 10 * MB) -> Pin:
    return pin(name, version, file=wheel(name, version, size=size))


def built(name: str) -> Pin:
    return pin(name, file=sdist(name, "1.0"))


def image(name: str, *pins: Pin, **other: object) -> Solution:
    return heavy(pins=pins, image=name, env={"NAME": name}, rules=(), waivers=(), **other)


def planned(*fleet: Solution) -> list[Solution]:
    stages = shared_stages(fleet)
    return [replace(each, shared=shared) for each, shared in zip(fleet, stages, strict=True)]


def outline(solution: Solution) -> list[str]:
    return [
        f"{stage.name}: {' '.join(pin.name for pin in stage.pins)}"
        for stage in plan_stages(solution)
        if stage.shared
    ]


def test_what_all_have_comes_first_then_what_most_have() -> None:
    fleet = planned(
        image("a", big("x"), big("y"), big("only-a")),
        image("b", big("x"), big("y")),
        image("c", big("x"), big("y", "2.0")),
    )

    both = ["packages: x", "packages-2: y"]

    assert [both, both, both[:1]] == [outline(each) for each in fleet]
    assert (40 * MB, 0) == (stored(fleet).known, stored(fleet).unknown)
    assert [("packages", 3), ("packages-2", 2)] == [
        (stage.name, len(titles)) for stage, titles in shared_layers(fleet)
    ]


def test_the_layers_of_torch_stay_apart_from_the_others() -> None:
    first, second = planned(
        image("a", *torch_pins(), big("rich")), image("b", *torch_pins(), big("rich"), big("more"))
    )

    assert [
        "torch: torch torchvision",
        "torch-runtime: filelock numpy nvidia-nccl-cu12",
        "packages: rich",
    ] == outline(first)
    assert outline(first) == outline(second)


def test_shared_stages_are_equal_bytes_on_all_the_way_of_the_builder() -> None:
    first, second = planned(
        image("a", *torch_pins(), big("rich"), big("only-a")),
        image("b", *torch_pins(), big("rich"), big("only-b")),
    )
    mine, theirs = render(first), render(second)
    files = [stage.file for stage in plan_stages(first) if stage.shared]
    heads = [
        text.split(b"\nENV", 1)[0].split(b"\n", 1)[1]
        for text in (mine["Dockerfile.stages"], theirs["Dockerfile.stages"])
    ]

    assert len(files) == 3
    assert [mine[file] for file in files] == [theirs[file] for file in files]
    assert heads[0] == heads[1]
    assert [each.key for each in layers(first)][:3] == [each.key for each in layers(second)][:3]
    assert layers(first)[3].key != layers(second)[3].key


@pytest.mark.parametrize(
    "other",
    [
        image("b", big("x"), target=replace(heavy().target, base_image="other")),
        image("b", big("x"), target=replace(heavy().target, python="3.10")),
        image("b", big("x", "2.0")),
        image("b", big("x", size=10)),
        image("b", built("x")),
        image("b", big("x"), big("y"), after=(("x", "y"),)),
    ],
    ids=["another base", "another Python", "another version", "too small", "built", "ordered"],
)
def test_nothing_is_shared_where_the_layer_would_differ_or_be_small(other: Solution) -> None:
    small = any(each.file and each.file.size == 10 for each in other.pins)
    alone = image("a", big("x", size=10) if small else big("x"))

    assert [(), ()] == shared_stages([alone, other])


def test_files_of_unknown_size_are_taken_for_large_ones() -> None:
    fleet = [
        image("a", big("x"), big("torch", size=None)),
        image("b", big("x")),
        image("c", big("torch", size=None)),
    ]

    assert [["torch: torch"], [], ["torch: torch"]] == [outline(each) for each in planned(*fleet)]


UNFIT = {
    "not pinned": ("x", "absent"),
    "twice": ("x", "x"),
    "built": ("source",),
    "of two indexes": ("x", "torch"),
    "before what it waits for": ("late",),
    "empty": (),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_shared_stage_that_cannot_be_is_refused(case: str) -> None:
    solution = image(
        "a", big("x"), torch_pins()[0], built("source"), big("late"), after=(("late", "x"),)
    )
    with pytest.raises(InputError) as caught:
        plan_stages(replace(solution, shared=(StageHint(name="s", packages=UNFIT[case]),)))

    assert "shared-stage-unfit" == caught.value.reference


NAMES = st.sampled_from("abcdefgh")
VERSIONS = st.sampled_from(("1.0", "2.0"))
PINS = st.dictionaries(NAMES, VERSIONS, min_size=1)


@given(st.lists(PINS, min_size=2, max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_random_fleets(contents: list[dict[str, str]], random: object) -> None:
    fleet = [
        image(f"image{number}", *(big(name, version) for name, version in sorted(each.items())))
        for number, each in enumerate(contents)
    ]
    final = planned(*fleet)
    order = list(range(len(fleet)))
    random.shuffle(order)  # type: ignore[attr-defined]
    again = planned(*(fleet[place] for place in order))
    keys = [layer.key for each in final for layer in layers(each) if layer.stage.shared]

    assert [final[place] for place in order] == again
    for before, after in zip(fleet, final, strict=True):
        assert sorted(before.pins, key=str) == sorted(
            (pin for stage in plan_stages(after) for pin in stage.pins), key=str
        )
    assert [] == [key for key in keys if keys.count(key) == 1]
    assert stored(final).known <= sum(stored([each]).known for each in fleet)
