"""A solve that falls back far says so, and names what kept the package old."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.universe import Release, solution

from depcheck.index.model import DYNAMIC

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
