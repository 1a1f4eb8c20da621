"""Read which distributions an environment has, from their metadata files alone.

Nothing of the environment is imported, and none of its ``.pth`` files runs: where its packages are
is asked of its interpreter in isolation and without the `site` module's start-up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.ranges import VersionRange
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from depcheck.conflicts.inventory import Inventory, Skipped, Stated
from depcheck.errors import EnvironmentFailure, InputError
from depcheck.paths import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

_ASK = "import json, site, sys; print(json.dumps(site.getsitepackages(sys.argv[1:] or None)))"
_PATIENCE = 30


def read_installed(python: Path | None) -> Inventory:
    """Return the distributions of an environment.

    Args:
        python: An interpreter, a virtual environment or a folder of packages; None for the
            environment that depcheck runs in.

    Raises:
        InputError: there is no environment there.
        EnvironmentFailure: the interpreter does not answer.
    """
    folders = _folders(python)
    packages, skipped = _read(distributions(path=[str(each) for each in folders]))
    return Inventory(
        source=str(python or sys.prefix),
        format="installed",
        packages=packages,
        complete=True,
        skipped=skipped,
    )


def _folders(python: Path | None) -> list[Path]:
    """Return the folders of packages; those that come first win."""
    if python is None:
        return [Path(each) for each in sys.path if each]
    if is_folder(python):
        return _of_folder(python)
    if not is_file(python):
        raise _no_environment(python)
    prefix = python.parent.parent
    inside = _venv_folders(prefix) if (prefix / "pyvenv.cfg").is_file() else None
    return inside if inside is not None else _ask(python)


def _of_folder(folder: Path) -> list[Path]:
    if (folder / "pyvenv.cfg").is_file():
        return _venv_folders(folder)
    if any(folder.glob("*.dist-info")) or any(folder.glob("*.egg-info")):
        return [folder]
    raise _no_environment(folder)


def _venv_folders(prefix: Path) -> list[Path]:
    """Return a virtual environment's packages, then those of the Python below that it lets in."""
    settings = _settings(prefix / "pyvenv.cfg")
    found = sorted((prefix / "lib").glob("python3*/site-packages"))
    found += sorted((prefix / "lib64").glob("python3*/site-packages"))
    if settings.get("include-system-site-packages", "").lower() == "true":
        found += _ask(Path(settings.get("home", "/usr/bin")) / "python3")
    return list(dict.fromkeys(each.resolve() for each in found))


def _settings(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _ask(python: Path) -> list[Path]:
    command = [str(python), "-I", "-S", "-c", _ASK]
    try:
        answer = subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE)
        return [Path(each) for each in json.loads(answer.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EnvironmentFailure(
            "interpreter-silent",
            f"`{python}` does not say where its packages are: {error}",
            hint="name a Python interpreter, a virtual environment or its `site-packages`",
        ) from error


def _no_environment(path: Path) -> InputError:
    return InputError(
        "no-environment",
        f"`{path}` is no Python environment",
        hint="name a Python interpreter, a virtual environment or its `site-packages`",
    )


def _read(found: Iterable[Distribution]) -> tuple[tuple[Stated, ...], tuple[Skipped, ...]]:
    packages: dict[str, Stated] = {}
    skipped: list[Skipped] = []
    for each in found:
        origin = str(getattr(each, "_path", ""))
        name, text = each.metadata["Name"], each.metadata["Version"]
        try:
            version = Version(text or "")
        except InvalidVersion:
            reason = "its metadata states no name and version"
            skipped.append(Skipped(text=Path(origin).name, origin=origin, reason=reason))
            continue
        normalised = canonicalize_name(name or "")
        packages.setdefault(
            normalised,
            Stated(
                name=normalised,
                versions=VersionRange.singleton(version),
                version=version,
                text=f"{normalised}=={version}",
                origin=origin,
            ),
        )
    return tuple(packages[name] for name in sorted(packages)), tuple(skipped)
