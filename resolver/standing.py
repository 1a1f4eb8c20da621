"""Whether a core still cannot hold where the problem is changed: then nobody need search again.

Its proof is not searched for anew, but read again: it stands where every version still asks for as
much as it did, and where no version that it counted as missing is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.index.model import Dist
from depcheck.index.project import newest_first
from depcheck.resolver.candidates import Candidate

if TYPE_CHECKING:
    from depcheck.index.project import Project
    from depcheck.resolver.candidates import Want
    from depcheck.resolver.core import Core
    from depcheck.resolver.search import Asked, Bench


def stands(core: Core, bench: Bench, changed: Bench) -> bool:
    """Tell whether the proof of a core holds for another target or moment; False: nobody knows.

    Raises:
        NotRecordedError: the recording does not know what the proof is to be read with.
    """
    missing = core.missing
    if missing is None or _stated(bench) != _stated(changed):
        return False
    asked = [each for wants in core.stated.values() for each in wants]
    names = {each.want.name for each in asked}
    return all(
        _is_as_short(bench, changed, name, missing.get(name, 0)) for name in sorted(names)
    ) and all(_is_asked(changed, each) for each in asked)


def _stated(bench: Bench) -> list[tuple[str, str | None, bool]]:
    return [(str(each), each.origin, each.weak) for each in bench.roots]


def _is_as_short(bench: Bench, changed: Bench, name: str, missing: int) -> bool:
    """Tell whether nothing of a package is on offer that was not before."""
    before, project = bench.catalogue.project(name), changed.catalogue.project(name)
    if before is None or project is None:
        return project is None
    if bench.catalogue.has_stable(before) and not changed.catalogue.has_stable(project):
        return False
    return not any(
        isinstance(changed.catalogue.choice(project, rank), Dist) for rank in newest_first(missing)
    )


def _is_asked(changed: Bench, asked: Asked) -> bool:
    """Tell whether a version asks for as much as it did, or is not on offer at all."""
    parent = asked.parent
    if parent is None:
        return True
    project = changed.catalogue.project(parent.name)
    dist = changed.catalogue.choice(project, parent.rank) if project else ""
    if project is None or not isinstance(dist, Dist):
        return True
    candidate = Candidate(parent.name, parent.extra, project, parent.rank, dist)
    target = changed.catalogue.project(asked.want.name)
    return any(
        each.impossible or _is_as_narrow(each, asked.want, target)
        for each in changed.dependencies.wants(candidate)
    )


def _is_as_narrow(want: Want, than: Want, project: Project | None) -> bool:
    if want.identifier != than.identifier or (want.weak and not than.weak):
        return False
    return project is None or not want.mask(project) & ~than.mask(project)
