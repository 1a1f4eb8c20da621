"""What a file or an environment says is installed: packages with the versions left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.ranges import VersionRange
    from packaging.version import Version


@frozen
class Stated:
    """One package, and what is known of its version."""

    name: str
    """Normalised."""
    versions: VersionRange
    """Every version that it may have: one for a pin, all for a bare name."""
    text: str
    """As stated: ``numpy>=1.20``."""
    origin: str
    """``requirements.txt:3``."""
    version: Version | None = None
    """The version, where it is one."""
    certain: bool = True
    """False where a marker, a group or a foreign build leaves it open whether it counts."""


@frozen
class Skipped:
    """A line or an entry that names no package that rules could know."""

    text: str
    origin: str
    reason: str


@frozen
class Inventory:
    """Everything that one source states."""

    source: str
    """The file as named, ``-``, or the environment's folder."""
    format: str
    """requirements, pylock, uv-lock, poetry-lock, conda or installed."""
    packages: tuple[Stated, ...]
    """One per package, sorted by name."""
    complete: bool
    """Whether a package that is not stated is not installed."""
    skipped: tuple[Skipped, ...] = ()


def specifier_range(text: str) -> VersionRange:
    """Return the versions that a specifier set allows; pre-releases are in the bounds (PEP 440)."""
    return SpecifierSet(text).to_range()


def merged(stated: Iterable[Stated], *, alternatives: bool) -> tuple[Stated, ...]:
    """Return one entry per package, sorted by name.

    Args:
        stated: What was read, in order.
        alternatives: Several entries of one package exclude each other, as the forks of a
            universal lock do; otherwise all of them hold together, as the lines of a requirements
            file do.
    """
    by_name: dict[str, Stated] = {}
    for each in stated:
        known = by_name.get(each.name)
        by_name[each.name] = each if known is None else _joined(known, each, alternatives)
    return tuple(by_name[name] for name in sorted(by_name))


def _joined(one: Stated, other: Stated, alternatives: bool) -> Stated:  # noqa: FBT001 - internal
    if one.text == other.text:
        return one if one.certain else other
    if alternatives:
        versions = one.versions.union(other.versions)
        certain = one.certain and other.certain
        text = f"{one.text} or {other.text}"
    elif one.certain and other.certain:
        versions = one.versions.intersection(other.versions)
        certain = True
        text = f"{one.text}, {other.text}"
    elif one.certain != other.certain:
        # What may count could only narrow what does.
        return one if one.certain else other
    else:
        versions = one.versions.union(other.versions)
        certain = False
        text = f"{one.text} or {other.text}"
    return Stated(
        name=canonicalize_name(one.name),
        versions=versions,
        text=text,
        origin=f"{one.origin}, {other.origin}",
        certain=certain,
    )
