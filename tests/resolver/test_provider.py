"""What the provider answers when resolvelib asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from resolvelib.structs import RequirementInformation
from support.universe import Universe, indexes, problem, solved

from depcheck.resolver.candidates import ABSENT, Candidate, Want
from depcheck.resolver.provider import Provider
from depcheck.resolver.search import Bench, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Information = RequirementInformation[Want, Candidate]

LETTERS: Universe = {name: {"1": [], "2": [], "3": [], "4": []} for name in "abcd"}


def provider(universe: Universe, *requirements: str) -> Provider:
    bench = Bench(problem(*requirements), indexes(universe))
    return Provider(
        bench.catalogue,
        bench.dependencies,
        roots=list(bench.dependencies.roots()),
        prerelease="if-necessary",
    )


def offered(
    asked: Provider, *wants: Want, broken: Iterable[Candidate] = ()
) -> dict[str, Candidate]:
    """Return the candidates that are offered, in order, by version."""
    name = wants[0].identifier
    matches = asked.find_matches(name, {name: iter(wants)}, {name: iter(broken)})
    found = matches() if callable(matches) else matches
    return {candidate.version: candidate for candidate in found}


def information(want: Want, parent: Candidate | None = None) -> Information:
    return RequirementInformation(want, parent)


class TestWhatIsOffered:
    def test_is_what_all_wants_allow_newest_first(self) -> None:
        wants = [Want("a", "<4"), Want("a", ">1", weak=True)]

        assert ["3", "2"] == list(offered(provider(LETTERS), *wants))

    @pytest.mark.parametrize("turned_down", [{"1"}, {"4"}, {"1", "3"}, {"1", "2", "3", "4"}])
    def test_is_not_what_was_turned_down(self, turned_down: set[str]) -> None:
        asked = provider(LETTERS)
        broken = [
            each for version, each in offered(asked, Want("a")).items() if version in turned_down
        ]

        assert {"1", "2", "3", "4"} - turned_down == offered(asked, Want("a"), broken=broken).keys()

    def test_is_not_what_was_ruled_out_for_good(self) -> None:
        asked = provider(LETTERS)
        candidates = offered(asked, Want("a"))
        asked.rule_out(candidates["2"])
        asked.rule_out(candidates["4"])

        assert ["3", "1"] == list(offered(asked, Want("a")))
        assert ["4", "3", "2", "1"] == list(offered(asked, Want("b")))

    def test_of_an_extra_is_what_the_image_allows_of_its_base(self) -> None:
        asked = provider(LETTERS, "a<4", "b>3")

        assert ["3", "2"] == list(offered(asked, Want("a", ">1", extra="x")))
        assert ["4", "3", "2"] == list(offered(asked, Want("a", ">1")))

    def test_is_the_same_object_each_time(self) -> None:
        asked = provider(LETTERS)

        assert offered(asked, Want("a")) == offered(asked, Want("a", ">=1"))


class TestAbsence:
    """What only constraints name need not be there."""

    def test_is_one_candidate_for_each_package(self) -> None:
        asked = provider(LETTERS)
        names = [
            asked.identify(candidate)
            for name in "abc"
            for candidate in offered(asked, Want(name, weak=True)).values()
        ]

        assert ["a", "b", "c"] == names

    def test_is_not_offered_again_once_turned_down(self) -> None:
        asked = provider(LETTERS)
        absent = offered(asked, Want("a", weak=True))

        assert {} == offered(asked, Want("a", weak=True), broken=absent.values())

    def test_gives_way_to_versions_where_the_package_is_needed(self) -> None:
        asked = provider(LETTERS)
        absent = offered(asked, Want("a", weak=True))
        asked.rule_out(absent["absent"])

        assert ABSENT == absent["absent"].rank
        assert ["4", "3", "2", "1"] == list(offered(asked, Want("a"), broken=absent.values()))


class TestDecidedNext:
    """The causes of the last conflict that something needs come first, then all."""

    def narrowed(self, asked: Provider, causes: Sequence[Information]) -> set[str]:
        wants = {name: Want(name, weak=name == "d") for name in LETTERS}
        return set(
            asked.narrow_requirement_selection(
                list(wants),
                resolutions={},
                candidates={},
                information={name: iter([information(want)]) for name, want in wants.items()},
                backtrack_causes=causes,
            )
        )

    def test_is_any_package_where_nothing_failed(self) -> None:
        assert set(LETTERS) == self.narrowed(provider(LETTERS), [])

    def test_is_what_failed_and_who_asked_for_it(self) -> None:
        asked = provider(LETTERS)
        parent = offered(asked, Want("c"))["1"]
        causes = [information(Want("a")), information(Want("elsewhere"), parent)]

        assert {"a", "c"} == self.narrowed(asked, causes)

    def test_is_any_package_where_nothing_needs_what_failed(self) -> None:
        causes = [information(Want("d", weak=True))]

        assert set(LETTERS) == self.narrowed(provider(LETTERS), causes)


@pytest.mark.parametrize(
    ("first", "second"), [("a", "b"), ("b", "a"), ("x", "c"), ("c", "x"), ("m", "k"), ("k", "m")]
)
class TestTwoThatCannotBothBeNew:
    """The order is a matter of what is asked, and never of chance."""

    def universe(self, first: str, second: str) -> Universe:
        return {
            first: {"1": [], "2": [f"{second}<2"]},
            second: {"1": [], "2": [f"{first}<2"]},
            "root": {"1": [first, second]},
        }

    def test_the_one_that_the_image_states_first_is(self, first: str, second: str) -> None:
        universe = self.universe(first, second)

        assert {first: "2", second: "1"} == solved(universe, first, second)

    def test_the_first_by_name_is_where_the_image_states_neither(
        self, first: str, second: str
    ) -> None:
        newer, older = sorted((first, second))

        assert {newer: "2", older: "1", "root": "1"} == solved(self.universe(first, second), "root")


def test_a_version_that_no_solution_has_takes_no_other_with_it() -> None:
    """``a==2`` contradicts the image, whatever is pinned; ``a==3`` only the newest ``c``."""
    universe: Universe = {
        "a": {"1": ["c<2"], "2": ["d>1"], "3": ["c<2"]},
        "c": {"1": [], "2": []},
        "d": {"1": []},
    }
    bench = Bench(problem("c", "a", "d<=1"), indexes(universe))
    outcome = bench.attempt(thorough=True)

    assert isinstance(outcome, Found)
    assert {"a": "3", "c": "1", "d": "1"} == {
        name: pin.version for name, pin in outcome.candidates.items()
    }
