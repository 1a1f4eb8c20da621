"""Markers, Requires-Python and tags, as the target has them; `packaging` has the last word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from support.universe import TARGET

from depcheck.errors import InputError
from depcheck.images.model import Target
from depcheck.index.compiled import parse_file
from depcheck.index.live.listing import may_fit
from depcheck.index.model import PageFile
from depcheck.resolver.target import TargetEnvironment, is_of_use

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


def target(python: str = "3.11", platform: str = "manylinux_2_35_x86_64") -> TargetEnvironment:
    return TargetEnvironment(Target(python=python, platform=platform))


@pytest.mark.parametrize(
    ("python", "platform", "expected"),
    [
        ("3.11", "manylinux_2_35_x86_64", ("3.11.0", "3.11", "x86_64")),
        ("3.9.7", "manylinux_2_17_aarch64", ("3.9.7", "3.9", "aarch64")),
    ],
)
def test_marker_environment_is_that_of_the_target(
    python: str, platform: str, expected: tuple[str, str, str]
) -> None:
    full, short, machine = expected

    assert {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": short,
        "sys_platform": "linux",
    } == target(python, platform).markers


@pytest.mark.parametrize(
    ("requires_python", "expected"),
    [
        (None, True),
        ("", True),
        (">=3.8", True),
        (">=3.12", False),
        (">=3.8,<3.11", False),
        ("==3.11.*", True),
        (">3.11.0", False),
        ("<4.0.dev0", True),
        (">=3.11.0a1", True),
        ("all of them", True),
    ],
)
def test_python_is_accepted_as_pip_and_uv_do(
    requires_python: str | None, *, expected: bool
) -> None:
    asked = target()

    assert [expected, expected] == [asked.accepts_python(requires_python) for _ in range(2)]


class TestTags:
    ORDER = (
        "cp311-cp311-manylinux_2_18_x86_64",
        "cp311-cp311-manylinux_2_17_x86_64",
        "cp311-cp311-manylinux2014_x86_64",
        "cp311-cp311-manylinux_2_16_x86_64",
        "cp311-cp311-manylinux_2_12_x86_64",
        "cp311-cp311-manylinux2010_x86_64",
        "cp311-cp311-manylinux_2_5_x86_64",
        "cp311-cp311-manylinux1_x86_64",
        "cp311-cp311-linux_x86_64",
        "cp311-abi3-manylinux_2_17_x86_64",
        "cp311-none-manylinux_2_17_x86_64",
        "cp310-abi3-manylinux_2_17_x86_64",
        "cp38-abi3-linux_x86_64",
        "py311-none-manylinux_2_17_x86_64",
        "py3-none-manylinux_2_18_x86_64",
        "py310-none-linux_x86_64",
        "cp311-none-any",
        "py311-none-any",
        "py3-none-any",
        "py30-none-any",
    )

    def test_are_ranked_from_the_closest_to_the_widest(self) -> None:
        asked = target(platform="manylinux_2_18_x86_64")
        ranks = {tag: asked.priority(tag) for tag in reversed(self.ORDER)}
        fitting = {tag: rank for tag, rank in ranks.items() if rank is not None}

        assert 0 == ranks[self.ORDER[0]]
        assert list(self.ORDER) == sorted(fitting, key=fitting.__getitem__)

    @pytest.mark.parametrize(
        "tag",
        [
            "cp311-cp311-manylinux_2_19_x86_64",
            "cp311-cp311-manylinux_2_4_x86_64",
            "cp311-cp311-manylinux_2_17_aarch64",
            "cp311-cp311-musllinux_1_1_x86_64",
            "cp311-cp311-win_amd64",
            "cp312-cp312-manylinux_2_17_x86_64",
            "cp310-cp310-manylinux_2_17_x86_64",
            "cp312-abi3-manylinux_2_17_x86_64",
            "cp311-cp311t-manylinux_2_17_x86_64",
            "pp311-pypy311_pp73-manylinux_2_17_x86_64",
            "py2-none-any",
            "py312-none-any",
        ],
    )
    def test_of_another_target_have_no_rank(self, tag: str) -> None:
        assert target(platform="manylinux_2_18_x86_64").priority(tag) is None

    def test_are_those_of_the_target_whatever_the_machine(self) -> None:
        asked = target("3.9.7", "manylinux_2_17_aarch64")
        tags = (
            "cp39-cp39-manylinux_2_17_{}",
            "cp39-abi3-manylinux2014_{}",
            "py3-none-manylinux_2_17_{}",
            "py39-none-linux_{}",
        )

        assert [True] * 4 == [asked.priority(each.format("aarch64")) is not None for each in tags]
        assert [None] * 4 == [asked.priority(each.format("x86_64")) for each in tags]
        assert asked.priority("cp310-cp310-manylinux_2_17_aarch64") is None

    def test_that_are_compressed_count_by_the_best(self) -> None:
        asked = target()

        assert asked.priority("py3-none-any") == asked.priority("py2.py3-none-any")
        assert asked.priority("cp311-cp311-manylinux2014_x86_64") == asked.priority(
            "cp310.cp311-cp310.cp311-manylinux1_x86_64.manylinux2014_x86_64.win32"
        )
        assert asked.priority("cp311-cp311-linux_x86_64") == asked.priority(
            "CP311-cp311-LINUX_x86_64"
        )

    @pytest.mark.parametrize(
        "platform", ["linux_x86_64", "win_amd64", "manylinux2014_x86_64", "manylinux_2_35"]
    )
    def test_of_a_platform_without_glibc_are_refused(self, platform: str) -> None:
        with pytest.raises(InputError) as caught:
            target(platform=platform)

        assert (
            "unknown-platform",
            f"platform `{platform}` is not supported",
            "use the tag of the base image's glibc, such as `manylinux_2_35_x86_64`",
        ) == (caught.value.reference, caught.value.message, caught.value.hint)


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("a-1.0.tar.gz", True),
        ("a-1.0-py3-none-any.whl", True),
        ("a-1.0-cp310-cp310-manylinux_2_39_x86_64.whl", True),
        ("a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", True),
        ("a-1.0-cp39-cp39-manylinux_2_17_x86_64.whl", False),
        ("a-1.0-cp313-cp313-manylinux_2_17_x86_64.whl", False),
        ("a-1.0-cp311-cp311-manylinux_2_40_x86_64.whl", False),
        ("a-1.0-cp311-cp311-manylinux_2_17_aarch64.whl", False),
        ("a-1.0-cp311-cp311-win_amd64.whl", False),
        ("a-1.0-py2-none-any.whl", False),
    ],
)
def test_recording_keeps_what_some_image_could_install(filename: str, *, expected: bool) -> None:
    file = PageFile(
        filename=filename,
        location=filename,
        sha256=None,
        size=None,
        requires_python=None,
        yanked=False,
        uploaded=None,
    )
    parsed = parse_file("a", file)
    assert parsed is not None

    assert expected == is_of_use(parsed)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_what_a_live_index_keeps_has_every_tag_of_a_target(machine: str) -> None:
    tags = target(platform=f"manylinux_2_39_{machine}")._priorities

    assert set() == {tag for tag in tags if not may_fit(tag.rpartition("-")[2])}


@pytest.mark.parametrize(
    "marker", ["sys_platform ~= 'linux'", "sys_platform === 'linux'", "'x' in extras"]
)
def test_what_cannot_be_judged_holds_nowhere(marker: str) -> None:
    assert not target("3.11").matches(marker)
