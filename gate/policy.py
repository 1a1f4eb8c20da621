"""What a project decides about findings: ``[tool.depcheck.gate]`` in its ``pyproject.toml``.

[tool.depcheck.gate]
levels = { rules-drift = "error" }

[[tool.depcheck.gate.ignore]]
code = "build-not-allowed"
subject = "flash-attn==*"          # all subjects where it is left out
reason = "built in a stage of its own, ticket 42"
until = 2026-12-31                 # the last day on which it holds
"""

from __future__ import annotations

from dataclasses import field
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from depcheck.frozen import frozen
from depcheck.gate.codes import CODES, finding
from depcheck.gate.finding import Level, Location
from depcheck.gate.report import Report
from depcheck.tomlfile import BadValueError, did_you_mean, kind_of, read_toml
from depcheck.tomllines import line_of
from depcheck.tomlvalues import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from depcheck.gate.finding import Finding
    from depcheck.tomlfile import Table

_TABLE = ("tool", "depcheck", "gate")


@frozen
class Ignore:
    """Findings that are known and accepted for a while."""

    code: str
    subject: str = "*"
    """Pattern, as in file names."""
    reason: str
    until: date
    """The last day on which it holds."""
    location: Location

    def covers(self, found: Finding) -> bool:
        """Whether a finding is one of those."""
        return found.code == self.code and fnmatchcase(found.subject, self.subject)


@frozen
class Policy:
    """Levels and ignores of a project."""

    levels: Mapping[str, Level] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()


def read_policy(path: Path) -> Policy:
    """Return the policy in a ``pyproject.toml``.

    Raises:
        InputError: the file or the table is wrong.
    """
    file = read_toml(path, reference="invalid-policy")
    table = file.root.table("tool").table("depcheck").table("gate")
    levels = table.table("levels")
    for name in levels.names():
        levels.check_name(name, _code)
    policy = Policy(
        levels={name: levels.optional(name, _level, Level.ERROR) for name in levels.names()},
        ignores=tuple(
            _ignore(each, _location(path, file.raw.decode(), position))
            for position, each in enumerate(table.tables("ignore"))
        ),
    )
    table.close()
    file.check()
    return policy


def apply(policy: Policy, report: Report, today: date, *, complete: bool) -> Report:
    """Return a report as a policy has it.

    Args:
        policy: Levels and ignores.
        report: What was found.
        today: The day by which ignores expire.
        complete: Every lock set was judged, so that an ignore which matches nothing is of no use.
    """
    living = [each for each in policy.ignores if today <= each.until]
    expired = [each for each in policy.ignores if today > each.until]
    unused = [each for each in living if complete and not any(map(each.covers, report.findings))]
    lock_sets = tuple(
        judged._replace(findings=tuple(_kept(policy, living, judged.findings)))
        for judged in report.lock_sets
    )
    own = (*map(_expired, expired), *map(_unused, unused))
    others = tuple(_kept(policy, living, (*report.others, *own)))
    return Report(lock_sets=lock_sets, others=others)


def _kept(
    policy: Policy, ignores: list[Ignore], findings: tuple[Finding, ...]
) -> Iterator[Finding]:
    for found in findings:
        if not any(ignore.covers(found) for ignore in ignores):
            yield found._replace(level=policy.levels.get(found.code, found.level))


def _expired(ignore: Ignore) -> Finding:
    return finding(
        "ignore-expired",
        ignore.code,
        f"the ignore of `{ignore.code}` ({ignore.subject}) ended on {ignore.until}",
        at=ignore.location,
        evidence=(f"reason: {ignore.reason}",),
        remedy="mend the cause, or decide again and state another day",
    )


def _unused(ignore: Ignore) -> Finding:
    return finding(
        "ignore-unused",
        ignore.code,
        f"the ignore of `{ignore.code}` ({ignore.subject}) matches no finding",
        at=ignore.location,
        remedy="delete it",
    )


def _ignore(table: Table, location: Location) -> Ignore:
    found = Ignore(
        code=table.required("code", _code, ""),
        subject=table.optional("subject", text, "*"),
        reason=table.required("reason", text, ""),
        until=table.required("until", _day, date.max),
        location=location,
    )
    table.close()
    return found


def _location(path: Path, content: str, position: int) -> Location:
    line = line_of(content, (*_TABLE, "ignore", position))
    return Location(file=path.as_posix(), line=line)


def _code(value: object) -> str:
    name = text(value)
    if name not in CODES:
        raise BadValueError(
            f"there is no code `{name}`", did_you_mean(name, CODES) or "`docs/gate.md` lists them"
        )
    return name


def _level(value: object) -> Level:
    name = text(value)
    levels = [level.value for level in Level]
    if name not in levels:
        raise BadValueError(
            f"`{name}` is not a level", did_you_mean(name, levels) or f"one of {', '.join(levels)}"
        )
    return Level(name)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise BadValueError(
        f"must be a day, not {kind_of(value)}", "write it without quotes, like `2026-12-31`"
    )
