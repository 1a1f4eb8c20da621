from __future__ import annotations

import random
from dataclasses import replace

import pytest
from packaging.requirements import Requirement
from support.solutions import (
    DEFAULT,
    PYTORCH,
    heavy,
    other_pins,
    pin,
    sdist,
    torch_pins,
    wheel,
)

from depcheck.conflicts.model import BuildNeeds
from depcheck.errors import InputError
from depcheck.images.model import StageHint
from depcheck.lockfiles.stages import Stage, plan_stages
from depcheck.resolver.solution import DirectSource, IndexUse, Pin, Solution


def outline(solution: Solution) -> list[tuple[str, str]]:
    return [
        (stage.name, " ".join(pin.name for pin in stage.pins)) for stage in plan_stages(solution)
    ]


def built(name: str, **needs: object) -> Pin:
    return pin(name, file=sdist(name, "1.0"), build=BuildNeeds(**needs))  # type: ignore[arg-type]


def by_name(solution: Solution) -> dict[str, Stage]:
    return {stage.name: stage for stage in plan_stages(solution)}


def test_torch_comes_first_then_what_it_needs_then_wheels_builds_and_direct_references() -> None:
    assert outline(heavy()) == [
        ("torch", "torch torchvision"),
        ("torch-runtime", "filelock numpy nvidia-nccl-cu12"),
        ("packages", "transformers"),
        ("build-isolated", "deepspeed"),
        ("build-no-isolation", "flash-attn"),
        ("direct-archive", "archived"),
        ("direct-git", "axolotl"),
    ]


def test_torch_comes_first_even_if_no_hint_names_it() -> None:
    without = heavy(stages=(StageHint(name="hf", packages=("transformers",)),))

    assert [name for name, _ in outline(without)][:3] == ["torch", "torch-runtime", "hf"]


def test_what_torch_needs_and_must_be_built_is_no_part_of_its_runtime() -> None:
    torch = pin("torch", "2.2.2", requires=("filelock", "wheelless"))
    pins = (torch, pin("filelock"), built("wheelless"))

    assert outline(heavy(pins=pins)) == [
        ("torch", "torch"),
        ("torch-runtime", "filelock"),
        ("build-isolated", "wheelless"),
    ]


def test_a_solution_without_torch_has_no_torch_stage() -> None:
    assert outline(heavy(pins=(pin("rich"),))) == [("packages", "rich")]


def test_hints_keep_their_order_and_a_package_belongs_to_the_first_that_names_it() -> None:
    hints = (
        StageHint(name="numbers", packages=("numpy", "absent")),
        StageHint(name="torch", packages=("torch", "numpy")),
    )

    assert outline(heavy(pins=torch_pins(), stages=hints)) == [
        ("numbers", "numpy"),
        ("torch", "torch"),
        ("torch-runtime", "filelock nvidia-nccl-cu12"),
        ("packages-pytorch-cu121", "torchvision"),
    ]


def test_a_hint_over_two_indexes_becomes_two_stages_the_first_named_index_leading() -> None:
    hint = StageHint(name="gpu", packages=("torch", "triton"))
    pins = (pin("triton"), *torch_pins()[:1])

    assert outline(heavy(pins=pins, stages=(hint,))) == [
        ("gpu", "torch"),
        ("gpu-default", "triton"),
    ]


def test_a_stage_takes_from_one_index_only() -> None:
    other = IndexUse(name="Ours & theirs", url="https://ours.example/simple/", packages=("ours",))
    solution = heavy(
        pins=(*torch_pins(), pin("ours", index=other.name), pin("rich")),
        indexes=(DEFAULT, PYTORCH, other),
    )
    stages = by_name(solution)

    assert {name: stage.index and stage.index.name for name, stage in stages.items()} == {
        "torch": "pytorch-cu121",
        "torch-runtime": "default",
        "packages-ours-theirs": "Ours & theirs",
        "packages": "default",
    }
    assert [name for name, stage in stages.items() if stage.explicit_index] == [
        "torch",
        "packages-ours-theirs",
    ]


def at_url(name: str) -> Pin:
    url = f"https://files.example/{name}-1.0-py3-none-any.whl"
    direct = DirectSource(url=url, sha256="a" * 64)
    return pin(name, index=None, file=wheel(name, "1.0"), direct=direct)


def test_wheels_at_urls_belong_to_no_index_and_keep_their_place() -> None:
    hint = StageHint(name="gpu", packages=("torch", "kernels"))
    pins = (*torch_pins()[:1], at_url("kernels"), at_url("extra"), pin("rich"))
    stages = plan_stages(heavy(pins=pins, stages=(hint,)))

    assert [(stage.name, stage.index and stage.index.name, stage.builds) for stage in stages] == [
        ("gpu", "pytorch-cu121", False),
        ("gpu-direct", None, False),
        ("packages-direct", None, False),
        ("packages", "default", False),
    ]


def test_torch_at_a_url_leads_its_stage() -> None:
    assert outline(heavy(pins=(at_url("torch"), pin("rich")))) == [
        ("torch", "torch"),
        ("packages", "rich"),
    ]


def test_a_hinted_sdist_names_its_stage_but_waits_for_the_wheels() -> None:
    hint = StageHint(name="attention", packages=("flash-attn",))
    pins = (built("flash-attn", isolation=False), built("other", isolation=False), pin("ninja"))

    assert outline(heavy(pins=pins, stages=(hint,))) == [
        ("packages", "ninja"),
        ("attention", "flash-attn"),
        ("build-no-isolation", "other"),
    ]


def test_builds_with_different_needs_are_kept_apart() -> None:
    constrained = {"constraints": (Requirement("setuptools<82"),), "env": {"A": "1"}}
    pins = (built("a"), built("b", **constrained), built("c", **constrained), built("d"))
    first, second = plan_stages(heavy(pins=pins))

    assert (first.name, [pin.name for pin in first.pins]) == ("build-isolated", ["a", "d"])
    assert (second.name, [pin.name for pin in second.pins]) == ("build-isolated-2", ["b", "c"])
    assert (second.constraints, second.env) == (("setuptools<82",), {"A": "1"})
    assert second.constraints_file == "stages/02-build-isolated-2.build-constraints.txt"


def test_only_version_control_references_go_without_hashes() -> None:
    unhashed = [stage.name for stage in plan_stages(heavy()) if not stage.hashed]

    assert unhashed == ["direct-git"]


def test_order_rules_put_a_package_into_a_later_stage() -> None:
    pins = (pin("a"), pin("b"), pin("c"), built("d"), built("e"))
    after = (("a", "b"), ("b", "c"), ("c", "d"), ("e", "d"), ("e", "absent"), ("absent", "a"))

    assert outline(heavy(pins=pins, after=after)) == [
        ("build-isolated", "d"),
        ("packages", "c"),
        ("packages-2", "b"),
        ("packages-3", "a"),
        ("build-isolated-2", "e"),
    ]


def test_order_rules_in_a_circle_are_an_error() -> None:
    solution = heavy(
        pins=(pin("a"), pin("b"), pin("c")), after=(("a", "b"), ("b", "a"), ("c", "a"))
    )
    with pytest.raises(InputError) as caught:
        plan_stages(solution)

    assert (caught.value.reference, str(caught.value)) == (
        "stage-order-cycle",
        "no install order satisfies the `order` rules: `a` after `b`; `b` after `a`; `c` after `a`",
    )


def test_every_pin_is_in_one_stage_whatever_the_order_of_pins() -> None:
    solution = heavy()
    expected = plan_stages(solution)
    for seed in range(20):
        shuffled = random.Random(seed).sample(solution.pins, len(solution.pins))  # noqa: S311
        assert plan_stages(replace(solution, pins=tuple(shuffled))) == expected

    assert sorted(pin.name for stage in expected for pin in stage.pins) == sorted(
        pin.name for pin in (*torch_pins(), *other_pins())
    )


def test_download_size_is_unknown_as_soon_as_one_file_has_none() -> None:
    stages = by_name(heavy())

    assert (stages["torch"].known_bytes, stages["torch"].unknown_sizes) == (1000, 1)
    assert stages["torch"].download_bytes is None
    assert stages["torch-runtime"].download_bytes == 166_002_000
    assert [stages[name].label for name in ("torch", "torch-runtime", "direct-git")] == [
        "2 pins, 0.0 MB and 1 of unknown size",
        "3 pins, 166.0 MB",
        "1 pin, size unknown",
    ]
