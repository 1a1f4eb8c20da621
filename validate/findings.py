"""What a check can say: it passed, it was skipped, or it found something."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Union


class Severity(str, Enum):
    """An error fails the validation, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """Something that is not as the lock promises."""

    code: str
    """Kebab-case, unique among all checks."""
    severity: Severity
    subject: str
    """What it is about: a distribution, a module, a file, a device."""
    message: str
    remedy: str
    evidence: str = ""
    """What was seen, as it was seen; may have several lines."""
    location: str = ""
    """The file concerned."""


@dataclass(frozen=True)
class Passed:
    """Something was looked at and is right."""

    subject: str
    detail: str = ""
    seconds: float | None = None
    """How long it took, where that is worth knowing."""
    minor: bool = False
    """Worth a line only where the user wants to see everything."""


@dataclass(frozen=True)
class Skipped:
    """Something could not be looked at here. Never counts as passed."""

    subject: str
    reason: str
    minor: bool = False


@dataclass(frozen=True)
class Broken:
    """The check itself failed: nothing is known. A mistake of the validator, not of the image."""

    subject: str
    message: str
    evidence: str


Outcome = Union[Finding, Passed, Skipped, Broken]


@dataclass(frozen=True)
class Code:
    """A kind of finding."""

    name: str
    meaning: str
    """One line, for the list of checks and the documentation."""
    remedy: str
    severity: Severity = Severity.ERROR

    def found(
        self,
        subject: str,
        message: str,
        *,
        evidence: str = "",
        location: str = "",
        remedy: str | None = None,
    ) -> Finding:
        """Return a finding of this kind; ``remedy`` replaces the usual one."""
        return Finding(
            code=self.name,
            severity=self.severity,
            subject=subject,
            message=message,
            remedy=self.remedy if remedy is None else remedy,
            evidence=evidence,
            location=location,
        )
