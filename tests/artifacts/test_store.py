"""Recorded facts: what was measured comes back as it was, from the same bytes."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.artifacts import FILENAME, wheel_bytes
from support.elf import Elf, fatbin_of

from depcheck.artifacts.model import Member
from depcheck.artifacts.store import FactStore, write_facts
from depcheck.artifacts.wheel import read_wheel
from depcheck.errors import EnvironmentFailure, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.artifacts.model import Artifact

ONE, TWO = "1" * 64, "2" * 64


def artifact() -> Artifact:
    """Return facts with something in every field."""
    elf = Elf(
        needed=["libc.so.6"],
        soname="libx.so",
        runpath="$ORIGIN",
        versions={"libc.so.6": ["GLIBC_2.17"]},
        undefined=["_ZN3c106detail14torchCheckFailEPKcS2_jRKSs"],
        sections={
            ".nv_fatbin": fatbin_of("sm_80 sm_90a compute_90"),
            "__nv_relfatbin": fatbin_of("compute_80"),
            ".ldata": bytes(4096) + fatbin_of("sm_89"),
        },
    )
    files = {"demo/x.so": elf.build(), "demo/bad.so": b"\x7fELF", "demo/\u00e9.py": b"1"}
    content = wheel_bytes(files, entry_points="[console_scripts]\ndemo = demo:main\n")
    return read_wheel(io.BytesIO(content), FILENAME, whole=False)


def test_facts_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    write_facts(path, {TWO: ("two.whl", artifact()), ONE: ("one.whl", artifact())})
    store = FactStore(path)

    assert artifact() == store.artifact(ONE)
    assert store.artifact("3" * 64) is None
    assert {ONE: ("one.whl", artifact()), TWO: ("two.whl", artifact())} == store.all()


def test_an_outline_has_the_files_that_other_projects_have_too(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    other = replace(artifact(), name="other", members=(Member(path="demo/x.so", size=7),))
    alone = replace(artifact(), name="alone", members=(Member(path="alone.py", size=1),))
    write_facts(
        path,
        {ONE: ("one.whl", artifact()), TWO: ("two.whl", other), "3" * 64: ("3.whl", alone)},
    )
    store = FactStore(path)
    [shared] = [each for each in artifact().members if each.path == "demo/x.so"]

    assert replace(artifact(), members=(shared,)) == store.outline(ONE)
    assert other == store.outline(TWO)
    assert replace(alone, members=()) == store.outline("3" * 64)
    assert store.outline("4" * 64) is None


def test_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    write_facts(first, {ONE: ("one.whl", artifact()), TWO: ("two.whl", artifact())})
    write_facts(second, {TWO: ("two.whl", artifact())})
    write_facts(second, {**FactStore(second).all(), ONE: ("one.whl", artifact())})

    assert first.read_bytes() == second.read_bytes()
    assert [first, second] == sorted(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(100)])
def test_file_that_holds_no_facts_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "facts.sqlite"
    path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        FactStore(path)

    assert "facts-unreadable" == caught.value.reference


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        FactStore(tmp_path / "facts.sqlite")


@pytest.mark.parametrize("damage", [b"", b"x", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_damaged_facts_are_told_from_absent_ones(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "facts.sqlite"
    write_facts(path, {ONE: ("one.whl", artifact())})
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE artifact SET facts = ?", (damage,))
        database.commit()

    with pytest.raises(EnvironmentFailure) as caught:
        FactStore(path).artifact(ONE)

    assert "corrupt-facts" == caught.value.reference


def test_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        write_facts(tmp_path / "no" / "facts.sqlite", {})

    assert "facts-not-written" == caught.value.reference
