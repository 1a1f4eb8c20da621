"""What a known-conflict rule says, as typed values."""

from __future__ import annotations

from dataclasses import field
from datetime import date  # noqa: TC003
from enum import Enum
from typing import TYPE_CHECKING

from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.requirements import Requirement


class RuleKind(str, Enum):
    """What a rule does (DESIGN section 4)."""

    REQUIRE = "require"
    FORBID = "forbid"
    OVERRIDE = "override"
    DROP = "drop"
    NO_DEPS = "no-deps"
    METADATA = "metadata"
    ORDER = "order"
    BUILD = "build"
    INDEX = "index"
    ENV = "env"
    SYSTEM = "system"


class Confidence(str, Enum):
    """How well a rule is established."""

    CONFIRMED = "confirmed"
    """Its bounds are shown by metadata, code, a release note or an experiment: it steers."""
    REPORTED = "reported"
    """Somebody said so, or it bites under conditions that pins cannot tell: it only warns."""


WAIVING_KINDS = frozenset({RuleKind.OVERRIDE, RuleKind.DROP, RuleKind.NO_DEPS})
"""Kinds that deviate from published metadata, and so write a waiver into the lock."""


@frozen
class BuildNeeds:
    """How an sdist has to be built."""

    isolation: bool = True
    constraints: tuple[Requirement, ...] = ()
    """Build constraints, for the isolated build environment (``setuptools<82``)."""
    env: Mapping[str, str] = field(default_factory=dict)


@frozen
class Rule:
    """One known conflict: scope, kind, reason, evidence, remedy.

    ``when`` is the package and the versions that the rule is about. ``given`` narrows it to images
    whose own direct requirements pin another package inside a range (so that a rule about an sdist
    whose metadata follows the torch it finds can be keyed by torch). ``variants`` narrows it to
    variant names (empty: all).
    """

    id: str
    kind: RuleKind
    when: Requirement
    reason: str
    evidence: tuple[str, ...]
    remedy: str
    since: date
    confidence: Confidence = Confidence.CONFIRMED
    given: tuple[Requirement, ...] = ()
    variants: tuple[str, ...] = ()
    then: tuple[Requirement, ...] = ()
    """require: must hold of the packages named, if present. forbid: must not be met.
    override: replaces the published requirement on the same name. no-deps: the dependencies that
    matter instead. metadata: the Requires-Dist of an sdist that cannot say it."""
    install: bool = False
    """require: the packages named in ``then`` are needed even if nobody else asks for them."""
    drop: tuple[str, ...] = ()
    """drop: normalised names of published dependencies that are not needed."""
    after: tuple[str, ...] = ()
    """order: normalised names that must be installed in an earlier stage."""
    build: BuildNeeds | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """env: variables the image must set. ``{site-packages}`` stands for the environment's own."""
    system: tuple[str, ...] = ()
    """system: shared libraries or OS packages, as text."""
    origin: str = ""
    """File (and table) that states the rule."""
    example: tuple[Requirement, ...] = ()
    """Pins (``torch==2.2.2``) that the rule has something to say about; a test checks it."""
    counterexample: tuple[Requirement, ...] = ()
    """Pins close by that the rule leaves alone; a test checks it."""
    remedied: tuple[Requirement, ...] = ()
    """require and forbid: the example after its remedy. May be left out where the counterexample
    shows it: it has the example's packages, or leaves out one of those that must not meet."""
    digest: str = field(default="", init=False, compare=False, repr=False)
    """SHA-256 of what it decides; empty where nobody worked it out yet."""

    @property
    def steers(self) -> bool:
        """Whether a solver may follow the rule; one that is only reported warns."""
        return self.confidence is Confidence.CONFIRMED


@frozen
class SwitchedOff:
    """A rule that a user does not want to hold, with the reason that they gave."""

    rule: Rule
    reason: str
