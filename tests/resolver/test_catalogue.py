"""Which file of which version the target would install, and why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.universe import MemoryIndex, Release, Universe, indexes, problem, rule

from depcheck.conflicts.model import RuleKind
from depcheck.images.model import BasePackage, Formats, IndexSpec
from depcheck.index.model import IndexInfo, NotRecordedError
from depcheck.resolver.catalogue import Catalogue
from depcheck.resolver.target import TargetEnvironment

NO_SDISTS = Formats(only_binary=("a",))
NO_WHEELS = Formats(no_binary=("a",))
LINUX = "cp311-cp311-manylinux_2_17_x86_64"
OLDER_LINUX = "cp311-cp311-manylinux_2_12_x86_64"
BEST = "cp311-cp311-manylinux_2_35_x86_64"
SECOND = "cp311-cp311-manylinux_2_34_x86_64"
WINDOWS = "cp311-cp311-win_amd64"
EXPLICIT = "https://files.example/simple"
YANKED = {"a": {"1.0": Release(yanked=True), "2.0": Release(yanked=True)}}


def catalogue(universe: Universe, *requirements: str, **options: Any) -> Catalogue:
    unserved = options.pop("unserved", {})
    stated = replace(problem(*requirements, **options), unserved=unserved)
    return Catalogue(stated, TargetEnvironment(stated.variant.target), indexes(universe))


def choice(of: Catalogue, rank: int = 0) -> str:
    """Return the tags of the file of ``a`` that is chosen, or the reason why there is none."""
    project = of.project("a")
    assert project is not None
    found = of.choice(project, rank)
    return found if isinstance(found, str) else str(found.tags)


class TestChoice:
    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ([Release(tags=None), Release()], "py3-none-any"),
            ([Release(tags=None), Release(tags=WINDOWS)], "None"),
            ([Release(), Release(tags=LINUX), Release(tags=OLDER_LINUX)], LINUX),
            ([Release(tags=LINUX), Release(tags=OLDER_LINUX), Release()], LINUX),
            ([Release(tags=f"1-{LINUX}"), Release(tags=f"2-{OLDER_LINUX}")], LINUX),
            ([Release(tags=BEST), Release(tags=f"2-{SECOND}")], BEST),
            ([Release(tags=WINDOWS)], "it has no wheel or sdist that the target can use"),
            ([Release(python="<3")], "it needs Python <3"),
            ([Release(yanked=True)], "it was yanked"),
            ([Release(python="<3", yanked=True)], "it needs Python <3"),
            ([Release(yanked=True), Release(python="<3", tags=None)], "it needs Python <3"),
            ([Release(yanked=True), Release(tags=None)], "None"),
            ([Release(yanked=True), Release(tags=WINDOWS)], "it was yanked"),
            ([Release(), Release(tags="py2.py3-none-any")], "py2.py3-none-any"),
        ],
    )
    def test_is_the_best_file_or_a_reason(self, files: list[Release], expected: str) -> None:
        assert expected == choice(catalogue({"a": {"1.0": files}}))

    @pytest.mark.parametrize(
        ("builds", "expected"),
        [
            (["", "1"], "1"),
            (["9", "10"], "10"),
            (["2", "2a", "2b"], "2b"),
            (["10", "9z"], "10"),
        ],
    )
    def test_is_the_highest_build(self, builds: list[str], expected: str) -> None:
        files = [Release(tags=f"{build}-py3-none-any".lstrip("-")) for build in builds]
        of = catalogue({"a": {"1.0": files}})
        project = of.project("a")
        assert project is not None
        found = of.choice(project, 0)
        assert not isinstance(found, str)

        assert expected == found.build

    @pytest.mark.parametrize(
        ("formats", "release", "expected"),
        [
            (NO_SDISTS, Release(tags=None), "its sdists are not wanted"),
            (NO_SDISTS, Release(), "py3-none-any"),
            (NO_WHEELS, Release(tags=None), "None"),
            (NO_WHEELS, Release(), "its wheels are not wanted"),
            (Formats(no_binary=("b",)), Release(), "py3-none-any"),
        ],
    )
    def test_is_of_a_kind_that_is_wanted(
        self, formats: Formats, release: Release, expected: str
    ) -> None:
        assert expected == choice(catalogue({"a": {"1.0": release}}, formats=formats))

    @pytest.mark.parametrize(
        ("uploaded", "as_of", "expected"),
        [
            (99, 100, "py3-none-any"),
            (100, 100, "it was uploaded after the as-of moment"),
            (None, 100, "its index does not say when it was uploaded"),
            (None, None, "py3-none-any"),
            (100, None, "py3-none-any"),
        ],
    )
    def test_was_there_at_the_as_of_moment(
        self, uploaded: int | None, as_of: int | None, expected: str
    ) -> None:
        release = Release(uploaded=uploaded)

        assert expected == choice(catalogue({"a": {"1.0": release}}, as_of=as_of))

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ([(WINDOWS, 100), (LINUX, 100)], "it was uploaded after the as-of moment"),
            ([(WINDOWS, 99), (LINUX, 100)], "it was uploaded after the as-of moment"),
            ([(WINDOWS, 100), (LINUX, 99)], LINUX),
            ([("py3-none-any", 99), (LINUX, 100)], "py3-none-any"),
            ([(WINDOWS, 100), (None, 100)], "it was uploaded after the as-of moment"),
            ([(WINDOWS, 100)], "it has no wheel or sdist that the target can use"),
        ],
    )
    def test_is_of_the_files_that_were_there(
        self, files: list[tuple[str | None, int]], expected: str
    ) -> None:
        releases = [Release(tags=tags, uploaded=uploaded) for tags, uploaded in files]

        assert expected == choice(catalogue({"a": {"1.0": releases}}, as_of=100))

    def test_of_the_base_image_may_be_of_any_time(self) -> None:
        base = BasePackage(name="a", version="1.0", path="/usr/lib", origin="base")
        universe: Universe = {"a": {"1.0": Release(uploaded=None, yanked=True)}}

        assert "py3-none-any" == choice(catalogue(universe, as_of=100, base_packages=(base,)))

    def test_on_an_explicit_index_may_be_undated_and_no_later(self) -> None:
        explicit = IndexSpec(name="e", url=EXPLICIT, packages=("a",))
        versions = {"1.0": Release(uploaded=None), "2.0": Release(uploaded=100)}
        universe: Universe = {"default": {}, EXPLICIT: {"a": versions}}
        of = catalogue(universe, as_of=100, indexes=(explicit,))

        assert ["py3-none-any", "it was uploaded after the as-of moment"] == [
            choice(of, 0),
            choice(of, 1),
        ]

    def test_is_barred_by_a_rule_or_by_the_gpus(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": [], "3.0": []}, "b": {"1.0": []}}
        rules = [rule(RuleKind.INDEX, "b"), rule(RuleKind.INDEX, "a<2"), rule(RuleKind.ORDER, "a")]
        of = catalogue(universe, rules=rules, unserved={"a": {"2.0": "no GPU runs it"}})

        assert ["because of the test [index-a<2]", "no GPU runs it", "py3-none-any"] == [
            choice(of, rank) for rank in range(3)
        ]

    def test_is_worked_out_once(self) -> None:
        of = catalogue({"a": {"1.0": Release(python="<3")}})
        project = of.project("a")
        assert project is not None

        assert of.project("a") is project
        assert of.choice(project, 0) is of.choice(project, 0)


def test_all_files_that_fit_are_in_the_order_of_the_listing() -> None:
    files = [
        Release(),
        Release(tags=WINDOWS),
        Release(tags=None),
        Release(tags=LINUX),
        Release(tags=OLDER_LINUX, yanked=True),
    ]
    of = catalogue({"a": {"1.0": [], "2.0": files}})
    project = of.project("a")
    assert project is not None

    assert [LINUX, "py3-none-any", None] == [dist.tags for dist in of.fitting(project, 1)]


class TestPins:
    """Only the user may ask for what was yanked (PEP 592)."""

    @pytest.mark.parametrize(
        ("requirements", "constraints", "pinned"),
        [
            ([], [], [False, False]),
            (["a==1.0"], [], [True, False]),
            (["A===2.0"], [], [False, True]),
            ([], ["a==1"], [True, False]),
            (["a==1.*"], [], [False, False]),
            (["a>=1"], [], [False, False]),
            (["a==1.0,>0.5"], [], [True, False]),
            (["a==1.*,>=1"], [], [False, False]),
            (["a==1.0; sys_platform == 'never'"], [], [False, False]),
            (["a==1.0"], ["a==2.0"], [True, True]),
            (["b==1.0"], [], [False, False]),
            (["b; sys_platform == 'never'", "a==1.0"], [], [True, False]),
        ],
    )
    def test_admit_a_yanked_version(
        self, requirements: list[str], constraints: list[str], pinned: list[bool]
    ) -> None:
        of = catalogue(YANKED, *requirements, constraints=constraints)
        project = of.project("a")
        assert project is not None

        assert pinned == [of.is_pinned(project, rank) for rank in range(2)]
        assert pinned == [choice(of, rank) != "it was yanked" for rank in range(2)]

    def test_of_the_base_image_admit_its_version_alone(self) -> None:
        base = BasePackage(name="a", version="2.0", path="/usr/lib", origin="base")
        of = catalogue(YANKED, base_packages=(base,))
        project = of.project("a")
        assert project is not None

        assert [False, True] == [of.is_pinned(project, rank) for rank in range(2)]


class TestHasStable:
    @pytest.mark.parametrize(
        ("versions", "expected"),
        [
            ({"1.0": []}, True),
            ({"1.0a1": []}, False),
            ({"1.0a1": [], "1.0": Release(python="<3")}, False),
            ({"0.9": [], "1.0a1": [], "1.0": Release(python="<3")}, True),
        ],
    )
    def test_counts_what_the_target_can_use(
        self, versions: dict[str, Any], *, expected: bool
    ) -> None:
        of = catalogue({"a": versions})
        project = of.project("a")
        assert project is not None

        assert [expected, expected] == [of.has_stable(project), of.has_stable(project)]

    def test_counts_what_was_not_recorded(self) -> None:
        index = MemoryIndex({"a": {"1.0": [], "1.1a1": []}}, unrecorded=lambda _, v: v == "1.0")
        stated = problem("a")
        of = Catalogue(stated, TargetEnvironment(stated.variant.target), lambda _: index)
        project = of.project("a")
        assert project is not None

        assert of.has_stable(project)


class TestHorizon:
    """A recording says nothing of what was uploaded after it."""

    def found(self, as_of: int | None, horizon: int | None) -> list[str]:
        info = IndexInfo(
            location="default",
            moment="1970-01-02T00:00:00Z",
            horizon=horizon,
            projects=1,
            versions=1,
            files=1,
            described=1,
            digest="0",
        )
        index = MemoryIndex({"a": {"1.0": Release(uploaded=50)}}, info=info)
        stated = problem("a", as_of=as_of)
        of = Catalogue(stated, TargetEnvironment(stated.variant.target), lambda _: index)
        project = of.project("a")
        return [] if project is None else list(project.versions)

    @pytest.mark.parametrize(
        ("as_of", "horizon"), [(99, 100), (100, 100), (100, None), (None, None)]
    )
    def test_that_was_not_reached_says_all(self, as_of: int | None, horizon: int | None) -> None:
        assert ["1.0"] == self.found(as_of, horizon)

    @pytest.mark.parametrize("as_of", [86_401, None])
    def test_that_was_passed_is_an_error(self, as_of: int | None) -> None:
        with pytest.raises(NotRecordedError) as caught:
            self.found(as_of, 86_400)

        assert (
            "what was uploaded after 1970-01-02T00:00:00Z is not in the recording of "
            "index `default`"
        ) == str(caught.value)
        assert (
            "set `as-of` to that moment or earlier, record the index again, "
            "or ask the indexes themselves: `solve --live`, `compile` without `--snapshot`"
        ) == caught.value.hint
