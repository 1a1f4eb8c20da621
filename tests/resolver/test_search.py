"""What a search leaves behind: what was asked, why versions were turned down, and its budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from support.universe import Release, Universe, indexes, problem, rule

from depcheck.conflicts.model import RuleKind
from depcheck.resolver import resolution
from depcheck.resolver.clauses import CONSTRAINT, METADATA, REQUIREMENT, RULE, UNUSABLE, Clause
from depcheck.resolver.search import Bench, Found, Refuted, SearchLimitError

if TYPE_CHECKING:
    from depcheck.resolver.search import Asked

FIRST = "test.toml: requirements[0]"


def bench(universe: Universe, *requirements: str, **options: Any) -> Bench:
    return Bench(problem(*requirements, **options), indexes(universe))


def found(universe: Universe, *requirements: str, **options: Any) -> Found:
    outcome = bench(universe, *requirements, **options).attempt()
    assert isinstance(outcome, Found)
    return outcome


def refuted(universe: Universe, *requirements: str, **options: Any) -> Refuted:
    outcome = bench(universe, *requirements, **options).attempt(thorough=True)
    assert isinstance(outcome, Refuted)
    return outcome


def said(asked: tuple[Asked, ...]) -> list[tuple[str | None, str]]:
    """Return who asks for what."""
    return [(str(each.parent) if each.parent else None, str(each.want)) for each in asked]


class TestWhyAVersionWasTurnedDown:
    """Of the newest version of ``a``, beside a ``b`` that is decided first."""

    @pytest.mark.parametrize(
        ("newest", "rules", "expected"),
        [
            (["c>1"], [], "it needs `c>1`, but `b==1` needs `c<2`"),
            (["gone"], [], "it needs `gone`, which no version meets"),
            (["c>5"], [], "it needs `c>5`, but `b==1` needs `c<2`"),
            (Release(metadata_python="<3"), [], "it needs Python <3"),
            (
                ["c"],
                [rule(RuleKind.REQUIRE, "a==2", "c>1")],
                "it needs `c>1` [require-a==2], but `a==2` needs `c` and `b==1` needs `c<2`",
            ),
            (
                ["c>1"],
                [rule(RuleKind.REQUIRE, "b", "c<2.5")],
                "it needs `c>1`, but `b==1` needs `c<2.5` [require-b] and `b==1` needs `c<2`",
            ),
        ],
        ids=["a pin", "no project", "no version", "unusable", "its own rule", "another's rule"],
    )
    def test_is_said(self, newest: Any, rules: list[Any], expected: str) -> None:
        universe: Universe = {
            "a": {"1": [], "2": newest},
            "b": {"1": ["c<2"]},
            "c": {"1": [], "2": []},
        }
        outcome = found(universe, "b==1", "a", rules=rules)

        assert "1" == outcome.candidates["a"].version
        assert expected == outcome.rejected["a", 1]

    def test_names_the_place_in_the_spec(self) -> None:
        universe: Universe = {"a": {"1": [], "2": ["c>1"]}, "c": {"1": [], "2": []}}
        outcome = found(universe, "a", constraints=["c<2"])

        assert {("a", 1): "it needs `c>1`, but `test.toml: constraints` needs `c<2`"} == dict(
            outcome.rejected
        )
        assert 1 == len(outcome.rejected)

    def test_names_what_cannot_be_used(self) -> None:
        universe: Universe = {"a": {"1": [], "2": ["b"]}, "b": {"1": Release(metadata_python="<3")}}
        outcome = found(universe, "a")

        assert "it needs `b`, and of `b==1` it needs Python <3" == outcome.rejected["a", 1]

    def test_is_said_of_earlier_pins_that_had_to_give_way_too(self) -> None:
        universe: Universe = {
            "a": {"1": [], "2": ["c<2"]},
            "b": {"1": ["c>1"]},
            "c": {"1": [], "2": []},
        }
        outcome = found(universe, "c", "a", "b")

        assert {"a": "1", "b": "1", "c": "2"} == {
            name: pin.version for name, pin in outcome.candidates.items()
        }
        assert (
            "it needs `c<2`, but `b==1` needs `c>1` and `test.toml: requirements` needs `c`"
        ) == outcome.rejected["a", 1]


class TestFound:
    UNIVERSE: ClassVar[Universe] = {
        "a": {"1": Release("b", "c; extra == 'x'", extras=("x",))},
        "b": {"1": ["a"]},
        "c": {"1": []},
        "lone": {"1": []},
    }

    def test_has_what_is_needed_in_order_of_name(self) -> None:
        outcome = found(self.UNIVERSE, "b", "a[x]", constraints=["lone<2", "absent<1"])

        assert ["a", "a[x]", "b", "c"] == list(outcome.candidates)

    def test_has_who_asked_for_it(self) -> None:
        outcome = found(self.UNIVERSE, "b", "a[x]", constraints=["a<2"])

        assert [
            (None, "a<2"),
            (None, "a"),
            ("a[x]==1", "a"),
            ("b==1", "a"),
        ] == sorted(said(outcome.asked["a"]), key=lambda each: (each[0] or "", each[1] != "a<2"))

    def test_counts_its_rounds(self) -> None:
        assert [0, 1, 2, 3] == [
            found(self.UNIVERSE, *requirements).rounds
            for requirements in ([], ["c"], ["c", "lone"], ["a", "c"])
        ]


class TestRefuted:
    UNIVERSE: ClassVar[Universe] = {
        "a": {"1": ["b<2"], "2": ["b<1"], "3": Release("b", metadata_python="<3")},
        "b": {"1": [], "2": Release(python="<3"), "3": []},
    }
    FORBIDDEN = rule(RuleKind.FORBID, "a", "b==1")
    RESTS_ON: ClassVar[dict[Clause, list[tuple[str | None, str]]]] = {
        Clause(METADATA, "a", "b"): [("a==1", "b<2"), ("a==2", "b<1")],
        Clause(REQUIREMENT, FIRST, "a"): [(None, "a")],
        Clause(RULE, "forbid-a", "b"): [("a==1", "not b==1")],
        Clause(UNUSABLE, "a", "a"): [("a==3", "it needs Python <3")],
    }
    MET: ClassVar[dict[Clause, list[tuple[str | None, str]]]] = {
        **RESTS_ON,
        Clause(CONSTRAINT, "test.toml: constraints[0]", "b"): [(None, "b<3")],
        Clause(RULE, "forbid-a", "b"): [("a==1", "not b==1"), ("a==3", "not b==1")],
    }

    @pytest.mark.parametrize(("thorough", "expected"), [(False, MET), (True, RESTS_ON)])
    def test_names_what_it_met_or_what_proves_it(
        self, expected: dict[Clause, list[tuple[str | None, str]]], *, thorough: bool
    ) -> None:
        of = bench(self.UNIVERSE, "a", constraints=["b<3"], rules=[self.FORBIDDEN])
        outcome = of.attempt(thorough=thorough)
        assert isinstance(outcome, Refuted)

        assert expected == {
            clause: sorted(said(asked), key=str) for clause, asked in outcome.stated.items()
        }
        assert thorough == (outcome.missing is not None)

    def test_has_every_demand_of_a_version_and_of_its_extras(self) -> None:
        universe: Universe = {
            "a": {"1": Release("b>1", "b<3", "b>1; extra == 'x'", extras=("x",))},
            "b": {"1": [], "2": []},
            "z": {"1": ["b<2"]},
        }
        outcome = bench(universe, "a[x]", "z").attempt()
        assert isinstance(outcome, Refuted)

        assert outcome.missing is None
        assert [("a==1", "b<3"), ("a==1", "b>1"), ("a[x]==1", "b>1")] == sorted(
            said(outcome.stated[Clause(METADATA, "a", "b")]), key=str
        )

    def test_that_is_proved_names_the_versions_that_were_missing(self) -> None:
        universe: Universe = {
            "a": {"1": ["b>1"]},
            "b": {"1": [], "2": Release(python="<3"), "3": [], "4": Release(python="<3")},
        }
        outcome = refuted(universe, "a", constraints=["b!=3"])

        assert {"b": 0b1010} == outcome.missing

    @pytest.mark.parametrize(
        "gone",
        [
            Clause(CONSTRAINT, "test.toml: constraints[0]", "b"),
            Clause(METADATA, "a", "b"),
            Clause(REQUIREMENT, FIRST, "a"),
        ],
    )
    def test_is_solved_without_a_clause_that_matters(self, gone: Clause) -> None:
        universe: Universe = {"a": {"1": ["b>1"]}, "b": {"1": [], "2": []}}
        of = bench(universe, "a", constraints=["b<2"])
        outcome = of.attempt(thorough=True)
        assert isinstance(outcome, Refuted)

        assert gone in outcome.stated
        assert isinstance(of.attempt(frozenset(outcome.stated) - {gone}), Found)
        assert isinstance(of.attempt(frozenset(outcome.stated)), Refuted)


class TestBudget:
    UNIVERSE: ClassVar[Universe] = {"a": {"1": ["b"]}, "b": {"1": ["c"]}, "c": {"1": []}}

    @pytest.mark.parametrize("thorough", [False, True])
    @pytest.mark.parametrize(("own", "given"), [(2, None), (20, 2), (2, 2)])
    def test_that_is_spent_proves_nothing(
        self, own: int, given: int | None, *, thorough: bool
    ) -> None:
        of = bench(self.UNIVERSE, "a", max_rounds=own)
        with pytest.raises(SearchLimitError) as caught:
            of.attempt(max_rounds=given, thorough=thorough)

        assert (
            "search-limit",
            (
                "the search for `test` was stopped after 2 rounds: "
                "neither solved nor proved unsatisfiable"
            ),
            "pin one of the packages that are named without a version",
        ) == (caught.value.reference, caught.value.message, caught.value.hint)

    @pytest.mark.parametrize(("own", "given"), [(4, None), (1, 4)])
    def test_that_suffices_is_enough(self, own: int, given: int | None) -> None:
        of = bench(self.UNIVERSE, "a", max_rounds=own)

        assert isinstance(of.attempt(max_rounds=given), Found)


class TestHandsOver:
    """To the thorough search, where the quick one gets nowhere."""

    @pytest.fixture(autouse=True)
    def _at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resolution, "_ROUNDS", 0)

    def test_with_the_clauses_that_count(self) -> None:
        of = bench({"a": {"1": ["b>1"]}, "b": {"1": [], "2": []}}, "a", constraints=["b<2"])
        kept = {Clause(METADATA, "a", "b"), Clause(REQUIREMENT, FIRST, "a")}
        refused = of.attempt()

        assert isinstance(refused, Refuted)
        assert {} == refused.missing
        assert isinstance(of.attempt(frozenset(kept)), Found)

    def test_with_the_budget(self) -> None:
        of = bench(TestBudget.UNIVERSE, "a")
        with pytest.raises(SearchLimitError, match="after 2 rounds"):
            of.attempt(max_rounds=2)

        assert isinstance(of.attempt(max_rounds=4), Found)


def test_versions_that_are_preferred_are_tried_first() -> None:
    stated = replace(problem("a"), preferred={"a": "1"})
    outcome = Bench(stated, indexes({"a": {"1": [], "2": []}})).attempt()

    assert isinstance(outcome, Found)
    assert "1" == outcome.candidates["a"].version
