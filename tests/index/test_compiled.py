"""The compiled form agrees with `packaging`, and what goes in comes out."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from depcheck.index.compiled import (
    compile_page,
    decode_file,
    decode_listing,
    decode_project,
    named,
    parse_file,
)
from depcheck.index.model import (
    DYNAMIC,
    UNRECORDED,
    CoreMetadata,
    Dependency,
    PageFile,
    ProjectPage,
)
from depcheck.index.project import from_runs, newest_first, runs

NUMBERS = st.integers(0, 3)
VERSIONS = st.builds(
    lambda epoch, release, tail, local: f"{epoch}{'.'.join(map(str, release))}{tail}{local}",
    st.sampled_from(["", "1!"]),
    st.lists(NUMBERS, min_size=1, max_size=3),
    st.sampled_from(["", "", "a1", "b2", "rc1", ".post1", ".dev3", "a1.dev2", "rc1.post2"]),
    st.sampled_from(["", "", "+cu121", "+cu118"]),
)
CLAUSES = st.builds(
    lambda operator, version: operator + version.partition("+")[0],
    st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "==="]),
    VERSIONS,
)
WILDCARDS = st.builds(
    lambda operator, release: f"{operator}{'.'.join(map(str, release))}.*",
    st.sampled_from(["==", "!="]),
    st.lists(NUMBERS, min_size=1, max_size=2),
)
SPECIFIERS = st.lists(st.one_of(CLAUSES, WILDCARDS), min_size=1, max_size=3).map(",".join)


def page_file(filename: str, **changes: object) -> PageFile:
    fields: dict[str, object] = {
        "filename": filename,
        "location": f"packages/ab/cd/{'0' * 60}/{filename}",
        "sha256": "ab" * 32,
        "size": 10,
        "requires_python": ">=3.8",
        "yanked": False,
        "uploaded": 1_700_000_000,
        **changes,
    }
    return PageFile(**fields)  # type: ignore[arg-type]


def project_of(versions: list[str], specifiers: list[str]) -> object:
    files = tuple(page_file(f"a-{version}-py3-none-any.whl") for version in versions)
    compiled = compile_page(
        ProjectPage(name="a", files=files), describe=lambda _: UNRECORDED, specifiers=specifiers
    )
    return decode_project("a", "default", compiled.solve)


@given(st.lists(VERSIONS, min_size=1, max_size=12), st.lists(SPECIFIERS, max_size=4))
def test_rank_sets_say_what_packaging_says(versions: list[str], specifiers: list[str]) -> None:
    project = project_of(versions, specifiers[:2])

    for specifier in specifiers:
        mask = project.mask(specifier)  # type: ignore[attr-defined]
        allowed = SpecifierSet(specifier)
        for rank, version in enumerate(project.versions):  # type: ignore[attr-defined]
            assert allowed.contains(Version(version), prereleases=True) == bool(mask >> rank & 1)


@given(st.lists(VERSIONS, min_size=1, max_size=12))
def test_ranks_ascend_and_prereleases_are_marked(versions: list[str]) -> None:
    project = project_of(versions, [])

    parsed = [Version(text) for text in project.versions]  # type: ignore[attr-defined]
    assert sorted(set(map(Version, versions))) == parsed
    marked = [project.prereleases >> rank & 1 for rank in range(len(parsed))]  # type: ignore[attr-defined]
    assert [int(version.is_prerelease) for version in parsed] == marked


@given(st.integers(0, 1 << 80))
def test_runs_read_back(mask: int) -> None:
    assert mask == from_runs(runs(mask), mask.bit_length())
    assert mask == sum(1 << rank for rank in newest_first(mask))


@pytest.mark.parametrize("bounds", [[0, 4], [-1, 2], [2, 1], [0], [0, 10**9]])
def test_runs_beyond_the_ranks_are_refused(bounds: list[int]) -> None:
    with pytest.raises(ValueError, match=r"ranks|zip"):
        from_runs(bounds, 3)


def test_files_and_metadata_read_back() -> None:
    metadata = CoreMetadata(
        (Dependency("b", ("x",), ">=1", "python_version < '3.12'", None),), ("fast",), ">=3.9"
    )
    files = (
        page_file("a-1.0-py3-none-any.whl"),
        page_file("a-1.0.tar.gz", sha256=None, size=None, uploaded=None, yanked=True),
        page_file("a-2.0-3-cp311-cp311-linux_x86_64.whl", location="/whl/cu121/a-2.0.whl"),
        page_file("not-this-project-1.0.tar.gz"),
        page_file("a-not_a_version-py3-none-any.whl"),
    )
    described: dict[str, CoreMetadata | int] = {
        "a-1.0-py3-none-any.whl": metadata,
        "a-1.0.tar.gz": DYNAMIC,
    }

    compiled = compile_page(
        ProjectPage(name="a", files=files),
        describe=lambda file: described.get(file.filename, UNRECORDED),
        specifiers=[">=1", "<2"],
    )
    project = decode_project("a", "default", compiled.solve)
    listing = decode_listing(compiled.listing)

    assert (2, 3, 2) == (compiled.versions, compiled.files, compiled.described)
    assert ["1.0", "2.0"] == list(project.versions)
    wheel, sdist = project.dists(0)
    (labelled,) = project.dists(1)
    assert metadata == project.metadata[wheel.metadata]
    assert (None, DYNAMIC, None, True) == (
        sdist.tags,
        sdist.metadata,
        sdist.uploaded,
        sdist.yanked,
    )
    assert ("cp311-cp311-linux_x86_64", "3") == (labelled.tags, labelled.build)
    for dist, file in ((wheel, files[0]), (sdist, files[1]), (labelled, files[2])):
        record = decode_file(listing, compiled.digests, dist.position)
        assert (file.filename, file.location, file.sha256, file.size) == (
            record.filename,
            record.location,
            record.sha256,
            record.size,
        )


def test_bytes_do_not_depend_on_the_order_of_files() -> None:
    files = [page_file(f"a-{n}.0-py3-none-any.whl", uploaded=n) for n in range(5)]

    def compiled(ordered: list[PageFile]) -> object:
        return compile_page(
            ProjectPage(name="a", files=tuple(ordered)), describe=lambda _: UNRECORDED
        )

    assert compiled(files) == compiled(files[::-1])


WHEEL_PARTS = (
    ("a", "A.b", "a_b", "a__b", "", "\u00e4", "a b", "-"),
    ("1.0", "1_0", "1.0+x", "v1", "1.0-1", "x", "", "2!1.0rc1"),
    ("", "-1", "-1a", "-a", "-", "-1-2"),
    ("py3-none-any", "py2.py3-none-any", "-none-any", "py3--any", "py3-none"),
)


def as_packaging_says(filename: str) -> tuple[object, ...] | None:
    try:
        name, version, build, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    return name, version, "-".join(filename[:-4].split("-")[-3:]), "".join(map(str, build))


def test_wheel_names_mean_what_packaging_says() -> None:
    for name, version, build, tags in product(*WHEEL_PARTS):
        filename = f"{name}-{version}{build}-{tags}.whl"
        expected = as_packaging_says(filename)
        project = str(expected[0]) if expected else canonicalize_name(name)
        found = parse_file(project, page_file(filename))

        assert expected == (found and (project, found.version, found.tags, found.build)), filename


SDIST_PARTS = (
    ("a", "A.b", "a-b", "", "a_b_", "é"),
    ("1.0", "1.0.post1", "1.0-1", "v1.0", "x", "", "1.0+cu121", "01"),
    (".tar.gz", ".zip", ".tar.bz2", ".egg", "", ".whl"),
)


def test_sdist_names_mean_what_packaging_says() -> None:
    for name, version, ending in product(*SDIST_PARTS):
        filename = f"{name}-{version}{ending}"
        try:
            expected: tuple[object, ...] | None = (*parse_sdist_filename(filename), None, "")
        except InvalidSdistFilename:
            expected = None
        found = named(filename)

        assert expected == (found and (found.project, found.version, found.tags, found.build)), (
            filename
        )
