"""Every shared library that an extension module needs is found, in a version that fits.

A library counts as found where the loader would find it, and where another distribution of the
environment holds it: packages load each other's libraries first (torchvision those of torch). What
that hides, the imports show.
"""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.elf import Elf, ForeignElfError, MalformedElfError, read_elf
from depcheck.validate.findings import Code, Finding, Outcome, Passed, Skipped
from depcheck.validate.loader import Loader, own_rpath

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.distributions import Distribution

MISSING = Code(
    "library-missing",
    "an extension module needs a shared library that is nowhere",
    "install the system package that holds it in the image (`apt-file search NAME` tells which), "
    "or the distribution that brings it",
)
VERSION = Code(
    "library-version-differs",
    "a shared library is older than an extension module needs: it lacks a symbol version",
    "use a newer base image, or a build for an older one",
)
MALFORMED = Code(
    "binary-malformed",
    "an extension module is damaged",
    "install its distribution again",
)
FOREIGN = Code(
    "binary-foreign",
    "an extension module is for another kind of machine",
    "install the wheel for this platform",
)
_STABLE_ABI = ".abi3.so"


def run(context: Context) -> Iterator[Outcome]:
    """Resolve the needs of every extension module, and of what it loads."""
    survey = _Survey(context)
    for distribution, path, stated in _shared_files(context):
        survey.look(distribution, path, stated)
    yield from survey.outcomes()


def _shared_files(context: Context) -> Iterator[tuple[Distribution, Path, str]]:
    for distribution in context.installed.of_environment():
        try:
            entries = distribution.record() if distribution.name else ()
        except (OSError, ValueError):
            continue  # check `files` reports it
        for entry in entries:
            if ".so" in entry.stated.rpartition("/")[2]:
                yield distribution, Path(entry.path), entry.stated


class _Survey:
    """Collects what extension modules need, and who needs what is not there."""

    def __init__(self, context: Context) -> None:
        self._context = context
        library_path = os.environ.get("LD_LIBRARY_PATH", "")
        self._loader = Loader(context.environment.machine, library_path)
        self._own = {path.name for _, path, _ in _shared_files(context) if path.exists()}
        self._preloaded = self._closure(_preloads(context))
        self._wanters: dict[tuple[str, str], list[str]] = {}
        """By library and symbol version; the version is empty where the library is missing."""
        self._optional: list[Outcome] = []
        self._findings: list[Finding] = []
        self._count = 0

    def look(self, distribution: Distribution, path: Path, stated: str) -> None:
        """Resolve one file, if it is an extension module for this interpreter."""
        try:
            elf = self._extension(path)
        except FileNotFoundError:
            return  # check `files` reports it
        except (OSError, MalformedElfError) as error:
            self._report(MALFORMED, distribution, path, f"{stated}: {error}")
            return
        except ForeignElfError as error:
            self._report(FOREIGN, distribution, path, f"{stated}: {error}")
            return
        if elf is None:
            return
        if elf.machine != self._context.environment.machine:
            self._report(FOREIGN, distribution, path, f"{stated} is for {elf.machine}")
            return
        self._count += 1
        wanter = f"{stated} of {distribution.label}"
        troubles = self._troubles(path, elf)
        reason = self._may_lack(stated) if troubles else ""
        if reason:
            self._optional.append(Skipped(wanter, reason, minor=True))
            return
        for trouble in troubles:
            self._wanters.setdefault(trouble, []).append(wanter)

    def _extension(self, path: Path) -> Elf | None:
        """Return an extension module of this interpreter, None for any other file."""
        name = path.name
        stem = name.partition(".")[0]
        if name.endswith((self._context.environment.extension_suffix, _STABLE_ABI)):
            elf = read_elf(path)
            if elf is None:
                raise MalformedElfError("it is no ELF file")
            return elf
        if name != f"{stem}.so":
            return None
        elf = read_elf(path, f"PyInit_{stem}")
        return elf if elf is not None and elf.initialises else None

    def _troubles(self, path: Path, elf: Elf) -> set[tuple[str, str]]:
        """Return (library, symbol version) that a module, or what it loads, lacks."""
        troubles: set[tuple[str, str]] = set()
        visited: set[Path] = set()
        waiting: list[tuple[Path, Elf, tuple[str, ...]]] = [(path, elf, ())]
        while waiting:
            path, elf, inherited = waiting.pop()
            visited.add(path)
            chain = (*own_rpath(path, elf), *inherited)
            for name in elf.needed:
                found = self._preloaded.get(name) or self._loader.find(name, path, elf, inherited)
                if found is None:
                    troubles |= set() if name in self._own else {(name, "")}
                    continue
                troubles |= _lacking(name, elf, found[1])
                if found[0] not in visited:
                    waiting.append((*found, chain))
        return troubles

    def _closure(self, roots: list[Path]) -> dict[str, tuple[Path, Elf]]:
        """Return what is loaded before any extension module: by name, with all that it needs."""
        loaded: dict[str, tuple[Path, Elf]] = {}
        waiting: list[tuple[Path, tuple[str, ...]]] = [(path, ()) for path in roots]
        while waiting:
            path, inherited = waiting.pop()
            elf = self._loader.read(str(path))
            if elf is None:
                continue
            loaded.setdefault(elf.soname or path.name, (path, elf))
            for name in elf.needed:
                found = self._loader.find(name, path, elf, inherited)
                if name not in loaded and found is not None:
                    loaded[name] = found
                    waiting.append((found[0], (*own_rpath(path, elf), *inherited)))
        return loaded

    def _may_lack(self, stated: str) -> str:
        for optional in self._context.manifest.optional_files:
            if fnmatch(stated, optional.pattern):
                return optional.reason
        return ""

    def _report(self, code: Code, owner: Distribution, path: Path, message: str) -> None:
        self._findings.append(code.found(owner.label, message, location=str(path)))

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what was found, one outcome for each library."""
        yield from self._findings
        faulty = bool(self._findings)
        for (name, version), wanters in sorted(self._wanters.items()):
            outcome = self._trouble(name, version, wanters)
            faulty = faulty or isinstance(outcome, Finding)
            yield outcome
        yield from self._optional
        if not faulty:
            yield Passed(f"{self._count} extension modules", "find their libraries")

    def _trouble(self, name: str, version: str, wanters: list[str]) -> Outcome:
        if version:
            message = f"lacks {version}, which {_and_others(wanters)} wants"
            return VERSION.found(name, message, evidence="\n".join(wanters))
        reason = self._context.without_driver
        if reason and name in self._context.manifest.driver_libraries:
            return Skipped(name, f"{reason} ({_and_others(wanters)} wants it)")
        alike = [each for each in self._loader.alike(name) if each != name]
        there = f"; there is {', '.join(alike)}" if alike else ""
        message = f"is nowhere, {_and_others(wanters)} wants it{there}"
        return MISSING.found(name, message, evidence="\n".join(wanters))


def _lacking(name: str, elf: Elf, found: Elf) -> set[tuple[str, str]]:
    """Return the symbol versions that a library should have and has not.

    A library without any serves every wish, as the loader has it.
    """
    wanted = {version for library, version in elf.wants if library == name} if found.gives else ()
    return {(name, version) for version in wanted if version not in found.gives}


def _preloads(context: Context) -> list[Path]:
    """Return the interpreter and what ``LD_PRELOAD`` names: their libraries are there already."""
    named = os.environ.get("LD_PRELOAD", "").replace(":", " ").split()
    return [context.environment.python, *(Path(each) for each in named if "/" in each)]


def _and_others(wanters: list[str]) -> str:
    more = len(wanters) - 1
    return wanters[0] + (f" (and {more} more)" if more else "")


CHECK = Check(
    name="libraries",
    summary="the shared libraries that extension modules need are found",
    codes=(MISSING, VERSION, MALFORMED, FOREIGN),
    run=run,
)
