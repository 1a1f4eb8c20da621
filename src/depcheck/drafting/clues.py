"""What the sources of a draft say: values only."""

from __future__ import annotations

from depcheck.frozen import frozen


@frozen
class Line:
    """One requirement as written down (PEP 508, or what stands in its place)."""

    text: str
    origin: str
    """``Dockerfile:12``."""


@frozen
class IndexClue:
    """An index that some requirements are to come from."""

    url: str
    origin: str
    packages: tuple[str, ...] = ()
    """Normalised names that come from it; empty where nobody says."""
    extra: bool = False
    """Asked beside the default index."""


@frozen
class Witness:
    """Something that says which Python the image has."""

    version: str
    why: str
    floor: bool = False
    """It names the oldest one that will do."""


@frozen
class Note:
    """Something that a person must know or do."""

    text: str
    origin: str | None = None


@frozen
class Clues:
    """Everything that the sources say."""

    name: str | None = None
    requirements: tuple[Line, ...] = ()
    constraints: tuple[Line, ...] = ()
    observed: tuple[Line, ...] = ()
    """Pins of packages that were there because others need them."""
    indexes: tuple[IndexClue, ...] = ()
    base_image: str | None = None
    python: tuple[Witness, ...] = ()
    """The best one first."""
    machine: str = "x86_64"
    notes: tuple[Note, ...] = ()

    def __add__(self, other: Clues) -> Clues:
        """Return the clues of both; what only one can say is said by the first."""
        return Clues(
            name=self.name or other.name,
            requirements=self.requirements + other.requirements,
            constraints=self.constraints + other.constraints,
            observed=self.observed + other.observed,
            indexes=self.indexes + other.indexes,
            base_image=self.base_image or other.base_image,
            python=self.python + other.python,
            machine=self.machine if self.base_image else other.machine,
            notes=self.notes + other.notes,
        )
