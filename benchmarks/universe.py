"""An image's problem as other tools can solve it: the index as it is after depcheck's rules.

Rules replace the metadata of some packages, and no other tool knows them. Of each pin that has no
wheel, or whose dependencies deviate from the published ones, the index serves one wheel: that
version, with the dependencies that the rules leave. What rules ask of packages that are present
become constraints. So another tool comes to the same pins; with less work, if anything: the
candidates of these packages are given to it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from depcheck.index.model import CoreMetadata, Dependency
from depcheck.index.simple_api import JSON, METADATA, Page, SimpleApi, metadata_text
from depcheck.index.snapshot import open_snapshot
from depcheck.resolver.direct import extras_named
from depcheck.resolver.problem import DEFAULT_INDEX
from depcheck.resolver.search import Bench, Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from depcheck.images.model import SpecRequirement
    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.candidates import Candidate
    from depcheck.resolver.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """A problem for other tools, with depcheck's own pins."""

    problem: Problem
    pins: Mapping[str, str]
    replaced: Mapping[str, tuple[str, CoreMetadata]]
    """Version and metadata of the packages that the index serves otherwise than published."""

    def api(self) -> SimpleApi:
        """Return the index."""
        snapshot = open_snapshot()
        index_of = self.problem.index_of
        return _ReplacedApi(lambda name: snapshot.index(index_of.get(name, DEFAULT_INDEX)), self)


def posed(problem: Problem) -> Posed:
    """Solve a problem by depcheck, and return it for others."""
    snapshot = open_snapshot()
    found = Bench(problem, snapshot.index).attempt()
    if not isinstance(found, Found):
        raise TypeError(problem.title)
    base = [each for each in found.candidates.values() if not each.extra and each.project]
    provided = problem.provided
    variant = replace(
        problem.variant,
        requirements=tuple(map(_without_url, problem.variant.requirements)),
        constraints=(
            *problem.variant.constraints,
            *(_stated(f"{each.name}=={each.version}") for each in provided.values()),
            *(_stated(text) for text in sorted(_required(found))),
        ),
    )
    return Posed(
        problem=replace(problem, variant=variant),
        pins={each.name: each.version for each in base if each.name not in provided},
        replaced={
            each.name: (each.version, metadata)
            for each in base
            if (metadata := _metadata(found, each)) is not None
        },
    )


def _without_url(stated: SpecRequirement) -> SpecRequirement:
    plain = Requirement(str(stated.requirement))
    plain.url = None
    return replace(stated, requirement=plain)


def _stated(text: str) -> SpecRequirement:
    from depcheck.images.model import SpecRequirement  # noqa: PLC0415

    return SpecRequirement(requirement=Requirement(text), origin="rules")


def _required(found: Found) -> set[str]:
    """Return what rules ask of packages that are present, as constraints."""
    return {
        f"{each.want.name}{each.want.specifier}"
        for asked in found.asked.values()
        for each in asked
        if each.want.rule and each.want.weak and not each.want.forbidden and each.want.specifier
    }


def _metadata(found: Found, candidate: Candidate) -> CoreMetadata | None:
    """Return what rules leave of a pin's metadata, None where that is the published one."""
    needs = found.dependencies.needs(candidate)
    added = [
        Dependency(want.name, (), want.specifier, None, None)
        for want in found.dependencies.wants(candidate)
        if want.rule and not want.declared and not want.weak
    ]
    is_wheel = candidate.dist is not None and candidate.dist.tags is not None
    if is_wheel and needs.source == "wheel" and not needs.deviations and not added:
        return None
    left = [each._replace(url=None) for each, _ in needs.dependencies] + added
    extras = {*needs.extras, *extras_named(left)}
    return CoreMetadata(tuple(left), tuple(sorted(extras)))


class _ReplacedApi(SimpleApi):
    """The recorded index with one made-up wheel for each package that rules touch."""

    def __init__(self, index_of: Callable[[str], PackageIndex], posed: Posed) -> None:
        super().__init__(index_of, as_of=posed.problem.variant.as_of)
        self._files = dict(_wheels(posed))

    def answer(self, path: str, accept: str) -> Page | None:
        match path.strip("/").split("/"):
            case ["simple", name] if name in self._files:
                return self._made_up(name, accept)
            case ["files", name, _, filename] if name in self._files:
                text = self._files[name][1]
                return Page(body=text.encode()) if filename.endswith(METADATA) else None
        return super().answer(path, accept)

    def _made_up(self, name: str, accept: str) -> Page:
        version, text = self._files[name]
        filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        if "json" not in accept:
            raise NotImplementedError(accept)
        file = {
            "filename": filename,
            "url": f"../../files/{name}/{version}/{filename}",
            "hashes": {"sha256": hashlib.sha256(filename.encode()).hexdigest()},
            "core-metadata": {"sha256": hashlib.sha256(text.encode()).hexdigest()},
            "upload-time": "2020-01-01T00:00:00Z",
        }
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [version]}
        return Page(kind=JSON, body=json.dumps({**page, "files": [file]}).encode())


def _wheels(posed: Posed) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, (version, metadata) in posed.replaced.items():
        yield name, (version, metadata_text(name, version, metadata))
