"""Compare what a lock states with what its own pins lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.gate.codes import finding
from depcheck.gate.difference import ABSENT, differences, told
from depcheck.gate.finding import Location
from depcheck.lockfiles.pylock import pylock_document
from depcheck.lockfiles.stages import plan_stages
from depcheck.tomllines import line_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from depcheck.gate.difference import Difference
    from depcheck.gate.finding import Finding
    from depcheck.gate.lock import Lock
    from depcheck.resolver.solution import Solution

_INTACT = "restore the lock set from version control, or solve again"
_AGAIN = "solve again"
_DRIFTING = frozenset({"input-digest", "indexes", "warnings", "rules", "switched-off-rules"})
"""Keys of ``[tool.depcheck]`` that tell what the lock came from: drift is told by itself."""
_SAME_WAIVER = ("package", "version", "requirement", "replacement")


def waiver_findings(lock: Lock, solution: Solution) -> Iterator[Finding]:
    """Yield waivers that nothing justifies, and requirements that would need one."""
    stated = lock.tool.get("waivers", [])
    expected = _tool(solution).get("waivers", [])
    for each in stated:
        if not any(_same_waiver(each, other) for other in expected):
            requirement = each.get("requirement")
            yield finding(
                "waiver-stale",
                f"{each.get('package')}=={each.get('version')}",
                f"the lock waives `{requirement}`, and nothing justifies that now",
                at=_place(lock, ("tool", "depcheck", "waivers"), requirement),
                evidence=(f"justified by: {each.get('rule')}",),
                remedy=_AGAIN,
            )
    for each in expected:
        if not any(_same_waiver(each, other) for other in stated):
            pin = lock.pins[each["package"]]
            yield finding(
                "requirement-unsatisfied",
                str(pin),
                f"`{pin}` needs `{each['requirement']}`, which is not met and not waived",
                at=pin.location,
                evidence=(f"`{each['rule']}` would justify it: {each['reason']}",),
                remedy=_AGAIN,
            )


def inconsistencies(
    lock: Lock, solution: Solution, judged: Collection[str], *, origin: bool
) -> Iterator[Finding]:
    """Yield where the lock says something else than its pins lead to, waivers left out.

    Args:
        lock: What is stated.
        solution: What the pins lead to.
        judged: Subjects that have findings already; nothing more is said of them.
        origin: What the lock says that it came from counts too: nothing has drifted.
    """
    document = pylock_document(solution, plan_stages(solution))
    packages = {each["name"]: each for each in lock.document["packages"]}
    for package in document["packages"]:
        pin = lock.pins[package["name"]]
        if str(pin) not in judged:
            for each in differences(package, packages[pin.name]):
                yield _inconsistency(f"{pin}: {each.path}", pin.location, each)
    left_out = {"waivers"} if origin else {"waivers", *_DRIFTING}
    expected = _without(document["tool"]["depcheck"], left_out)
    rest = {key: value for key, value in document.items() if key not in {"packages", "tool"}}
    stated = {key: lock.document.get(key, ABSENT) for key in rest}
    for each in (
        *differences(rest, stated),
        *differences(expected, _without(lock.tool, left_out), ("tool", "depcheck")),
    ):
        yield _inconsistency(each.path, _place(lock, each.key), each)


def _tool(solution: Solution) -> Mapping[str, Any]:
    tool: Mapping[str, Any] = pylock_document(solution, plan_stages(solution))["tool"]["depcheck"]
    return tool


def _without(tool: Mapping[str, Any], left_out: set[str]) -> dict[str, Any]:
    return {key: value for key, value in tool.items() if key not in left_out}


def _inconsistency(subject: str, at: Location, difference: Difference) -> Finding:
    evidence = tuple(
        line.replace("was: ", "expected: ").replace("is: ", "locked: ") for line in told(difference)
    )
    return finding(
        "lock-inconsistent",
        subject,
        f"`{subject}` is not what the pins lead to",
        at=at,
        evidence=evidence,
        remedy=_INTACT,
    )


def _same_waiver(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    same = all(one.get(key) == other.get(key) for key in _SAME_WAIVER)
    return same and _justification(one) == _justification(other)


def _justification(waiver: Mapping[str, Any]) -> str:
    """Return the rule, or the key of the spec whatever the file is called."""
    rule = str(waiver.get("rule"))
    return rule.rpartition(": ")[2]


def _place(lock: Lock, key: tuple[str, ...], value: object = None) -> Location:
    return Location(file=lock.file, line=line_of(lock.text, key, value))
