"""What is asked for ahead of a search, and in which order, where every answer comes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from support.universe import MemoryIndex, Release, Universe, problem, rule

from depcheck.conflicts.model import RuleKind
from depcheck.images.model import IndexSpec, RecordedMetadata
from depcheck.index.model import DYNAMIC, INVALID, UNRECORDED
from depcheck.resolver.ahead import prepare
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from concurrent.futures import Future

    from depcheck.index.model import Dist
    from depcheck.index.project import Project

NEAR = "https://near.example/simple"
URL = "https://files.example/d-1.tar.gz"
EXPLICIT = IndexSpec(name="near", url=NEAR, packages=("near",))
STATED = RecordedMetadata(
    name="d", version="1", requires_dist=(Requirement("b"),), reason="tested", origin="here"
)
B: dict[str, Any] = {"1": [], "2": []}


class Remote(MemoryIndex):
    """Writes down what it is asked for, and has it."""

    hurried = True

    def __init__(self, universe: Universe, location: str, asked: list[str]) -> None:
        super().__init__(universe, location)
        self._asked = asked

    def project_ahead(self, name: str) -> Future[object] | None:
        self._asked.append(name)
        return None

    def metadata_ahead(self, project: Project, dist: Dist) -> Future[object] | None:
        name = self.file(project, dist).filename.removesuffix(".tar.gz")
        self._asked.append("==".join(name.split("-")[:2]))
        return None


def asked(universe: Universe, *requirements: str, **options: Any) -> list[str]:
    several = universe if "default" in universe else {"default": universe}
    log: list[str] = []
    made = {location: Remote(each, location, log) for location, each in several.items()}
    posed = problem(*requirements, **options)
    prepare(posed, made.__getitem__, TargetEnvironment(posed.variant.target))
    return log


@pytest.mark.parametrize(
    ("needs", "requirements", "expected"),
    [
        ([], ["a"], ["a", "a==1"]),
        (["b", "c"], ["a"], ["a", "a==1", "b", "c", "b==2"]),
        (["b<2"], ["a"], ["a", "a==1", "b", "b==1"]),
        (["b"], ["a", "b<2"], ["a", "b", "a==1", "b==1"]),
        (["b"], ["a", "gone"], ["a", "gone", "a==1", "b", "b==2"]),
        (["b; extra == 'x'"], ["a"], ["a", "a==1"]),
        (["b; extra == 'x'"], ["a[x]"], ["a", "a==1", "a==1", "b", "b==2"]),
        (["b; sys_platform == 'never'"], ["a"], ["a", "a==1"]),
        (["b>5"], ["a"], ["a", "a==1", "b"]),
    ],
    ids=[
        "nothing else",
        "needs",
        "limited needs",
        "limited by the image",
        "no such project",
        "an extra that nobody wants",
        "an extra",
        "another platform",
        "no such version",
    ],
)
def test_needs_are_followed_by_the_newest_version(
    needs: list[str], requirements: list[str], expected: list[str]
) -> None:
    universe: Universe = {"a": {"1": Release(*needs, extras=("x",))}, "b": B}

    assert expected == asked(universe, *requirements)


def test_constraints_limit_and_ask_for_nothing() -> None:
    assert ["a", "a==1"] == asked({"a": B, "b": B}, "a", constraints=["a<2", "b<2"])
    assert ["a", "a==2", "b", "b==1"] == asked(
        {"a": {"1": [], "2": ["b"]}, "b": B}, "a", constraints=["b<2"]
    )


@pytest.mark.parametrize(
    ("versions", "policy", "expected"),
    [
        ({"1": [], "2a1": []}, "if-necessary", "1"),
        ({"1": [], "2a1": []}, "allow", "2a1"),
        ({"1a1": [], "2a1": []}, "if-necessary", "2a1"),
        ({"1": [], "2": Release(python="<3")}, "if-necessary", "1"),
        ({"1": [], "2": Release(yanked=True), "3": Release(tags="cp39-cp39-win32")}, "allow", "1"),
    ],
)
def test_likely_version_is_the_newest_of_use(
    versions: dict[str, Any], policy: str, expected: str
) -> None:
    assert ["a", f"a=={expected}"] == asked({"a": versions}, "a", prerelease=policy)


def test_what_is_known_without_a_look_is_not_asked_for() -> None:
    """A URL has no page, and what a rule or the spec states is not read."""
    universe: Universe = {"a": {"1": Release(tags=None, state=DYNAMIC)}, "b": B}
    stated = rule(RuleKind.METADATA, "a", "b<2")

    assert ["b", "b==2"] == asked(universe, f"d @ {URL}", metadata=(STATED,))
    assert ["a", "b", "b==1"] == asked(universe, "a", rules=[stated])


@pytest.mark.parametrize("state", [INVALID, UNRECORDED, DYNAMIC])
def test_what_cannot_be_read_keeps_nothing_else_from_being_asked_for(state: int) -> None:
    universe: Universe = {
        "a": {"1": Release(state=state, tags=None)},
        "b": {"1": ["c"]},
        "c": {"1": []},
    }

    assert ["a", "b", "a==1", "b==1", "c", "c==1"] == asked(universe, "a", "b")


def test_each_package_is_asked_for_where_it_comes_from() -> None:
    universe: Universe = {"default": {"a": {"1": ["near"]}}, NEAR: {"near": B}}

    assert ["a", "a==1", "near", "near==2"] == asked(universe, "a", indexes=(EXPLICIT,))


class TestGuessIsMadeAnew:
    def test_where_something_else_narrows_it(self) -> None:
        """And what only the former version needed is not looked at any more."""
        universe: Universe = {
            "a": {"1": ["b"]},
            "b": {"1": ["d"], "2": ["c<2"]},
            "c": B,
            "d": {"1": ["b<2", "c"]},
            "z": {"1": ["y"]},
            "y": {"1": ["d"]},
        }

        assert [
            "a",
            "z",
            "a==1",
            "z==1",
            "b",
            "y",
            "b==2",
            "y==1",
            "c",
            "d",
            "c==1",
            "d==1",
            "b==1",
            "c==2",
        ] == asked(universe, "a", "z")

    @pytest.mark.parametrize("few", ["a", "x"])
    def test_by_an_older_version_of_what_asks_for_the_fewest(self, few: str) -> None:
        universe: Universe = {
            few: {"1": ["y<3"], "2": ["y<2"], "3": ["y<2"]},
            "m": {"1": ["y>1"]},
            "y": {"1": [], "2": [], "3": []},
        }
        log = asked(universe, few, "m")

        assert sorted([few, "m"]) == log[:2]
        assert sorted([f"{few}==3", "m==1"]) == log[2:4]
        assert ["y", f"{few}==2", f"{few}==1", "y==2"] == log[4:]

    def test_never_by_another_version_than_the_image_asks_for(self) -> None:
        universe: Universe = {"a": {"1": ["c<2"]}, "c": B}

        assert ["a", "c", "a==1", "c==2"] == asked(universe, "a", "c>1")

    def test_eight_times_at_most(self) -> None:
        universe: Universe = {
            "a": {str(each): [f"c{each}"] for each in range(1, 13)},
            **{f"c{each}": {"1": [f"a<{each}"]} for each in range(1, 13)},
        }
        log = asked(universe, "a")

        assert [f"a=={each}" for each in range(12, 4, -1)] == [
            each for each in log if each.startswith("a==")
        ]


@pytest.mark.parametrize("hurried", [True, False])
def test_nothing_is_asked_for_where_nobody_waits(
    monkeypatch: pytest.MonkeyPatch, *, hurried: bool
) -> None:
    monkeypatch.setattr(Remote, "hurried", hurried)

    assert (["a", "a==2"] if hurried else []) == asked({"a": B}, "a")


def test_recorded_indexes_are_not_asked() -> None:
    index = MemoryIndex({"a": B})
    posed = problem("a")
    prepare(posed, lambda _: index, TargetEnvironment(posed.variant.target))

    assert set() == index.visited
