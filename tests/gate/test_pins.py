"""Pins that are wrong by themselves, whatever led to them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from support.solutions import heavy, pin, torch_pins

from depcheck.gate.finding import Location
from depcheck.gate.pins import judge_pins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.resolver.problem import Problem
    from depcheck.resolver.solution import Pin

LOCK = Location(file="locks/heavy/cu121/pylock.toml")


def found(
    *pins: Pin, variant: str = "cu121", unserved: Mapping[str, Mapping[str, str]] | None = None
) -> list[tuple[str, str, str]]:
    solution = heavy(pins=(*torch_pins(), *pins), variant=variant)
    problem = SimpleNamespace(unserved=unserved or {}, variant=SimpleNamespace(allow_build=()))
    at = {each.name: LOCK for each in solution.pins}
    findings, _ = judge_pins(
        solution, cast("Problem", problem), at, LOCK, contents=lambda *_: ((), ())
    )
    return [(each.code, each.subject, each.message) for each in findings]


def test_version_that_does_not_name_its_build() -> None:
    message = "the version does not say that it is the build for cu121"

    assert [("missing-label", "torchaudio==2.2.2", message)] == found(pin("torchaudio", "2.2.2"))


def test_version_that_names_another_build() -> None:
    message = "built for another variant than cu121"

    assert [("foreign-label", "torchaudio==2.2.2+cpu", message)] == found(
        pin("torchaudio", "2.2.2+cpu")
    )


def test_several_builds_where_the_variant_names_none() -> None:
    subjects = "torch==2.2.2+cu121, torchaudio==2.2.2+cpu, torchvision==0.17.2+cu121"
    message = "the torch family comes from several builds: cpu, cu121"

    assert [("mixed-labels", subjects, message)] == found(
        pin("torchaudio", "2.2.2+cpu"), variant="gpu"
    )


def test_pins_of_one_build_pass() -> None:
    assert [] == found(pin("torchaudio", "2.2.2+cu121"))


def test_kernels_that_a_gpu_lacks() -> None:
    reason = "it has no kernel that runs on compute capability 12.0"

    assert [("capability-uncovered", "torch==2.2.2+cu121", reason)] == found(
        unserved={"torch": {"2.2.2+cu121": reason}}
    )
