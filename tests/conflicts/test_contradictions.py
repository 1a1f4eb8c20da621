"""Rules that cannot both be followed are found; rules that never meet are not."""

from __future__ import annotations

from datetime import date

import pytest
from packaging.requirements import Requirement

from depcheck.conflicts.contradictions import contradictions
from depcheck.conflicts.model import Rule, RuleKind


def rule(
    ident: str,
    kind: RuleKind,
    when: str,
    *then: str,
    given: tuple[str, ...] = (),
    variants: tuple[str, ...] = (),
    drop: tuple[str, ...] = (),
) -> Rule:
    return Rule(
        id=ident,
        kind=kind,
        when=Requirement(when),
        then=tuple(map(Requirement, then)),
        given=tuple(map(Requirement, given)),
        variants=variants,
        drop=drop,
        reason="because of the test",
        evidence=("https://example.org/1",),
        remedy="choose other versions",
        since=date(2024, 1, 1),
    )


NUMPY_1 = rule("a", RuleKind.REQUIRE, "torch<2.3", "numpy<2")


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        (
            NUMPY_1,
            rule("b", RuleKind.REQUIRE, "Torch>=2.2", "NumPy>=2"),
            "no version is in `numpy<2` and in `NumPy>=2`",
        ),
        (
            NUMPY_1,
            rule("b", RuleKind.FORBID, "torch", "numpy<3"),
            "`numpy<2` is needed, and `numpy<3` forbidden",
        ),
        (
            NUMPY_1,
            rule("b", RuleKind.OVERRIDE, "torch==2.2.2", "numpy==2.0.1"),
            "no version is in `numpy<2` and in `numpy==2.0.1`",
        ),
        (
            rule("a", RuleKind.OVERRIDE, "axolotl", "torch<2.3"),
            rule("b", RuleKind.DROP, "axolotl", drop=("torch",)),
            "both change the dependency on torch",
        ),
        (
            rule("a", RuleKind.METADATA, "fire<0.7", "six"),
            rule("b", RuleKind.METADATA, "fire>=0.6", "termcolor"),
            "the dependencies of one sdist are stated twice",
        ),
    ],
    ids=["two needs", "need forbidden", "need overridden", "changed twice", "stated twice"],
)
def test_clash_is_named(first: Rule, second: Rule, clash: str) -> None:
    assert [("a", "b", clash)] == list(contradictions([first, second]))


@pytest.mark.parametrize(
    "other",
    [
        rule("b", RuleKind.REQUIRE, "torch>=2.3", "numpy>=2"),
        rule("b", RuleKind.REQUIRE, "torch>=2.2", "numpy>=1.26"),
        rule("b", RuleKind.REQUIRE, "torch", "triton>=2"),
        rule("b", RuleKind.REQUIRE, "torchvision", "numpy>=2"),
        rule("b", RuleKind.FORBID, "torch", "numpy>=1.27"),
        rule("b", RuleKind.OVERRIDE, "torch", "numpy<1.27"),
        rule("b", RuleKind.DROP, "torch", drop=("numpy",)),
    ],
    ids=["versions", "ranges meet", "packages", "subjects", "narrower", "within", "kinds"],
)
def test_rules_that_can_both_be_followed_do_not_clash(other: Rule) -> None:
    assert [] == list(contradictions([NUMPY_1, other]))


def test_rules_for_other_images_never_meet() -> None:
    for_cpu = rule("a", RuleKind.OVERRIDE, "x", "y<1", variants=("cpu",))
    for_cuda = rule("b", RuleKind.OVERRIDE, "x", "y<2", variants=("cu121",))
    beside_old = rule("c", RuleKind.OVERRIDE, "x", "y<3", given=("torch<2.3",))
    beside_new = rule("d", RuleKind.OVERRIDE, "x", "y<4", given=("torch>=2.3",))

    assert [] == list(contradictions([for_cpu, for_cuda]))
    assert [] == list(contradictions([beside_old, beside_new]))
