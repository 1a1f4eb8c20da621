"""Parsers of the values that only rules have; each raises ``BadValueError`` with the remedy."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from packaging.version import InvalidVersion, Version

from depcheck.conflicts.model import Confidence, RuleKind
from depcheck.tomlfile import BadValueError, did_you_mean, kind_of
from depcheck.tomlvalues import indexed_requirement, text

if TYPE_CHECKING:
    from packaging.requirements import Requirement

W = TypeVar("W", bound=Enum)

_ID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_LINK = re.compile(r"https://[^\s/]+/\S+")
_FACT = re.compile(r"(?:metadata|sdist|wheel): [A-Za-z0-9._-]+==[^\s,]+(?:,? .+)?")
_EXPERIMENT = re.compile(r"experiment: \S.*")


def rule_id(value: object) -> str:
    """Return an id in kebab case; dots are for versions."""
    found = text(value)
    if not _ID.fullmatch(found):
        raise BadValueError(f"`{found}` is not an id", "write it like `numpy2-torch-lt-2.3`")
    return found


def rule_kind(value: object) -> RuleKind:
    """Return a rule kind by its word."""
    return _word(value, RuleKind, "a kind of rule")


def confidence(value: object) -> Confidence:
    """Return a confidence by its word."""
    return _word(value, Confidence, "a confidence")


def _word(value: object, words: type[W], what: str) -> W:
    found = text(value)
    known = [each.value for each in words]
    if found not in known:
        listed = "one of " + ", ".join(f"`{word}`" for word in known)
        raise BadValueError(f"`{found}` is not {what}", did_you_mean(found, known) or listed)
    return words(found)


def scope(value: object) -> Requirement:
    """Return the package and the versions that a rule is about."""
    found = indexed_requirement(value)
    if found.marker or found.extras:
        raise BadValueError(
            f"`{found}` has extras or a marker", "a scope is a package and versions: `torch<2.3`"
        )
    if found.specifier.is_unsatisfiable():
        raise BadValueError(f"`{found}` allows no version", "mend the range")
    return found


def evidence(value: object) -> str:
    """Return a link, or a fact that anybody can check."""
    found = text(value)
    if not any(form.fullmatch(found) for form in (_LINK, _FACT, _EXPERIMENT)):
        raise BadValueError(
            f"`{found}` is not evidence",
            "give an https link, `metadata: name==version ...`, `sdist: ...`, `wheel: ...` or "
            "`experiment: ...`",
        )
    return found


def day(value: object) -> date:
    """Return a date."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise BadValueError(
            f"must be a date, not {kind_of(value)}", "write it without quotes, like `2024-06-16`"
        )
    return value


def pin(value: object) -> Requirement:
    """Return a requirement of one exact version."""
    found = scope(value)
    specifiers = list(found.specifier)
    if len(specifiers) != 1 or specifiers[0].operator != "==" or "*" in specifiers[0].version:
        raise BadValueError(f"`{found}` is not one version", "write it like `torch==2.2.2`")
    return found


def exact_version(found: Requirement) -> Version:
    """Return the version of a pin.

    Raises:
        ValueError: it is no pin.
    """
    (specifier,) = found.specifier
    try:
        return Version(specifier.version)
    except InvalidVersion as error:
        raise ValueError(f"{found} is not a pin") from error
