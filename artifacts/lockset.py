"""Read a lock set: which wheels it installs, in which stages, for which target."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from packaging.pylock import Pylock, PylockValidationError

from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.limits import objection
from depcheck.paths import is_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.pylock import Package

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(==| @ )")
_GLIBC = re.compile(r"manylinux_(\d+)_(\d+)_\w+")


@frozen
class LockedPackage:
    """One pin of a lock set."""

    name: str
    version: str
    filename: str | None
    """Of the wheel; None where the package is built when it is installed."""
    url: str | None
    sha256: str | None
    size: int | None
    """Bytes to download, None where the lock does not say."""

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


@frozen
class LockSet:
    """What one lock set installs."""

    image: str
    variant: str
    python: str
    platform: str
    capabilities: tuple[str, ...]
    base_image: str | None
    disk_budget: int | None
    system: tuple[str, ...]
    """Libraries and packages that rules ask the base image for, in words."""
    packages: tuple[LockedPackage, ...]
    stages: tuple[tuple[str, tuple[str, ...]], ...]
    """(stage, names of its packages), in install order."""

    @property
    def glibc(self) -> str | None:
        """The target's version of glibc: ``2.35``."""
        match = _GLIBC.fullmatch(self.platform)
        return f"{match[1]}.{match[2]}" if match else None


def is_lock_set(path: Path) -> bool:
    """Tell a lock set from an installed tree."""
    return is_file(path / "pylock.toml")


def read_lock_set(folder: Path) -> LockSet:
    """Return the lock set in a folder.

    Raises:
        InputError: it is none that depcheck wrote.
    """
    path = folder / "pylock.toml"
    try:
        content = path.read_bytes()
        if why := objection(content):
            raise _refused(path, why)
        raw = tomllib.loads(content.decode())
        lock = Pylock.from_dict(raw)
        tool = raw["tool"]["depcheck"]
        target = tool["target"]
        return LockSet(
            image=tool["image"],
            variant=tool["variant"],
            python=target["python"],
            platform=target["platform"],
            capabilities=tuple(target.get("compute-capabilities", ())),
            base_image=target.get("base-image"),
            disk_budget=target.get("disk-budget"),
            system=tuple(tool.get("system", ())),
            packages=tuple(map(_package, lock.packages)),
            stages=tuple(_stage(folder, stage) for stage in tool["stages"]),
        )
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(path, str(error)) from error
    except (tomllib.TOMLDecodeError, RecursionError, PylockValidationError) as error:
        raise _refused(path, str(error)) from error
    except KeyError as error:
        raise _refused(path, f"key {error} of `[tool.depcheck]` is missing") from error
    except (TypeError, AttributeError) as error:
        raise _refused(path, "`[tool.depcheck]` is not what depcheck writes") from error


def _package(package: Package) -> LockedPackage:
    wheel = package.wheels[0] if package.wheels else None
    return LockedPackage(
        name=package.name,
        version=str(package.version or ""),
        filename=wheel.name if wheel else None,
        url=wheel.url if wheel else None,
        sha256=wheel.hashes.get("sha256") if wheel else None,
        size=wheel.size if wheel else package.sdist.size if package.sdist else None,
    )


def _stage(folder: Path, stage: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    lines = (folder / stage["file"]).read_text(encoding="utf-8").splitlines()
    names = (match[1] for line in lines if (match := _REQUIREMENT.match(line)))
    return stage["name"], tuple(names)


def _refused(path: Path, reason: str) -> InputError:
    return InputError(
        "lock-set-unreadable",
        f"`{path}` cannot be read as a lock set: {reason}",
        hint="write it again with `depcheck solve`",
    )
