"""The plan of a recording: what the solves of some problems could visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.universe import Universe, indexes, problem

from depcheck.images.model import IndexSpec
from depcheck.index.model import InvalidMetadataError
from depcheck.resolver.visits import Fleet

if TYPE_CHECKING:
    from depcheck.index.project import Project
    from depcheck.resolver.problem import Problem

OTHER = "https://other.example/simple"
OTHERS = (IndexSpec(name="other", url=OTHER, packages=("b",)),)


class Followed:
    """A plan that was followed to its end."""

    def __init__(self, universe: Universe, *problems: Problem) -> None:
        self.projects: list[tuple[str, str]] = []
        """All that were asked for, in order."""
        self.files: list[str] = []
        """``name==version`` of those whose metadata was asked for, in order."""
        self._index = indexes(universe)
        self._fleet = Fleet(problems)
        self._known: dict[tuple[str, str], Project | None] = {}
        while self._follow():
            pass

    def _follow(self) -> bool:
        wanted, files = list(self._fleet.projects()), list(self._fleet.files())
        places = [(location, project.name, dist.position) for location, project, dist in files]
        assert (len(set(wanted)), len(set(places))) == (len(wanted), len(places))
        self.projects += wanted
        for location, name in wanted:
            self._known[location, name] = self._index(location).project(name)
            self._fleet.give_project(location, name, self._known[location, name])
        for location, project, dist in files:
            index = self._index(location)
            filename = index.file(project, dist).filename
            self.files.append("==".join(filename.removesuffix(".tar.gz").split("-")[:2]))
            try:
                found = index.core_metadata(project, dist)
            except InvalidMetadataError:
                found = None
            self._fleet.give_metadata(location, project, dist, found)
        return bool(wanted or files)

    @property
    def wanted(self) -> dict[tuple[str, str], list[str]]:
        """The versions that are to be described, by index and name."""
        found = {}
        for key, mask in self._fleet.wanted().items():
            project = self._known[key]
            assert project is not None
            found[key] = [v for rank, v in enumerate(project.versions) if mask >> rank & 1]
        return found


def test_a_project_is_asked_of_its_own_index_and_of_no_other() -> None:
    universe: Universe = {
        "default": {"a": {"1": "b"}, "b": {"9": "c"}, "c": {"1": []}},
        OTHER: {"a": {"9": []}, "b": {"1": "d"}, "d": {"9": []}},
    }

    followed = Followed(universe, problem("a", indexes=OTHERS))

    assert [("default", "a"), (OTHER, "b"), ("default", "d")] == followed.projects
    assert {("default", "a"): ["1"], (OTHER, "b"): ["1"]} == {
        key: versions for key, versions in followed.wanted.items() if key[1] != "d"
    }


def test_an_answer_of_another_index_is_not_taken() -> None:
    posed = problem("b", indexes=OTHERS)
    fleet = Fleet([posed])
    index = indexes({"default": {"b": {"9": []}}, OTHER: {}})("default")

    assert [(OTHER, "b")] == list(fleet.projects())
    fleet.give_project("default", "b", index.project("b"))

    assert [(OTHER, "b")] == list(fleet.projects())
    assert {} == fleet.wanted()


def test_metadata_of_another_index_is_not_taken() -> None:
    universe: Universe = {"default": {"b": {"9": "c"}}, OTHER: {"b": {"9": []}}}
    fleet = Fleet([problem("b", indexes=OTHERS)])
    project = indexes(universe)(OTHER).project("b")
    assert list(fleet.projects())
    fleet.give_project(OTHER, "b", project)
    ((location, found, dist),) = fleet.files()
    stranger = indexes(universe)("default").project("b")
    assert stranger is not None
    (other,) = stranger.dists(0)

    fleet.give_metadata("default", stranger, other, stranger.metadata[other.metadata])

    assert [(OTHER, "b", dist)] == [(place, each.name, at) for place, each, at in fleet.files()]
    assert (OTHER, project) == (location, found)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("if-necessary", ["1.0"]), ("allow", ["1.0", "2.0rc1"]), ("disallow", ["1.0"])],
)
def test_prereleases_are_visited_where_a_search_may_take_them(
    policy: str, expected: list[str]
) -> None:
    universe: Universe = {"a": {"1": "b"}, "b": {"1.0": [], "2.0rc1": []}}

    followed = Followed(universe, problem("a", prerelease=policy))

    assert expected == followed.wanted["default", "b"]


def test_prereleases_are_visited_where_there_is_nothing_else() -> None:
    followed = Followed({"a": {"1": "b"}, "b": {"2.0rc1": []}}, problem("a"))

    assert ["2.0rc1"] == followed.wanted["default", "b"]


def test_what_the_image_asks_for_is_visited_with_its_prereleases() -> None:
    followed = Followed({"b": {"1.0": [], "2.0rc1": []}}, problem("b"))

    assert ["1.0", "2.0rc1"] == followed.wanted["default", "b"]


def test_all_that_the_image_says_of_a_package_narrows_what_is_visited() -> None:
    universe: Universe = {"a": {"1": "b"}, "b": {v: [] for v in ("1", "2", "3", "4")}}

    followed = Followed(universe, problem("a", "b>=2", constraints=["b<4", "b!=3"]))

    assert ["2"] == followed.wanted["default", "b"]
    assert "b==1" not in followed.files


def test_the_oldest_version_is_not_described_unless_it_is_wanted() -> None:
    universe: Universe = {"b": {"1": [], "2": []}}

    followed = Followed(universe, problem("b>=2"), problem("b==2"))

    assert {("default", "b"): ["2"]} == followed.wanted


def test_a_constraint_alone_asks_for_nothing() -> None:
    universe: Universe = {"a": {"1": []}, "b": {"1": []}}

    assert [("default", "a")] == Followed(universe, problem("a", constraints=["b"])).projects


def test_what_several_problems_need_at_once_is_asked_for_once() -> None:
    universe: Universe = {"a": {"1": "b", "2": "b"}, "b": {"1": []}}

    followed = Followed(universe, problem("a"), problem("a<2"), problem("a", "b"))

    assert ["a==1", "a==2"] == followed.files[:2]
    assert {"a==1", "a==2", "b==1"} == set(followed.files)


def test_a_version_that_contradicts_the_image_is_followed_no_further() -> None:
    universe: Universe = {
        "a": {"1": ["c", "b>=2"], "2": ["b<2", "d"]},
        "b": {"1": [], "2": []},
        "c": {"1": []},
        "d": {"1": []},
    }

    followed = Followed(universe, problem("a", "b<2"))

    assert {"a", "b", "d"} == {name for _, name in followed.projects}
    assert ["1", "2"] == followed.wanted["default", "a"]
    assert {"b==1", "d==1"} <= set(followed.files)
