"""Pins that are far older than they need be: what everybody allowed, and the search gave up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from depcheck.index.model import Dist
from depcheck.index.project import newest_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depcheck.index.project import Project
    from depcheck.resolver.candidates import Candidate, Want
    from depcheck.resolver.search import Found

_FAR = 365 * 24 * 3600
"""Seconds between two uploads from which on a fallback is far."""


def far_fallbacks(found: Found, preferred: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each pin whose newest version was given up though all pins allow it.

    A version that some pin excludes by its requirement is no fallback: it could not be there. A pin
    that has the preferred version is none either.
    """
    asked: dict[str, list[Want]] = {}
    for identifier, stated in found.asked.items():
        wants = (each.want for each in stated if each.want.rank is None)
        asked.setdefault(identifier.partition("[")[0], []).extend(wants)
    for candidate in found.candidates.values():
        project, dist = candidate.project, candidate.dist
        if project is None or dist is None or candidate.extra:
            continue
        if preferred.get(candidate.name) == candidate.version:
            continue
        newest = _newest(found, candidate, project, asked.get(candidate.name, []))
        if newest is not None and _is_far(project, candidate, newest):
            version = project.versions[newest[0]]
            reason = given_up(found, candidate.name, newest[0])
            kept = reason or "it was left behind while backtracking"
            yield (
                f"`{candidate}` is far older than `{project.name}=={version}`, which nothing "
                f"pinned here excludes; what kept it back: {kept}"
            )


def given_up(found: Found, name: str, rank: int) -> str | None:
    """Return why the search gave a version up, or an extra of it; None where it did not."""
    for identifier, given in found.rejected:
        if given == rank and identifier.partition("[")[0] == name:
            return found.rejected[identifier, given]
    return None


def _newest(
    found: Found, candidate: Candidate, project: Project, asked: list[Want]
) -> tuple[int, Dist] | None:
    """Return the newest version above a candidate that is usable and that all pins allow."""
    mask = project.everything & ~((1 << (candidate.rank + 1)) - 1) & ~project.prereleases
    for want in asked:
        mask &= want.mask(project)
    for rank in newest_first(mask):
        choice = found.catalogue.choice(project, rank) if project.is_recorded(rank) else ""
        if isinstance(choice, Dist):
            return rank, choice
    return None


def _is_far(project: Project, candidate: Candidate, newest: tuple[int, Dist]) -> bool:
    rank, dist = newest
    taken = candidate.dist
    if taken is not None and taken.uploaded is not None and dist.uploaded is not None:
        return dist.uploaded - taken.uploaded > _FAR
    ours, theirs = (Version(project.versions[each]) for each in (candidate.rank, rank))
    return (ours.epoch, ours.major) < (theirs.epoch, theirs.major)
