from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.solutions import heavy

from depcheck.errors import EnvironmentFailure, InputError
from depcheck.lockfiles.lockset import render, write

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = {"requirements.txt": b"old\n", "stages/01-torch.txt": b"old\n"}
NEW = {"requirements.txt": b"new\n", "install.sh": b"#!/bin/sh\n"}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_lock_set_has_the_files_of_the_design() -> None:
    assert list(render(heavy())) == [
        "Dockerfile.stages",
        "explain.json",
        "install.sh",
        "pylock.toml",
        "requirements.nohash.txt",
        "requirements.txt",
        "stages/01-torch.txt",
        "stages/02-torch-runtime.txt",
        "stages/03-packages.txt",
        "stages/04-build-isolated.build-constraints.txt",
        "stages/04-build-isolated.txt",
        "stages/05-build-no-isolation.txt",
        "stages/06-direct-archive.txt",
        "stages/07-direct-git.txt",
        "validate_dependencies",
    ]


def test_the_order_of_pins_waivers_and_indexes_does_not_show() -> None:
    solution = heavy()
    expected = render(solution)
    for seed in range(10):
        shuffle = random.Random(seed).sample  # noqa: S311  # not a secret
        shuffled = replace(
            solution,
            pins=tuple(shuffle(solution.pins, len(solution.pins))),
            indexes=tuple(shuffle(solution.indexes, len(solution.indexes))),
            env=dict(shuffle(list(solution.env.items()), len(solution.env))),
        )
        assert render(shuffled) == expected


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_hash_seed_does_not_show(seed: str) -> None:
    code = (
        "import hashlib, sys; sys.path.insert(0, 'tests')\n"
        "from support.solutions import heavy\n"
        "from depcheck.lockfiles.lockset import render\n"
        "print(hashlib.sha256(repr(render(heavy())).encode()).hexdigest())"
    )
    expected = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert hashlib.sha256(repr(render(heavy())).encode()).hexdigest() == expected


def test_writing_makes_folders_and_scripts_executable(tmp_path: Path) -> None:
    write(NEW, tmp_path / "locks/heavy/cu121")

    assert tree(tmp_path) == {f"locks/heavy/cu121/{path}": text for path, text in NEW.items()}
    assert os.access(tmp_path / "locks/heavy/cu121/install.sh", os.X_OK)
    assert not os.access(tmp_path / "locks/heavy/cu121/requirements.txt", os.X_OK)


def test_a_former_lock_set_is_replaced_whole(tmp_path: Path) -> None:
    write(OLD, tmp_path / "cu121")
    write(NEW, tmp_path / "cu121")

    assert tree(tmp_path) == {f"cu121/{path}": text for path, text in NEW.items()}


def test_an_equal_lock_set_is_left_as_it_is(tmp_path: Path) -> None:
    write(NEW, tmp_path / "cu121")
    before = [path.stat() for path in sorted(tmp_path.rglob("*"))]
    write(NEW, tmp_path / "cu121")

    assert before == [path.stat() for path in sorted(tmp_path.rglob("*"))]


def replaced_by_link(path: Path) -> None:
    path.symlink_to(path.rename(path.parent.with_name("elsewhere")))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes().upper()),
        lambda path: path.chmod(path.stat().st_mode ^ 0o111),
        lambda path: path.with_name("explain.json").touch(),
        replaced_by_link,
        Path.unlink,
    ],
)
@pytest.mark.parametrize("name", NEW)
def test_a_file_that_is_no_longer_what_it_was_is_put_right(
    tmp_path: Path, name: str, spoil: Callable[[Path], object]
) -> None:
    folder = tmp_path / "cu121"
    write(NEW, folder)
    modes = {path.name: path.lstat().st_mode for path in folder.iterdir()}
    spoil(folder / name)
    write(NEW, folder)

    assert (NEW, modes) == (
        tree(folder),
        {path.name: path.lstat().st_mode for path in folder.iterdir()},
    )


@pytest.mark.parametrize("failing", ["fsync", "rename of new"])
def test_a_write_that_fails_leaves_the_former_lock_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write(OLD, tmp_path / "cu121")
    rename = Path.rename

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def rename_old_only(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        if failing == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr("depcheck.lockfiles.exchange.exchange", lambda *_: False)
            patch.setattr(Path, "rename", rename_old_only)
        with pytest.raises((EnvironmentFailure, KeyboardInterrupt)):
            write(NEW, tmp_path / "cu121")

    assert tree(tmp_path) == {f"cu121/{path}": text for path, text in OLD.items()}


def test_a_former_lock_set_is_replaced_where_folders_cannot_change_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(OLD, tmp_path / "cu121")
    monkeypatch.setattr("depcheck.lockfiles.exchange.exchange", lambda *_: False)
    write(NEW, tmp_path / "cu121")

    assert tree(tmp_path) == {f"cu121/{path}": text for path, text in NEW.items()}


def test_what_a_killed_run_left_is_put_right_by_the_next(tmp_path: Path) -> None:
    write(OLD, tmp_path / "cu121")
    (tmp_path / "cu121").rename(tmp_path / ".cu121.old")
    (tmp_path / ".cu121.new").mkdir()
    write(NEW, tmp_path / "cu121")

    assert tree(tmp_path) == {f"cu121/{path}": text for path, text in NEW.items()}


def test_a_folder_with_foreign_files_is_left_alone(tmp_path: Path) -> None:
    write(OLD, tmp_path / "cu121")
    (tmp_path / "cu121/notes.md").write_text("mine")
    (tmp_path / "cu121/stages/deep").mkdir()
    before = tree(tmp_path)
    with pytest.raises(InputError) as caught:
        write(NEW, tmp_path / "cu121")

    assert (caught.value.reference, str(caught.value)) == (
        "foreign-files",
        (
            f"`{tmp_path}/cu121` holds files that are no part of a lock set: "
            "`notes.md`, `stages/deep`"
        ),
    )
    assert tree(tmp_path) == before


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cu121").write_text("mine")
    with pytest.raises(InputError) as caught:
        write(NEW, tmp_path / "cu121")

    assert caught.value.reference == "not-a-folder"
    assert tree(tmp_path) == {"cu121": b"mine"}


def test_an_unwritable_place_is_an_environment_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailure) as caught:
        write(NEW, tmp_path / "file/heavy/cu121")

    assert (caught.value.reference, str(caught.value)) == (
        "lock-set-not-written",
        f"cannot write the lock set to `{tmp_path}/file/heavy/cu121`: not a directory",
    )
