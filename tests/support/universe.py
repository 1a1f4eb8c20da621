"""A package index in memory, and problems over it, for tests of the solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from depcheck.conflicts.model import Rule
from depcheck.images.model import SpecRequirement, Target, ValidateSpec, Variant
from depcheck.index.compiled import compile_page, decode_file, decode_listing, decode_project
from depcheck.index.model import (
    DYNAMIC,
    INVALID,
    UNRECORDED,
    CoreMetadata,
    InvalidMetadataError,
    NotRecordedError,
    PageFile,
    ProjectPage,
)
from depcheck.resolver.direct import as_dependency
from depcheck.resolver.problem import Problem
from depcheck.resolver.solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packaging.version import Version

    from depcheck.conflicts.model import RuleKind
    from depcheck.index.compiled import CompiledProject
    from depcheck.index.interface import PackageIndex
    from depcheck.index.model import Dist, FileRecord, IndexInfo
    from depcheck.index.project import Project
    from depcheck.resolver.solution import Solution

TARGET = Target(python="3.11", platform="manylinux_2_35_x86_64", compute_capabilities=("8.9",))
PURE = "py3-none-any"


class Release:
    """One file of a version in a universe."""

    def __init__(
        self,
        *needs: str,
        tags: str | None = PURE,
        python: str | None = None,
        yanked: bool = False,
        uploaded: int | None = 1_000,
        state: int | None = None,
        extras: tuple[str, ...] = (),
        metadata_python: str | None = None,
        sha256: str | None = "0" * 64,
    ) -> None:
        self.metadata: CoreMetadata | int = CoreMetadata(
            tuple(as_dependency(Requirement(need)) for need in needs), extras, metadata_python
        )
        if state is not None:
            self.metadata = state
        self.tags = tags
        self.python = python
        self.yanked = yanked
        self.uploaded = uploaded
        self.sha256 = sha256

    def filename(self, name: str, version: str) -> str:
        """Return the file's name on the index."""
        stem = f"{name.replace('-', '_')}-{version}"
        return f"{stem}.tar.gz" if self.tags is None else f"{stem}-{self.tags}.whl"


Universe = Mapping[str, Mapping[str, Any]]
"""Versions of each project: a list of requirements, a Release, or a list of Releases.

A universe of several indexes has one such table by location, ``default`` among them.
"""


class MemoryIndex:
    """A `PackageIndex` over a universe."""

    def __init__(self, universe: Universe, location: str = "default", **options: Any) -> None:
        self._universe = universe
        self._location = location
        self._unrecorded: Callable[[str, str], bool] = options.get("unrecorded", lambda *_: False)
        self._strict: bool = options.get("strict", False)
        self._info: IndexInfo | None = options.get("info")
        self._compiled: dict[str, tuple[Project, list[str], bytes]] = {}
        self.visited: set[str] = set()
        """``name==version`` of each file whose metadata was asked for."""

    @property
    def location(self) -> str:
        return self._location

    @property
    def info(self) -> IndexInfo | None:
        return self._info

    def project(self, name: str) -> Project | None:
        if name not in self._universe:
            if self._strict:
                raise NotRecordedError(f"`{name}`", index=self._location)
            return None
        if name not in self._compiled:
            self._compiled[name] = self._compile(name)
        return self._compiled[name][0]

    def _compile(self, name: str) -> tuple[Project, list[str], bytes]:
        made = compiled(
            name,
            self._universe[name],
            recorded=lambda version: not self._unrecorded(name, str(version)),
        )
        project = decode_project(name, self._location, made.solve)
        return project, decode_listing(made.listing), made.digests

    def core_metadata(self, project: Project, dist: Dist) -> CoreMetadata | None:
        filename = self.file(project, dist).filename
        self.visited.add("==".join(filename.removesuffix(".tar.gz").split("-")[:2]))
        if dist.metadata == UNRECORDED:
            raise NotRecordedError(f"the core metadata of `{filename}`", index=self._location)
        if dist.metadata == INVALID:
            raise InvalidMetadataError
        return None if dist.metadata == DYNAMIC else project.metadata[dist.metadata]

    def file(self, project: Project, dist: Dist) -> FileRecord:
        _, listing, digests = self._compiled[project.name]
        return decode_file(listing, digests, dist.position)


def compiled(
    name: str, versions: Mapping[str, Any], recorded: Callable[[Version], bool] | None = None
) -> CompiledProject:
    """Compile a project of a universe as an index would be."""
    files: list[PageFile] = []
    metadata: dict[str, CoreMetadata | int] = {}
    for version, stated in versions.items():
        for release in _releases(stated):
            filename = release.filename(name, version)
            metadata[filename] = release.metadata
            files.append(_page_file(filename, release))
    return compile_page(
        ProjectPage(name=name, files=tuple(files)),
        describe=lambda file: metadata[file.filename],
        recorded=recorded,
    )


def _releases(stated: Any) -> list[Release]:
    if isinstance(stated, Release):
        return [stated]
    if all(isinstance(each, Release) for each in stated) and stated:
        return list(stated)
    return [Release(*stated)]


def _page_file(filename: str, release: Release) -> PageFile:
    return PageFile(
        filename=filename,
        location=f"files/{filename}",
        sha256=release.sha256,
        size=1_000,
        requires_python=release.python,
        yanked=release.yanked,
        uploaded=release.uploaded,
    )


def problem(
    *requirements: str,
    constraints: Iterable[str] = (),
    rules: Iterable[Rule] = (),
    reported: Iterable[Rule] = (),
    as_of: int | None = None,
    max_rounds: int = 2_000,
    **options: Any,
) -> Problem:
    """Return a problem with these direct requirements."""
    variant = Variant(
        name="cu121",
        as_of=None if as_of is None else datetime.fromtimestamp(as_of, timezone.utc),
        requirements=_stated("requirements", requirements),
        constraints=_stated("constraints", constraints),
        target=options.pop("target", TARGET),
        env={},
        validate=ValidateSpec(env={}),
    )
    return Problem(
        image="test",
        summary="a test image",
        variant=replace(variant, **options),
        rules=tuple(sorted(rules, key=lambda rule: rule.id)),
        reported=tuple(reported),
        max_rounds=max_rounds,
    )


def _stated(key: str, texts: Iterable[str]) -> tuple[SpecRequirement, ...]:
    return tuple(
        SpecRequirement(requirement=Requirement(text), origin=f"test.toml: {key}[{place}]")
        for place, text in enumerate(texts)
    )


def rule(kind: RuleKind, when: str, *then: str, **options: Any) -> Rule:
    """Return a rule whose id says what it is about."""
    fields: dict[str, Any] = {
        "id": f"{kind.value}-{when}",
        "kind": kind,
        "when": Requirement(when),
        "then": tuple(Requirement(each) for each in then),
        "reason": "because of the test",
        "evidence": ("https://example.org/1",),
        "remedy": "choose other versions",
        "since": date(2024, 1, 1),
        "example": (),
        "counterexample": (),
        **options,
    }
    return Rule(**fields)


def solved(universe: Universe, *requirements: str, **options: Any) -> dict[str, str]:
    """Return the pins of a solve over a universe, or over several by index location."""
    return pins(solution(universe, *requirements, **options))


def solution(universe: Universe, *requirements: str, **options: Any) -> Solution:
    """Solve over a universe, or over several by index location."""
    return solve(problem(*requirements, **options), indexes(universe))


def indexes(universe: Universe) -> Callable[[str], PackageIndex]:
    """Return the look-up that `solve` takes."""
    several = universe if "default" in universe else {"default": universe}
    made = {location: MemoryIndex(content, location) for location, content in several.items()}
    return made.__getitem__


def pins(solved_problem: Solution) -> dict[str, str]:
    """Return version by name."""
    return {pin.name: pin.version for pin in solved_problem.pins}
