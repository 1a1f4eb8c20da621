"""Judge what the wheels of a lock set hold, as far as it was measured: will it load, all together.

Whatever `depcheck inspect` calls an error closes the gate, with one finding for each pin that it is
about. Its budget is left out: the gate has its own, which also counts wheels that nobody measured.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from depcheck.artifacts.cuda import load_cuda_facts
from depcheck.artifacts.declared import load_declared
from depcheck.artifacts.libraries import load_library_facts
from depcheck.artifacts.locked import Knowledge, judge_lock_set
from depcheck.artifacts.lockset import LockedPackage, LockSet
from depcheck.artifacts.model import Severity
from depcheck.artifacts.store import builtin_facts
from depcheck.gate.codes import CODES, finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depcheck.artifacts.locked import LockReport
    from depcheck.artifacts.model import Artifact
    from depcheck.artifacts.model import Finding as Inspected
    from depcheck.gate.finding import Finding, Location
    from depcheck.resolver.solution import Pin, Solution

_NAMES = {"uncovered-capability": "capability-uncovered"}
"""Where the gate has another name for a code; other codes that it lacks tell of a bad wheel."""
_PIN = re.compile(r"(\S+)==\S+(?: |$)")
_NAMED = 10
_SHOWN = 5
"""Lines of evidence; `depcheck inspect` tells all."""


def judge_contents(
    solution: Solution, at: Mapping[str, Location], lock: Location
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return what is wrong with the wheels of a solution, and what nobody can say of them.

    Args:
        solution: The pins.
        at: Where the lock states each, by name.
        lock: Where the lock is.
    """
    installed = _installed(solution)
    knowledge = Knowledge(
        cuda=load_cuda_facts(), libraries=load_library_facts(), declared=load_declared()
    )
    report = judge_lock_set(installed, _measured(installed), installed.capabilities, knowledge)
    found = [
        each
        for inspected in report.findings
        if inspected.severity is Severity.ERROR
        for each in _findings(inspected, at, lock)
    ]
    return tuple(found), tuple(_notes(report))


def _installed(solution: Solution) -> LockSet:
    target = solution.target
    return LockSet(
        image=solution.image,
        variant=solution.variant,
        python=target.python,
        platform=target.platform,
        capabilities=target.compute_capabilities,
        base_image=target.base_image,
        disk_budget=None,
        system=solution.system,
        packages=tuple(map(_package, solution.pins)),
        stages=(),
    )


def _package(pin: Pin) -> LockedPackage:
    file = pin.file if pin.file and pin.file.is_wheel else None
    direct = pin.direct if pin.direct and pin.direct.is_wheel else None
    return LockedPackage(
        name=pin.name,
        version=pin.version,
        filename=file.filename if file else None,
        url=file.url if file else None,
        sha256=file.sha256 if file else direct.sha256 if direct else None,
        size=file.size if file else None,
    )


def _measured(lock: LockSet) -> dict[str, Artifact]:
    store = builtin_facts()
    if store is None:
        return {}
    found = ((each.name, each.sha256 and store.outline(each.sha256)) for each in lock.packages)
    return {name: artifact for name, artifact in found if artifact}


def _findings(found: Inspected, at: Mapping[str, Location], lock: Location) -> Iterator[Finding]:
    code = _NAMES.get(found.code, found.code)
    own = code if code in CODES else "wheel-broken"
    said = found.message if own == code else f"{found.message} ({found.code})"
    for subject, evidence in _by_pin(found):
        names = [word for word in re.split(r"==\S+| \+ ", subject) if word in at]
        yield finding(
            own,
            subject,
            said,
            at=at[names[0]] if names else lock,
            evidence=_shortened(evidence),
            remedy=found.remedy,
        )


def _by_pin(found: Inspected) -> list[tuple[str, Sequence[str]]]:
    """Return what a finding is about and its evidence, apart for each pin where that names them."""
    groups: dict[str, list[str]] = defaultdict(list)
    for line in found.evidence:
        match = _PIN.match(line)
        if match is None:
            return [(found.subject, found.evidence)]
        groups[match[0].strip()].append(line[match.end() :])
    return list(groups.items()) or [(found.subject, ())]


def _shortened(lines: Sequence[str]) -> tuple[str, ...]:
    rest = len(lines) - _SHOWN
    return (*lines[:_SHOWN], f"and {rest} more: `depcheck inspect`") if rest > 0 else tuple(lines)


def _notes(report: LockReport) -> Iterator[str]:
    """Yield what could not be judged."""
    for each in report.findings:
        if each.code == "not-measured":
            names = [line.partition("==")[0] for line in each.evidence]
            rest = len(names) - _NAMED
            more = f" and {rest} more" if rest > 0 else ""
            yield f"nobody has looked into {', '.join(names[:_NAMED])}{more}"
        if each.code == "file-collision" and each.severity is Severity.WARNING:
            yield f"{each.subject} write the same files, perhaps alike: {_shortest(each.evidence)}"


def _shortest(lines: Sequence[str]) -> str:
    rest = len(lines) - 1
    return f"{lines[0]} and {rest} more" if rest else lines[0]
