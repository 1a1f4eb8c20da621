"""The Nexa images and the NuroPadel images as fleets, each lock judged as if it were alone."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from support import lockcheck
from support.schemas import complaints

from depcheck.cli import main

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FLEETS = {
    "nexa": ("nexa_light", "nexa_heavy", "nexa_infer"),
    "nuropadel": ("yolo_nas", "mmpose", "yolo_combined"),
}
fleets = pytest.mark.parametrize("fleet", FLEETS, scope="module")


@pytest.fixture(scope="module")
def solved(fleet: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return the folder of a fleet's lock sets, and the document that tells of them."""
    folder = tmp_path_factory.mktemp(fleet)
    with pytest.MonkeyPatch.context() as patch, (folder / "out.json").open("w") as out:
        patch.setattr("sys.stdout", out)

        assert 0 == main(
            ["solve", *FLEETS[fleet], "--align", "--out", str(folder / "locks"), "-q", "--json"]
        )

    return folder / "locks", json.loads((folder / "out.json").read_text())


@fleets
def test_each_lock_set_passes_the_gate_and_the_independent_checker(
    fleet: str, solved: tuple[Path, dict[str, Any]]
) -> None:
    locks, _ = solved
    rules = lockcheck.read_rules(ROOT / "conflicts" / "data")
    recording = lockcheck.Recording(ROOT / "index" / "data" / "embedded.sqlite")

    assert 0 == main(["gate", "--out", str(locks), "-q"])
    assert 0 == main(["gate", "--out", str(locks), "-q", "--full"])
    for folder in sorted(locks.glob("*/*")):
        image = ROOT / "images" / "data" / f"{folder.parent.name}.toml"
        lock = tomllib.loads((folder / "pylock.toml").read_text())

        assert folder.parent.name in FLEETS[fleet]
        assert [] == lockcheck.check_lock(
            lock, lockcheck.read_image(image, folder.name), rules, recording
        )
        assert [] == list(lockcheck.check_files(folder))


@fleets
def test_the_document_is_what_its_schema_says(
    fleet: str, solved: tuple[Path, dict[str, Any]]
) -> None:
    _, document = solved

    assert [] == complaints("solve", document)
    assert sorted(FLEETS[fleet]) == sorted(each["image"] for each in document["solved"])


@pytest.mark.parametrize("fleet", ["nexa"], scope="module")
def test_the_nexa_images_share_most_of_what_they_hold(
    solved: tuple[Path, dict[str, Any]],
) -> None:
    locks, document = solved
    layers = document["fleet"]["layers"]
    shared = {each["name"]: len(each["images"]) for each in document["fleet"]["shared-layers"]}
    files = [sorted((locks / image / "cu121" / "stages").iterdir()) for image in FLEETS["nexa"]]
    texts = [[path.read_bytes() for path in paths] for paths in files]

    assert layers["after"]["known-bytes"] < layers["before"]["known-bytes"] // 2
    assert {
        "torch-runtime": 3,
        "packages": 3,
        "torch": 2,
        "torch-runtime-2": 2,
        "packages-2": 2,
    } == shared
    assert texts[0][:5] == texts[1][:5]
    assert texts[0][:2] == texts[2][:2]


STAGE = 'name = "torch-runtime"\npackages = ['
UNFIT = {
    "lock-inconsistent": 'name = "torch-runtime"\npackages = ["absent", ',
    "lock-edited": 'name = "torch-runtime"\npackages = [ ',
}


@pytest.mark.parametrize("fleet", ["nexa"], scope="module")
@pytest.mark.parametrize("code", UNFIT)
def test_a_changed_shared_stage_closes_the_gate(
    solved: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    code: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "nexa_infer" / "cu121"
    shutil.copytree(solved[0] / "nexa_infer" / "cu121", folder)
    text = (folder / "pylock.toml").read_text()
    (folder / "pylock.toml").write_text(text.replace(STAGE, UNFIT[code], 1))
    capsys.readouterr()
    closed = main(["gate", "--out", str(tmp_path), "--json"])
    [judged] = json.loads(capsys.readouterr().out)["lock-sets"]

    assert text != (folder / "pylock.toml").read_text()
    assert 1 == closed
    assert code in {each["code"] for each in judged["findings"]}


@pytest.mark.parametrize("fleet", ["nuropadel"], scope="module")
def test_the_nuropadel_images_share_files_but_no_base_and_so_no_layers(
    solved: tuple[Path, dict[str, Any]],
) -> None:
    _, document = solved
    downloads = document["fleet"]["downloads"]

    assert downloads["after"]["known-bytes"] < downloads["before"]["known-bytes"]
    assert [] == document["fleet"]["shared-layers"]
    assert 3 == len(document["fleet"]["bases"])


def test_the_order_in_which_images_are_named_does_not_show(tmp_path: Path) -> None:
    for name, images in (("one", FLEETS["nuropadel"]), ("other", FLEETS["nuropadel"][::-1])):
        assert 0 == main(["solve", *images, "--align", "--out", str(tmp_path / name), "-q"])

    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_all_images_are_one_fleet_per_base(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locks = str(tmp_path / "locks")
    capsys.readouterr()

    assert 0 == main(["solve", "--all", "--align", "--out", locks, "-q", "--json"])

    document = json.loads(capsys.readouterr().out)
    shared = {title for each in document["fleet"]["shared-layers"] for title in each["images"]}
    based = [set(each["images"]) for each in document["fleet"]["bases"]]
    moved = {f"{each['image']} ({each['variant']})" for each in document["fleet"]["moved"]}

    assert set().union(*(titles for titles in based if len(titles) > 1)) == shared
    assert moved <= shared
    assert all(
        any(set(each["images"]) <= titles for titles in based)
        for each in document["fleet"]["shared-layers"]
    )
    assert all(
        any(set(each["versions"]) <= titles for titles in based)
        for each in document["fleet"]["obstacles"]
    )
    assert 0 == main(["gate", "--out", locks, "-q", "--full"])
