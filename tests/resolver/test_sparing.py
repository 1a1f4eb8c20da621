"""Remote indexes that answer only so many questions which nobody could foresee."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.universe import MemoryIndex, Universe

from depcheck.index.interface import RemoteIndex
from depcheck.resolver.sparing import AllowanceSpentError, Sparing

if TYPE_CHECKING:
    from concurrent.futures import Future

    from depcheck.index.interface import PackageIndex
    from depcheck.index.model import Dist
    from depcheck.index.project import Project

UNIVERSE: Universe = {name: {"1.0": [], "2.0": []} for name in "abcd"}


class Remote(MemoryIndex):
    hurried = True

    def project_ahead(self, name: str) -> Future[object] | None:
        self.visited.add(name)
        return None

    def metadata_ahead(self, project: Project, dist: Dist) -> Future[object] | None:
        self.visited.add(f"{project.name} {dist.position}")
        return None


def ask(index: PackageIndex, *names: str) -> None:
    """Ask for pages, and for the metadata and the file of the second version."""
    for name in names:
        project = index.project(name)
        assert project is not None
        [dist] = project.dists(1)
        index.core_metadata(project, dist)
        index.file(project, dist)


def sparing(allowance: int, kind: type[MemoryIndex] = Remote) -> Sparing:
    made = {location: kind(UNIVERSE, location) for location in ("default", "other")}
    return Sparing(made.__getitem__, allowance)


def test_each_page_and_each_metadata_counts_once() -> None:
    asked = sparing(5)
    ask(asked.counted("default"), "a", "b", "a")
    ask(asked.counted("default"), "a")

    assert 1 == asked.left


def test_each_index_counts_on_its_own() -> None:
    asked = sparing(5)
    ask(asked.counted("default"), "a")
    ask(asked.counted("other"), "a")

    assert 1 == asked.left


def test_what_was_asked_freely_does_not_count_later() -> None:
    asked = sparing(2)
    ask(asked.freely("default"), "a", "b", "c")
    ask(asked.counted("default"), "a", "b", "c", "d")

    assert 0 == asked.left


def test_nothing_new_is_answered_once_the_allowance_is_spent() -> None:
    asked = sparing(2)
    index = asked.counted("default")
    ask(index, "a", "a")
    with pytest.raises(AllowanceSpentError) as caught:
        index.project("b")

    assert (
        "too-many-requests",
        "what is known of the index does not suffice",
        "record the index, then solve again",
    ) == (caught.value.reference, caught.value.message, caught.value.hint)


def test_recorded_indexes_answer_all_the_same() -> None:
    asked = sparing(0, MemoryIndex)
    ask(asked.counted("default"), "a", "b")

    assert 0 == asked.left


def test_index_is_the_same_otherwise() -> None:
    made = Remote(UNIVERSE, "here")
    index = Sparing(lambda _: made, 9).counted("here")
    project = index.project("a")
    assert project is not None
    [dist] = project.dists(1)

    assert ("here", None, "a-2.0-py3-none-any.whl", ()) == (
        index.location,
        index.info,
        index.file(project, dist).filename,
        index.core_metadata(project, dist).dependencies,  # type: ignore[union-attr]
    )


def test_looking_ahead_is_passed_on_and_counts_too() -> None:
    made = Remote(UNIVERSE, "here")
    asked = Sparing(lambda _: made, 9)
    index = asked.counted("here")
    project = made.project("b")
    assert isinstance(index, RemoteIndex)
    assert project is not None
    for _ in range(2):
        index.project_ahead("a")
        index.project_ahead("b")
        for rank in range(2):
            [dist] = project.dists(rank)
            index.metadata_ahead(project, dist)

    assert index.hurried
    assert {"a", "b", "b 0", "b 1"} == made.visited
    assert 5 == asked.left


@pytest.mark.parametrize("kind", [Remote, MemoryIndex])
def test_index_is_wrapped_once_for_each_way_to_count(kind: type[MemoryIndex]) -> None:
    asked = sparing(9, kind)

    assert asked.counted("default") is asked.counted("default")
    assert asked.freely("default") is asked.freely("default")
    assert (kind is MemoryIndex) == (asked.freely("default") is asked.counted("default"))
    assert asked.counted("other") is not asked.counted("default")
