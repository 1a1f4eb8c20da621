"""Which file of which version the target would install: the choice below the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from depcheck.conflicts.compiled import package_of, specifier_of
from depcheck.index.model import ASK_INDEXES, NotRecordedError
from depcheck.index.project import newest_first
from depcheck.resolver.direct import as_dependency, direct_projects
from depcheck.resolver.problem import DEFAULT_INDEX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from depcheck.conflicts.model import Rule
    from depcheck.index.interface import PackageIndex
    from depcheck.index.model import Dist, IndexInfo
    from depcheck.index.project import Project
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.target import TargetEnvironment


_LATE = "it was uploaded after the as-of moment"
_NO_FILE = "it has no wheel or sdist that the target can use"
_UNDATED = "its index does not say when it was uploaded"


class Catalogue:
    """Projects by name, each from the one index that may serve it, and the file of each version.

    Every answer is worked out once.
    """

    def __init__(
        self,
        problem: Problem,
        target: TargetEnvironment,
        indexes: Callable[[str], PackageIndex],
    ) -> None:
        self.target = target
        self.direct = direct_projects(problem, target)
        self._problem = problem
        self._explicit = problem.index_of
        self._provided = problem.provided
        self._as_of = None
        if problem.variant.as_of is not None:
            self._as_of = int(problem.variant.as_of.timestamp())
        self._formats = problem.variant.formats
        self._indexes = indexes
        self._projects: dict[str, Project | None] = {}
        self._choices: dict[tuple[str, int], Dist | str] = {}
        self._stable: dict[str, bool] = {}
        self._exact = _exact_pins(problem, target)
        self._no_build = rules_by_package(rule for rule in problem.rules if rule.kind == "index")

    def index(self, name: str) -> PackageIndex:
        """Return the one index that a package may come from."""
        return self._indexes(self._explicit.get(name, DEFAULT_INDEX))

    def default_info(self) -> IndexInfo | None:
        """Return what was recorded of the default index, None for a live one."""
        return self._indexes(DEFAULT_INDEX).info

    def project(self, name: str) -> Project | None:
        """Return a project, None where its index has no such name."""
        if name not in self._projects:
            if name in self.direct:
                self._projects[name] = self.direct[name].project
            else:
                self._projects[name] = self._recorded(name)
        return self._projects[name]

    def _recorded(self, name: str) -> Project | None:
        index = self.index(name)
        horizon = index.info.horizon if index.info else None
        if horizon is not None and (self._as_of is None or self._as_of > horizon):
            raise NotRecordedError(
                f"what was uploaded after {_iso(horizon)}",
                index=index.location,
                hint="set `as-of` to that moment or earlier, record the index again, "
                f"or {ASK_INDEXES}",
            )
        return index.project(name)

    def choice(self, project: Project, rank: int) -> Dist | str:
        """Return the file that the target would install, or the reason why there is none.

        The best wheel by the target's tag order wins, then the higher build tag; an sdist serves
        only where no wheel fits.
        """
        key = (project.name, rank)
        found = self._choices.get(key)
        if found is None:
            found = self._choices[key] = self._choose(project, rank)
        return found

    def has_stable(self, project: Project) -> bool:
        """Tell whether the target could use any version that is no pre-release.

        A version that was not recorded counts: it is there, and nobody asks for it.
        """
        found = self._stable.get(project.name)
        if found is None:
            stable = newest_first(project.everything & ~project.prereleases)
            found = self._stable[project.name] = any(
                not project.is_recorded(rank) or not isinstance(self.choice(project, rank), str)
                for rank in stable
            )
        return found

    def _choose(self, project: Project, rank: int) -> Dist | str:
        if project.name in self.direct:
            return project.dists(rank)[0]
        if (reason := self._barred(project, rank)) is not None:
            return reason
        end = self._end(project)
        late = None if end is None else project.tags_if_after(rank, end)
        if late is not None:
            fits = any(tags is None or self.target.priority(tags) is not None for tags in late)
            return _LATE if fits else _NO_FILE
        reasons: list[str] = []
        fitting = self._fitting(project, rank, reasons)
        if fitting:
            return max(fitting, key=self._order)
        return min(reasons, default=_NO_FILE)

    def _end(self, project: Project) -> int | None:
        """Return the moment from which on nothing of a project counts."""
        return None if project.name in self._provided else self._as_of

    def fitting(self, project: Project, rank: int) -> list[Dist]:
        """Return all files of a version that the target could install, in the listing's order."""
        return self._fitting(project, rank, [])

    def _fitting(self, project: Project, rank: int, reasons: list[str]) -> list[Dist]:
        # Most files are for other targets or uploaded too late: those are settled first.
        found: list[Dist] = []
        priority = self.target.priority
        end = self._end(project)
        undated = None if project.name in self._explicit else _UNDATED
        bars = self._formats.bars if self._formats.any else None
        for dist in project.dists(rank):
            if dist.tags is not None and priority(dist.tags) is None:
                continue
            reason = None
            if end is not None:
                uploaded = dist.uploaded
                reason = undated if uploaded is None else _LATE if uploaded >= end else None
            if bars and bars(project.name, wheel=dist.tags is not None):
                reason = f"its {'sdists' if dist.tags is None else 'wheels'} are not wanted"
            reason = reason or self._objection(project, rank, dist)
            if reason is None:
                found.append(dist)
            else:
                reasons.append(reason)
        return found

    def _barred(self, project: Project, rank: int) -> str | None:
        for rule in self._no_build.get(project.name, ()):
            if project.mask(specifier_of(rule.when)) >> rank & 1:
                return f"{rule.reason} [{rule.id}]"
        return self._problem.unserved.get(project.name, {}).get(project.versions[rank])

    def _objection(self, project: Project, rank: int, dist: Dist) -> str | None:
        if not self.target.accepts_python(dist.requires_python):
            return f"it needs Python {dist.requires_python}"
        if dist.yanked and not self.is_pinned(project, rank):
            return "it was yanked"
        return None

    def is_pinned(self, project: Project, rank: int) -> bool:
        """Tell whether the user pins a version by `==`, which admits a yanked one (PEP 592)."""
        pins = self._exact.get(project.name, ())
        return any(project.mask(specifier) >> rank & 1 for specifier in pins)

    def _order(self, dist: Dist) -> tuple[bool, int, tuple[tuple[int, str], ...], int]:
        """Return how well a file serves: any wheel, the best tag, the build tag, the first one."""
        tag = 0 if dist.tags is None else -(self.target.priority(dist.tags) or 0)
        digits = "".join(_leading_digits(dist.build))
        build = ((int(digits), dist.build[len(digits) :]),) if digits else ()
        return (dist.tags is not None, tag, build, -dist.position)


def rules_by_package(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Return the rules by the package that they are about."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(package_of(rule.when), []).append(rule)
    return found


def _leading_digits(text: str) -> str:
    return text[: len(text) - len(text.lstrip("0123456789"))]


def _exact_pins(problem: Problem, target: TargetEnvironment) -> dict[str, list[str]]:
    """Return the ``==`` pins of the user, who alone may ask for a yanked release (PEP 592)."""
    pins: dict[str, list[str]] = {}
    for each in (*problem.variant.requirements, *problem.variant.constraints):
        specifiers = list(each.requirement.specifier)
        if not target.matches(as_dependency(each.requirement).marker):
            continue
        if any(part.operator in {"==", "==="} and "*" not in part.version for part in specifiers):
            text = str(each.requirement.specifier)
            pins.setdefault(canonicalize_name(each.requirement.name), []).append(text)
    for base in problem.provided.values():
        pins.setdefault(base.name, []).append(f"=={base.version}")
    return pins


def _iso(seconds: int) -> str:
    from datetime import datetime, timezone  # noqa: PLC0415 - for an error message only

    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
