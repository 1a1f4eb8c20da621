"""Image specs solved offline, once per test process, from the recording in depcheck."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.images.loader import find_spec, select_variant
from depcheck.index.snapshot import open_snapshot
from depcheck.lockfiles.lockset import render
from depcheck.resolver.solve import solve
from depcheck.stating import stated_problem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.resolver.solution import Solution

NEXA = ("nexa_light", "nexa_heavy", "nexa_infer")
OTHERS = ("nexis", "xicon_dance_scail", "a1111", "yolo_nas", "mmpose", "yolo_combined")
NEXA_HEAVY_GIT = str(Path(__file__).parents[1] / "specs" / "nexa_heavy_git.toml")


@cache
def solved(image: str) -> Solution:
    """Return the solution of an image's default variant."""
    spec = find_spec(image)
    problem = stated_problem(spec, select_variant(spec, None), load_builtin_rules())
    return solve(problem, open_snapshot().index)


@cache
def lock_set(image: str) -> Mapping[str, bytes]:
    """Return the files of an image's lock set."""
    return render(solved(image))


@cache
def pylock(image: str) -> dict[str, Any]:
    """Return an image's ``pylock.toml`` as plain values."""
    return tomllib.loads(lock_set(image)["pylock.toml"].decode())


def pins(image: str) -> dict[str, str]:
    """Return version by name."""
    return {pin.name: pin.version for pin in solved(image).pins}
