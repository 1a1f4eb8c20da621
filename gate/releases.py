"""Compare each pin with what the index says of its release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.frozen import frozen
from depcheck.gate.codes import finding
from depcheck.index.default import DEFAULT, absolute_url, canonical_default_index
from depcheck.index.model import NotRecordedError
from depcheck.resolver.candidates import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.gate.finding import Finding
    from depcheck.gate.lock import LockedPin
    from depcheck.index.model import Dist
    from depcheck.index.project import Project
    from depcheck.resolver.catalogue import Catalogue
    from depcheck.resolver.problem import Problem

_AGAIN = "solve again"
_INTACT = "restore the lock set from version control, or solve again"


@frozen
class Release:
    """What the index makes of one pin."""

    candidate: Candidate | None
    """None where the index does not know the pin's release or file."""
    findings: tuple[Finding, ...]


def look_up(pin: LockedPin, problem: Problem, catalogue: Catalogue) -> Release:
    """Return the candidate that a pin is, and what is wrong with its file."""
    if pin.name in catalogue.direct:
        return _direct(pin, catalogue)
    found = [*_foreign(pin, problem)]
    try:
        project = catalogue.project(pin.name)
        if project is None or pin.version not in project.versions:
            found.append(_no_release(pin, project))
            return Release(candidate=None, findings=tuple(found))
        rank = project.versions.index(pin.version)
        dist = _dist(pin, project, rank, catalogue)
    except NotRecordedError as error:
        found.append(
            finding(
                "pin-unrecorded",
                str(pin),
                f"{error.message}, so the pin cannot be judged",
                at=pin.location,
                remedy=error.hint,
            )
        )
        return Release(candidate=None, findings=tuple(found))
    if dist is None:
        found.append(
            finding(
                "file-unknown",
                str(pin),
                f"the index has no file `{pin.filename}` of this release",
                at=pin.location,
                remedy=_INTACT,
            )
        )
        return Release(candidate=None, findings=tuple(found))
    found += _file(pin, project, dist, catalogue)
    found += _fit(pin, project, rank, dist, catalogue)
    return Release(candidate=Candidate(pin.name, "", project, rank, dist), findings=tuple(found))


def _direct(pin: LockedPin, catalogue: Catalogue) -> Release:
    project = catalogue.direct[pin.name].project
    if pin.is_direct and pin.version == project.versions[0]:
        candidate = Candidate(pin.name, "", project, 0, project.dists(0)[0])
        return Release(candidate=candidate, findings=())
    wrong = finding(
        "index-foreign",
        str(pin),
        f"the spec takes {project.versions[0]} from `{catalogue.direct[pin.name].url}`",
        at=pin.location,
        remedy=_AGAIN,
    )
    return Release(candidate=None, findings=(wrong,))


def _foreign(pin: LockedPin, problem: Problem) -> Iterator[Finding]:
    stated = problem.index_of.get(pin.name, DEFAULT)
    own = canonical_default_index() if stated == DEFAULT else stated
    if pin.index == own:
        return
    where = f"`{pin.index}`" if pin.index else f"the URL `{pin.url}`"
    yield finding(
        "index-foreign",
        str(pin),
        f"it is locked from {where}, and belongs to the index `{own}`",
        at=pin.location,
        remedy="another index may serve another file under this name: " + _INTACT,
    )


def _no_release(pin: LockedPin, project: Project | None) -> Finding:
    what = "release" if project else "project"
    return finding(
        "release-unknown",
        str(pin),
        f"its index has no such {what}",
        at=pin.location,
        remedy=_INTACT,
    )


def _dist(pin: LockedPin, project: Project, rank: int, catalogue: Catalogue) -> Dist | None:
    index = catalogue.index(pin.name)
    for dist in project.dists(rank):
        if index.file(project, dist).filename == pin.filename:
            return dist
    return None


def _file(pin: LockedPin, project: Project, dist: Dist, catalogue: Catalogue) -> Iterator[Finding]:
    index = catalogue.index(pin.name)
    record = index.file(project, dist)
    if pin.sha256 is None:
        yield finding(
            "hash-missing", str(pin), "it states no SHA-256", at=pin.location, remedy=_INTACT
        )
    elif pin.sha256 != record.sha256:
        yield finding(
            "hash-unknown",
            str(pin),
            f"the index states another SHA-256 for `{pin.filename}`",
            at=pin.location,
            evidence=(f"locked: {pin.sha256}", f"index: {record.sha256}"),
            remedy="if nobody edited the lock, the file was replaced: find out why before you "
            "solve again",
        )
    url = absolute_url(record.location, index.location)
    if pin.url != url:
        yield finding(
            "url-unknown",
            str(pin),
            f"the index has `{pin.filename}` at another address",
            at=pin.location,
            evidence=(f"locked: {pin.url}", f"index: {url}"),
            remedy=_INTACT,
        )


def _fit(
    pin: LockedPin, project: Project, rank: int, dist: Dist, catalogue: Catalogue
) -> Iterator[Finding]:
    target = catalogue.target
    if dist.tags is not None and target.priority(dist.tags) is None:
        yield finding(
            "wheel-unfit",
            str(pin),
            f"`{dist.tags}` does not fit the target",
            at=pin.location,
            remedy=_AGAIN,
        )
    if not target.accepts_python(dist.requires_python):
        yield finding(
            "python-unfit",
            str(pin),
            f"it needs Python {dist.requires_python}, the target has {target.python}",
            at=pin.location,
            remedy=_AGAIN,
        )
    if dist.yanked and not catalogue.is_pinned(project, rank):
        yield finding(
            "release-yanked",
            str(pin),
            "its project took the release back, and the spec does not pin it",
            at=pin.location,
            remedy="solve again, or pin it by `==` in the spec if you must have it",
        )
