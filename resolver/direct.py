"""Direct references (PEP 508 ``name @ url``) as projects of one version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit, urlunsplit

from packaging.utils import canonicalize_name

from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.index.model import CoreMetadata, Dependency
from depcheck.index.project import Project
from depcheck.resolver.solution import DirectSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.requirements import Requirement

    from depcheck.images.model import SpecRequirement
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.target import TargetEnvironment


_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")


@frozen
class DirectProject:
    """A package that comes from a URL: one version, its metadata stated by the spec."""

    project: Project
    source: DirectSource
    url: str
    """As the spec writes it."""


def as_dependency(requirement: Requirement) -> Dependency:
    """Return a requirement in the form that core metadata has it."""
    return Dependency(
        canonicalize_name(requirement.name),
        tuple(sorted(canonicalize_name(extra) for extra in requirement.extras)),
        str(requirement.specifier),
        str(requirement.marker) if requirement.marker else None,
        requirement.url,
    )


def stated_metadata(
    requires_dist: Iterable[Requirement],
    *,
    extras: Iterable[str] = (),
    requires_python: str | None = None,
) -> CoreMetadata:
    """Return core metadata that no file says; extras that a marker names are extras too."""
    dependencies = tuple(map(as_dependency, requires_dist))
    known = {*extras, *extras_named(dependencies)}
    return CoreMetadata(dependencies, tuple(sorted(known)), requires_python)


def extras_named(dependencies: Iterable[Dependency]) -> set[str]:
    """Return the extras that markers name, normalised."""
    named = _EXTRA.findall(" ".join(each.marker or "" for each in dependencies))
    return {canonicalize_name(each) for each in named}


def direct_projects(problem: Problem, target: TargetEnvironment) -> dict[str, DirectProject]:
    """Return what no index is asked for, by normalised name.

    These are direct references, and packages of the base image whose needs the spec states.

    Raises:
        InputError: a reference whose metadata the spec does not state, or two to one package.
    """
    found: dict[str, DirectProject] = {}
    stated: dict[str, SpecRequirement] = {}
    for each in problem.variant.requirements:
        marker = str(each.requirement.marker) if each.requirement.marker else None
        if not each.requirement.url or not target.matches(marker):
            continue
        name = canonicalize_name(each.requirement.name)
        if name in found and found[name].url != each.requirement.url:
            raise _contradiction(stated[name], each)
        found[name], stated[name] = _direct(problem, each), each
    for base in problem.provided.values():
        if base.requires_dist is not None:
            found[base.name] = DirectProject(
                project=_project(
                    base.name, base.path, base.version, stated_metadata(base.requires_dist)
                ),
                source=DirectSource(url=base.path),
                url=base.path,
            )
    return found


def _contradiction(first: SpecRequirement, second: SpecRequirement) -> InputError:
    return InputError(
        "conflicting-urls",
        f"{second.origin}: `{second.requirement}` contradicts `{first.requirement}` "
        f"({first.origin}): a package comes from one URL",
        hint="leave out one of the two",
    )


def _direct(problem: Problem, stated: SpecRequirement) -> DirectProject:
    name = canonicalize_name(stated.requirement.name)
    url = stated.requirement.url or ""
    recorded = next((each for each in problem.variant.metadata if each.name == name), None)
    if recorded is None:
        raise InputError(
            "unknown-metadata",
            f"{stated.origin}: `{name}` comes from a URL, and its core metadata is not stated",
            hint=f'add `[[variants.{problem.variant.name}.metadata]]` with `name = "{name}"`, '
            "`version`, `requires-dist` and `reason`",
        )
    metadata = stated_metadata(
        recorded.requires_dist, extras=recorded.extras, requires_python=recorded.requires_python
    )
    project = _project(name, url, recorded.version, metadata)
    return DirectProject(project=project, source=_source(url), url=url)


def _project(name: str, location: str, version: str, metadata: CoreMetadata) -> Project:
    return Project(
        name,
        index=location,
        versions=[version],
        prereleases=0,
        kinds=[(None, "", None, False)],
        releases=[[0, 0, 0, None]],
        metadata={0: metadata},
        specifiers={},
    )


def _source(url: str) -> DirectSource:
    vcs, _, rest = url.partition("+") if url.startswith("git+") else ("", "", url)
    parts = urlsplit(rest)
    fragment = {key: values[0] for key, values in parse_qs(parts.fragment).items()}
    path, _, commit = parts.path.partition("@") if vcs else (parts.path, "", "")
    return DirectSource(
        url=urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")),
        vcs=vcs or None,
        commit=commit or None,
        sha256=fragment.get("sha256"),
        subdirectory=fragment.get("subdirectory"),
    )
