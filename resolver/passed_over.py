"""Why newer versions than the pinned one were not chosen."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from depcheck.index.model import Dist
from depcheck.index.project import newest_first
from depcheck.resolver.fallback import given_up
from depcheck.resolver.solution import PassedOver

if TYPE_CHECKING:
    from depcheck.index.project import Project
    from depcheck.resolver.candidates import Candidate
    from depcheck.resolver.search import Asked, Found


KEPT = "an earlier lock, or another image, has this version"


def passed_over(
    found: Found, candidate: Candidate, *, preferred: str | None = None
) -> tuple[PassedOver, ...]:
    """Return the versions above a candidate, newest first, grouped by reason.

    Args:
        found: The search.
        candidate: What was pinned.
        preferred: The version that was to be tried first, where there is one.
    """
    project = candidate.project
    if project is None:
        return ()
    asked = sorted(found.asked.get(candidate.identifier, ()), key=_precedence)
    left = project.everything & ~((1 << (candidate.rank + 1)) - 1)
    ranks: dict[str, int] = {}
    for each in asked:
        excluded = left & ~each.want.mask(project) if each.want.rank is None else 0
        if excluded:
            reason = _excluded(each)
            ranks[reason] = ranks.get(reason, 0) | excluded
            left ^= excluded
    kept = candidate.version == preferred
    for rank in newest_first(left):
        reason = _reason(found, project, rank, kept=kept)
        ranks[reason] = ranks.get(reason, 0) | 1 << rank
    newest = sorted(ranks.items(), key=itemgetter(1), reverse=True)
    return tuple(
        PassedOver(
            versions=tuple(map(project.versions.__getitem__, newest_first(mask))), reason=reason
        )
        for reason, mask in newest
    )


def _reason(found: Found, project: Project, rank: int, *, kept: bool) -> str:
    """Return why a version was not taken that nobody excludes."""
    choice = found.catalogue.choice(project, rank) if project.is_recorded(rank) else "not recorded"
    if not isinstance(choice, Dist):
        return choice
    fallback = KEPT if kept else "it was left behind while backtracking"
    if project.prereleases >> rank & 1:
        fallback = "it is a pre-release"
    return given_up(found, project.name, rank) or fallback


def _precedence(asked: Asked) -> int:
    """Rank requirements by what tells most: the image's own, a rule's limit, what was published."""
    if asked.parent is None:
        return 0
    if asked.want.rule is None:
        return 2
    return 1 if asked.want.weak else 3


def _excluded(asked: Asked) -> str:
    want = asked.want
    rule = f" [{want.rule}]" if want.rule else ""
    return f"{asked.parent or want.stated_in} needs {want}{rule}"
