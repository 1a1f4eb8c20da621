"""What counts as a difference between two lock sets, and what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.solutions import COMMIT, heavy, pin, wheel

from depcheck.errors import InputError
from depcheck.images.model import StageHint, Target
from depcheck.lockfiles.difference import Difference, compare
from depcheck.lockfiles.lockset import render, write
from depcheck.lockfiles.stored import read_lock_set
from depcheck.resolver.solution import PassedOver, Pin, Solution

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def difference(folder: Path, before: Solution, after: Solution) -> Difference:
    write(render(before), folder / "before")
    write(render(after), folder / "after")
    return compare(read_lock_set(folder / "before"), read_lock_set(folder / "after"))


def told(found: Difference) -> dict[str, list[str]]:
    """Return everything that a difference holds, in short."""
    return {
        "pins": [f"{each.change.value} {each.name}" for each in found.pins],
        "stages": [
            f"{each.change.value} {each.name}"
            for each in found.stages
            if each.change.value != "same"
        ],
        "settings": [f"{each.name}: {each.before} -> {each.after}" for each in found.settings],
        "waivers": [
            *(f"+{each.rule}" for each in found.waivers_added),
            *(f"-{each.rule}" for each in found.waivers_removed),
        ],
        "rules": [
            *(f"+{each.id}" for each in found.rules_added),
            *(f"-{each.id}" for each in found.rules_removed),
        ],
    }


def with_pin(name: str, **changes: object) -> Solution:
    """Return the usual solution with one pin changed."""

    def changed(each: Pin) -> Pin:
        return replace(each, **changes) if each.name == name else each  # type: ignore[arg-type]

    return heavy(tuple(map(changed, heavy().pins)))


@pytest.mark.parametrize(
    "other",
    [
        heavy,
        lambda: heavy(rounds=77, input_digest="2" * 64, summary="other words"),
        lambda: with_pin("numpy", passed_over=(PassedOver(versions=("3.0",), reason="it is new"),)),
        lambda: with_pin(
            "filelock",
            file=replace(wheel("filelock", "3.16.1"), url="https://mirror.example/filelock.whl"),
        ),
    ],
    ids=["nothing", "how it was found", "what was passed over", "where a mirror keeps a file"],
)
def test_what_is_no_difference(tmp_path: Path, other: Callable[[], Solution]) -> None:
    found = difference(tmp_path, heavy(), other())

    assert found.is_empty
    assert told(found) == {"pins": [], "stages": [], "settings": [], "waivers": [], "rules": []}


CASES: dict[str, tuple[Callable[[], Solution], dict[str, list[str]]]] = {
    "newer version": (
        lambda: with_pin("numpy", version="1.26.10", file=wheel("numpy", "1.26.10")),
        {"pins": ["upgraded numpy"], "stages": ["changed torch-runtime"]},
    ),
    "older version": (
        lambda: with_pin("numpy", version="1.9", file=wheel("numpy", "1.9")),
        {"pins": ["downgraded numpy"], "stages": ["changed torch-runtime"]},
    ),
    "file of another hash": (
        lambda: with_pin("filelock", file=replace(wheel("filelock", "3.16.1"), sha256="0" * 64)),
        {"pins": ["rebuilt filelock"], "stages": ["changed torch-runtime"]},
    ),
    "other commit": (
        lambda: with_pin(
            "axolotl",
            direct=replace(
                next(each.direct for each in heavy().pins if each.name == "axolotl"),  # type: ignore[type-var]
                commit=COMMIT[::-1],
            ),
        ),
        {"pins": ["rebuilt axolotl"], "stages": ["changed direct-git"]},
    ),
    "one more": (
        lambda: heavy((*heavy().pins, pin("zip"))),
        {"pins": ["added zip"], "stages": ["changed packages"]},
    ),
    "one less": (
        lambda: heavy(tuple(each for each in heavy().pins if each.name != "transformers")),
        {"pins": ["removed transformers"], "stages": ["removed packages"]},
    ),
    "another stage": (
        lambda: heavy(stages=(*heavy().stages, StageHint(name="hf", packages=("transformers",)))),
        {"pins": ["moved transformers"], "stages": ["added hf", "removed packages"]},
    ),
    "target": (
        lambda: heavy(
            target=Target(
                python="3.11", platform="manylinux_2_35_x86_64", compute_capabilities=("8.9",)
            )
        ),
        {"settings": ["compute capabilities: not stated -> 8.9"]},
    ),
    "variables and system": (
        lambda: heavy(env={"HF_HUB_OFFLINE": "1"}, system=()),
        {
            "settings": [
                "variable NCCL_PATH: {site-packages}/nvidia/libnccl.so.2 -> None",
                "the image must have: libgomp1 -> None",
            ]
        },
    ),
    "waiver": (lambda: heavy(waivers=()), {"waivers": ["-axolotl-liger"]}),
    "rule": (lambda: heavy(rules=()), {"rules": ["-numpy2"]}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_a_difference(tmp_path: Path, name: str) -> None:
    make, expected = CASES[name]
    none: dict[str, list[str]] = {
        "pins": [],
        "stages": [],
        "settings": [],
        "waivers": [],
        "rules": [],
    }
    found = difference(tmp_path, heavy(), make())

    assert not found.is_empty
    assert told(found) == none | expected


def test_files_of_different_lock_sets_are_refused(tmp_path: Path) -> None:
    write(render(heavy()), tmp_path)
    stages = heavy(stages=(StageHint(name="hf", packages=("transformers",)),))
    (tmp_path / "pylock.toml").write_bytes(render(stages)["pylock.toml"])

    with pytest.raises(InputError) as caught:
        read_lock_set(tmp_path)
    assert (
        str(caught.value)
        == f"`pylock.toml` and `explain.json` in `{tmp_path}` are of different lock sets"
    )
