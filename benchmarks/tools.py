"""The tools that are measured, each in a virtual environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent
DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "uv": ("uv",),
    "pip-compile": ("pip-tools",),
    "pip": (),
    "pdm": ("pdm", "hishel<2"),  # pdm 2.29 does not start with hishel 2
}
"""What is installed for each peer; pip comes with the environment, and is made the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool, installed."""

    name: str
    folder: Path
    """Its virtual environment."""
    caches: Path
    """Its own cache folders."""

    @property
    def python(self) -> str:
        """The Python that runs it."""
        return str(self.folder / "bin" / "python")

    def program(self, name: str | None = None) -> str:
        """Return the path of a program of it."""
        return str(self.folder / "bin" / (name or self.name))

    def environment(self, **more: str) -> dict[str, str]:
        """Return the variables that it runs with: nothing of the user's own settings."""
        return {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.caches),
            "LANG": "C.UTF-8",
            "VIRTUAL_ENV": str(self.folder),
            "XDG_CACHE_HOME": str(self.caches),
            "DEPCHECK_CACHE_DIR": str(self.caches / "depcheck"),
            "UV_PYTHON_DOWNLOADS": "never",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **more,
        }


class Toolbox:
    """Installs what is asked for, once per cache folder; depcheck itself each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tools: dict[str, Tool] = {}

    def depcheck(self) -> Tool:
        """Return this checkout, installed as users install it: an editable one starts slower."""
        if "depcheck" not in self._tools:
            tool = self._environment("depcheck")
            with TemporaryDirectory() as name:
                _copy_checkout(Path(name))
                _pip(tool, "install", "--upgrade", name)
            shutil.rmtree(tool.caches, ignore_errors=True)
            tool.caches.mkdir(parents=True)
            self._tools["depcheck"] = tool
        return self._tools["depcheck"]

    def peer(self, name: str) -> Tool:
        """Return another tool."""
        if name not in self._tools:
            fresh = not (self.folder / name).exists()
            tool = self._environment(name)
            if fresh:
                _pip(tool, "install", "--upgrade", "pip", *DISTRIBUTIONS[name])
            self._tools[name] = tool
        return self._tools[name]

    def versions(self) -> dict[str, str]:
        """Return the version of every distribution of each tool that was used, its own first."""
        found = {}
        for name, tool in self._tools.items():
            listed = json.loads(_pip(tool, "list", "--format", "json"))
            by_name = {each["name"].lower(): each["version"] for each in listed}
            own = {"depcheck": "depcheck-toolkit", "pip-compile": "pip-tools"}.get(name, name)
            found[name] = by_name[own]
        return dict(sorted(found.items()))

    def _environment(self, name: str) -> Tool:
        tool = Tool(name=name, folder=self.folder / name, caches=self.folder / "caches" / name)
        tool.caches.mkdir(parents=True, exist_ok=True)
        if not tool.folder.exists():
            print(f"installing {name} ...", file=sys.stderr, flush=True)
            subprocess.run([sys.executable, "-m", "venv", str(tool.folder)], check=True)
        return tool


def _copy_checkout(folder: Path) -> None:
    """Copy what git knows or would know, so that no earlier build gets into this one."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        source = ROOT / name
        if name and (source.is_symlink() or source.is_file()):
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place, follow_symlinks=False)


def _pip(tool: Tool, *words: str) -> str:
    ran = subprocess.run(
        [tool.python, "-m", "pip", "--disable-pip-version-check", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        sys.exit(f"pip {' '.join(words)}: {ran.stderr}")
    return ran.stdout
