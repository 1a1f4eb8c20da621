"""Small random package worlds, and an oracle that says whether they have a solution.

Neither shares code with depcheck: files, markers and specifiers are judged with `packaging` alone,
and the oracle tries everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from support.lockcheck import Metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from random import Random

    Clause = tuple[str, str, str]
    """Kind, source and package, as depcheck names what a core is made of."""

NAMES = ("alpha", "beta", "gamma", "delta", "omega", "sigma")
VERSIONS = ("1.0", "1.1", "1.1.post1", "2.0rc1", "2.0", "2.0+cu1", "2.1.dev1", "3.0", "1!0.5")
SPECIFIERS = (
    *("", "", "", "", "", "", ">=1.0", ">=1.0", ">=1.1", "<3", "!=1.0", ">=1.1", "<2", "==1.0"),
    *("==1.*", "!=1.1", "~=1.0", "<3,>=1.1", ">1.0", "<=2.0", "===1.0", ">=2.0rc1", "==2.0"),
    *("==2.0+cu1", ">=3", "<1.1", "!=3.0", "==2.0rc1", ">=1!0"),
)
TANGLED = ("1.0", "2.0", "3.0", "4.0", "5.0")
PYTHONS = ("3.10", "3.11", "3.11", "3.11.4", "3.12")
REQUIRES_PYTHON = (">=3.8", ">=3.8,<4", "<3.12,>=3.9", "<3.11", "==3.11.*", ">=3.12", "!=3.11.4")
MARKERS = (
    'python_version < "3.11"',
    'python_version >= "3.9"',
    'python_full_version >= "3.11.2"',
    'sys_platform == "win32"',
    'extra == "x"',
    'extra == "y"',
    'extra == "X" and python_version >= "3.11"',
    'extra == "x" or extra == "y"',
    'sys_platform == "linux" or extra == "x"',
)
TAGS = (
    *("py3-none-any", "py3-none-any", "py3-none-any", "py3-none-any", "cp311-cp311-win_amd64"),
    *("cp311-cp311-manylinux_2_17_x86_64", "cp39-abi3-manylinux_2_28_x86_64"),
)
POLICIES = ("if-necessary", "if-necessary", "allow", "disallow", "explicit")


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a version."""

    tags: str | None
    """None for a source archive."""
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    metadata_python: str | None = None
    """Requires-Python that only the core metadata states."""
    yanked: bool = False

    def filename(self, name: str, version: str) -> str:
        """Return the file's name on the index."""
        stem = f"{name}-{version}"
        return f"{stem}.tar.gz" if self.tags is None else f"{stem}-{self.tags}.whl"


@dataclass(frozen=True, kw_only=True)
class World:
    """Projects and what is asked of them."""

    releases: Mapping[str, Mapping[str, tuple[File, ...]]]
    requirements: Mapping[str, str]
    """By origin."""
    constraints: Mapping[str, str] = field(default_factory=dict)
    python: str = "3.11"
    prerelease: str = "if-necessary"


def random_world(random: Random) -> World:
    """Return a world of up to six packages with up to five versions each."""
    names = NAMES[: random.randint(2, len(NAMES))]
    return World(
        releases={name: _project(random, names) for name in names},
        requirements={
            f"test.toml: requirements[{place}]": _need(
                random, names, markers=MARKERS[1:3], often=0.1
            )
            for place in range(random.randint(1, 3))
        },
        constraints={
            f"test.toml: constraints[{place}]": _need(random, names, markers=(), extras=False)
            for place in range(random.choice((0, 0, 0, 1)))
        },
        python=random.choice(PYTHONS),
        prerelease=random.choice(POLICIES),
    )


def tangled_world(random: Random) -> World:
    """Return a world whose packages pin each other, so that much has to be tried."""
    names = NAMES[: random.randint(3, len(NAMES))]
    versions = TANGLED[: random.randint(2, len(TANGLED))]

    def need(chance: float) -> str:
        extra = "[x]" if random.random() < 0.15 else ""
        marker = '; extra == "x"' if random.random() < chance else ""
        pin = random.choice(("==", "!=", ">=", "<=", "==")) + random.choice(versions)
        return f"{random.choice(names)}{extra}{pin}{marker}"

    return World(
        releases={
            name: {
                version: (
                    File(
                        tags="py3-none-any",
                        requires=tuple(need(0.15) for _ in range(random.randint(0, 3))),
                    ),
                )
                for version in versions
            }
            for name in names
        },
        requirements={
            f"test.toml: requirements[{place}]": random.choice(names)
            for place in range(random.randint(1, 4))
        },
        constraints={
            f"test.toml: constraints[{place}]": f"{random.choice(names)}!={random.choice(versions)}"
            for place in range(random.randint(0, 2))
        },
    )


def _project(random: Random, names: Collection[str]) -> dict[str, tuple[File, ...]]:
    versions = random.sample(VERSIONS, random.randint(2, 5))
    return {version: _files(random, names) for version in versions}


def _files(random: Random, names: Collection[str]) -> tuple[File, ...]:
    tags = set(random.sample(TAGS, random.choice((1, 1, 1, 2))))
    kinds: list[str | None] = [*sorted(tags)]
    if random.random() < 0.2:
        kinds = [None] if random.random() < 0.5 else [*kinds, None]
    return tuple(_file(random, names, kind, alone=len(kinds) == 1) for kind in kinds)


def _file(random: Random, names: Collection[str], tags: str | None, *, alone: bool) -> File:
    count = random.choice((0, 1, 1, 2, 3))
    return File(
        tags=tags,
        requires=tuple(_need(random, names, markers=MARKERS) for _ in range(count)),
        requires_python=random.choice(REQUIRES_PYTHON) if random.random() < 0.1 else None,
        metadata_python=random.choice(REQUIRES_PYTHON)
        if alone and random.random() < 0.05
        else None,
        yanked=random.random() < 0.07,
    )


def _need(
    random: Random,
    names: Collection[str],
    *,
    markers: tuple[str, ...],
    often: float = 0.35,
    extras: bool = True,
) -> str:
    name = random.choice(sorted(names))
    extra = random.choice(("", "", "", "[x]", "[y]", "[x,y]")) if extras else ""
    marker = f"; {random.choice(markers)}" if markers and random.random() < often else ""
    return f"{name}{extra}{random.choice(SPECIFIERS)}{marker}"


class Oracle:
    """Tries everything.

    Args:
        world: What is judged.
        kept: The clauses that count, None for all.
    """

    def __init__(self, world: World, kept: Collection[Clause] | None = None) -> None:
        self._world = world
        self._kept = kept
        self._environment = _environment(world.python)
        self._roots = [
            stated
            for origin, text in world.requirements.items()
            if self._holds((stated := _requirement(text)), "")
            and self._counts("requirement", origin, stated.name)
        ]
        self._limits = [(origin, _requirement(text)) for origin, text in world.constraints.items()]
        self._every_root = [
            stated
            for text in (*world.requirements.values(), *world.constraints.values())
            if self._holds((stated := _requirement(text)), "")
        ]
        self._usable = {name: dict(self._files(name)) for name in world.releases}

    def satisfiable(self) -> bool:
        """Tell whether some choice of versions meets everything."""
        return self._extends({})

    def _extends(self, chosen: dict[str, str]) -> bool:
        wanted = self._wanted(chosen)
        if wanted is None:
            return False
        missing = [name for name in wanted if name not in chosen]
        if not missing:
            return True
        name = missing[0]
        return any(self._extends({**chosen, name: version}) for version in self._choices(name))

    def _choices(self, name: str) -> list[str]:
        limits = [
            limit.specifier
            for origin, limit in self._limits
            if limit.name == name and self._counts("constraint", origin, name)
        ]
        return [
            version
            for version in self._usable.get(name, ())
            if all(_contains(limit, version) for limit in limits)
        ]

    def _wanted(self, chosen: dict[str, str]) -> list[str] | None:
        """Return the names that the roots lead to, None where what is chosen does not fit."""
        found: list[str] = []
        seen: set[tuple[str, str]] = set()
        waiting = list(self._roots)
        while waiting:
            need = waiting.pop()
            if need.name not in found:
                found.append(need.name)
            version = chosen.get(need.name)
            if version is None:
                continue
            if not _contains(need.specifier, version):
                return None
            for extra in ("", *sorted(need.extras)):
                if (need.name, extra) not in seen:
                    seen.add((need.name, extra))
                    waiting += self._needs(need.name, version, extra)
        return found

    def _needs(self, name: str, version: str, extra: str) -> Iterator[Requirement]:
        file = self._usable[name][version]
        if not self._runs(file.metadata_python):
            return  # It is here only because the clause that bars it was left out.
        for text in file.requires:
            need = _requirement(text)
            if self._counts("metadata", name, need.name) and self._holds(need, extra):
                yield need

    def _holds(self, requirement: Requirement, extra: str) -> bool:
        return requirement.marker is None or _holds(
            str(requirement.marker), self._world.python, extra
        )

    def _counts(self, kind: str, source: str, package: str) -> bool:
        return self._kept is None or (kind, source, package) in self._kept

    def _files(self, name: str) -> Iterator[tuple[str, File]]:
        """Yield the file of each version that may be taken; pre-releases as the policy says."""
        serving = {
            version: found
            for version, files in self._world.releases[name].items()
            if (found := self._serving(name, version, files)) is not None
        }
        policy = self._world.prerelease
        named = policy != "disallow" and any(
            need.specifier.prereleases for need in self._every_root if need.name == name
        )
        stable = any(not Version(version).is_prerelease for version in serving)
        last_resort = policy == "if-necessary" and not stable
        for version, file in serving.items():
            admitted = policy == "allow" or named or last_resort
            if Version(version).is_prerelease and not admitted:
                continue
            barred = self._counts("unusable", name, name) and not self._runs(file.metadata_python)
            if not barred:
                yield version, file

    def _serving(self, name: str, version: str, files: tuple[File, ...]) -> File | None:
        order = _tag_order(self._world.python)
        fitting = [
            file
            for file in files
            if (file.tags is None or file.tags in order)
            and self._runs(file.requires_python)
            and (not file.yanked or self._pinned(name, version))
        ]
        wheels = [file for file in fitting if file.tags is not None]
        if wheels:
            return min(wheels, key=lambda file: order.index(str(file.tags)))
        return fitting[0] if fitting else None

    def _runs(self, requires_python: str | None) -> bool:
        python = self._environment["python_full_version"]
        return not requires_python or SpecifierSet(requires_python).contains(python)

    def _pinned(self, name: str, version: str) -> bool:
        return any(
            need.name == name
            and any(
                each.operator in {"==", "==="} and "*" not in str(each) for each in need.specifier
            )
            and _contains(need.specifier, version)
            for need in self._every_root
        )


def _is_exact(specifier: Specifier) -> bool:
    return specifier.operator in {"==", "==="} and "*" not in specifier.version


@cache
def _requirement(text: str) -> Requirement:
    return Requirement(text)


@cache
def _contains(specifier: SpecifierSet, version: str) -> bool:
    return specifier.contains(version, prereleases=True)


@cache
def _holds(marker: str, python: str, extra: str) -> bool:
    return Marker(marker).evaluate({**_environment(python), "extra": extra})


def _environment(python: str) -> dict[str, str]:
    return {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": ".".join((*python.split("."), "0")[:3]),
        "sys_platform": "linux",
    }


def _tag_order(python: str) -> list[str]:
    minor = python.split(".")[1]
    native = [f"cp3{minor}-cp3{minor}-manylinux_2_17_x86_64"]
    return [*native, "cp39-abi3-manylinux_2_28_x86_64", "py3-none-any"]


class Recorded:
    """A world as `support.lockcheck` reads recordings."""

    def __init__(self, world: World) -> None:
        self._world = world

    def metadata(self, _location: str, name: str, filename: str) -> Metadata | None:
        """Return what the world says of a file, None where it is not there."""
        for version, files in self._world.releases.get(name, {}).items():
            for file in files:
                if file.filename(name, version) == filename:
                    python = file.requires_python or file.metadata_python
                    return Metadata(file.requires, python, "0" * 64)
        return None


def without(world: World, origin: str) -> World:
    """Return the world without one of its requirements or constraints."""
    return changed(world, origin, None)


def changed(world: World, origin: str, text: str | None) -> World:
    """Return the world with another text for one of its requirements, or without it."""

    def edited(stated: Mapping[str, str]) -> dict[str, str]:
        new: dict[str, Any] = {
            key: text if key == origin else value for key, value in stated.items()
        }
        return {key: value for key, value in new.items() if value is not None}

    return replace(
        world, requirements=edited(world.requirements), constraints=edited(world.constraints)
    )
