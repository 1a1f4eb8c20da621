"""The compiled form says what `packaging` says, on random input and on all that is recorded.

Of the recorded verdicts on specifiers the tests take a sample, the same one each time;
``DEPCHECK_PARITY=all`` takes all of them, which is half a minute of CPU.
"""

from __future__ import annotations

import os
import random
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import compatible_tags, cpython_tags, parse_tag
from packaging.version import Version

from depcheck.images.model import Target
from depcheck.index.compiled import compile_page, decode_project
from depcheck.index.model import UNRECORDED, PageFile, ProjectPage
from depcheck.index.snapshot import open_snapshot
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.tags import Tag

    from depcheck.index.model import CoreMetadata, Dist
    from depcheck.index.project import Project

SAMPLE = 200
EVERYTHING = os.environ.get("DEPCHECK_PARITY") == "all"
EXTRA = re.compile(r"""extra *[!=]= *["']([^"']+)["']""")
TARGETS = [
    Target(python="3.10", platform="manylinux_2_31_x86_64"),
    Target(python="3.11", platform="manylinux_2_35_x86_64"),
    Target(python="3.12.3", platform="manylinux_2_39_aarch64"),
]

NUMBERS = st.integers(0, 12)
RELEASES = st.lists(NUMBERS, min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
VERSIONS = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "1!"]),
    RELEASES,
    st.sampled_from(["", "", "", "a1", "b2", "rc1", "rc12"]),
    st.sampled_from(["", "", "", ".post1", ".post12"]),
    st.sampled_from(["", "", "", ".dev0", ".dev3"]),
    st.sampled_from(["", "", "", "+cu121", "+cu118.1", "+1"]),
)
PUBLIC = VERSIONS.map(lambda version: version.partition("+")[0])
CLAUSES = st.one_of(
    st.builds("{}{}".format, st.sampled_from(["<", "<=", ">", ">=", "===", "<= ", " >= "]), PUBLIC),
    st.builds("{}{}".format, st.sampled_from(["==", "!=", "== "]), VERSIONS),
    st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), RELEASES),
    st.builds("~={}.{}".format, RELEASES, NUMBERS),
)
SPECIFIERS = st.lists(CLAUSES, max_size=4).map(",".join)


@cache
def recorded() -> tuple[Project, ...]:
    """Return all projects of all recorded indexes."""
    snapshot = open_snapshot()
    indexes = [snapshot.index(info.location) for info in snapshot.infos()]
    found = [index.project(name) for index in indexes for name in index.names()]
    return tuple(project for project in found if project is not None)


def core_metadata() -> Iterator[CoreMetadata]:
    """Yield all distinct core metadata of each recorded project."""
    for project in recorded():
        ids = {dist.metadata for dist in recorded_dists(project)}
        yield from (project.metadata[each] for each in sorted(ids) if each >= 0)


def recorded_dists(project: Project) -> Iterator[Dist]:
    for rank in range(len(project.versions)):
        if project.is_recorded(rank):
            yield from project.dists(rank)


def allowed_by_packaging(project: Project, specifier: str) -> int:
    """Return the ranks that `packaging` allows, asked version by version."""
    stated = SpecifierSet(specifier)
    return sum(
        1 << rank
        for rank, version in enumerate(project.versions)
        if stated.contains(Version(version), prereleases=True)
    )


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(VERSIONS, min_size=1, max_size=20), st.lists(SPECIFIERS, min_size=1, max_size=6))
def test_random_specifiers_allow_what_packaging_allows(
    versions: list[str], specifiers: list[str]
) -> None:
    files = tuple(page_file(version) for version in versions)
    known = specifiers[::2]  # the others are worked out when they are asked for
    page = compile_page(
        ProjectPage(name="a", files=files), describe=lambda _: UNRECORDED, specifiers=known
    )
    project = decode_project("a", "default", page.solve)

    for specifier in specifiers:
        assert allowed_by_packaging(project, specifier) == project.mask(specifier), specifier


def supported(target: Target) -> Iterator[Tag]:
    """Yield the tags of CPython on a glibc, best first (PEP 425, PEP 600)."""
    major, minor = map(int, target.python.split(".")[:2])
    glibc, machine = int(target.platform.split("_")[2]), target.platform.split("_", 3)[3]
    older = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    platforms = [
        name
        for each in range(glibc, 4, -1)
        for name in (f"manylinux_2_{each}_{machine}", f"{older.get(each, '')}_{machine}")
        if not name.startswith("_")
    ]
    platforms.append(f"linux_{machine}")
    yield from cpython_tags((major, minor), platforms=platforms)
    yield from compatible_tags((major, minor), f"cp{major}{minor}", platforms)


def page_file(version: str) -> PageFile:
    return PageFile(
        filename=f"a-{version}-py3-none-any.whl",
        location="",
        sha256=None,
        size=None,
        requires_python=None,
        yanked=False,
        uploaded=None,
    )


def test_recorded_verdicts_are_those_of_packaging() -> None:
    known = [(project, text) for project in recorded() for text in project.masks()]
    chosen = random.Random(0).sample(known, SAMPLE)  # noqa: S311 - the same sample each time
    asked = known if EVERYTHING else chosen

    assert [] == [
        (project, text)
        for project, text in asked
        if project.mask(text) != allowed_by_packaging(project, text)
    ]


def test_recorded_versions_ascend_and_prereleases_are_marked() -> None:
    for project in recorded():
        versions = list(map(Version, project.versions))
        early = sum(1 << rank for rank, each in enumerate(versions) if each.is_prerelease)

        assert sorted(set(versions)) == versions, project.name
        assert early == project.prereleases, project.name


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.python))
def test_recorded_markers_hold_where_packaging_says(target: Target) -> None:
    markers = {each.marker for metadata in core_metadata() for each in metadata.dependencies}
    environment = TargetEnvironment(target)

    wrong = [
        (marker, extra)
        for marker in sorted(filter(None, markers))
        for extra in ["", "no-such-extra", *EXTRA.findall(marker)]
        if environment.matches(marker, extra)
        != Marker(marker).evaluate({**environment.markers, "extra": extra})
    ]

    assert len(markers) > 1000
    assert [] == wrong


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.python))
def test_recorded_wheels_fit_by_their_best_tag(target: Target) -> None:
    tags = {dist.tags for project in recorded() for dist in recorded_dists(project)}
    environment = TargetEnvironment(target)
    order = {tag: place for place, tag in enumerate(supported(target))}

    for each in sorted(filter(None, tags)):
        places = [order[tag] for tag in parse_tag(each) if tag in order]
        assert min(places, default=None) == environment.priority(each), each


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.python))
def test_recorded_pythons_are_accepted_where_packaging_says(target: Target) -> None:
    stated = {each.requires_python for each in core_metadata()}
    stated |= {dist.requires_python for each in recorded() for dist in recorded_dists(each)}
    environment = TargetEnvironment(target)

    for each in sorted(filter(None, stated)):
        assert accepted(each, target.python) == environment.accepts_python(each), each


def accepted(requires_python: str, python: str) -> bool:
    try:
        return SpecifierSet(requires_python).contains(Version(python), prereleases=True)
    except InvalidSpecifier:
        return True
