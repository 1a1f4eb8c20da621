"""Problem in, solution out."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from packaging.version import Version

from depcheck.conflicts.accelerator import mixtures
from depcheck.errors import DepcheckError, ExitCode
from depcheck.index.default import absolute_url, canonical_default_index
from depcheck.resolver.ahead import prepare
from depcheck.resolver.fallback import far_fallbacks
from depcheck.resolver.passed_over import passed_over
from depcheck.resolver.problem import DEFAULT_INDEX
from depcheck.resolver.search import Bench, Found
from depcheck.resolver.solution import (
    IgnoredRule,
    IndexUse,
    LockedFile,
    Pin,
    ProvidedPackage,
    Shadowed,
    Solution,
    Via,
)
from depcheck.resolver.verdicts import (
    applied_rules,
    build_needs,
    environment,
    order_edges,
    reported_trouble,
    system_needs,
    waivers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from depcheck.images.model import BasePackage
    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.candidates import Candidate
    from depcheck.resolver.core import Core
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.search import Asked, Refuted


class UnhashedFileError(DepcheckError):
    """An index states no hash for a file that the lock would pin."""

    exit_code = ExitCode.NO


def solve(problem: Problem, indexes: Callable[[str], PackageIndex]) -> Solution:
    """Solve a problem against indexes, looked up by location (``default`` or a URL).

    Raises:
        UnsatisfiableError: proved that there is no solution.
        SearchLimitError: the search gave up within its budget: nothing was proved.
        NotRecordedError: the recording does not know something that the answer depends on.
        InputError: a dependency that nobody can state without a build.
        UnhashedFileError: a pin's file has no known hash.
    """
    return assemble(problem, _search(problem, indexes), indexes)


def assemble(problem: Problem, found: Found, indexes: Callable[[str], PackageIndex]) -> Solution:
    """Return what candidates come to: their files, who asked for them, what was waived.

    Raises:
        UnhashedFileError: a pin's file has no known hash.
    """
    by_name: dict[str, list[Candidate]] = {}
    for candidate in found.candidates.values():
        by_name.setdefault(candidate.name, []).append(candidate)
    pins = tuple(
        _pin(problem, found, by_name[name])
        for name in sorted(by_name)
        if name not in problem.provided
    )
    uses = tuple(_index_uses(problem, pins, indexes))
    variant = problem.variant
    return Solution(
        image=problem.image,
        variant=variant.name,
        summary=problem.summary,
        target=variant.target,
        as_of=variant.as_of.strftime("%Y-%m-%dT%H:%M:%SZ") if variant.as_of else None,
        input_digest=problem.digest((use.name, use.digest) for use in uses),
        pins=pins,
        waivers=waivers(found),
        rules=applied_rules(problem, found),
        switched_off=tuple(
            IgnoredRule(id=off.rule.id, reason=off.reason) for off in problem.switched_off
        ),
        provided=tuple(_provided(problem, found, by_name)),
        shadowed=tuple(_shadowed(problem, by_name)),
        indexes=uses,
        after=order_edges(found),
        stages=variant.stages,
        env=environment(problem, found),
        system=system_needs(found),
        warnings=tuple(_warnings(problem, found, pins)),
        fallbacks=tuple(far_fallbacks(found, problem.preferred)),
        validate=variant.validate,
        rounds=found.rounds,
    )


def _search(problem: Problem, indexes: Callable[[str], PackageIndex]) -> Found:
    bench = Bench(problem, indexes)
    prepare(problem, indexes, bench.catalogue.target)
    outcome = bench.attempt()
    proved = outcome if isinstance(outcome, Found) else _proved(bench, outcome)
    unknown = list(_unknown(bench, proved))
    if unknown:
        raise bench.dependencies.unknown[max(unknown)]
    if isinstance(proved, Found):
        return proved
    from depcheck.resolver.explanation import explain  # noqa: PLC0415 - only without a solution

    raise explain(bench, proved)


def _proved(bench: Bench, refuted: Refuted) -> Found | Core:
    from depcheck.resolver.core import prove  # noqa: PLC0415 - only without a solution

    return prove(bench, refuted)


def _unknown(bench: Bench, proved: Found | Core) -> Iterator[tuple[str, int]]:
    """Yield the versions that the answer might have taken, were their dependencies known."""
    unknown = bench.dependencies.unknown
    if isinstance(proved, Found):
        yield from (key for key in unknown if _might_be_taken(proved, *key))
        return
    for asked in chain.from_iterable(proved.stated.values()):
        if asked.want.impossible and asked.parent is not None:
            key = (asked.parent.name, asked.parent.rank)
            if key in unknown:
                yield key


def _might_be_taken(found: Found, name: str, rank: int) -> bool:
    taken = found.candidates.get(name)
    if taken is None or taken.project is None or rank < taken.rank:
        return False
    return all(each.want.mask(taken.project) >> rank & 1 for each in found.asked[name])


def _provided(
    problem: Problem, found: Found, by_name: Mapping[str, list[Candidate]]
) -> Iterator[ProvidedPackage]:
    for name, base in problem.provided.items():
        if name in by_name:
            yield ProvidedPackage(
                name=name,
                version=base.version,
                path=base.path,
                needed_by=tuple(
                    sorted({via.source for via in _via(found, by_name[name])} - {_stated_in(base)})
                ),
            )


def _stated_in(base: BasePackage) -> str:
    """Return where the spec speaks of the base image, which is no need of anybody."""
    return base.origin.partition("[")[0]


def _shadowed(problem: Problem, pinned: Collection[str]) -> Iterator[Shadowed]:
    for base in problem.variant.base_packages:
        if base.upgrade and base.name in pinned:
            yield Shadowed(name=base.name, version=base.version, path=base.path)


def _pin(problem: Problem, found: Found, candidates: list[Candidate]) -> Pin:
    base = next(each for each in candidates if not each.extra)
    direct = found.catalogue.direct.get(base.name)
    locked = None if direct else _locked_file(found, base)
    source = direct.source if direct else locked
    built = source is not None and not source.is_wheel
    needs = found.dependencies.needs(base)
    provided = problem.provided
    return Pin(
        name=base.name,
        version=base.version,
        index=None if direct else _index_name(problem, base.name),
        file=locked,
        other_sha256=tuple(_other_hashes(found, base, locked)) if problem.bare and locked else (),
        direct=direct.source if direct else None,
        extras=tuple(sorted(each.extra for each in candidates if each.extra)),
        requires=tuple(each for each in _requires(found, candidates) if each not in provided),
        requires_python=base.dist.requires_python if base.dist else None,
        via=tuple(_via(found, candidates)),
        metadata_from=needs.source,
        passed_over=passed_over(found, base, preferred=problem.preferred.get(base.name)),
        build=build_needs(found, base) if built else None,
    )


def _index_name(problem: Problem, name: str) -> str:
    for index in problem.variant.indexes:
        if name in index.packages:
            return index.name
    return DEFAULT_INDEX


def _locked_file(found: Found, candidate: Candidate) -> LockedFile:
    project, dist = candidate.project, candidate.dist
    if project is None or dist is None:
        raise AssertionError(candidate)
    index = found.catalogue.index(candidate.name)
    record = index.file(project, dist)
    if record.sha256 is None:
        raise UnhashedFileError(
            "unhashed-file",
            f"index `{index.location}` states no SHA-256 for `{record.filename}`, "
            "and a lock without it would prove nothing",
            hint=f"pin another version of `{candidate.name}`, or ask the indexes themselves and "
            f"let the hash be computed from a download: `--hash-by-download {candidate.name}`",
        )
    return LockedFile(
        filename=record.filename,
        url=absolute_url(record.location, index.location),
        sha256=record.sha256,
        size=record.size,
        uploaded=dist.uploaded,
        downloaded=record.downloaded,
    )


def _other_hashes(found: Found, candidate: Candidate, locked: LockedFile) -> list[str]:
    project = candidate.project
    if project is None:
        return []
    index = found.catalogue.index(candidate.name)
    records = [
        index.file(project, dist) for dist in found.catalogue.fitting(project, candidate.rank)
    ]
    return sorted({each.sha256 for each in records if each.sha256} - {locked.sha256})


def _requires(found: Found, candidates: list[Candidate]) -> list[str]:
    names = {
        want.name
        for candidate in candidates
        for want in found.dependencies.wants(candidate)
        if not want.weak and want.name != candidate.name
    }
    return sorted(name for name in names if name in found.candidates)


def _via(found: Found, candidates: list[Candidate]) -> list[Via]:
    seen: set[tuple[str, str, bool, str]] = set()
    for candidate in candidates:
        for asked in found.asked[candidate.identifier]:
            if asked.parent is None or _still_there(found, asked):
                seen.add(_source(asked))
    own = {candidates[0].name}
    return [
        Via(source=source, requirement=text, is_package=is_package, rule=rule or None)
        for source, text, is_package, rule in sorted(seen)
        if source not in own
    ]


def _still_there(found: Found, asked: Asked) -> bool:
    return (
        asked.parent is not None and found.candidates.get(asked.parent.identifier) is asked.parent
    )


def _source(asked: Asked) -> tuple[str, str, bool, str]:
    want = asked.want
    if asked.parent is not None:
        return (asked.parent.name, str(want), True, want.rule or "")
    return (want.stated_in, str(want), False, want.rule or "")


def _index_uses(
    problem: Problem, pins: tuple[Pin, ...], indexes: Callable[[str], PackageIndex]
) -> Iterator[IndexUse]:
    used = {pin.index for pin in pins}
    places: list[tuple[str, str, tuple[str, ...]]] = []
    if DEFAULT_INDEX in used:
        places.append((DEFAULT_INDEX, DEFAULT_INDEX, ()))
    places += [(i.name, i.url, i.packages) for i in problem.variant.indexes if i.name in used]
    for name, location, packages in sorted(places):
        index = indexes(location)
        info = index.info
        yield IndexUse(
            name=name,
            url=canonical_default_index() if index.location == DEFAULT_INDEX else index.location,
            packages=packages,
            digest=info.digest if info else None,
            moment=info.moment if info else None,
        )


def _warnings(problem: Problem, found: Found, pins: tuple[Pin, ...]) -> Iterator[str]:
    for candidate in found.candidates.values():
        needs = found.dependencies.needs(candidate)
        if candidate.extra and candidate.extra not in needs.extras:
            known = ", ".join(sorted(needs.extras)) or "none"
            base = f"{candidate.name}=={candidate.version}"
            yield f"`{base}` has no extra `{candidate.extra}` (it has: {known})"
    if problem.variant.as_of is not None:
        undated = sorted(pin.name for pin in pins if pin.file and pin.file.uploaded is None)
        if undated:
            yield (
                "the as-of moment could not be applied to files whose index states no upload "
                f"times: {', '.join(undated)}"
            )
    yield from (
        f"the hash of `{pin.file.filename}` was computed by download: its index states none"
        for pin in pins
        if pin.file and pin.file.downloaded
    )
    versions = {pin.name: Version(pin.version) for pin in pins}
    for mixture in mixtures(versions, problem.variant.name):
        named = ", ".join(f"`{subject}`" for subject in mixture.subjects)
        yield f"{named}: {mixture.message} [{mixture.code}]"
    for pin in pins:
        if pin.needs_build and pin.name not in problem.variant.allow_build:
            listed = "" if problem.bare else ", and `allow-build` does not list it"
            yield f"`{pin.name}=={pin.version}` is built from source{listed}"
    yield from reported_trouble(problem, versions)
