"""The bill of materials: valid by CycloneDX's own validator, and the same each time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from support.solutions import COMMIT, heavy

from depcheck.lockfiles.lockset import render, write
from depcheck.lockfiles.sbom import cyclonedx_json
from depcheck.lockfiles.stored import read_lock_set

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def text(tmp_path: Path) -> str:
    write(render(heavy()), tmp_path / "heavy")
    return cyclonedx_json(read_lock_set(tmp_path / "heavy"))


@pytest.fixture
def components(text: str) -> dict[str, Any]:
    return {each["name"]: each for each in json.loads(text)["components"]}


def test_it_is_valid(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_it_is_the_same_each_time(text: str, tmp_path: Path) -> None:
    assert text == cyclonedx_json(read_lock_set(tmp_path / "heavy"))
    assert "timestamp" not in json.loads(text)["metadata"]


def test_every_pin_is_in_it(components: dict[str, Any]) -> None:
    assert {each.name: each.version for each in heavy().pins} == {
        name: component["version"] for name, component in components.items()
    }


def test_local_label_and_index_are_in_the_package_url(components: dict[str, Any]) -> None:
    found = PackageURL.from_string(components["torch"]["purl"])

    assert "torch@2.2.2%2Bcu121?" in components["torch"]["purl"]
    assert (found.name, found.version, found.qualifiers) == (
        "torch",
        "2.2.2+cu121",
        {
            "file_name": "torch-2.2.2+cu121-cp311-cp311-linux_x86_64.whl",
            "repository_url": "https://download.pytorch.org/whl/cu121",
        },
    )


def test_where_a_pin_comes_from(components: dict[str, Any]) -> None:
    numpy, axolotl = components["numpy"], components["axolotl"]

    assert numpy["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]
    assert [(each["type"], each["url"]) for each in numpy["externalReferences"]] == [
        ("distribution", "https://files.example/numpy-1.26.4-py3-none-any.whl"),
        ("other", "https://index.example/simple/"),
    ]
    assert [(each["type"], each["comment"]) for each in axolotl["externalReferences"]] == [
        ("vcs", f"commit {COMMIT}")
    ]
    assert {"name": "depcheck:waived", "value": "liger-kernel==0.4.0: dropped [axolotl-liger]"} in (
        axolotl["properties"]
    )


def test_who_needs_whom(text: str, components: dict[str, Any]) -> None:
    names = {component["bom-ref"]: name for name, component in components.items()}
    needs = {
        names.get(each["ref"], each["ref"]): sorted(names[ref] for ref in each.get("dependsOn", ()))
        for each in json.loads(text)["dependencies"]
    }

    assert needs["torchvision"] == ["numpy", "torch"]
    assert needs["image:heavy:cu121"] == sorted(
        each.name for each in heavy().pins if not all(via.is_package for via in each.via)
    )
