"""The contradictions that images were met with: found, explained by what clashes, and remedied.

Whole outputs are in ``docs/contradictions.md``, whose sessions are run as they stand there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.tree import ROOT

from depcheck.cli import main

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "docs" / "contradictions"
CLASHES = {
    "axolotl_torch22": {"torch==2.2.2", "axolotl==0.6.0", "axolotl==0.6.0 needs torch==2.5.1"},
    "mmpose_mmcv_full": {
        "mmpose==1.1.0",
        "mmcv-full==1.7.2",
        "mmpose==1.1.0 needs not mmcv-full [mmpose-1-mmcv-full]",
    },
    "opencv_twice": {
        "opencv-python==4.10.0.84",
        "opencv-python-headless==4.10.0.84",
        "opencv-python==4.10.0.84 needs not opencv-python-headless [opencv-python-beside-headless]",
    },
    "openxlab_fallback": {
        "opendatalab==0.0.10",
        "setuptools==69.5.1",
        "opendatalab==0.0.10 needs openxlab",
        "opendatalab==0.0.10 needs openxlab>=0.0.34 [opendatalab-openxlab-floor]",
        "openxlab needs setuptools~=60.2.0",
    },
    "openxlab_pins": {"openxlab==0.1.2", "pytz==2025.2", "openxlab==0.1.2 needs pytz~=2023.3"},
    "super_gradients_albumentations": {
        "albumentations>=1.4.11",
        "numpy==1.23.0",
        "albumentations needs numpy>=1.24.4",
    },
    "torch22_numpy2": {
        "torch==2.2.2",
        "numpy>=2",
        "torch==2.2.2+cu121 needs numpy<2 [numpy2-torch-lt-2.3]",
    },
    "torch_cu117": {"torch==1.12.1"},
    "transformers5_torch22": {
        "torch==2.2.2",
        "transformers<6,>=5.1",
        "transformers needs torch>=2.4 [transformers-5.1-torch-2.4]",
    },
    "yolo_nas_pins": {
        "sphinx==4.0.2",
        "docutils==0.18.0",
        "sphinx==4.0.2 needs docutils<0.18,>=0.14",
    },
}
REMEDIES: dict[str, dict[str, str | None]] = {
    "axolotl_torch22": {"axolotl": "0.5.2", "torch": "2.2.2+cu121"},
    "mmpose_mmcv_full": {"mmpose": "1.1.0", "mmcv": "2.0.1", "mmcv-full": None},
    "opencv_twice": {"opencv-python": None, "opencv-python-headless": "4.10.0.84"},
    "openxlab_fallback": {"openxlab": "0.1.2", "setuptools": "60.2.0"},
    "openxlab_pins": {
        "openxlab": "0.1.2",
        "pytz": "2023.3",
        "requests": "2.28.2",
        "rich": "13.4.2",
        "tqdm": "4.65.0",
        "setuptools": "60.2.0",
    },
    "super_gradients_albumentations": {
        "super-gradients": "3.7.1",
        "albumentations": "1.3.1",
        "numpy": "1.23.0",
    },
    "torch22_numpy2": {"torch": "2.2.2+cu121", "numpy": "1.26.4"},
    "torch_cu117": {"torch": "1.12.1+cu116", "torchvision": "0.13.1+cu116"},
    "transformers5_torch22": {"torch": "2.2.2+cu121", "transformers": "4.57.6"},
    "yolo_nas_pins": {"sphinx": "4.0.2", "docutils": "0.17.1"},
}


@pytest.fixture
def solve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Solve:
    return Solve(tmp_path, capsys)


class Solve:
    """`depcheck solve FILE --json`: its exit status and document."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys

    def __call__(self, name: str) -> tuple[int, dict[str, Any]]:
        """Run the command on a spec of the folder."""
        code = main(["solve", str(FOLDER / name), "--json", "--out", str(self._folder)])
        return code, json.loads(self._capsys.readouterr().out)


def test_each_contradiction_has_its_remedy_and_is_tested() -> None:
    names = {path.name for path in FOLDER.glob("*.toml")}

    assert {f"{name}{end}" for name in CLASHES for end in (".toml", ".fixed.toml")} == names
    assert CLASHES.keys() == REMEDIES.keys()


@pytest.mark.parametrize("name", CLASHES)
def test_contradiction_is_found_and_named(solve: Solve, name: str) -> None:
    code, document = solve(f"{name}.toml")
    error = document["error"]

    assert (code, error["reference"]) == (1, "unsatisfiable")
    assert error["minimal"]
    assert {clash(clause) for clause in error["clauses"]} == CLASHES[name]


def clash(clause: dict[str, Any]) -> str:
    """Say a clause in short: who needs what, by which rule."""
    stated = clause["stated"]
    asked = stated[0]
    if asked["by"] is None:
        return str(asked["requirement"])
    by = asked["by"] if len(stated) == 1 else asked["by"].partition("==")[0]
    rule = f" [{asked['rule']}]" if asked["rule"] else ""
    return f"{by} needs {asked['requirement']}{rule}"


@pytest.mark.parametrize("name", REMEDIES)
def test_remedy_solves(solve: Solve, name: str) -> None:
    code, document = solve(f"{name}.fixed.toml")
    solved = document["solved"]

    assert code == 0
    (only,) = solved
    pins = only["pins"]
    assert {package: pins.get(package) for package in REMEDIES[name]} == REMEDIES[name]


def test_what_clashes_does_so_in_the_page_too() -> None:
    page = (ROOT / "docs" / "contradictions.md").read_text("utf-8")

    assert [] == [
        name
        for name in CLASHES
        if f"docs/contradictions/{name}.toml" not in page
        or f"docs/contradictions/{name}.fixed.toml" not in page
    ]
