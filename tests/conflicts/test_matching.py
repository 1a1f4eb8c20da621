"""Which rules concern what."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from depcheck.conflicts.matching import active_rules, rule_matches, rules_about, triggers
from depcheck.conflicts.model import Rule, RuleKind


def rule(
    when: str,
    *,
    kind: RuleKind = RuleKind.REQUIRE,
    then: tuple[str, ...] = (),
    given: tuple[str, ...] = (),
    variants: tuple[str, ...] = (),
    install: bool = False,
) -> Rule:
    return Rule(
        id="some-rule",
        kind=kind,
        when=Requirement(when),
        reason="r",
        evidence=("https://example.com/1",),
        remedy="m",
        since=date(2024, 1, 1),
        given=tuple(map(Requirement, given)),
        then=tuple(map(Requirement, then)),
        variants=variants,
        install=install,
    )


def pins(*texts: str) -> dict[str, Version]:
    return {name: Version(version) for name, version in (text.split("==") for text in texts)}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.2.2", True),
        ("2.2.2+cu121", True),
        ("2.3.0rc1", False),  # PEP 440: `<2.3` leaves out the pre-releases of 2.3
        ("2.2.0rc1", True),
        ("2.3.0", False),
        ("2.3.0+cu121", False),
    ],
)
def test_scope_counts_local_and_pre_releases(version: str, expected: bool) -> None:  # noqa: FBT001 - parametrised
    assert expected is rule_matches(rule("torch<2.3"), "torch", Version(version))


def test_scope_is_about_one_package() -> None:
    assert not rule_matches(rule("torch<2.3"), "torchvision", Version("0.1"))


def test_names_are_compared_normalised() -> None:
    found = rule("Flash_Attn>=2")

    assert (found,) == rules_about([found, rule("torch")], "flash-attn")
    assert rule_matches(found, "flash.attn", Version("2.5"))


@pytest.mark.parametrize(
    ("roots", "expected"),
    [
        (["torch==2.2.2"], True),
        (["Torch==2.2.2+cu121"], True),
        (["torch>=2.2,<2.3", "numpy"], True),
        (["torch>=2.2"], False),
        (["torch"], False),
        (["torch==2.3.1"], False),
        (["torch<2,>=3"], False),
        (["torch===2.2.2"], False),
        (["torchvision==2.2.2"], False),
        (["torch @ https://example.com/torch.whl"], False),
        ([], False),
    ],
)
def test_given_holds_only_where_the_image_guarantees_it(
    roots: list[str],
    expected: bool,  # noqa: FBT001 - parametrised
) -> None:
    found = rule("axolotl==0.5.2", given=("torch>=2.2,<2.3",))

    assert expected is bool(active_rules([found], "cu121", map(Requirement, roots)))


def test_variants_narrow_a_rule() -> None:
    found = rule("torch", variants=("cu121",))

    assert (found,) == active_rules([found], "cu121", [])
    assert not active_rules([found], "cpu", [])


def test_active_rules_keep_their_order() -> None:
    first, second = rule("b"), rule("a")

    assert (first, second) == active_rules(iter([first, second]), "cpu", [])


@pytest.mark.parametrize(
    ("found", "set_of_pins", "expected"),
    [
        (rule("torch<2.3", then=("numpy<2",)), pins("torch==2.2", "numpy==2.0"), True),
        (rule("torch<2.3", then=("numpy<2",)), pins("torch==2.2", "numpy==1.26"), False),
        (rule("torch<2.3", then=("numpy<2",)), pins("torch==2.2"), False),
        (rule("torch<2.3", then=("numpy<2",)), pins("torch==2.3", "numpy==2.0"), False),
        (rule("torch<2.3", then=("numpy<2",)), pins("numpy==2.0"), False),
        (rule("triton", then=("setuptools",), install=True), pins("triton==2.2"), True),
        (
            rule("triton", then=("setuptools",), install=True),
            pins("triton==2.2", "setuptools==70"),
            False,
        ),
        (rule("a", kind=RuleKind.FORBID, then=("b",)), pins("a==1", "b==1"), True),
        (rule("a", kind=RuleKind.FORBID, then=("b",)), pins("a==1"), False),
        (rule("a", kind=RuleKind.FORBID, then=("b", "c")), pins("a==1", "b==1"), True),
        (rule("a<2", kind=RuleKind.ENV), pins("a==1"), True),
        (rule("a<2", kind=RuleKind.ENV), pins("a==2"), False),
    ],
)
def test_rule_is_met(found: Rule, set_of_pins: dict[str, Version], expected: bool) -> None:  # noqa: FBT001 - parametrised
    assert expected is triggers(found, set_of_pins)


RELEASES = st.tuples(*[st.integers(0, 3)] * 3).map(lambda parts: ".".join(map(str, parts)))


@given(pin=RELEASES, low=RELEASES, high=RELEASES)
def test_given_agrees_with_membership_for_pins(pin: str, low: str, high: str) -> None:
    """A pin is inside a range exactly where the pinned version is."""
    found = rule("a", given=(f"torch>={low},<{high}",))
    inside = found.given[0].specifier.contains(pin, prereleases=True)
    root = Requirement(f"torch=={pin}")

    assert inside is bool(active_rules([found], "cpu", [root]))


def test_a_pre_release_above_the_floor_counts() -> None:
    """A specifier set by itself leaves pre-releases out where it names none."""
    assert rule_matches(rule("torch>=2.2"), "torch", Version("2.3.0rc1"))
    assert not rule_matches(rule("torch>=2.4"), "torch", Version("2.3.0rc1"))
