"""Whatever is spoilt in a lock set, or changed in what it came from, the gate finds it."""

from __future__ import annotations

import shutil
from random import Random
from typing import TYPE_CHECKING

import pytest
from support.mutations import KINDS, NotHereError, Scene

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.gate.judge import Surroundings, judge
from depcheck.gate.recording import recorded
from depcheck.images.loader import builtin_names, load_builtin
from depcheck.index.snapshot import open_snapshot
from depcheck.lockfiles.lockset import render, write
from depcheck.lockfiles.record import RECORD
from depcheck.resolver.solve import solve
from depcheck.stating import stated_problem

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.gate.finding import Judged

LOCK_SETS = [(name, variant) for name in builtin_names() for variant in load_builtin(name).variants]
RULES = load_builtin_rules()
SNAPSHOT = open_snapshot()
DIGESTS = {info.location: info.digest for info in SNAPSHOT.infos()}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the lock sets of all images."""
    out = tmp_path_factory.mktemp("locks")
    for name, variant in LOCK_SETS:
        spec = load_builtin(name)
        problem = stated_problem(spec, spec.variants[variant], RULES)
        solution = solve(problem, SNAPSHOT.index)
        files = render(solution, command="make locks")
        record = recorded(
            solution, files, spec=spec, problem=problem, command="make locks", rule_files={}
        )
        write({**files, RECORD: record}, out / name / variant)
    return out


def judged(scene: Scene, *, full: bool = False) -> Judged:
    around = Surroundings(
        digests=lambda: {**DIGESTS, **scene.digests},
        rules_hold=lambda _: not scene.touched_rules,
        problem=lambda spec, variant: stated_problem(spec, variant, scene.rules),
        indexes=SNAPSHOT.index,
    )
    return judge(scene.folder.as_posix(), scene.spec, around, full=full)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("name", "variant"), LOCK_SETS)
def test_nothing_is_found_where_nothing_was_spoilt(
    locked: Path, *, name: str, variant: str, full: bool
) -> None:
    found = judged(Scene(folder=locked / name / variant, others=locked, rules=RULES), full=full)

    assert () == found.findings
    assert full is found.full


@pytest.mark.parametrize("name", KINDS)
def test_every_mutation_is_found(locked: Path, name: str, tmp_path: Path) -> None:
    """In every other lock set a forger made the record agree with what was spoilt."""
    kind = KINDS[name]
    found, missed = 0, []
    for number, (image, variant) in enumerate(LOCK_SETS):
        forged = kind.judged is not None and number % 2 == 1
        fitting = kind.judged if kind.judged is not None and forged else kind.seen
        folder = tmp_path / str(number) / image / variant
        shutil.copytree(locked / image / variant, folder)
        scene = Scene(folder=folder, others=locked, rules=RULES)
        try:
            kind.mutate(scene, Random(f"{name} {number}"))  # noqa: S311 - no secret
        except NotHereError:
            continue
        if forged:
            scene.reseal()
        codes = {each.code for each in judged(scene, full=forged).findings}
        found += bool(codes & fitting)
        missed += [] if codes & fitting else [(image, variant, forged, codes)]
    print(f"\n{name}: {found} mutations found")  # noqa: T201 - the number is asked for

    assert [] == missed
    assert found >= LEAST[name]


LEAST = dict.fromkeys(KINDS, 13) | {"dropped waiver": 5, "spec key": 8, "rule": 8, "stage order": 8}
"""How many lock sets have something to spoil, at least."""


def test_three_hundred_mutations_are_made_at_least() -> None:
    assert sum(LEAST.values()) >= 300
