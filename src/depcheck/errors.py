"""The root of every error that depcheck raises on purpose.

DepcheckError                      reference, message, hint, exit code
├── InputError (2)                 a file, key, option or requirement that the user can mend
├── UnsatisfiableError (1)         depcheck.resolver: the answer is no
└── EnvironmentFailure (3)         index out of reach or corrupt, disk full, search limit
    └── NotRecordedError           depcheck.index: the snapshot does not know

Each error carries a ``reference`` (kebab-case, unique, listed in the docs) and a ``hint``: the
remedy, or None where its author decided that there is none.
"""

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """Exit codes of the command line (DESIGN section 6)."""

    OK = 0
    NO = 1
    INPUT = 2
    ENVIRONMENT = 3
    INTERRUPTED = 130


class DepcheckError(Exception):
    """Base of all errors that end a command with a message instead of a traceback."""

    exit_code: ExitCode

    def __init__(self, reference: str, message: str, *, hint: str | None) -> None:
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.hint = hint

    @property
    def details(self) -> dict[str, Any]:
        """What the message says, as data for a program; empty where it says no more than itself."""
        return {}


class InputError(DepcheckError, ValueError):
    """The user's file, option or requirement is wrong; the message names the place."""

    exit_code = ExitCode.INPUT


class EnvironmentFailure(DepcheckError):
    """Something outside the problem failed; trying again may help."""

    exit_code = ExitCode.ENVIRONMENT


def refusal(error: Exception) -> str:
    """Return why the system refused, as part of a sentence: ``no such file or directory``."""
    why = (isinstance(error, OSError) and error.strerror) or str(error)
    return why[:1].lower() + why[1:]
