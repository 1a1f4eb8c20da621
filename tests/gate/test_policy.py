"""A project's levels and ignores."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from support.world import World, make_world

from depcheck.errors import InputError
from depcheck.gate.codes import finding
from depcheck.gate.finding import Finding, Judged, Level, Location
from depcheck.gate.policy import apply, read_policy
from depcheck.gate.report import Report

if TYPE_CHECKING:
    from pathlib import Path

PLACE = Location(file="locks/demo/cu121/pylock.toml", line=7)
POLICY = """\
[tool.depcheck.gate]
levels = { rules-drift = "error" }

[[tool.depcheck.gate.ignore]]
code = "build-not-allowed"
subject = "kernels==*"
reason = "built in a stage of its own"
until = 2026-12-31
"""
BUILD = finding("build-not-allowed", "kernels==3.0", "it is built", at=PLACE)
OTHER = finding("build-not-allowed", "flash-attn==2.7.0", "it is built", at=PLACE)
DRIFT = finding("rules-drift", "numpy2-torch", "it is new", at=PLACE)


def report(*findings: Finding) -> Report:
    judged = Judged(
        image="demo", variant="cu121", folder="locks/demo/cu121", findings=findings, full=False
    )
    return Report(lock_sets=(judged,))


def applied(
    folder: Path, *findings: Finding, today: date, complete: bool = True
) -> list[tuple[str, Level]]:
    (folder / "pyproject.toml").write_text(POLICY)
    policy = read_policy(folder / "pyproject.toml")
    found = apply(policy, report(*findings), today, complete=complete)
    return [(each.code, each.level) for each in found.findings]


def test_an_ignore_holds_through_its_last_day(tmp_path: Path) -> None:
    assert [] == applied(tmp_path, BUILD, today=date(2026, 12, 31))


def test_an_expired_ignore_is_a_finding_and_ignores_nothing(tmp_path: Path) -> None:
    assert [("build-not-allowed", Level.ERROR), ("ignore-expired", Level.ERROR)] == applied(
        tmp_path, BUILD, today=date(2027, 1, 1)
    )


def test_another_subject_is_not_ignored(tmp_path: Path) -> None:
    assert [("build-not-allowed", Level.ERROR)] == applied(
        tmp_path, BUILD, OTHER, today=date(2026, 1, 1)
    )


def test_an_ignore_that_matches_nothing_is_told(tmp_path: Path) -> None:
    assert [("ignore-unused", Level.WARNING)] == applied(tmp_path, today=date(2026, 1, 1))


def test_nothing_is_said_of_it_where_only_some_lock_sets_were_judged(tmp_path: Path) -> None:
    assert [] == applied(tmp_path, today=date(2026, 1, 1), complete=False)


def test_a_level_is_the_projects_own(tmp_path: Path) -> None:
    assert [("rules-drift", Level.ERROR)] == applied(tmp_path, BUILD, DRIFT, today=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("until = 2026-12-31", "", ":4: tool.depcheck.gate.ignore[0]: key `until` is missing"),
        (
            'reason = "built in a stage of its own"',
            "",
            ":4: tool.depcheck.gate.ignore[0]: key `reason` is missing",
        ),
        (
            "build-not-allowed",
            "build-not-alowed",
            ":5: tool.depcheck.gate.ignore[0].code: there is no code `build-not-alowed`",
        ),
        (
            "2026-12-31",
            '"2026-12-31"',
            ":8: tool.depcheck.gate.ignore[0].until: must be a day, not text",
        ),
        (
            'rules-drift = "error"',
            'rules-drift = "fatal"',
            ":2: tool.depcheck.gate.levels.rules-drift: `fatal` is not a level",
        ),
        (
            'rules-drift = "error"',
            'rule-drift = "error"',
            ":2: tool.depcheck.gate.levels.rule-drift: there is no code `rule-drift`",
        ),
    ],
)
def test_a_policy_that_is_wrong(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(POLICY.replace(old, new))
    with pytest.raises(InputError) as raised:
        read_policy(path)

    assert f"{path}{problem}" == raised.value.message


def test_the_command_follows_the_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world: World = make_world(tmp_path, monkeypatch, capsys)
    world.spec.write_text(world.spec.read_text().replace('allow-build = ["kernels"]\n', ""))
    world.solve("./demo.toml")
    closed = world.gate()[0]
    (tmp_path / "pyproject.toml").write_text(POLICY.replace("2026", "9999"))

    assert (1, 0, "") == (closed, *world.gate()[::2])
