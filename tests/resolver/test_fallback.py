"""A solve that falls back far says so, and names what kept the package old."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest
from support.universe import Release, indexes, problem, solution

from depcheck.index.model import DYNAMIC
from depcheck.resolver.solve import solve

if TYPE_CHECKING:
    from support.universe import Universe

YEAR = 365 * 24 * 3600
UNIVERSE: Universe = {
    "tool": {
        "0.0.11": Release(uploaded=YEAR),
        "0.1.3": Release("lib~=2.28", uploaded=3 * YEAR),
    },
    "lib": {"2.28": [], "2.32": []},
    "app": {"1.0": ["tool", "lib>=2.30"]},
}


def test_what_kept_a_package_far_behind_is_named() -> None:
    universe: Universe = {**UNIVERSE, "lib": {"2.28": [], "3.0": []}}

    [warning] = solution(universe, "app").fallbacks

    assert warning == (
        "`tool==0.0.11` is far older than `tool==0.1.3`, which nothing pinned here excludes; what "
        "kept it back: it needs `lib~=2.28`, but `app==1.0` needs `lib>=2.30`"
    )


def test_no_warning_where_the_newest_is_taken() -> None:
    assert () == solution(UNIVERSE, "app").fallbacks


def test_no_warning_where_a_requirement_excludes_the_newer() -> None:
    universe: Universe = {**UNIVERSE, "old": {"1.0": ["tool<0.1"]}}

    assert () == solution(universe, "app", "old").fallbacks


def test_no_warning_for_a_little_step_back() -> None:
    universe: Universe = {
        **UNIVERSE,
        "lib": {"2.28": [], "3.0": []},
        "tool": {
            "0.1.2": Release(uploaded=3 * YEAR - 1),
            "0.1.3": Release("lib~=2.28", uploaded=3 * YEAR),
        },
    }

    assert () == solution(universe, "app").fallbacks


def test_an_extra_that_only_a_build_could_tell_about_is_named() -> None:
    universe: Universe = {
        "table": {
            "1.5": Release(uploaded=YEAR),
            "3.0": Release("odf; extra == 'excel'", extras=("excel",), uploaded=4 * YEAR),
        },
        "odf": {"1.4": Release(tags=None, state=DYNAMIC)},
    }

    [warning] = solution(universe, "table[excel]").fallbacks

    assert warning == (
        "`table==1.5` is far older than `table==3.0`, which nothing pinned here excludes; what "
        "kept it back: it needs `odf`, and of `odf==1.4` its sdist cannot state its dependencies "
        "without being built"
    )


class TestFar:
    """By a year and more between the uploads, else by the major version."""

    @staticmethod
    def fallbacks(older: tuple[str, int | None], newer: tuple[str, int | None]) -> int:
        universe: Universe = {
            "tool": {
                older[0]: Release(uploaded=older[1]),
                newer[0]: Release("lib<3", uploaded=newer[1]),
            },
            "lib": {"2.28": [], "3.0": []},
            "app": {"1.0": ["tool", "lib>=3"]},
        }
        return len(solution(universe, "app").fallbacks)

    @pytest.mark.parametrize(
        ("older", "newer", "expected"),
        [
            (("0.1", 0), ("0.2", YEAR), 0),
            (("0.1", 0), ("0.2", YEAR + 1), 1),
            (("1.9", 0), ("2.0", YEAR), 0),
            (("0.1", None), ("0.9", 9 * YEAR), 0),
            (("0.1", 0), ("0.9", None), 0),
            (("1.9", None), ("2.0", 9 * YEAR), 1),
            (("1.9", 0), ("2.0", None), 1),
            (("2024.1", None), ("1!0.1", None), 1),
        ],
    )
    def test_is_told_from_the_uploads_or_the_version(
        self, older: tuple[str, int | None], newer: tuple[str, int | None], expected: int
    ) -> None:
        assert expected == self.fallbacks(older, newer)


class TestNoFallback:
    OLD: ClassVar[Universe] = {**UNIVERSE, "lib": {"2.28": [], "3.0": []}}

    @pytest.mark.parametrize(
        "newest",
        [
            {"0.2rc1": Release("lib~=2.28", uploaded=9 * YEAR)},
            {"0.2": Release("lib~=2.28", uploaded=9 * YEAR, python="<3")},
        ],
        ids=["pre-release", "another Python"],
    )
    def test_is_what_could_not_be_taken(self, newest: dict[str, Release]) -> None:
        universe: Universe = {
            **self.OLD,
            "tool": {"0.1.3": Release(uploaded=3 * YEAR), **newest},
        }

        assert () == solution(universe, "app").fallbacks

    def test_is_what_an_extra_of_it_excludes(self) -> None:
        universe: Universe = {
            **self.OLD,
            "tool": {
                "0.0.11": Release(extras=("x",), uploaded=YEAR),
                "0.1.3": Release("lib~=2.28", extras=("x",), uploaded=3 * YEAR),
            },
        }
        universe = {**universe, "user": {"1.0": ["tool[x]<0.1"]}}

        assert () == solution(universe, "app", "user").fallbacks

    @pytest.mark.parametrize(("preferred", "expected"), [("0.0.11", 0), ("0.1.3", 1), (None, 1)])
    def test_is_the_version_that_is_preferred(self, preferred: str | None, expected: int) -> None:
        given = {} if preferred is None else {"tool": preferred}
        stated = replace(problem("app"), preferred=given)

        assert expected == len(solve(stated, indexes(self.OLD)).fallbacks)

    def test_of_one_package_hides_none_of_another(self) -> None:
        universe: Universe = {
            **self.OLD,
            "also": {
                "0.1": Release(uploaded=YEAR),
                "0.2": Release("lib~=2.28", uploaded=3 * YEAR),
            },
        }
        stated = replace(problem("app[x]", "also", "tool[x]"), preferred={"also": "0.1"})

        assert ["`tool==0.0.11` is far older than `tool==0.1.3`"] == [
            warning.partition(",")[0] for warning in solve(stated, indexes(universe)).fallbacks
        ]
