"""The pins beside those that uv found on its own: a difference has its reason, or is a fault."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.images import NEXA, OTHERS, pins

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA = Path(__file__).parent / "data"
EXPLAINED = tomllib.loads((DATA / "uv_differences.toml").read_text(encoding="utf-8"))


def uv_pins(image: str) -> dict[str, str]:
    lines = (DATA / "uv_pins" / f"{image}.txt").read_text(encoding="utf-8").splitlines()
    stated = [Requirement(line) for line in lines if not line.startswith("#")]
    return {each.name: next(iter(each.specifier)).version for each in stated}


@pytest.mark.parametrize("image", NEXA + OTHERS)
def test_each_difference_from_uv_is_explained(image: str) -> None:
    theirs, ours = uv_pins(image), pins(image)
    differences = {
        name: {"uv": theirs.get(name), "depcheck": ours.get(name)}
        for name in theirs.keys() | ours.keys()
        if theirs.get(name) != ours.get(name)
    }
    explained = {
        name: {"uv": entry.get("uv"), "depcheck": entry.get("depcheck")}
        for name, entry in EXPLAINED[image].items()
    }

    assert explained == differences


@pytest.mark.parametrize("image", NEXA + OTHERS)
def test_each_explanation_states_a_reason(image: str) -> None:
    assert [] == [name for name, entry in EXPLAINED[image].items() if not entry["reason"].strip()]
