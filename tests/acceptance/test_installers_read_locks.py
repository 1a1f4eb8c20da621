"""uv and pip read the lock set of a real image.

Nobody serves its 2.6 GB here: a loopback index has a small wheel under the name of each file that
nexa_infer locks, and the lock set is rendered from the same solution with the places and hashes of
these stand-ins. What is judged is the files' form, names, versions, tags, markers and hash checks.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import uv
from packaging.utils import canonicalize_name
from support.images import solved
from support.wheelhouse import make_wheel, serve, sha256

from depcheck.lockfiles.lockset import render, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.wheelhouse import Wheelhouse

    from depcheck.resolver.solution import Pin, Solution

IMAGE = "nexa_infer"
PIP = [sys.executable, "-m", "pip", "install"]
UV = [uv.find_uv_bin(), "pip", "install", "--python", sys.executable]
UV += ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_35"]
pip_runs_on_the_target = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.platform != "linux",
    reason="pip reads a lock for the Python that it runs on, and this one is for 3.11 on Linux",
)


def stand_in(pin: Pin, folder: Path, house: Wheelhouse) -> Pin:
    """Return a pin whose file is a small wheel of the same name, written into its index."""
    assert pin.file is not None
    assert pin.index is not None
    tag = "-".join(pin.file.filename.removesuffix(".whl").split("-")[-3:])
    made = make_wheel(folder / "made", pin.name, pin.version, tag=tag)
    path = made.rename(folder / pin.index / pin.file.filename)
    url = house.file_url(pin.index, path.name)
    file = replace(pin.file, url=url, sha256=sha256(path), size=path.stat().st_size)
    return replace(pin, file=file)


def served(folder: Path, house: Wheelhouse) -> Solution:
    """Return the image's solution with all its files on a loopback index."""
    solution = solved(IMAGE)
    return replace(
        solution,
        pins=tuple(stand_in(pin, folder, house) for pin in solution.pins),
        indexes=tuple(replace(use, url=house.index_url(use.name)) for use in solution.indexes),
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Wheelhouse]]:
    """Serve the stand-ins, and give the folder of the lock set."""
    folder = tmp_path_factory.mktemp("place")
    indexes = {use.name: folder / use.name for use in solved(IMAGE).indexes}
    for path in indexes.values():
        path.mkdir()
    with serve(indexes) as house:
        write(render(served(folder, house)), folder / "locks")
        yield folder / "locks", house


def would_install(place: tuple[Path, Wheelhouse], *command: str) -> dict[str, str]:
    """Return version by name of what an installer would install into an empty environment."""
    locks, house = place
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    target = str(locks.parent / "target")
    done = subprocess.run(
        [*command, "--dry-run", "--no-deps", "--target", target],
        cwd=locks,
        env={
            **clean,
            "PIP_INDEX_URL": house.index_url("default"),
            "PIP_EXTRA_INDEX_URL": house.index_url("pytorch-cu121"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            "UV_DEFAULT_INDEX": house.index_url("default"),
            "UV_INDEX": house.index_url("pytorch-cu121"),
            "UV_NO_CONFIG": "1",
            "UV_NO_CACHE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(_told(done.stdout + done.stderr))


def _told(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and version: pip says ``Would install a-1.0 b-2.0``, uv `` + a==1.0`` a line."""
    for line in text.splitlines():
        if line.startswith("Would install ") and not line.endswith(" packages"):
            for word in line.split()[2:]:
                name, _, version = word.rpartition("-")
                yield canonicalize_name(name), version
        elif match := re.match(r" \+ (\S+?)==(\S+)", line):
            yield match[1], match[2]


def pinned() -> dict[str, str]:
    return {pin.name: pin.version for pin in solved(IMAGE).pins}


@pytest.mark.parametrize("file", ["pylock.toml", "requirements.txt"])
def test_uv_would_install_what_is_locked(place: tuple[Path, Wheelhouse], file: str) -> None:
    assert would_install(place, *UV, "--require-hashes", "-r", file) == pinned()


@pip_runs_on_the_target
@pytest.mark.parametrize(
    "options",
    [["-r", "pylock.toml"], ["--require-hashes", "-r", "requirements.txt"]],
    ids=["pylock", "requirements"],
)
def test_pip_would_install_what_is_locked(
    place: tuple[Path, Wheelhouse], options: list[str]
) -> None:
    assert would_install(place, *PIP, *options) == pinned()
