"""What was measured, as values: written as JSON, shown as a table and a chart."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processes import Took, medians, paired

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure that a result is held against: no more than `must`, better no more than `aim`."""

    of: str
    """What is held against it."""
    must: float
    aim: float
    unit: str = "x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One tool beside depcheck, on one subject."""

    case: str
    subject: str
    peer: str
    """The other tool; empty where depcheck is measured alone."""
    rounds: int
    ours: Took
    """Medians."""
    theirs: Took | None = None
    cpu_ratio: float | None = None
    """Median of the ratios of pairs: depcheck's by the other tool's."""
    wall_ratio: float | None = None
    goal: Goal | None = None
    value: float | None = None
    """What is held against the goal."""
    note: str = ""

    @property
    def verdict(self) -> str:
        """How the value stands to the goal."""
        if self.goal is None or self.value is None:
            return ""
        if self.value <= self.goal.aim:
            return "aim met"
        return "must met" if self.value <= self.goal.must else "MISSED"


def compared(
    case: str,
    subject: str,
    peer: str,
    ours: Sequence[Took],
    theirs: Sequence[Took],
    *,
    goal: Goal | None = None,
    note: str = "",
) -> Result:
    """Return the result of two tools that ran alternately."""
    ratios = {what: paired(ours, theirs, what) for what in ("cpu", "wall")}
    return Result(
        case=case,
        subject=subject,
        peer=peer,
        rounds=len(ours),
        ours=medians(ours),
        theirs=medians(theirs),
        cpu_ratio=ratios["cpu"],
        wall_ratio=ratios["wall"],
        goal=goal,
        value=None if goal is None else ratios[goal.of.lower()],
        note=note,
    )


def pins_note(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Say how far two answers are the same."""
    names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    if not names:
        return f"{len(ours)} pins, the same"
    shown = ", ".join(f"{name} {ours.get(name)} / {theirs.get(name)}" for name in names[:4])
    more = f", and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{len(ours)} pins, {len(names)} differ: {shown}{more}"


def machine() -> dict[str, Any]:
    """Return where and when it was measured."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def document(
    results: Sequence[Result], where: Mapping[str, Any], versions: Mapping[str, str]
) -> dict[str, Any]:
    """Return all of it as JSON."""
    return {
        "machine": dict(where),
        "versions": dict(versions),
        "results": [{**_plain(each), "verdict": each.verdict} for each in results],
    }


def _plain(result: Result) -> dict[str, Any]:
    plain = asdict(result)
    plain["ours"] = _rounded(result.ours)
    plain["theirs"] = None if result.theirs is None else _rounded(result.theirs)
    for name in ("cpu_ratio", "wall_ratio", "value"):
        plain[name] = None if plain[name] is None else round(plain[name], 4)
    return plain


def _rounded(took: Took) -> dict[str, float]:
    return {name: round(value, 4) for name, value in took._asdict().items()}
