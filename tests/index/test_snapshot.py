"""A snapshot is read back whole, knows what it does not know, and notices damage."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from depcheck.index.compiled import CompiledProject, compile_page
from depcheck.index.model import (
    DYNAMIC,
    UNRECORDED,
    CoreMetadata,
    CorruptIndexError,
    NotRecordedError,
    PageFile,
    ProjectPage,
)
from depcheck.index.snapshot import open_snapshot, write_snapshot

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = "2026-11-22T00:00:00Z"


def compiled(name: str, *versions: str, recorded: bool = True) -> CompiledProject:
    files = tuple(
        PageFile(
            filename=f"{name}-{version}-py3-none-any.whl",
            location=f"packages/ab/cd/{'0' * 60}/{name}-{version}-py3-none-any.whl",
            sha256="ab" * 32,
            size=1,
            requires_python=None,
            yanked=False,
            uploaded=1,
        )
        for version in versions
    )
    return compile_page(
        ProjectPage(name=name, files=files),
        describe=lambda file: UNRECORDED if "9.0" in file.filename else CoreMetadata((), ()),
        recorded=lambda version: recorded or str(version) != "1.0",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "snapshot.sqlite"
    projects = [compiled("b", "1.0"), compiled("a", "1.0", "2.0", "9.0", recorded=False)]
    write_snapshot(file, [("default", MOMENT, 100, projects)], [("default", "nope")])
    return file


def test_infos_count_what_is_there(path: Path) -> None:
    (info,) = open_snapshot(path).infos()

    assert ("default", MOMENT, 100, 2, 4, 3, 2) == (
        info.location,
        info.moment,
        info.horizon,
        info.projects,
        info.versions,
        info.files,
        info.described,
    )
    assert ["a", "b"] == open_snapshot(path).index("default").names()


def test_absent_is_not_the_same_as_not_recorded(path: Path) -> None:
    index = open_snapshot(path).index("default")

    assert index.project("nope") is None
    with pytest.raises(NotRecordedError, match=r"`other` is not in the recording"):
        index.project("other")
    with pytest.raises(NotRecordedError):
        open_snapshot(path).index("https://index.example/simple/")


def test_version_and_metadata_that_were_not_read_are_not_recorded(path: Path) -> None:
    index = open_snapshot(path).index("default")
    project = index.project("a")
    assert project is not None

    with pytest.raises(NotRecordedError, match=r"`a==1\.0` is not in the recording"):
        project.dists(0)
    assert CoreMetadata((), ()) == index.core_metadata(project, project.dists(1)[0])
    with pytest.raises(NotRecordedError, match=r"core metadata of `a-9\.0-py3-none-any\.whl`"):
        index.core_metadata(project, project.dists(2)[0])
    dynamic = project.dists(1)[0]._replace(metadata=DYNAMIC)
    assert index.core_metadata(project, dynamic) is None


def test_equal_content_has_equal_digest_and_bytes(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    projects = [compiled("a", "1.0", "2.0", "9.0", recorded=False), compiled("b", "1.0")]

    write_snapshot(other, [("default", MOMENT, 100, projects)], [("default", "nope")])

    assert path.read_bytes() == other.read_bytes()
    assert open_snapshot(path).infos() == open_snapshot(other).infos()


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorruptIndexError, match="there is no snapshot at"):
        open_snapshot(tmp_path / "nowhere.sqlite")


def test_file_that_cannot_be_opened_is_said(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))  # permissions do not stop root
    try:
        with pytest.raises(CorruptIndexError) as caught:
            open_snapshot(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert (
        "snapshot-unreadable",
        f"the snapshot `{path}` cannot be opened: unable to open database file",
    ) == (caught.value.reference, caught.value.message)


@pytest.mark.parametrize("kept", [0, 10, 100, 5_000])
def test_truncated_file_is_refused(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(CorruptIndexError):
        open_snapshot(path).index("default").project("a")


def test_every_flipped_bit_of_a_blob_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    blob = compiled("b", "1.0").solve
    start = whole.index(blob)

    for offset in range(len(blob)):
        damaged = bytearray(whole)
        damaged[start + offset] ^= 1 << (offset % 8)
        path.write_bytes(bytes(damaged))
        with pytest.raises(CorruptIndexError, match=r"the recording of `b`"):
            open_snapshot(path).index("default").project("b")


def test_interrupted_write_leaves_the_old_recording(path: Path) -> None:
    before = path.read_bytes()

    def broken() -> list[CompiledProject]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_snapshot(path, [("default", MOMENT, 100, broken())])

    assert before == path.read_bytes()
