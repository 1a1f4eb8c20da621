"""The validator's own reading of versions and requirements, held against packaging's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement as Theirs
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from depcheck.validate.requirements import marker_holds, parse_requirement
from depcheck.validate.versions import contains, parse_version, same_public_version, same_version

RELEASES = st.lists(st.sampled_from([0, 1, 2, 10, 2024]), min_size=1, max_size=3).map(
    lambda numbers: ".".join(map(str, numbers))
)
SUFFIXES = st.sampled_from(
    ["", ".0", "rc1", "-c.01", "alpha2", "a", "a0", ".post1", "-1", ".rev1", ".dev3", "_dev"]
)
LABELS = st.sampled_from(["", "+cu121", "+CU121", "+a.1", "+a-1", "+1.a"])
EPOCHS = st.sampled_from(["", "", "", "1!"])
VERSIONS = st.tuples(EPOCHS, RELEASES, SUFFIXES, LABELS).map("".join)
PUBLIC = st.tuples(EPOCHS, RELEASES, SUFFIXES).map("".join)
PREFIXES = st.tuples(st.sampled_from(["==", "!="]), EPOCHS, RELEASES, st.just(".*")).map("".join)
EXACT = st.tuples(st.sampled_from(["==", "!="]), VERSIONS).map("".join)
ORDERED = st.tuples(st.sampled_from(["<", "<=", ">", ">="]), PUBLIC).map("".join)
COMPATIBLE = st.tuples(
    st.just("~="),
    EPOCHS,
    RELEASES,
    st.just("."),
    st.sampled_from("012"),
    st.sampled_from(["", "rc1"]),
).map("".join)
CLAUSES = st.one_of(PREFIXES, EXACT, ORDERED, COMPATIBLE)


@given(VERSIONS, VERSIONS)
def test_versions_compare_as_packaging_compares_them(one: str, other: str) -> None:
    mine, theirs = (parse_version(one), parse_version(other)), (Version(one), Version(other))
    assert mine[0] is not None
    assert mine[1] is not None

    assert (theirs[0] == theirs[1]) == same_version(one, other)
    assert (theirs[0] < theirs[1]) == (mine[0].key < mine[1].key)
    assert (theirs[0].public == theirs[1].public) <= same_public_version(one, other)


@given(CLAUSES, VERSIONS)
def test_ranges_contain_what_packaging_says(clause: str, version: str) -> None:
    assert SpecifierSet(clause).contains(version, prereleases=True) == contains(clause, version)


@pytest.mark.parametrize("text", ["unknown", "", "1..2", "1.0+", "a.b"])
def test_what_is_no_version_equals_itself_alone(text: str) -> None:
    assert parse_version(text) is None
    assert same_version(text, text)
    assert not same_version(text, "1.0")
    assert contains(">=1", text) is None


@pytest.mark.parametrize("text", [">=1,,<2", "", " >=1 , <2 ", "===1.0", "<=3"])
def test_clauses_may_be_spelled_with_space(text: str) -> None:
    assert SpecifierSet(text.replace(",,", ",")).contains("1.0") == contains(text, "1.0")


@pytest.mark.parametrize("text", ["1.0", ">=x", "=>1", "~=x", "==x.*"])
def test_a_malformed_range_is_none(text: str) -> None:
    assert contains(text, "1.0") is None


REQUIREMENTS = [
    "requests",
    "Requests[socks,Security]>=2.8.1,<3",
    "ruamel.yaml (>=0.15,<0.18)",
    'pyobjc ; sys_platform == "darwin"',
    "torch==2.2.2+cu121",
    "name @ https://host.example/x.whl ; python_version > '3'",
    "name@git+https://host.example/x@main#egg=name",
    "a.b-c_d~=1.4.2",
]


@pytest.mark.parametrize("text", REQUIREMENTS)
def test_requirements_are_read_as_packaging_reads_them(text: str) -> None:
    mine, theirs = parse_requirement(text), Theirs(text)
    assert mine is not None

    assert set(mine.extras) == {extra.lower() for extra in theirs.extras}
    assert SpecifierSet(mine.specifiers) == theirs.specifier
    assert mine.is_direct == (theirs.url is not None)
    assert (mine.marker is None) == (theirs.marker is None)


@pytest.mark.parametrize("text", ["", "-x", "a b", "a>=1 b", "a ==", "a[b", "a @"])
def test_what_is_no_requirement_is_none(text: str) -> None:
    assert parse_requirement(text) is None


MARKERS = [
    'python_version >= "3.8"',
    "python_version<'3.8'",
    'python_version in "3.8 3.9 3.10 3.11 3.12 3.13"',
    'sys_platform == "linux" and platform_machine == "x86_64"',
    'sys_platform == "win32" or (os_name == "posix" and platform_system != "Darwin")',
    '"3.9" <= python_version',
    'platform_python_implementation == "CPython"',
    'implementation_name == "pypy"',
    "python_full_version >= '3.8.1' and python_full_version != '3.11.0'",
    'extra == "GPU_x"',
    'extra == "other" or extra == "gpu-x"',
    'platform_machine not in "aarch64 arm64"',
    'os_name=="nt"or sys_platform=="linux"and python_version>"3"',
    "(python_version ~= '3.7')",
]


@pytest.mark.parametrize("text", MARKERS)
@pytest.mark.parametrize("extra", ["", "gpu-x"])
def test_markers_hold_where_packaging_says(text: str, extra: str) -> None:
    environment = {**default_environment(), "extra": extra}
    assert Marker(text).evaluate(environment) == marker_holds(text, environment)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        *("", "python_version", "python_version >", "x == 'y'", "'a' 'b' 'c'", "os_name $ 'posix'"),
        *("(os_name == 'posix'", "os_name == 'posix')", "os_name ~= 'posix'"),
        "(" * 400 + "os_name == 'posix'" + ")" * 400,
    ],
)
def test_a_malformed_marker_is_none(text: str) -> None:
    assert marker_holds(text, {"os_name": "posix"}) is None
