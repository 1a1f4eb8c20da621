"""An independent judge of lock sets: it shares no code with depcheck.

It reads pylock.toml, the image spec, the rule files and the recording (each by its documented
format) with `packaging`, the TOML parser, json, zlib and sqlite3, walks the requirements of every
pin from the image's own requirements on, and says in words whatever does not hold.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from packaging.markers import Marker

Json = dict[str, Any]
_WAIVING = {"override", "drop", "no-deps"}


@dataclass(frozen=True)
class Metadata:
    """What a file of the recording says of itself."""

    requires_dist: tuple[str, ...] | None
    """None where only a build could tell."""
    requires_python: str | None
    sha256: str | None


class Recording:
    """The recording, by its documented format: three blobs per project."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        self._projects: dict[tuple[str, str], dict[str, Metadata]] = {}

    def metadata(self, location: str, name: str, filename: str) -> Metadata | None:
        """Return what is recorded of a file, None where it is not there."""
        key = (location, name)
        if key not in self._projects:
            self._projects[key] = dict(self._files(location, name))
        return self._projects[key].get(filename)

    def by_version(self, location: str, name: str, version: str) -> Metadata | None:
        """Return what is recorded of some wheel of a version."""
        self.metadata(location, name, "")
        for filename, found in self._projects[location, name].items():
            if filename.endswith(".whl") and parse_wheel_filename(filename)[1] == Version(version):
                return found
        return None

    def _files(self, location: str, name: str) -> Iterator[tuple[str, Metadata]]:
        query = "select solve, listing, digests from project where location = ? and name = ?"
        row = self._connection.execute(query, (location, name)).fetchone()
        if row is None or row[0] is None:
            return
        solve, lines = _rows(row[0]), zlib.decompress(row[1]).decode().split("\n")
        for release in solve["releases"]:
            if release is None:
                continue
            first, *rest = release
            for offset, (kind, described, _) in enumerate(zip(*[iter(rest)] * 3, strict=True)):
                place = first + offset
                filename, _, flag, *_ = lines[place].split("\t")
                digest = None if flag else row[2][64 * place : 64 * place + 32].hex()
                wants, python = None, None
                if described is not None and described >= 0:
                    ids, _, python = solve["metadata"][described]
                    wants = tuple(_text(solve["requirements"][each]) for each in ids)
                python = python or solve["kinds"][kind][2]
                yield filename, Metadata(wants, python, digest)


def _rows(blob: bytes) -> Json:
    """Read a line of facts about all versions, then one for each release, metadata, requirement."""
    first, *rest = map(json.loads, zlib.decompress(blob).split(b"\n"))
    releases, metadata, requirements = first["rows"]
    return {
        "kinds": first["kinds"],
        "releases": rest[:releases],
        "metadata": rest[releases:][:metadata],
        "requirements": rest[releases + metadata :][:requirements],
    }


def _text(row: list[Any]) -> str:
    name, extras, specifier, marker, url = row
    head = name + (f"[{','.join(extras)}]" if extras else "")
    body = f" @ {url} " if url else specifier
    return f"{head}{body}" + (f"; {marker}" if marker else "")


@dataclass
class Image:
    """One variant of an image spec, its baselines appended as documented."""

    name: str
    variant: str
    requirements: list[Requirement] = field(default_factory=list)
    constraints: list[Requirement] = field(default_factory=list)
    overrides: list[Json] = field(default_factory=list)
    metadata: list[Json] = field(default_factory=list)
    indexes: list[Json] = field(default_factory=list)
    base_packages: list[Json] = field(default_factory=list)
    target: Json = field(default_factory=dict)
    as_of: date | datetime | None = None


def read_image(path: Path, variant: str) -> Image:
    """Read a spec and the baselines beside it."""
    image = Image(name=path.stem, variant=variant)
    layers: list[Json] = []
    place: Path | None = path
    while place is not None:
        layers.insert(0, tomllib.loads(place.read_text()))
        base = layers[0].get("extends")
        place = place.parent / f"{base.removesuffix('.toml')}.toml" if base else None
    for layer in layers:
        _lay(image, layer)
    for layer in layers:
        _lay(image, layer.get("variants", {}).get(variant, {}))
    return image


def _lay(image: Image, table: Json) -> None:
    image.requirements += map(Requirement, table.get("requirements", ()))
    image.constraints += map(Requirement, table.get("constraints", ()))
    image.overrides += table.get("overrides", ())
    image.metadata += table.get("metadata", ())
    image.indexes += table.get("indexes", ())
    image.base_packages += table.get("base-packages", ())
    image.target.update(table.get("target", {}))
    image.as_of = table.get("as-of", image.as_of)


def read_rules(folder: Path) -> dict[str, Json]:
    """Read all rule files of a folder, by id."""
    return {
        rule["id"]: rule
        for path in sorted(folder.glob("*.toml"))
        for rule in tomllib.loads(path.read_text())["rule"]
    }


class Judge:
    """Judges one lock set; `findings` are in words, each starting with its kind."""

    def __init__(
        self, lock: Json, image: Image, rules: Mapping[str, Json], recording: Recording
    ) -> None:
        self.findings: list[str] = []
        self._lock = lock
        self._tool = lock["tool"]["depcheck"]
        self._image = image
        self._recording = recording
        self._environment = _environment(image.target)
        self._tags = frozenset(_tags(image.target))
        self._packages: dict[str, Json] = {}
        self._rules = {name: rule for name, rule in rules.items() if self._in_force(rule, name)}
        self._walked: set[tuple[str, str]] = set()
        self._asked: dict[str, set[str]] = {}
        self._verdicts: dict[tuple[Marker, str], bool] = {}

    def judge(self) -> list[str]:
        """Return everything that does not hold, sorted."""
        for package in self._lock["packages"]:
            if package["name"] in self._packages:
                self._complain("duplicate", f"{package['name']} is pinned twice")
            self._packages[package["name"]] = package
        self._provided = {each["name"]: each for each in self._tool.get("base-packages", ())}
        self._versions = {
            name: Version(each["version"])
            for name, each in (*self._provided.items(), *self._packages.items())
        }
        for package in self._lock["packages"]:
            self._judge_file(package)
            self._judge_index(package)
        self._judge_roots()
        self._judge_rules()
        self._judge_reach()
        self._judge_waivers()
        return sorted(set(self.findings))

    def _complain(self, kind: str, words: str) -> None:
        self.findings.append(f"{kind}: {words}")

    # --- files

    def _judge_file(self, package: Json) -> None:
        name, version = package["name"], package["version"]
        wheels, sdist = package.get("wheels", []), package.get("sdist")
        direct = package.get("vcs") or package.get("archive")
        if len(wheels) + (sdist is not None) + (direct is not None) != 1:
            self._complain("file", f"{name} has not exactly one source")
        for file in (*wheels, *([sdist] if sdist else [])):
            self._judge_one_file(name, version, file, is_wheel=file in wheels)
        if package.get("vcs") and not re.fullmatch(
            "[0-9a-f]{40}", package["vcs"].get("commit-id", "")
        ):
            self._complain("commit", f"{name} names no full commit")
        if package.get("requires-python"):
            self._judge_python(name, package["requires-python"])

    def _judge_one_file(self, name: str, version: str, file: Json, *, is_wheel: bool) -> None:
        filename = file["name"]
        parsed = parse_wheel_filename(filename) if is_wheel else parse_sdist_filename(filename)
        if (parsed[0], parsed[1]) != (name, Version(version)):
            self._complain("file-name", f"{filename} is not {name} {version}")
        if is_wheel and not self._tags & parsed[3]:  # type: ignore[misc]
            self._complain("tags", f"{filename} does not fit the target")
        parts = urlsplit(file.get("url", ""))
        if parts.scheme != "https" or unquote(parts.path.rpartition("/")[2]) != filename:
            self._complain("url", f"{file.get('url')} is no address of {filename}")
        digest = file.get("hashes", {}).get("sha256", "")
        if not re.fullmatch("[0-9a-f]{64}", digest):
            self._complain("hash", f"{filename} has no SHA-256")
        if file.get("size", 1) <= 0:
            self._complain("size", f"{filename} has {file['size']} bytes")
        self._judge_against_recording(name, filename, digest)
        uploaded, limit = file.get("upload-time"), _limit(self._image.as_of)
        if uploaded and limit and uploaded >= limit and not self._explicit(name):
            self._complain("as-of", f"{filename} was uploaded too late")

    def _judge_against_recording(self, name: str, filename: str, digest: str) -> None:
        found = self._recording.metadata(self._location(name), name, filename)
        if found is None:
            self._complain("unknown-file", f"{filename} is not on the index")
            return
        if found.sha256 != digest:
            self._complain("hash", f"{filename} has another SHA-256 on the index")
        if found.requires_python:
            self._judge_python(name, found.requires_python)

    def _judge_python(self, name: str, requires_python: str) -> None:
        python = self._environment["python_full_version"]
        if not SpecifierSet(requires_python).contains(python, prereleases=True):
            self._complain("requires-python", f"{name} needs Python {requires_python}")

    def _judge_index(self, package: Json) -> None:
        name, stated = package["name"], package.get("index")
        explicit = self._explicit(name)
        others = {index["url"].rstrip("/") for index in self._image.indexes}
        if explicit and stated != explicit:
            self._complain("index", f"{name} must come from {explicit}")
        if stated and not explicit and stated.rstrip("/") in others:
            self._complain("index", f"{name} must not come from {stated}")

    def _explicit(self, name: str) -> str | None:
        for index in self._image.indexes:
            if name in {canonicalize_name(each) for each in index["packages"]}:
                return str(index["url"]).rstrip("/")
        return None

    def _location(self, name: str) -> str:
        return self._explicit(name) or "default"

    # --- requirements

    def _judge_roots(self) -> None:
        for requirement in self._image.requirements:
            self._need("the image", requirement, extra="")
        for requirement in self._image.constraints:
            name = canonicalize_name(requirement.name)
            if self._holds(requirement, "") and name in self._versions:
                self._fits("a constraint", requirement)
        for name, stated in self._provided.items():
            declared = [each for each in self._image.base_packages if each["name"] == name]
            if [each["version"] for each in declared[-1:]] != [stated["version"]]:
                self._complain("base", f"{name} {stated['version']} is not in the base image")

    def _need(self, asker: str, requirement: Requirement, extra: str) -> None:
        """Check one requirement that counts if its marker holds, and walk on from there."""
        if not self._holds(requirement, extra):
            return
        name = canonicalize_name(requirement.name)
        replaced = self._overridden(requirement) if requirement.url is None else requirement
        if replaced is None:
            return
        if name not in self._versions:
            self._complain("missing", f"{asker} needs {requirement}, which is not pinned")
            return
        self._fits(asker, replaced)
        self._asked.setdefault(asker.partition("==")[0], set()).add(name)
        for each in ("", *map(canonicalize_name, requirement.extras)):
            self._walk(name, each)

    def _overridden(self, requirement: Requirement) -> Requirement | None:
        """Return what the image's own overrides make of a requirement."""
        name = canonicalize_name(requirement.name)
        for each in self._image.overrides:
            if canonicalize_name(each.get("exclude", "")) == name:
                return None
            stated = Requirement(each["requirement"]) if "requirement" in each else None
            if stated and canonicalize_name(stated.name) == name:
                return stated
        return requirement

    def _fits(self, asker: str, requirement: Requirement) -> None:
        name = canonicalize_name(requirement.name)
        if not requirement.specifier.contains(self._versions[name], prereleases=True):
            pinned = f"{name} {self._versions[name]}"
            self._complain("unsatisfied", f"{asker} needs {requirement}, pinned is {pinned}")

    def _walk(self, name: str, extra: str) -> None:
        if (name, extra) in self._walked:
            return
        self._walked.add((name, extra))
        asker = f"{name}=={self._versions[name]}"
        for text in self._requires(name):
            requirement = _requirement(text)
            if extra and self._holds(requirement, ""):
                continue
            if not self._holds(requirement, extra):
                continue
            waiver = self._waiver(name, requirement)
            if waiver is None:
                self._need(asker, requirement, extra)
            elif waiver.get("replacement"):
                self._need(asker, Requirement(waiver["replacement"]), extra)
        for rule in self._matching(name):
            if rule["kind"] == "no-deps" or (rule["kind"] == "require" and rule.get("install")):
                for each in rule["then"]:
                    self._need(asker, Requirement(each), extra="")

    def _requires(self, name: str) -> tuple[str, ...]:
        package = self._packages.get(name, {})
        stated = [m for m in self._image.metadata if canonicalize_name(m["name"]) == name]
        base = [m for m in self._image.base_packages if m["name"] == name and "requires-dist" in m]
        if not package and base:
            return tuple(base[-1]["requires-dist"])
        if "wheels" not in package and package:
            for rule in self._matching(name):
                if rule["kind"] == "metadata":
                    return tuple(rule["then"])
            if stated:
                return tuple(stated[0]["requires-dist"])
        found = self._described(name, package)
        if found is None or found.requires_dist is None:
            self._complain("metadata", f"nothing says what {name} needs")
            return ()
        return found.requires_dist

    def _described(self, name: str, package: Json) -> Metadata | None:
        location = self._location(name)
        if not package:
            return self._recording.by_version(location, name, str(self._versions[name]))
        file = package["wheels"][0] if package.get("wheels") else package.get("sdist", {})
        return self._recording.metadata(location, name, file.get("name", ""))

    def _holds(self, requirement: Requirement, extra: str) -> bool:
        if requirement.marker is None:
            return True
        key = (requirement.marker, extra)
        if key not in self._verdicts:
            environment = {**self._environment, "extra": extra}
            self._verdicts[key] = requirement.marker.evaluate(environment)
        return self._verdicts[key]

    # --- rules and waivers

    def _in_force(self, rule: Json, name: str) -> bool:
        switched_off = {each["id"] for each in self._tool.get("switched-off-rules", ())}
        if name in switched_off or rule.get("confidence") == "reported":
            return False
        if rule.get("variants") and self._image.variant not in rule["variants"]:
            return False
        return all(self._guaranteed(_requirement(each)) for each in rule.get("given", ()))

    def _guaranteed(self, given: Requirement) -> bool:
        return any(
            canonicalize_name(root.name) == canonicalize_name(given.name)
            and root.url is None
            and root.specifier.is_subset(given.specifier)
            for root in self._image.requirements
        )

    def _matching(self, name: str) -> list[Json]:
        found = []
        for rule in self._rules.values():
            when = _requirement(rule["when"])
            if canonicalize_name(when.name) == name and when.specifier.contains(
                self._versions[name], prereleases=True
            ):
                found.append(rule)
        return found

    def _judge_rules(self) -> None:
        for name in self._versions:
            for rule in self._matching(name):
                met = [self._met(Requirement(each)) for each in rule.get("then", ())]
                if rule["kind"] == "index":
                    self._complain(
                        "rule", f"{name} {self._versions[name]} is barred by {rule['id']}"
                    )
                if rule["kind"] == "forbid" and all(met):
                    self._complain("rule", f"{rule['id']} forbids what is pinned")
                if rule["kind"] == "require" and False in met:
                    self._complain("rule", f"{rule['id']} is not met")

    def _met(self, requirement: Requirement) -> bool | None:
        name = canonicalize_name(requirement.name)
        if name not in self._versions or not self._holds(requirement, ""):
            return None
        return requirement.specifier.contains(self._versions[name], prereleases=True)

    def _waiver(self, name: str, requirement: Requirement) -> Json | None:
        for waiver in self._tool.get("waivers", ()):
            if waiver["package"] == name and _requirement(waiver["requirement"]) == requirement:
                return dict(waiver)
        return None

    def _judge_waivers(self) -> None:
        for waiver in self._tool.get("waivers", ()):
            subject = f"{waiver['package']}'s {waiver['requirement']}"
            if waiver["package"] not in self._versions:
                self._complain("waiver", f"{waiver['package']} is not pinned")
                continue
            if Version(waiver["version"]) != self._versions[waiver["package"]]:
                self._complain("waiver", f"{subject}: another version is pinned")
            wanted = canonicalize_name(Requirement(waiver["requirement"]).name)
            by_spec = re.search(r"overrides\[\d+\]$", waiver["rule"]) and any(
                canonicalize_name(
                    each.get("exclude") or Requirement(each.get("requirement", "")).name
                )
                == wanted
                for each in self._image.overrides
            )
            rule = self._rules.get(waiver["rule"])
            matching = self._matching(waiver["package"])
            named = rule is not None and rule in matching and rule["kind"] in _WAIVING
            if not named and not by_spec:
                self._complain("waiver", f"{subject}: no rule {waiver['rule']} waives that")
            elif rule is not None and not self._allows(rule, waiver):
                self._complain("waiver", f"{subject}: {waiver['rule']} does not say that")

    def _allows(self, rule: Json, waiver: Json) -> bool:
        name = canonicalize_name(Requirement(waiver["requirement"]).name)
        if rule["kind"] == "no-deps":
            return "replacement" not in waiver
        if rule["kind"] == "drop":
            return "replacement" not in waiver and name in map(canonicalize_name, rule["drop"])
        said = {canonicalize_name(Requirement(t).name): Requirement(t) for t in rule["then"]}
        stated = Requirement(waiver["replacement"]) if "replacement" in waiver else None
        return name in said and stated is not None and said[name].specifier == stated.specifier

    # --- reach

    def _judge_reach(self) -> None:
        reached = {name for name, _ in self._walked}
        for name in self._versions:
            if name not in reached:
                self._complain("superfluous", f"nothing needs {name}")
        for name, package in self._packages.items():
            listed = {each["name"] for each in package.get("dependencies", ())}
            needed = self._asked.get(name, set()) - {name} - self._provided.keys()
            if name in reached and listed != needed:
                wrong = ", ".join(sorted(listed ^ needed))
                self._complain("dependencies", f"{name} does not list what it needs: {wrong}")


@cache
def _requirement(text: str) -> Requirement:
    return Requirement(text)


def _limit(as_of: date | datetime | None) -> datetime | None:
    if as_of is None or isinstance(as_of, datetime):
        return as_of
    return datetime.combine(as_of, time(), timezone.utc) + timedelta(days=1)


def _environment(target: Json) -> dict[str, str]:
    release = target["python"].split(".")
    full = ".".join((*release, "0")[:3])
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": target["platform"].split("_", 3)[3],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": ".".join(release[:2]),
        "sys_platform": "linux",
    }


def _tags(target: Json) -> Iterable[Tag]:
    _, major, minor, machine = target["platform"].split("_", 3)
    platforms = [f"manylinux_{major}_{each}_{machine}" for each in range(5, int(minor) + 1)]
    platforms += [f"{old}_{machine}" for old in ("manylinux1", "manylinux2010", "manylinux2014")]
    platforms.append(f"linux_{machine}")
    python = tuple(map(int, target["python"].split(".")[:2]))
    name = f"cp{python[0]}{python[1]}"
    yield from cpython_tags(python, [name], platforms)
    yield from compatible_tags(python, name, platforms)


def check_files(folder: Path) -> list[str]:
    """Return where the requirements files of a lock set contradict its pylock.toml."""
    lock = tomllib.loads((folder / "pylock.toml").read_text())
    expected = {
        f"{package['name']}=={package['version']} --hash=sha256:{file['hashes']['sha256']}"
        for package in lock["packages"]
        for file in (*package.get("wheels", ()), package.get("sdist"))
        if file
    }
    stages = sorted((folder / "stages").glob("*.txt"))
    staged = [
        line
        for path in stages
        if not path.name.endswith(".build-constraints.txt")
        for line in _pins(path)
    ]
    found = [
        f"requirements.txt: {each}"
        for each in sorted(expected ^ {*_pins(folder / "requirements.txt")})
    ]
    found += [f"stages: {each}" for each in sorted(expected ^ set(staged))]
    found += [
        f"twice: {each}" for each in sorted({each for each in staged if staged.count(each) > 1})
    ]
    hashed = (folder / "requirements.txt").read_text()
    if (
        re.sub(r" --hash=sha256:[a-f0-9]+", "", hashed)
        != (folder / "requirements.nohash.txt").read_text()
    ):
        found.append("requirements.nohash.txt is not requirements.txt without hashes")
    return found


def _pins(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if re.match(r"[\w.-]+==", line)]


def check_lock(
    lock: Json, image: Image, rules: Mapping[str, Json], recording: Recording
) -> list[str]:
    """Return everything that does not hold in a lock, sorted."""
    return Judge(lock, image, rules, recording).judge()
