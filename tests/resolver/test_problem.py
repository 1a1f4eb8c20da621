"""Everything that decides an answer, as one value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from support.universe import problem, rule

from depcheck.conflicts.model import Confidence, RuleKind, SwitchedOff
from depcheck.images.loader import load_builtin
from depcheck.images.model import BasePackage, IndexSpec, SpecRequirement
from depcheck.resolver.problem import Problem, bare_problem, build_problem, plain

if TYPE_CHECKING:
    from depcheck.conflicts.model import Rule
    from depcheck.images.model import Variant

STEERING = rule(RuleKind.FORBID, "b", "c", id="z")
EARLIER = rule(RuleKind.FORBID, "b", "c", id="a")
REPORTED = rule(RuleKind.FORBID, "b", "d", id="m", confidence=Confidence.REPORTED)
HERE = rule(RuleKind.FORBID, "b", "e", id="h", variants=("cu118", "cu121"))
ELSEWHERE = rule(RuleKind.FORBID, "b", "e", id="e", variants=("cu118",))
PINNED = rule(RuleKind.FORBID, "b", "e", id="p", given=(Requirement("torch<2"),))


def variant(*requirements: str, constraints: tuple[str, ...] = ()) -> Variant:
    return problem(*requirements, constraints=constraints).variant


def posed(of: Variant, *rules: Rule, off: tuple[Rule, ...] = ()) -> Problem:
    switched_off = [SwitchedOff(rule=each, reason="tested") for each in off]
    return build_problem(load_builtin("nexa_light"), of, rules, switched_off)


def texts(stated: tuple[SpecRequirement, ...]) -> list[str]:
    return [str(each.requirement) for each in stated]


class TestRules:
    def test_are_those_that_hold_by_id_apart_from_the_reported(self) -> None:
        found = posed(variant("torch<2"), STEERING, REPORTED, ELSEWHERE, PINNED, HERE, EARLIER)

        assert (EARLIER, HERE, PINNED, STEERING) == found.rules
        assert (REPORTED,) == found.reported

    def test_do_not_hold_where_the_image_does_not_pin(self) -> None:
        assert () == posed(variant("torch"), PINNED).rules

    def test_that_are_switched_off_are_those_that_would_hold(self) -> None:
        found = posed(variant("b"), off=(STEERING, ELSEWHERE, PINNED, HERE))

        assert [STEERING, HERE] == [each.rule for each in found.switched_off]


def test_requirements_are_in_order_of_name_whatever_their_order() -> None:
    stated = variant("z", "b<3", "a_c", "B>1", constraints=("y", "X"))
    found = posed(stated).variant

    assert ["a_c", "B>1", "b<3", "z"] == texts(found.requirements)
    assert ["X", "y"] == texts(found.constraints)


@pytest.mark.parametrize(
    ("name", "title"), [("cu121", "`nexa_light` (cu121)"), ("", "`nexa_light`")]
)
def test_title_names_the_variant_where_there_is_one(name: str, title: str) -> None:
    assert title == posed(replace(variant("a"), name=name)).title


def test_an_image_has_its_summary_and_what_no_gpu_runs() -> None:
    spec = load_builtin("nexa_light")
    unserved = {"torch": {"1.0": "too old"}}
    found = build_problem(spec, variant("a"), (), unserved=unserved)

    assert ("nexa_light", spec.summary, unserved, False) == (
        found.image,
        found.summary,
        found.unserved,
        found.bare,
    )
    assert {} == posed(variant("a")).unserved


def test_requirements_alone_are_no_image() -> None:
    off = SwitchedOff(rule=EARLIER, reason="tested")
    found = bare_problem("r.in", variant("b", "a"), [STEERING, REPORTED], [off])

    assert ("r.in", "", True, ["a", "b"], (STEERING,), (REPORTED,), (off,)) == (
        found.image,
        found.summary,
        found.bare,
        texts(found.variant.requirements),
        found.rules,
        found.reported,
        found.switched_off,
    )


def test_names_are_looked_up_in_what_the_variant_says() -> None:
    index = IndexSpec(name="near", url="https://near.example", packages=("a", "b"))
    kept = BasePackage(name="c", version="1", path="/usr", origin="here")
    upgraded = replace(kept, name="d", upgrade=True)
    found = problem("a", indexes=(index,), base_packages=(kept, upgraded))

    assert {"a": "https://near.example", "b": "https://near.example"} == found.index_of
    assert {"c": kept} == found.provided


class TestDigest:
    STATED = problem("a", rules=[STEERING], reported=[REPORTED])
    INDEXES = (("default", "1"), ("near", None))

    @pytest.mark.parametrize(
        "changed",
        [
            problem("a>1", rules=[STEERING], reported=[REPORTED]),
            problem("a", constraints=["b"], rules=[STEERING], reported=[REPORTED]),
            problem("a", rules=[EARLIER], reported=[REPORTED]),
            problem("a", rules=[STEERING]),
            problem("a", reported=[REPORTED]),
            problem("a", rules=[STEERING, REPORTED]),
            replace(STATED, image="other"),
            replace(STATED, bare=True),
            replace(STATED, max_rounds=1),
            replace(STATED, unserved={"a": {"1": "too old"}}),
            replace(STATED, switched_off=(SwitchedOff(rule=EARLIER, reason="one"),)),
            problem("a", rules=[STEERING], reported=[REPORTED], prerelease="allow"),
            problem("a", rules=[STEERING], reported=[REPORTED], as_of=1),
        ],
    )
    def test_changes_with_whatever_decides(self, changed: Problem) -> None:
        assert self.STATED.digest(self.INDEXES) != changed.digest(self.INDEXES)

    def test_changes_with_why_a_rule_is_switched_off(self) -> None:
        digests = {
            replace(self.STATED, switched_off=(SwitchedOff(rule=EARLIER, reason=reason),)).digest(
                ()
            )
            for reason in ("one", "two")
        }

        assert 2 == len(digests)

    def test_changes_with_the_recordings_and_not_with_their_order(self) -> None:
        there, back, other = (
            self.STATED.digest(indexes)
            for indexes in (self.INDEXES, self.INDEXES[::-1], (("default", "2"), ("near", None)))
        )

        assert there == back
        assert there != other

    def test_does_not_change_with_the_order_of_tables(self) -> None:
        tables = [{"a": {"1": "x", "2": "y"}, "b": {}}, {"b": {}, "a": {"2": "y", "1": "x"}}]

        assert 1 == len({replace(self.STATED, unserved=each).digest(()) for each in tables})

    def test_does_not_change_with_where_it_is_written(self) -> None:
        moved = replace(
            self.STATED.variant,
            requirements=(SpecRequirement(requirement=Requirement("a"), origin="elsewhere"),),
        )
        given = replace(self.STATED, variant=moved, preferred={"a": "1"})

        assert self.STATED.digest(self.INDEXES) == given.digest(self.INDEXES)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        ("text", "text"),
        (Requirement("a>1"), "a>1"),
        (RuleKind.FORBID, "forbid"),
        ((1, ["b", None]), [1, ["b", None]]),
        ({1: {"a": (2,)}}, {"1": {"a": [2]}}),
        (RuleKind, str(RuleKind)),
        (SpecRequirement(requirement=Requirement("a"), origin="here"), {"requirement": "a"}),
    ],
)
def test_values_are_plain(value: Any, expected: Any) -> None:
    assert expected == plain(value)
