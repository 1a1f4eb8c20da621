"""Will the shared objects of a lock set load: libraries, versions of libraries, C++ interfaces.

A package may bring one build of a file for each CUDA version, of which one is loaded. Files that
are linked to a CUDA version which nothing brings are told from those that count.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from depcheck.artifacts.model import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from depcheck.artifacts.libraries import LibraryFacts
    from depcheck.artifacts.locked import Knowledge, PackageReport
    from depcheck.artifacts.lockset import LockSet
    from depcheck.artifacts.model import Artifact, SharedObject


def linking_findings(
    lock: LockSet, packages: Sequence[PackageReport], knowledge: Knowledge
) -> Iterator[Finding]:
    """Yield what will not load in the base image, and what may not."""
    objects = [
        (str(report.package), each)
        for report in packages
        if report.artifact is not None
        for each in report.artifact.objects
    ]
    yield from _other_versions(packages)
    yield from _floors(lock, objects, knowledge)
    loading = [
        (str(report.package), each)
        for report in packages
        if report.artifact is not None
        for each in report.artifact.objects
        if each.path not in report.other_cuda
    ]
    yield from _missing(lock, packages, loading, knowledge)
    yield from _interfaces(packages, objects, knowledge)


def cuda_versions(
    lock: LockSet, artifacts: Iterable[Artifact], libraries: LibraryFacts
) -> frozenset[str]:
    """Return the CUDA major versions whose libraries the lock set or its base image brings."""
    names = {name for artifact in artifacts for name in _brought(artifact.objects)}
    return libraries.cuda_majors(names | libraries.base(lock.base_image))


def for_other_cuda(
    objects: Iterable[SharedObject], versions: frozenset[str], libraries: LibraryFacts
) -> frozenset[str]:
    """Return the paths of files linked to a CUDA version that is not there."""
    if not versions:
        return frozenset()
    return frozenset(each.path for each in objects if libraries.cuda_majors(each.needed) - versions)


def _brought(objects: Iterable[SharedObject]) -> set[str]:
    found = {each.path.rpartition("/")[2] for each in objects}
    return found | {each.soname for each in objects if each.soname}


def _other_versions(packages: Iterable[PackageReport]) -> Iterator[Finding]:
    for report in packages:
        if report.artifact is None or not report.other_cuda:
            continue
        with_kernels = {each.path for each in report.artifact.objects if each.images}
        useless = bool(with_kernels) and with_kernels <= report.other_cuda
        count = len(report.other_cuda)
        yield Finding(
            code="wrong-cuda-version" if useless else "other-cuda-version",
            severity=Severity.ERROR if useless else Severity.INFO,
            subject=str(report.package),
            message=(
                "it is linked to a CUDA version that nothing here brings"
                if useless
                else f"{count} of its files are for a CUDA version that nothing here brings"
            ),
            remedy="take its build for the CUDA version of the image" if useless else None,
            evidence=tuple(sorted(report.other_cuda)),
        )


def _floors(
    lock: LockSet, objects: Sequence[tuple[str, SharedObject]], knowledge: Knowledge
) -> Iterator[Finding]:
    if lock.glibc is None:
        return
    ceilings = {"GLIBC": lock.glibc, **knowledge.libraries.distributions.get(lock.glibc, {})}
    for family, ceiling in ceilings.items():
        above = [
            f"{package} {each.path}: {family} {each.floors[family]}"
            for package, each in objects
            if family in each.floors and _order(each.floors[family]) > _order(ceiling)
        ]
        if above:
            yield Finding(
                code="library-too-old",
                severity=Severity.ERROR,
                subject=lock.platform,
                message=f"the base image has {family} {ceiling}, and files need a newer one",
                remedy="take older builds of these packages, or a newer base image and platform",
                evidence=tuple(above),
            )


def _missing(
    lock: LockSet,
    packages: Sequence[PackageReport],
    objects: Sequence[tuple[str, SharedObject]],
    knowledge: Knowledge,
) -> Iterator[Finding]:
    brought = _brought([each for _, each in objects])
    brought |= knowledge.libraries.base(lock.base_image)
    for report in packages:
        package = report.package
        brought |= knowledge.declared.libraries(package.name, package.version)
    needed: dict[str, list[str]] = defaultdict(list)
    for package_name, each in objects:
        for library in each.needed:
            if library not in brought and not _is_there(library, lock, knowledge):
                needed[library].append(f"{package_name} {each.path}")
    unread = [str(report.package) for report in packages if report.artifact is None]
    for library, users in sorted(needed.items()):
        doubt = f"; `{unread[0]}` was not read and may" if len(unread) == 1 else ""
        doubt = f"; {len(unread)} packages were not read and may" if len(unread) > 1 else doubt
        yield Finding(
            code="unprovided-library",
            severity=Severity.WARNING,
            subject=library,
            message=f"nothing is known to bring it{doubt}",
            remedy="install it in the base image, unless the files that need it are optional",
            evidence=tuple(users),
        )


def _is_there(library: str, lock: LockSet, knowledge: Knowledge) -> bool:
    return knowledge.libraries.provided(library) or any(
        library in words.split() for words in lock.system
    )


def _interfaces(
    packages: Sequence[PackageReport],
    objects: Sequence[tuple[str, SharedObject]],
    knowledge: Knowledge,
) -> Iterator[Finding]:
    """Yield files that need a C++ interface whose only providers offer another one."""
    offered: dict[str, set[str]] = defaultdict(set)
    for package, each in objects:
        for interface in each.provides_abi:
            offered[interface].add(package)
    for report in packages:
        for interface in knowledge.declared.interfaces(report.package.name, report.package.version):
            offered[interface].add(str(report.package))
    if not offered:
        return
    for marker in knowledge.libraries.markers:
        users = [f"{name} {each.path}" for name, each in objects if marker.id in each.requires_abi]
        if users and marker.id not in offered:
            providers = ", ".join(sorted({each for found in offered.values() for each in found}))
            yield Finding(
                code="abi-mismatch",
                severity=Severity.ERROR,
                subject=marker.id,
                message=f"files need {marker.meaning}, and {providers} is built otherwise",
                remedy="take builds of these packages for the other ABI",
                evidence=tuple(users),
            )


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
