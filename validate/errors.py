"""The errors that end a validation before it has judged anything."""

from __future__ import annotations


class InvalidInputError(ValueError):
    """An option or the manifest is wrong; exit code 2."""

    def __init__(self, reference: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.hint = hint
