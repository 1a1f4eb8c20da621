"""A recording holds what the solves of its plan could visit, and knows what it does not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from support.universe import MemoryIndex, Release, Universe, pins, problem

from depcheck.errors import EnvironmentFailure, InputError
from depcheck.images.model import RecordedMetadata
from depcheck.index.live.recorder import Recorder
from depcheck.index.model import DYNAMIC, INVALID, NotRecordedError
from depcheck.index.snapshot import Snapshot, open_snapshot, write_snapshot
from depcheck.resolver.solve import solve
from depcheck.resolver.target import is_of_use
from depcheck.resolver.visits import Fleet

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.resolver.problem import Problem

HORIZON = 5_000
UNIVERSE: Universe = {
    "a": {
        "1.0": ["b>=1"],
        "2.0": ["b>=2", "gone"],
        "3.0": Release("b>=9", uploaded=HORIZON),
    },
    "b": {
        "0.9": [],
        "1.0": [Release(), Release(tags="cp39-cp39-win_amd64")],
        "1.5": Release(tags=None, state=DYNAMIC),
        "1.7": Release(state=INVALID),
        "2.0": Release("c"),
    },
    "c": {"1.0": ["b"]},
    "unasked": {"1.0": []},
}


class Counting:
    """A progress that remembers its last word."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}

    def update(self, **numbers: int) -> None:
        self.last = numbers


def asked(*requirements: str, **options: Any) -> Problem:
    as_of = datetime.fromtimestamp(HORIZON, timezone.utc)
    return problem(*requirements, **{"as_of": int(as_of.timestamp()), **options})


def record(index: MemoryIndex, path: Path, *problems: Problem) -> tuple[Snapshot, Counting]:
    progress = Counting()
    recorder = Recorder(
        Fleet(problems), lambda _: index, keep=is_of_use, horizon=HORIZON, progress=progress
    )
    recording = recorder.record()
    entries = [
        (location, "2026-01-01T00:00:00Z", HORIZON, projects)
        for location, projects in recording.projects.items()
    ]
    write_snapshot(path, entries, recording.absent)
    return open_snapshot(path), progress


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorded.sqlite"


def test_offline_answer_is_the_live_one(path: Path) -> None:
    live = MemoryIndex(UNIVERSE)
    wanted = asked("a", "b<2,!=1.5")

    snapshot, progress = record(live, path, wanted)

    offline = solve(wanted, snapshot.index)
    assert pins(solve(wanted, lambda _: live)) == pins(offline)
    assert {"a": "1.0", "b": "1.0"} == pins(offline)
    assert {"projects": 2, "files": 5, "waiting": 0} == progress.last


def test_only_what_a_solve_could_visit_is_described(path: Path) -> None:
    snapshot, _ = record(MemoryIndex(UNIVERSE), path, asked("a", "b<2,!=1.5"))

    index = snapshot.index("default")
    b = index.project("b")

    assert ["a", "b"] == index.names()
    assert b is not None
    assert ["0.9", "1.0", "1.7"] == [v for r, v in enumerate(b.versions) if b.is_recorded(r)]
    with pytest.raises(NotRecordedError, match="`unasked` is not in the recording"):
        index.project("unasked")


def test_absent_project_is_recorded_as_absent(path: Path) -> None:
    snapshot, _ = record(MemoryIndex(UNIVERSE), path, asked("a"))

    assert snapshot.index("default").project("gone") is None


def test_files_that_no_image_could_install_are_left_out(path: Path) -> None:
    snapshot, _ = record(MemoryIndex(UNIVERSE), path, asked("b==1.0"))

    b = snapshot.index("default").project("b")

    assert b is not None
    assert ["py3-none-any"] == [dist.tags for dist in b.dists(b.versions.index("1.0"))]


def test_later_uploads_are_left_out_and_known_to_be_unknown(path: Path) -> None:
    snapshot, _ = record(MemoryIndex(UNIVERSE), path, asked("a"))

    a = snapshot.index("default").project("a")

    assert a is not None
    assert ["1.0", "2.0"] == list(a.versions)
    with pytest.raises(NotRecordedError, match="what was uploaded after 1970-01-01T01:23:20Z"):
        solve(asked("a", as_of=HORIZON + 1), snapshot.index)


def test_several_problems_share_a_recording(path: Path) -> None:
    one, other = asked("a", "b<2,!=1.5"), asked("c")

    snapshot, _ = record(MemoryIndex(UNIVERSE), path, one, other)

    assert {"b": "2.0", "c": "1.0"} == pins(solve(other, snapshot.index))
    assert {"a": "1.0", "b": "1.0"} == pins(solve(one, snapshot.index))


STATED = RecordedMetadata(
    name="built",
    version="1.0",
    requires_dist=(Requirement("lib"),),
    reason="its sdist cannot say it",
    origin="test.toml: metadata[0]",
)
ARCHIVE = f"tool @ https://x.example/tool-1.0-py3-none-any.whl#sha256={'a' * 64}"


@pytest.mark.parametrize(
    ("requirements", "metadata", "expected"),
    [
        (["lib", "later"], (), dict.fromkeys(("last", "later", "lib", "more"), "1.0")),
        (["built"], (STATED,), {"built": "1.0", "lib": "1.0"}),
        ([ARCHIVE, "lib"], (replace(STATED, name="tool"),), {"tool": "1.0", "lib": "1.0"}),
        (
            [ARCHIVE, "user"],
            (replace(STATED, name="tool"),),
            {"tool": "1.0", "lib": "1.0", "user": "1.0"},
        ),
    ],
    ids=["an extra of what is known", "stated metadata", "a URL", "a URL that others ask for"],
)
def test_what_is_known_without_a_file_is_followed_all_the_same(
    path: Path,
    requirements: list[str],
    metadata: tuple[RecordedMetadata, ...],
    expected: dict[str, str],
) -> None:
    """Each problem twice: what both need is asked of the index once."""
    live = MemoryIndex(
        {
            "lib": {"1.0": Release("more; extra == 'x'", extras=("x",))},
            "later": {"1.0": ["last"]},
            "last": {"1.0": ["lib[x]"]},
            "more": {"1.0": []},
            "built": {"1.0": Release(tags=None, state=DYNAMIC)},
            "user": {"1.0": ["tool<2"], "2.0": ["tool>=2"]},
        }
    )
    wanted = asked(*requirements, metadata=metadata, allow_build=("built",))
    snapshot, _ = record(live, path, wanted, wanted)

    assert expected == pins(solve(wanted, snapshot.index))


def test_same_index_same_bytes(tmp_path: Path) -> None:
    problems = [asked("a", "b<2,!=1.5"), asked("c")]
    for number, order in enumerate((problems, problems[::-1])):
        record(MemoryIndex(UNIVERSE), tmp_path / str(number), *order)

    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


def test_index_that_fails_ends_the_recording(path: Path) -> None:
    class Failing(MemoryIndex):
        def project(self, name: str) -> Any:
            raise EnvironmentFailure("index-unreachable", f"no {name}", hint=None)

    with pytest.raises(EnvironmentFailure, match="no a"):
        record(Failing(UNIVERSE), path, asked("a"))

    assert not path.exists()


def test_sdist_that_cannot_tell_is_recorded_as_such(path: Path) -> None:
    snapshot, _ = record(MemoryIndex(UNIVERSE), path, asked("b==1.5"))

    with pytest.raises(InputError, match=r"`b==1\.5` has no wheel for the target"):
        solve(asked("b==1.5"), snapshot.index)
