"""The words for a failure, by its kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from support.universe import MemoryIndex, Release, Universe, indexes, problem, rule

from depcheck.conflicts.model import RuleKind
from depcheck.images.model import IndexSpec
from depcheck.resolver.core import Core, prove
from depcheck.resolver.explanation import UnsatisfiableError, explain
from depcheck.resolver.search import Bench, Refuted

NEAR = "https://near.example/simple"
EXPLICIT = IndexSpec(name="near", url=NEAR, packages=("a", "b"))


def explained(bench: Bench, *, minimal: bool = True) -> UnsatisfiableError:
    refuted = bench.attempt(thorough=True)
    assert isinstance(refuted, Refuted)
    core = prove(bench, refuted)
    assert isinstance(core, Core)
    return explain(bench, replace(core, minimal=minimal))


def failure(universe: Universe, *requirements: str, **options: Any) -> UnsatisfiableError:
    return explained(Bench(problem(*requirements, **options), indexes(universe)))


def lines(error: UnsatisfiableError) -> list[str]:
    """Return what is said below the heading."""
    return [line.removeprefix("  - ") for line in error.message.splitlines()[1:]]


def advice(error: UnsatisfiableError) -> list[str]:
    """Return what the rules advise."""
    _, found, text = (error.hint or "").partition("what the rules advise:\n")
    assert found or not text
    return [line.removeprefix("  - ") for line in text.splitlines()]


class TestHeading:
    @pytest.mark.parametrize(
        ("minimal", "expected"),
        [
            (True, "`test` (cu121) has no solution, because these cannot all hold:"),
            (False, "`test` (cu121) has no solution, because of some of these:"),
        ],
    )
    def test_says_whether_all_of_it_is_to_blame(self, expected: str, *, minimal: bool) -> None:
        bench = Bench(problem("a>1"), indexes({"a": {"1": []}}))

        error = explained(bench, minimal=minimal)

        assert ("unsatisfiable", expected) == (error.reference, error.message.splitlines()[0])


class TestSentences:
    B: ClassVar[dict[str, list[str]]] = {"0": [], "9": []}

    def demands(self, needs: dict[str, list[str]], **options: Any) -> str:
        """Return what is said of the versions of ``a``, where the image wants the newest ``b``."""
        error = failure({"a": needs, "b": self.B}, "a", "b>=9", **options)
        assert ["test.toml: requirements[0] asks for `a`"] == lines(error)[:1]
        assert ["test.toml: requirements[1] asks for `b>=9`"] == lines(error)[1:2]
        [said] = lines(error)[2:]
        return said

    def test_versions_in_a_row_are_said_as_one(self) -> None:
        needs = {"1": ["b<2"], "2": ["b<2"], "3": ["b<1"], "4": ["b<2"], "5": ["b<2"], "6": ["b<2"]}

        assert (
            "`a` 1 to 2 (2 versions) and 4 to 6 (3 versions) needs `b<2`; `a==3` needs `b<1`"
        ) == self.demands(needs)

    def test_lone_versions_are_said_as_they_are(self) -> None:
        needs = {"1": ["b<2"], "2": ["b<1"], "3": ["b<2"], "4": ["b<1"]}

        assert "`a` 2 and 4 needs `b<1`; `a` 1 and 3 needs `b<2`" == self.demands(needs)

    def test_no_more_than_four_demands_are_said(self) -> None:
        needs = {str(each): [f"b<{each}"] for each in range(1, 9)}
        four = "; ".join(f"`a=={each}` needs `b<{each}`" for each in (8, 7, 6, 5))

        assert four == self.demands({each: needs[each] for each in "5678"})
        assert f"{four}; 1 other demand of `a`" == self.demands(
            {each: needs[each] for each in "45678"}
        )
        assert f"{four}; 2 other demands of `a`" == self.demands(
            {each: needs[each] for each in "345678"}
        )
        assert f"{four}; 4 other demands of `a`" == self.demands(needs)

    def test_rules_say_what_they_forbid_and_what_they_allow(self) -> None:
        needs: dict[str, list[str]] = {"1": []}
        forbid = rule(RuleKind.FORBID, "a", "b>=2")
        limit = rule(RuleKind.REQUIRE, "a", "b<2")
        install = rule(RuleKind.REQUIRE, "a", "b<2", install=True)

        assert [
            "`a==1` must not meet `b>=2` (rule `forbid-a`)",
            "`a==1` allows only `b<2` (rule `require-a`)",
            "`a==1` needs `b<2` (rule `require-a`)",
        ] == [self.demands(needs, rules=[each]) for each in (forbid, limit, install)]

    def test_an_extra_speaks_for_itself(self) -> None:
        universe: Universe = {
            "a": {
                "1": Release("b<1; extra == 'x'", extras=("x",)),
                "2": Release("b<1; extra == 'x'", extras=("x",)),
            },
            "b": self.B,
        }

        assert [
            "test.toml: requirements[0] asks for `a[x]` and `a`",
            "test.toml: constraints[0] allows only `b>=9`",
            "`a[x]` 1 to 2 (2 versions) needs `b<1`",
        ] == lines(failure(universe, "a[x]", constraints=["b>=9"]))


class TestFacts:
    """Why versions that are asked for are not there."""

    @pytest.mark.parametrize(
        ("versions", "requirement", "expected"),
        [
            (
                {"1": []},
                "b>1",
                "no version of `b` on index `{near}` matches `>1`; the newest known is 1",
            ),
            ({}, "b>1", "no version of `b` on index `{near}` matches `>1`"),
            (None, "b>1", "index `{near}` has no project `b`"),
            ({"1": Release(python="<3")}, "b", "`b==1` is not offered: it needs Python <3"),
            (
                {"1": Release(python="<3"), "2": Release(yanked=True), "3": []},
                "b<3",
                "`b==2` is not offered: it was yanked",
            ),
        ],
        ids=["no version", "nothing at all", "no project", "not for the target", "none of them"],
    )
    def test_on_an_explicit_index(
        self, versions: dict[str, Any] | None, requirement: str, expected: str
    ) -> None:
        universe: Universe = {"default": {}, NEAR: {} if versions is None else {"b": versions}}
        error = failure(universe, requirement, indexes=(EXPLICIT,))

        assert [
            f"test.toml: requirements[0] asks for `{requirement}`",
            expected.format(near=NEAR),
        ] == lines(error)

    def test_are_said_once_and_only_of_what_is_needed(self) -> None:
        universe: Universe = {"a": {"1": ["gone"], "2": ["gone"]}}

        assert [
            "test.toml: requirements[0] asks for `a`",
            "`a` 1 to 2 (2 versions) needs `gone`",
            "index `default` has no project `gone`",
        ] == lines(failure(universe, "a", constraints=["c<1"]))

    def test_are_said_of_every_package(self) -> None:
        universe: Universe = {"a": {"1": ["gone"], "2": ["lost"], "3": ["b>5"]}, "b": {"1": []}}

        assert [
            "index `default` has no project `gone`",
            "index `default` has no project `lost`",
            "no version of `b` matches `>5`; the newest known is 1",
        ] == lines(failure(universe, "a"))[-3:]

    def test_are_not_said_of_what_only_limits(self) -> None:
        universe: Universe = {"a": {"1": ["b"]}, "b": {"1": []}}

        assert [
            "test.toml: requirements[0] asks for `a`",
            "test.toml: constraints[0] allows only `b<1`",
            "`a==1` needs `b`",
        ] == lines(failure(universe, "a", constraints=["b<1"]))

    def test_do_not_count_what_is_not_recorded(self) -> None:
        index = MemoryIndex({"a": {"1": [], "2": []}}, unrecorded=lambda _, v: v == "2")
        error = explained(Bench(problem("a>1", constraints=["a<2"]), lambda _: index))

        assert [
            "test.toml: requirements[0] asks for `a>1`",
            "test.toml: constraints[0] allows only `a<2`",
            "no version of `a` matches `>1`; the newest known is 2",
        ] == lines(error)


class TestAdvice:
    UNIVERSE: ClassVar[Universe] = {"a": {"1": []}, "b": {"1": [], "2": []}}

    def test_is_that_of_the_rules_to_blame(self) -> None:
        rules = [
            rule(RuleKind.FORBID, "a", "b>1", id="m", remedy="keep b at 1"),
            rule(RuleKind.FORBID, "a", "c", id="n", remedy="leave c"),
            rule(RuleKind.ENV, "a", env={"K": "1"}, id="o"),
        ]

        assert ["keep b at 1 [m]"] == advice(failure(self.UNIVERSE, "a", "b>1", rules=rules))

    def test_is_that_of_a_rule_that_replaced_what_was_published(self) -> None:
        universe: Universe = {"a": {"1": ["b<1"]}, "b": {"1": [], "2": []}}
        replaced = rule(RuleKind.OVERRIDE, "a", "b<2", remedy="wait")

        assert ["wait [override-a]"] == advice(failure(universe, "a", "b>1", rules=[replaced]))

    def test_is_that_of_a_build_that_the_variant_does_not_have(self) -> None:
        rules = [
            rule(RuleKind.INDEX, "a>=2", remedy="stay below 2"),
            rule(RuleKind.INDEX, "a>=5", remedy="stay below 5"),
            rule(RuleKind.INDEX, "b>=2", remedy="another package"),
            rule(RuleKind.ORDER, "a>=2", remedy="another kind"),
        ]

        assert ["stay below 2 [index-a>=2]"] == advice(failure(self.UNIVERSE, "A==3", rules=rules))

    def test_is_to_relax_where_nothing_is_known_to_help(self) -> None:
        error = failure({}, "gone")

        assert ((), "relax one of the requirements above") == (error.remedies, error.hint)

    def test_comes_after_the_remedies(self) -> None:
        forbid = rule(RuleKind.FORBID, "a", "b>1", remedy="keep b at 1")

        assert (
            "one of these solves it (each was tried):\n"
            "  - ask for `b==1` instead of `b>1` (test.toml: requirements[1])\n"
            "  - leave out the requirement `a` (test.toml: requirements[0])\n"
            "  - leave out the requirement `b>1` (test.toml: requirements[1])\n"
            "what the rules advise:\n"
            "  - keep b at 1 [forbid-a]"
        ) == failure(self.UNIVERSE, "a", "b>1", rules=[forbid]).hint


def test_every_kind_of_clause_is_said_in_data() -> None:
    """The image's own words first, then what follows from them, then rules."""
    universe: Universe = {
        "a": {"1": ["b"], "2": Release(metadata_python="<3"), "3": ["c<1"]},
        "b": {"1": [], "2": []},
        "c": {"1": []},
    }
    forbid = rule(RuleKind.FORBID, "a<2", "b<3", id="r")
    error = failure(universe, "a", "c", constraints=["c>=1"], rules=[forbid])

    assert [
        ("requirement", "test.toml: requirements[0]", "a", [(None, "a", None)]),
        ("metadata", "a", "b", [("a==1", "b", None)]),
        ("metadata", "a", "c", [("a==3", "c<1", None)]),
        ("unusable", "a", "a", [("a==2", "it needs Python <3", None)]),
        ("rule", "r", "b", [("a==1", "not b<3", "r")]),
    ] == [
        (
            each["kind"],
            each["source"],
            each["package"],
            [(one["by"], one["requirement"], one["rule"]) for one in each["stated"]],
        )
        for each in error.details["clauses"]
    ]
