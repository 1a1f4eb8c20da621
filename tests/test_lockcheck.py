"""Every built-in image, solved, and judged again by a checker that shares no code with depcheck."""

from __future__ import annotations

import copy
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.pylock import Pylock
from packaging.version import Version
from support import lockcheck

from depcheck.cli import main
from depcheck.conflicts.accelerator import mixtures
from depcheck.images.loader import builtin_names, load_builtin

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[dict[str, Any]], object]

ROOT = Path(__file__).parent.parent
SPECS = ROOT / "images" / "data"
RULES = lockcheck.read_rules(ROOT / "conflicts" / "data")
RECORDING = ROOT / "index" / "data" / "embedded.sqlite"


VARIANTS = [(name, variant) for name in builtin_names() for variant in load_builtin(name).variants]


@pytest.fixture(scope="module")
def locks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that ``solve --all`` filled."""
    folder = tmp_path_factory.mktemp("locks")

    assert 0 == main(["solve", "--all", "--out", str(folder), "-q", "--json"])

    return folder


@pytest.fixture(scope="module")
def recording() -> lockcheck.Recording:
    return lockcheck.Recording(RECORDING)


def image_of(folder: Path) -> lockcheck.Image:
    return lockcheck.read_image(SPECS / f"{folder.parent.name}.toml", folder.name)


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_packaging_takes_the_lock(locks: Path, name: str, variant: str) -> None:
    document = tomllib.loads((locks / name / variant / "pylock.toml").read_text())

    assert len(document["packages"]) == len(Pylock.from_dict(document).packages)


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_lock_set_passes(
    locks: Path, recording: lockcheck.Recording, name: str, variant: str
) -> None:
    folder = locks / name / variant
    found = [
        *lockcheck.check_lock(
            tomllib.loads((folder / "pylock.toml").read_text()), image_of(folder), RULES, recording
        ),
        *lockcheck.check_files(folder),
    ]

    assert [] == found


@pytest.fixture(scope="module")
def heavy(locks: Path) -> dict[str, Any]:
    return tomllib.loads((locks / "nexa_heavy" / "cu121" / "pylock.toml").read_text())


def package(lock: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in lock["packages"] if each["name"] == name)


def _pin(name: str, key: str, value: object) -> Change:
    return lambda lock: package(lock, name).__setitem__(key, value)


def _wheel(name: str, key: str, value: object) -> Change:
    return lambda lock: package(lock, name)["wheels"][0].__setitem__(key, value)


def _move(name: str, version: str) -> Change:
    """Pin another version, with a file name to match."""

    def move(lock: dict[str, Any]) -> None:
        pinned = package(lock, name)
        wheel = pinned["wheels"][0]
        for key in ("name", "url"):
            wheel[key] = wheel[key].replace(f"-{pinned['version']}-", f"-{version}-")
        pinned["version"] = version

    return move


def _drop(name: str) -> Change:
    return lambda lock: lock["packages"].remove(package(lock, name))


def _add(name: str) -> Change:
    """Pin something that nobody needs."""
    return lambda lock: lock["packages"].append(
        {**copy.deepcopy(package(lock, "six")), "name": name}
    )


def _waivers(
    change: Callable[[list[dict[str, Any]]], object],
) -> Callable[[dict[str, Any]], object]:
    return lambda lock: change(lock["tool"]["depcheck"]["waivers"])


MISTAKES: dict[str, tuple[Change, str]] = {
    "a pin is missing": (_drop("tqdm"), "missing: "),
    "a package that only a rule adds is missing": (_drop("setuptools"), "missing: triton=="),
    "a package that only an extra adds is missing": (_drop("fsspec"), "missing: "),
    "a pin that nobody needs": (_add("leftover"), "superfluous: nothing needs leftover"),
    "the same pin twice": (_add("six"), "duplicate: six is pinned twice"),
    "a version that a requirement excludes": (_move("huggingface-hub", "0.1.0"), "unsatisfied: "),
    "a version that a rule excludes": (_move("numpy", "2.0.1"), "rule: numpy2-torch-lt-2.3"),
    "another torch than the image asks for": (
        _move("torch", "2.2.1+cu121"),
        "unsatisfied: the image needs torch==2.2.2",
    ),
    "a waiver is gone": (
        _waivers(lambda waivers: waivers.pop(0)),
        "missing: axolotl==0.5.2 needs liger-kernel",
    ),
    "a waiver by a rule that does not exist": (
        _waivers(lambda waivers: waivers[0].update(rule="because")),
        "waiver: axolotl's liger-kernel==0.4.1: no rule because waives that",
    ),
    "a waiver that its rule does not grant": (
        _waivers(lambda waivers: waivers[0].update(rule="axolotl-0.5.2-torch-2.2")),
        "waiver: axolotl's liger-kernel==0.4.1: axolotl-0.5.2-torch-2.2 does not say that",
    ),
    "a replacement that its rule does not name": (
        _waivers(lambda waivers: waivers[-1].update(replacement="xformers>=0.0.20")),
        "waiver: axolotl's xformers==0.0.28.post3: axolotl-0.5.2-xformers-torch-2.2 does not",
    ),
    "a waiver for a version that is not pinned": (
        _waivers(lambda waivers: waivers[0].update(version="0.5.1")),
        "waiver: axolotl's liger-kernel==0.4.1: another version is pinned",
    ),
    "a wheel for another Python": (
        _wheel("numpy", "name", "numpy-1.26.4-cp312-cp312-manylinux_2_17_x86_64.whl"),
        "tags: numpy-1.26.4-cp312",
    ),
    "a wheel for a newer glibc": (
        _wheel("numpy", "name", "numpy-1.26.4-cp311-cp311-manylinux_2_36_x86_64.whl"),
        "tags: numpy-1.26.4-cp311",
    ),
    "a wheel for another machine": (
        _wheel("numpy", "name", "numpy-1.26.4-cp311-cp311-manylinux_2_17_aarch64.whl"),
        "tags: numpy-1.26.4-cp311",
    ),
    "a wheel of another package": (
        _wheel("numpy", "name", "numpi-1.26.4-py3-none-any.whl"),
        "file-name: numpi-1.26.4-py3-none-any.whl is not numpy 1.26.4",
    ),
    "a hash that is none": (_wheel("numpy", "hashes", {"sha256": "abc"}), "hash: numpy-1.26.4"),
    "the hash of another file": (
        _wheel("numpy", "hashes", {"sha256": "a" * 64}),
        "hash: numpy-1.26.4",
    ),
    "an address without TLS": (
        _wheel("numpy", "url", "http://files.example/numpy-1.26.4.whl"),
        "url: http://files.example",
    ),
    "an upload after the as-of moment": (
        _wheel("numpy", "upload-time", datetime(2025, 1, 1, tzinfo=timezone.utc)),
        "as-of: numpy-1.26.4",
    ),
    "a Python that is too old": (
        _pin("numpy", "requires-python", ">=3.12"),
        "requires-python: numpy needs Python >=3.12",
    ),
    "torch from the default index": (
        _pin("torch", "index", "https://index.example/simple"),
        "index: torch must come from https://download.pytorch.org/whl/cu121",
    ),
    "numpy from torch's index": (
        _pin("numpy", "index", "https://download.pytorch.org/whl/cu121"),
        "index: numpy must not come from https://download.pytorch.org/whl/cu121",
    ),
    "dependencies that are not listed": (
        _pin("torch", "dependencies", []),
        "dependencies: torch does not list what it needs: ",
    ),
    "a pin without a file": (
        lambda lock: package(lock, "numpy").pop("wheels"),
        "file: numpy has not exactly one source",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_seeded_mistake_is_found(
    heavy: dict[str, Any], locks: Path, recording: lockcheck.Recording, mistake: str
) -> None:
    change, expected = MISTAKES[mistake]
    lock = copy.deepcopy(heavy)
    change(lock)
    image = image_of(locks / "nexa_heavy" / "cu121")
    found = lockcheck.check_lock(lock, image, RULES, recording)

    assert [] != [words for words in found if words.startswith(expected)], found
    assert lock != heavy


def test_a_stage_that_lost_a_pin_is_found(locks: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cu121"
    shutil.copytree(locks / "nexa_heavy" / "cu121", folder)
    stage = next((folder / "stages").glob("*-packages.txt"))
    first, *rest = stage.read_text().splitlines(keepends=True)
    stage.write_text("".join(rest))

    assert [f"stages: {first.strip()}"] == lockcheck.check_files(folder)


def test_no_image_mixes_accelerator_builds(locks: Path) -> None:
    """The product's own check on the same locks, which the independent one leaves out."""
    found = {}
    for path in sorted(locks.glob("*/*/pylock.toml")):
        pins = {
            each["name"]: Version(each["version"])
            for each in tomllib.loads(path.read_text())["packages"]
        }
        found[str(path.parent.relative_to(locks))] = mixtures(pins, path.parent.name)

    assert dict.fromkeys(found, ()) == found
