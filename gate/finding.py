"""What the gate has to say, as values that need no library to make."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Level(str, Enum):
    """How bad a finding is; an error closes the gate."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Location(NamedTuple):
    """Where to look."""

    file: str
    """Path as the user would type it, with forward slashes."""
    line: int | None = None
    """Counted from 1; None for the file as a whole."""

    def __str__(self) -> str:
        """``locks/demo/cu121/pylock.toml:12``."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Finding(NamedTuple):
    """One thing that is wrong with a lock set, or with what goes with it."""

    code: str
    """One of `codes.CODES`."""
    level: Level
    subject: str
    """What it is about: a pin, a file, a key of the spec, the id of a rule."""
    message: str
    location: Location
    evidence: tuple[str, ...] = ()
    remedy: str | None = None


class Judged(NamedTuple):
    """One lock set, judged."""

    image: str
    variant: str
    folder: str
    findings: tuple[Finding, ...]
    full: bool
    """Everything was worked out again, not only compared with what the solve recorded."""
    notes: tuple[str, ...] = ()
    """What could not be judged, and why."""

    @property
    def closed(self) -> bool:
        """Whether it must not be built."""
        return any(found.level is Level.ERROR for found in self.findings)
