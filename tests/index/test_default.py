"""Which index is asked where nobody names one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from depcheck.index import default
from depcheck.index.default import canonical_default_index, configured_default_index

if TYPE_CHECKING:
    from pathlib import Path

HERE = "https://index.example/simple"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without any configuration."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "xdg"))
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".pip").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "stated",
    [
        *("", "[global]\n", f"[global]\nindex-url = {HERE}\n", f"[global]\nINDEX_URL: {HERE}\n"),
        f"[global]\nextra-index-url = {HERE}\n",
        f"[global]\nextra_index_url = {HERE}\n  {HERE}\n",
        f"[install]\nindex-url = {HERE}\n",
        f"[global]\n--index-url = {HERE}\n",
        f"[global]\ntimeout = 9\n[global]\n# index-url = {HERE}\n",
        f"[global]\nextra-index-url = {HERE}\nindex-url = {HERE}/\n",
    ],
)
@pytest.mark.parametrize("place", [".config/pip/pip.conf", ".pip/pip.conf"])
def test_it_is_the_one_that_pip_is_told(home: Path, stated: str, place: str) -> None:
    (home / place).write_text(stated)

    assert f"{default._stated_to_pip().rstrip('/')}/" == configured_default_index()


def test_a_file_that_is_written_later_counts(home: Path) -> None:
    assert canonical_default_index() == configured_default_index()

    (home / ".config/pip/pip.conf").write_text(f"[global]\nindex-url = {HERE}\n")

    assert f"{HERE}/" == configured_default_index()


def test_a_file_that_a_variable_names_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "mine.conf").write_text(f"[global]\nindex-url = {HERE}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(home / "mine.conf"))

    assert f"{HERE}/" == configured_default_index()


def test_nothing_of_what_pip_is_told_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPCHECK_CACHE_DIR", str(home / "cache"))
    (home / ".pip/pip.conf").write_text("[global]\nindex-url = https://me:secret@index.example/s\n")

    assert "https://me:secret@index.example/s/" == configured_default_index()
    kept = [path for path in (home / "cache").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"secret" in path.read_bytes()]


def test_where_nothing_is_stated_pip_is_not_loaded_again(home: Path) -> None:
    program = (
        "import sys; from depcheck.index.default import configured_default_index as ask; ask(); "
        "print('pip._internal.configuration' in sys.modules)"
    )
    (home / ".pip/pip.conf").write_text("[global]\ntimeout = 9\n")
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]

    assert "False\n" == runs[1].stdout
