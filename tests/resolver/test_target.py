"""The short way through markers agrees with `packaging`."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from support.universe import TARGET

from depcheck.resolver.target import TargetEnvironment

PARTS = st.sampled_from(
    [
        "extra == 'x'",
        'extra == "x"',
        'extra == "X.y"',
        'extra == "x_y"',
        'extra != "x"',
        '"x" == extra',
        'python_version < "3.12"',
        "python_version < '3'",
        'sys_platform == "linux"',
        'platform_machine in "x86_64 or aarch64"',
    ]
)
MARKERS = st.recursive(
    PARTS,
    lambda inner: st.one_of(
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(MARKERS, st.sampled_from(["", "x", "x-y", "z"]))
def test_markers_mean_what_packaging_says(text: str, extra: str) -> None:
    target = TargetEnvironment(TARGET)

    assert Marker(text).evaluate({**target.markers, "extra": extra}) == target.matches(text, extra)
