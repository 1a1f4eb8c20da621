"""The comparison that install.sh makes after each stage, run on its own."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from support.wheelhouse import metadata_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCRIPT = files("depcheck.lockfiles") / "templates/verify_stage.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    """The script's functions."""
    source = SCRIPT.read_text(encoding="utf-8").rpartition("\nsys.exit")[0]
    namespace: dict[str, Any] = {"__name__": "verify_stage"}
    exec(compile(source, "verify_stage.py", "exec"), namespace)  # noqa: S102  # our own file
    return namespace


@pytest.fixture
def verify(
    script: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[str], tuple[int, list[str]]]:
    """Compare a stage file with what is installed in a folder: status and lines printed."""

    def run(stage: str) -> tuple[int, list[str]]:
        path = tmp_path / "stage.txt"
        path.write_text(stage)
        with monkeypatch.context() as patch:
            patch.setattr("sys.path", ["", str(tmp_path)])
            status = script["main"](str(path))
        return status, capsys.readouterr().out.splitlines()

    return run


def install(folder: Path, name: str, version: str, direct_url: str | None = None) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(metadata_text(name, version))
    if direct_url:
        (info / "direct_url.json").write_text(direct_url)


def test_what_is_as_locked_passes_in_silence(
    tmp_path: Path, verify: Callable[[str], tuple[int, list[str]]]
) -> None:
    install(tmp_path, "torch", "2.2.2+cu121")
    install(tmp_path, "ruamel.yaml", "0.17.0")
    install(tmp_path, "axolotl", "0.4.1", '{"vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}')
    install(tmp_path, "zipped", "2.0", '{"archive_info": {"hash": "sha256=abc"}}')
    stage = (
        f"torch==2.2.2+cu121 --hash=sha256:{'0' * 64}\nruamel-yaml==0.17\n"
        "# axolotl==0.4.1, pinned by commit c0ffee\naxolotl @ git+https://x.example/y@c0ffee\n"
        "# zipped==2.0, pinned by sha256 abc\nzipped @ https://x.example/z.zip --hash=sha256:abc\n"
    )

    assert verify(stage) == (0, [""])


def test_every_mismatch_is_named(
    tmp_path: Path, verify: Callable[[str], tuple[int, list[str]]]
) -> None:
    install(tmp_path, "torch", "2.2.2")
    install(tmp_path, "axolotl", "0.4.1", '{"vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}')
    install(tmp_path, "plain", "1.0")
    stage = (
        "torch==2.2.2+cu121\nmissing==1.0\n"
        "# axolotl==0.4.1, pinned by commit badcafe\n# plain==1.0, pinned by commit badcafe\n"
    )

    assert verify(stage) == (
        1,
        [
            "torch: want 2.2.2+cu121, found 2.2.2",
            "missing: want 1.0, not installed",
            "axolotl: want badcafe, installed from c0ffee",
            "plain: want badcafe, installed from elsewhere",
        ],
    )


RELEASES = st.lists(st.integers(0, 2024), min_size=1, max_size=3).map(
    lambda numbers: ".".join(map(str, numbers))
)
SUFFIXES = st.sampled_from(
    ["", ".0", "rc1", "-c.01", "alpha2", "a", "a0", ".post1", "-1", ".rev1", ".dev3", "_dev"]
)
LABELS = st.sampled_from(["", "+cu121", "+CU121", "+a.1", "+a-1"])
VERSIONS = st.tuples(RELEASES, SUFFIXES, LABELS).map("".join)


@given(VERSIONS, VERSIONS)
def test_versions_compare_as_packaging_compares_them(
    script: dict[str, Any], one: str, other: str
) -> None:
    same = script["canonical"](one) == script["canonical"](other)

    assert same == (Version(one) == Version(other))
    assert script["canonical"](one) == script["canonical"](str(Version(one)))


def test_a_version_that_is_none_is_compared_as_it_is(script: dict[str, Any]) -> None:
    assert script["canonical"]("unknown") == "unknown"
