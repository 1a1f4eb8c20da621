"""Read what a ``pyproject.toml`` asks for: dependencies, extras (PEP 621), groups (PEP 735)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.dependency_groups import DependencyGroupResolver
from packaging.errors import ExceptionGroup
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.images.model import SpecRequirement
from depcheck.tomlfile import BadValueError, did_you_mean, read_toml
from depcheck.tomlvalues import package_name, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from depcheck.tomlfile import Table, TomlFile

_REFERENCE = "invalid-project"


@frozen
class ProjectNeeds:
    """What one project asks for, with the extras and groups that were named."""

    requirements: tuple[SpecRequirement, ...]
    requires_python: str | None


def read_pyproject(path: Path, *, extras: Sequence[str], groups: Sequence[str]) -> ProjectNeeds:
    """Return the dependencies of a project, those of some extras, and those of some groups.

    Raises:
        InputError: the file is wrong, leaves its dependencies to a build, or does not know an
            extra or a group.
    """
    file = read_toml(path, reference=_REFERENCE)
    project = file.root.table("project")
    dynamic = set(project.values("dynamic", text))
    for key in ("dependencies", "optional-dependencies"):
        if key in dynamic and (key == "dependencies" or extras):
            project.complain(
                "dynamic",
                f"`{key}` is dynamic: only a build could tell",
                f"state `{key}` in the file, or name a requirements file instead",
            )
    requirements = list(_stated(project, "dependencies"))
    requirements += _Extras(project).of(extras)
    requires_python = project.optional("requires-python", text, None)
    file.check()
    if groups:
        requirements += _of_groups(file, groups)
    return ProjectNeeds(requirements=tuple(requirements), requires_python=requires_python)


def _stated(table: Table, key: str) -> Iterator[SpecRequirement]:
    for origin, found in table.each(key, _requirement):
        yield SpecRequirement(requirement=found, origin=origin)


class _Extras:
    """The extras of a project; one may ask for others by the project's own name."""

    def __init__(self, project: Table) -> None:
        self._own = canonicalize_name(project.optional("name", package_name, ""))
        self._table = project.table("optional-dependencies")
        self._keys = {canonicalize_name(key): key for key in self._table.names()}
        self._seen: set[str] = set()

    def of(self, names: Iterable[str]) -> Iterator[SpecRequirement]:
        for name in names:
            normal = canonicalize_name(name)
            if normal not in self._keys:
                raise _unknown("extra", name, self._keys.values(), self._table.file)
            if normal not in self._seen:
                self._seen.add(normal)
                yield from self._inside(self._keys[normal])

    def _inside(self, key: str) -> Iterator[SpecRequirement]:
        for each in _stated(self._table, key):
            if canonicalize_name(each.requirement.name) == self._own:
                yield from self.of(sorted(each.requirement.extras))
            else:
                yield each


def _of_groups(file: TomlFile, groups: Sequence[str]) -> Iterator[SpecRequirement]:
    stated = file.document.get("dependency-groups", {})
    if not isinstance(stated, dict):
        stated = {}
    try:
        resolver = DependencyGroupResolver(stated)
        for name in groups:
            if canonicalize_name(name) not in resolver.dependency_groups:
                raise _unknown("group", name, stated, file)
            for each in resolver.resolve(name):
                origin = f"{file.path.name}: dependency-groups.{name}"
                yield SpecRequirement(requirement=each, origin=origin)
    except ExceptionGroup as error:
        reasons = "; ".join(str(each).splitlines()[0] for each in error.exceptions)
        raise InputError(
            _REFERENCE, f"{file.path}: dependency-groups: {reasons}", hint="see PEP 735"
        ) from error


def _unknown(kind: str, name: str, known: Iterable[str], file: TomlFile) -> InputError:
    names = ", ".join(f"`{each}`" for each in sorted(known)) or "none"
    return InputError(
        f"unknown-{kind}",
        f"{file.path}: there is no {kind} `{name}`",
        hint=did_you_mean(name, known) or f"it has: {names}",
    )


def _requirement(value: object) -> Requirement:
    """Return a requirement, direct references among them."""
    found = text(value)
    try:
        return Requirement(found)
    except InvalidRequirement as error:
        raise BadValueError(
            f"`{found}` is not a requirement: {str(error).splitlines()[0].lower()}",
            "write it like `torch==2.2.2`",
        ) from error
