"""What a check is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterator

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.findings import Code, Outcome


@dataclass(frozen=True)
class Check:
    """One question to the environment, with everything that it may find."""

    name: str
    summary: str
    """One line: what holds when it passes."""
    codes: tuple[Code, ...]
    run: Callable[[Context], Iterator[Outcome]]
    """Yields outcomes as they become known; where it yields no error, the check passed."""
    in_stage: bool = False
    """Says something about a single stage, so that it runs with ``--stage``."""
    needs_interpreter: bool = True
    """Cannot look at anything where the interpreter does not start."""
