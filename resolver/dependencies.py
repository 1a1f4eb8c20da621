"""What a candidate asks for: core metadata, corrected by rules and by the spec's overrides.

Rules are matched here, inside the search. In order: ``metadata`` states what an sdist cannot say,
``no-deps`` and ``drop`` remove, ``override`` replaces, the spec's own overrides and exclusions come
last; then ``require`` and ``forbid`` add what nobody declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from depcheck.conflicts.compiled import marker_of, package_of, specifier_of
from depcheck.conflicts.model import RuleKind
from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.index.model import CoreMetadata, Dependency, InvalidMetadataError
from depcheck.resolver.candidates import Candidate, Want
from depcheck.resolver.catalogue import rules_by_package
from depcheck.resolver.direct import as_dependency, stated_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.conflicts.model import Rule
    from depcheck.images.model import Override
    from depcheck.index.model import Dist
    from depcheck.index.project import Project
    from depcheck.resolver.catalogue import Catalogue
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.target import TargetEnvironment


@frozen
class Deviation:
    """A published dependency that does not count as published."""

    published: Dependency
    replacement: Dependency | None
    """None where it was dropped."""
    rule: str
    reason: str


@frozen
class Needs:
    """The dependencies of one version, markers not yet applied."""

    dependencies: tuple[tuple[Dependency, str | None], ...] = ()
    """Each with the id of the rule that stated it, if one did."""
    extras: tuple[str, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    source: str = "wheel"
    """wheel, sdist, spec or ``rule:ID``."""
    impossible: str | None = None


class Dependencies:
    """Core metadata in, wants out; each version is read once."""

    def __init__(self, problem: Problem, target: TargetEnvironment, catalogue: Catalogue) -> None:
        self._problem = problem
        self._target = target
        self._catalogue = catalogue
        self._rules = rules_by_package(problem.rules)
        self._overrides = {each.package: each for each in problem.variant.overrides}
        self.root_names = frozenset(
            canonicalize_name(each.requirement.name)
            for each in (*problem.variant.requirements, *problem.variant.constraints)
        ) | frozenset(problem.provided)
        self._scopes: dict[str, list[tuple[int, Rule]]] = {}
        """The ranks that each rule about a project is about, by project name."""
        self.unknown: dict[tuple[str, int], InputError] = {}
        """Versions that were met and whose dependencies only a build could tell, by rank."""
        self._needs: dict[tuple[str, int], Needs] = {}
        self._wants: dict[tuple[str, int], tuple[Want, ...]] = {}

    def roots(self) -> Iterator[Want]:
        """Yield what the image itself asks for, and its constraints as weak wants."""
        variant = self._problem.variant
        for each in variant.requirements:
            dependency = as_dependency(each.requirement)
            override = self._overrides.get(dependency.name)
            if not self._target.matches(dependency.marker):
                continue
            if override is not None and dependency.url is None:
                yield from self._overridden(override, dependency)
            else:
                yield from _wants(dependency, origin=each.origin)
        for each in variant.constraints:
            dependency = as_dependency(each.requirement)
            if self._target.matches(dependency.marker):
                yield Want(dependency.name, dependency.specifier, weak=True, origin=each.origin)
        for base in self._problem.provided.values():
            yield Want(base.name, f"=={base.version}", weak=True, origin=base.origin)

    def _overridden(self, override: Override, stated: Dependency) -> Iterator[Want]:
        if override.requirement is None:
            return
        replaced = as_dependency(override.requirement)._replace(extras=stated.extras)
        if self._target.matches(replaced.marker):
            yield from _wants(replaced, origin=override.origin)

    def wants(self, candidate: Candidate) -> tuple[Want, ...]:
        """Return what a candidate asks for on the target.

        Wants on what the image itself names come first: a conflict with the image shows before
        anything else is looked up.
        """
        if candidate.project is None or candidate.dist is None:
            return ()
        key = (candidate.identifier, candidate.rank)
        found = self._wants.get(key)
        if found is None:
            wants = sorted(self._collect(candidate), key=self._is_remote)
            found = self._wants[key] = tuple(wants)
        return found

    def _is_remote(self, want: Want) -> bool:
        return want.name not in self.root_names

    def is_stated(self, candidate: Candidate) -> bool:
        """Tell whether a rule or the spec states the metadata, so that no file need be read."""
        project, dist = candidate.project, candidate.dist
        if project is None or dist is None or dist.tags is not None:
            return False
        stated = any(rule.kind is RuleKind.METADATA for rule in self.rules(project, candidate.rank))
        return (
            stated
            or project.name in self._catalogue.direct
            or any(
                (each.name, each.version) == (project.name, candidate.version)
                for each in self._problem.variant.metadata
            )
        )

    def _collect(self, candidate: Candidate) -> Iterator[Want]:
        needs = self.needs(candidate)
        if needs.impossible:
            # What rules say does not depend on metadata, and may settle the matter.
            if not candidate.extra and candidate.project is not None:
                yield from self._undeclared(candidate.project, candidate.rank)
            yield Want(candidate.name, extra=candidate.extra, impossible=needs.impossible)
            return
        if candidate.extra:
            yield Want(candidate.name, rank=candidate.rank)
        for dependency, rule in needs.dependencies:
            if self._applies(dependency, candidate.extra):
                yield from self._wants_of(candidate, dependency, rule)
        if not candidate.extra and candidate.project is not None:
            yield from self._undeclared(candidate.project, candidate.rank)

    def _applies(self, dependency: Dependency, extra: str) -> bool:
        if not self._target.matches(dependency.marker, extra):
            return False
        return not extra or not self._target.matches(dependency.marker)

    def _wants_of(
        self, candidate: Candidate, dependency: Dependency, rule: str | None
    ) -> Iterator[Want]:
        if dependency.url is None:
            yield from _wants(dependency, rule=rule)
            return
        direct = self._catalogue.direct.get(dependency.name)
        if direct is not None and direct.url == dependency.url:
            yield from _wants(dependency._replace(specifier=""), rule=rule)
            return
        reason = f"it needs `{dependency}`, a URL that the image spec does not list"
        yield Want(candidate.name, extra=candidate.extra, impossible=reason)

    def _undeclared(self, project: Project, rank: int) -> Iterator[Want]:
        for rule in self.rules(project, rank):
            if rule.kind not in {RuleKind.REQUIRE, RuleKind.FORBID}:
                continue
            for each in rule.then:
                if not self._target.matches(marker_of(each)):
                    continue
                yield Want(
                    package_of(each),
                    specifier_of(each),
                    weak=not rule.install,
                    forbidden=rule.kind is RuleKind.FORBID,
                    rule=rule.id,
                    declared=False,
                )

    def rules(self, project: Project, rank: int) -> list[Rule]:
        """Return the rules whose ``when`` this version is in, by id."""
        scopes = self._scopes.get(project.name)
        if scopes is None:
            scopes = self._scopes[project.name] = [
                (project.mask(specifier_of(rule.when)), rule)
                for rule in self._rules.get(project.name, ())
            ]
        return [rule for mask, rule in scopes if mask >> rank & 1]

    def needs(self, candidate: Candidate) -> Needs:
        """Return the dependencies of a candidate's version, with what was waived.

        Where only a build could tell them, and no rule states them, the version cannot be used, and
        `unknown` says so: whether that matters is known when the search has ended.
        """
        key = (candidate.name, candidate.rank)
        found = self._needs.get(key)
        if found is None and candidate.project is not None and candidate.dist is not None:
            found = self._read(candidate.project, candidate.rank, candidate.dist)
            self._needs[key] = found
        return found or Needs()

    def _read(self, project: Project, rank: int, dist: Dist) -> Needs:
        rules = self.rules(project, rank)
        try:
            metadata, source = self._metadata(project, rank, dist, rules)
        except InvalidMetadataError as error:
            return Needs(
                impossible=f"its core metadata is invalid{f': {error}' if str(error) else ''}"
            )
        except InputError as error:
            self.unknown[project.name, rank] = error
            return Needs(impossible="its sdist cannot state its dependencies without being built")
        impossible = None
        if not self._target.accepts_python(metadata.requires_python):
            impossible = f"it needs Python {metadata.requires_python}"
        dependencies, deviations = self._correct(metadata.dependencies, rules)
        return Needs(
            dependencies=tuple(dependencies),
            extras=metadata.extras,
            deviations=tuple(deviations),
            source=source,
            impossible=impossible,
        )

    def _metadata(
        self, project: Project, rank: int, dist: Dist, rules: list[Rule]
    ) -> tuple[CoreMetadata, str]:
        if project.name in self._catalogue.direct:
            return project.metadata[0], "spec"
        stated = next((rule for rule in rules if rule.kind is RuleKind.METADATA), None)
        if stated is not None and dist.tags is None:
            return stated_metadata(stated.then), f"rule:{stated.id}"
        version = project.versions[rank]
        for each in self._problem.variant.metadata:
            if each.name == project.name and each.version == version and dist.tags is None:
                found = stated_metadata(
                    each.requires_dist, extras=each.extras, requires_python=each.requires_python
                )
                return found, "spec"
        read = self._catalogue.index(project.name).core_metadata(project, dist)
        if read is not None:
            return read, "sdist" if dist.tags is None else "wheel"
        raise InputError(
            "dynamic-metadata",
            f"`{project.name}=={version}` has no wheel for the target, and its sdist cannot state "
            "its dependencies without being built",
            hint=self._how_to_state(project.name, version),
        )

    def _how_to_state(self, name: str, version: str) -> str:
        """Return the remedy for metadata that nobody states."""
        if self._problem.bare:
            return (
                f"ask for another version of `{name}`, one with a wheel, or state the dependencies "
                f'in a rule of kind `metadata` with `when = "{name}=={version}"`, and name its '
                "file by `--rules`"
            )
        return (
            f"state them: `[[variants.{self._problem.variant.name}.metadata]]` with "
            f'`name = "{name}"`, `version = "{version}"`, `requires-dist` and `reason`, '
            "or a rule of kind `metadata`"
        )

    def _correct(
        self, published: tuple[Dependency, ...], rules: list[Rule]
    ) -> tuple[list[tuple[Dependency, str | None]], list[Deviation]]:
        counted: list[tuple[Dependency, str | None]] = []
        deviations: list[Deviation] = []
        alone = next((rule for rule in rules if rule.kind is RuleKind.NO_DEPS), None)
        for dependency in published:
            found = self._deviation(dependency, rules, alone)
            if found is None:
                counted.append((dependency, None))
                continue
            deviations.append(found)
            if found.replacement is not None:
                counted.append((found.replacement, found.rule))
        if alone is not None:
            counted += [(as_dependency(each), alone.id) for each in alone.then]
        return counted, deviations

    def _deviation(
        self, dependency: Dependency, rules: list[Rule], alone: Rule | None
    ) -> Deviation | None:
        override = self._overrides.get(dependency.name)
        if override is not None:
            replacement = stated = None
            if override.requirement is not None:
                stated = as_dependency(override.requirement)
            if stated is not None and self._target.matches(stated.marker):
                replacement = dependency._replace(specifier=stated.specifier, url=stated.url)
            return Deviation(
                published=dependency,
                replacement=replacement,
                rule=override.origin,
                reason=override.reason,
            )
        if alone is not None:
            return _by_rule(dependency, None, alone)
        for rule in rules:
            if rule.kind is RuleKind.DROP and dependency.name in rule.drop:
                return _by_rule(dependency, None, rule)
            if rule.kind is RuleKind.OVERRIDE:
                for each in rule.then:
                    if package_of(each) == dependency.name:
                        text = specifier_of(each)
                        return _by_rule(dependency, dependency._replace(specifier=text), rule)
        return None


def _by_rule(published: Dependency, replacement: Dependency | None, rule: Rule) -> Deviation:
    return Deviation(published=published, replacement=replacement, rule=rule.id, reason=rule.reason)


def _wants(
    dependency: Dependency, *, origin: str | None = None, rule: str | None = None
) -> Iterator[Want]:
    yield Want(dependency.name, dependency.specifier, origin=origin, rule=rule)
    for extra in dependency.extras:
        yield Want(dependency.name, dependency.specifier, extra=extra, origin=origin, rule=rule)
