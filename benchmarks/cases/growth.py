"""How cost grows with the number of packages: real ones, recorded several times under other names.

A recording is made of what one image's solve visits, N times over: `torch`, `torch-copy1`, ... Each
copy needs its own copies, so that N times the requirements come to N times the packages, with real
versions, specifiers and files. The smallest set is two small packages.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from benchmarks.cases.hard import PLATFORM, PYTHON
from benchmarks.lab import image_problem
from benchmarks.loopback import Index
from benchmarks.results import Goal, compared, pins_note
from depcheck.commands.second_opinions import printed_pins
from depcheck.index.simple_api import SimpleApi
from depcheck.index.snapshot import open_snapshot, write_snapshot
from depcheck.resolver.problem import DEFAULT_INDEX, bare_problem
from depcheck.resolver.search import Bench, Found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from benchmarks.lab import Lab
    from benchmarks.results import Result
    from depcheck.index.compiled import CompiledProject
    from depcheck.index.interface import PackageIndex
    from depcheck.index.project import Project
    from depcheck.index.snapshot import SnapshotIndex
    from depcheck.resolver.problem import Problem

GOAL = Goal(of="CPU per package, beside 100 packages", must=1.5, aim=1.1)
IMAGE = ("nexa_light", "cu128")
SMALLEST = ("aiohttp", "requests")
"""Packages with few dependencies."""
COPIES = (1, 3, 10)
_DIGEST_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def measure(lab: Lab) -> Iterator[Result]:
    """Yield a result per number of packages."""
    variant = image_problem(*IMAGE).variant
    if variant.as_of is None:
        raise AssertionError(IMAGE)
    as_of = variant.as_of
    recording = lab.folder / "copies.sqlite"
    _record(bare_problem("copies", variant, ()), recording)
    stated = [str(each.requirement) for each in variant.requirements]
    sets = [list(SMALLEST)]
    sets += [[_copied(text, at) for at in range(count) for text in stated] for count in COPIES]
    found: list[tuple[Result, float]] = []
    index = Index(lambda: _api(recording, as_of))
    with index as address:
        for requirements in sets:
            path = lab.folder / "requirements.in"
            path.write_text("\n".join(requirements) + "\n")
            result, count = _result(
                lab, path, recording=recording, as_of=as_of, index=index, address=address
            )
            each = result.ours.cpu / count
            note = f"{each * 1000:.2f} ms CPU per package; {result.note}"
            found.append((replace(result, subject=f"{count} packages", note=note), each))
    *others, (last, per_package) = found
    yield from (result for result, _ in others)
    yield replace(last, goal=GOAL, value=per_package / found[1][1])


def _result(
    lab: Lab, path: Path, *, recording: Path, as_of: datetime, index: Index, address: str
) -> tuple[Result, int]:
    ours = lab.depcheck(
        *("compile", str(path), "--quiet", "--no-rules", "--generate-hashes"),
        *("--snapshot", str(recording), "--as-of", as_of.strftime("%Y-%m-%dT%H:%M:%SZ")),
        *("--python-version", PYTHON, "--platform", PLATFORM[0]),
    )
    words = [
        *("pip", "compile", str(path), "--quiet", "--no-config", "--no-annotate", "--no-header"),
        *("--generate-hashes", "--default-index", address),
        *("--python-version", PYTHON, "--python-platform", PLATFORM[1]),
    ]
    theirs = lab.peer("uv", words, lab.room("uv"))
    taken = lab.launcher.alternate([ours, theirs], lab.rounds, index)
    pins = [printed_pins(each.stdout.read_text()) for each in (ours, theirs)]
    return compared("growth", "", "uv", *taken, note=pins_note(*pins)), len(pins[0])


def _api(recording: Path, as_of: datetime) -> SimpleApi:
    snapshot = open_snapshot(recording)
    return SimpleApi(lambda _: snapshot.index(DEFAULT_INDEX), as_of=as_of)


def _record(problem: Problem, path: Path) -> None:
    """Write a recording of the projects that a solve visits, and of their copies."""
    snapshot = open_snapshot()
    visited: dict[str, set[str]] = {}
    outcome = Bench(
        problem,
        lambda place: cast(
            "PackageIndex", _Noting(snapshot.index(place), visited.setdefault(place, set()))
        ),
    ).attempt()
    if not isinstance(outcome, Found):
        raise TypeError(outcome)
    projects = [
        project
        for place, names in visited.items()
        for project in snapshot.index(place).compiled()
        if project.name in names
    ]
    copies = [_copy(each, at) for at in range(max(COPIES)) for each in projects]
    info = snapshot.index(DEFAULT_INDEX).info
    write_snapshot(path, [(DEFAULT_INDEX, info.moment, info.horizon, copies)])


class _Noting:
    """An index that notes which projects are asked for."""

    def __init__(self, index: SnapshotIndex, names: set[str]) -> None:
        self._index = index
        self._names = names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def project(self, name: str) -> Project | None:
        self._names.add(name)
        return self._index.project(name)


def _copied(text: str, at: int) -> str:
    """Return a requirement, or a name, of one copy."""
    match = _NAME.match(text)
    if match is None:
        raise AssertionError(text)
    return text if at == 0 else f"{match[0]}-copy{at}{text[match.end() :]}"


def _copy(project: CompiledProject, at: int) -> CompiledProject:
    """Return a project under the name of a copy, and what it needs likewise.

    Files whose index states no upload time get one, since only this index is there. Hashes differ
    from copy to copy: to uv, files of one hash are one file.
    """
    head, *rows = zlib.decompress(project.solve).decode().split("\n")
    releases, metadata, _ = json.loads(head)["rows"]
    solve = [head, *map(_dated, rows[:releases]), *rows[releases : releases + metadata]]
    solve += [_asking(row, at) for row in rows[releases + metadata :]]
    lines = zlib.decompress(project.listing).decode().split("\n")
    return replace(
        project,
        name=_copied(project.name, at),
        solve=_packed("\n".join(solve)),
        listing=_packed("\n".join(_renamed(line, at) for line in lines)),
        digests=_rehashed(project.digests, at),
    )


def _dated(row: str) -> str:
    """Return a release with an upload time for each file."""
    release = json.loads(row)
    if release is not None:
        release[3::3] = [1 if moment is None else moment for moment in release[3::3]]
    return json.dumps(release)


def _asking(row: str, at: int) -> str:
    """Return a requirement of a copy."""
    name, *rest = json.loads(row)
    return json.dumps([_copied(name, at), *rest])


def _renamed(line: str, at: int) -> str:
    """Return a listing's line with the copy's name in front of the file's version."""
    if at == 0 or not line:
        return line
    filename, tab, rest = line.partition("\t")
    is_wheel = filename.endswith(".whl")
    name, _, tail = filename.partition("-") if is_wheel else filename.rpartition("-")
    return f"{name}{'_' if is_wheel else '-'}copy{at}-{tail}{tab}{rest}"


def _rehashed(digests: bytes, at: int) -> bytes:
    changed = bytearray(digests)
    changed[::_DIGEST_BYTES] = bytes((each + at) % 256 for each in changed[::_DIGEST_BYTES])
    return bytes(changed)


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode(), 9)
