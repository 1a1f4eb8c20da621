"""Read a lock set back from its folder: pins with their reasons, stages, target, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.images.model import Target
from depcheck.limits import LARGEST_LOCK
from depcheck.lockfiles.explanation import read_explanation
from depcheck.resolver.solution import IndexUse
from depcheck.tomlfile import BadValueError, kind_of, read_toml
from depcheck.tomlvalues import any_text, boolean, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depcheck.lockfiles.explanation import ExplainedPin, Explanation
    from depcheck.tomlfile import Table


@frozen
class StoredStage:
    """One install stage of a lock set."""

    number: int
    name: str
    file: str
    """Path of its requirements file, relative to the lock set."""
    index: str | None
    """Name of the index that it takes from; None for direct references."""
    builds: bool
    settings: tuple[tuple[str, str], ...]
    """How it is installed, beside its pins: what else makes its layer another one."""
    pins: tuple[ExplainedPin, ...]
    """Sorted by name."""

    @property
    def known_bytes(self) -> int:
        """Download size in bytes of the files whose size is known."""
        return sum(size_of(each) or 0 for each in self.pins)

    @property
    def unknown_sizes(self) -> int:
        """Number of pins whose download size is not known."""
        return sum(size_of(each) is None for each in self.pins)


@frozen
class StoredLockSet:
    """A lock set as it is on disk."""

    folder: Path
    explanation: Explanation
    target: Target
    indexes: tuple[IndexUse, ...]
    stages: tuple[StoredStage, ...]
    """In install order."""
    env: Mapping[str, str]
    system: tuple[str, ...]

    @property
    def title(self) -> str:
        """Image and variant, for people."""
        return f"{self.explanation.image} ({self.explanation.variant})"

    @property
    def pins(self) -> Mapping[str, ExplainedPin]:
        """The pins by normalised name."""
        return self.explanation.pins

    @property
    def known_bytes(self) -> int:
        """Download size in bytes of the files whose size is known."""
        return sum(stage.known_bytes for stage in self.stages)

    @property
    def unknown_sizes(self) -> int:
        """Number of pins whose download size is not known."""
        return sum(stage.unknown_sizes for stage in self.stages)


def size_of(explained: ExplainedPin) -> int | None:
    """Return the download size of a pin in bytes, None where it is not known."""
    return explained.pin.file.size if explained.pin.file else None


def read_lock_set(folder: Path, *, remedy: str | None = None) -> StoredLockSet:
    """Return the lock set in a folder.

    Args:
        folder: Where it is.
        remedy: The command that makes it; None where only the user knows.

    Raises:
        InputError: there is no lock set, or its files are not what depcheck writes.
    """
    explanation = read_explanation(folder, remedy=remedy or "depcheck solve IMAGE")
    file = read_toml(folder / "pylock.toml", reference="lock-unreadable", largest=LARGEST_LOCK)
    tool = file.root.table("tool").table("depcheck")
    stored = StoredLockSet(
        folder=folder,
        explanation=explanation,
        target=_target(tool.table("target")),
        indexes=tuple(_index(each) for each in tool.tables("indexes")),
        stages=_stages(tool, explanation),
        env={name: tool.table("env").required(name, any_text, "") for name in _names(tool)},
        system=tool.values("system", text),
    )
    file.check()
    if sum(len(stage.pins) for stage in stored.stages) != len(explanation.pins):
        raise InputError(
            "lock-unreadable",
            f"`pylock.toml` and `explain.json` in `{folder}` are of different lock sets",
            hint="make the lock set again: `depcheck solve IMAGE`",
        )
    return stored


def _names(tool: Table) -> tuple[str, ...]:
    return tool.table("env").names()


def _target(table: Table) -> Target:
    return Target(
        python=table.required("python", text, ""),
        platform=table.required("platform", text, ""),
        compute_capabilities=table.values("compute-capabilities", text),
        base_image=table.optional("base-image", text, None),
        disk_budget=table.optional("disk-budget", _count, None),
    )


def _index(table: Table) -> IndexUse:
    return IndexUse(
        name=table.required("name", text, ""),
        url=table.required("url", text, ""),
        packages=table.values("packages", text),
        digest=table.optional("digest", text, None),
        moment=table.optional("moment", text, None),
    )


def _stages(tool: Table, explanation: Explanation) -> tuple[StoredStage, ...]:
    by_stage: dict[str, list[ExplainedPin]] = {}
    for each in explanation.pins.values():
        by_stage.setdefault(each.stage, []).append(each)
    return tuple(
        _stage(number, table, by_stage) for number, table in enumerate(tool.tables("stages"), 1)
    )


def _stage(number: int, table: Table, by_stage: Mapping[str, list[ExplainedPin]]) -> StoredStage:
    name = table.required("name", text, "")
    env = table.table("env")
    settings = [("variable", f"{key}={env.required(key, any_text, '')}") for key in env.names()]
    settings += [("build constraint", each) for each in table.values("build-constraints", text)]
    if not table.optional("isolation", boolean, default=True):
        settings.append(("build isolation", "no"))
    return StoredStage(
        number=number,
        name=name,
        file=table.required("file", text, ""),
        index=table.optional("index", text, None),
        builds=table.optional("builds", boolean, default=False),
        settings=tuple(settings),
        pins=tuple(sorted(by_stage.get(name, ()), key=lambda each: each.pin.name)),
    )


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValueError(f"must be a whole number, not {kind_of(value)}")
    return value
