"""Work a lock out again from its pins alone: no search, every requirement looked at.

The pins become candidates, and everything else follows from them: who asks for what, which rules
concern them, which requirements were waived, in which stages they are installed. What the lock says
beyond that, or against it, is a finding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from depcheck.conflicts.matching import triggers
from depcheck.conflicts.model import RuleKind
from depcheck.errors import DepcheckError, EnvironmentFailure
from depcheck.frozen import frozen
from depcheck.gate.codes import finding
from depcheck.gate.finding import Location
from depcheck.gate.releases import look_up
from depcheck.index.model import NotRecordedError
from depcheck.lockfiles.stages import plan_stages
from depcheck.resolver.candidates import Candidate
from depcheck.resolver.catalogue import Catalogue
from depcheck.resolver.dependencies import Dependencies
from depcheck.resolver.search import Asked, Found
from depcheck.resolver.solve import assemble
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from packaging.requirements import Requirement

    from depcheck.gate.finding import Finding
    from depcheck.gate.lock import Lock
    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.candidates import Want
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.solution import Solution

_BREAKABLE = frozenset({RuleKind.REQUIRE, RuleKind.FORBID})
_REMEDY = "solve again; if there is a reason to do without, a rule or an override can say it"


@frozen
class Replay:
    """What the pins of a lock come to."""

    findings: tuple[Finding, ...]
    solution: Solution | None
    """None where some pin is not what its index has, so that nothing follows from it."""


def replay(problem: Problem, indexes: Callable[[str], PackageIndex], lock: Lock) -> Replay:
    """Return what the pins of a lock come to under a problem, and what is wrong with them."""
    catalogue = Catalogue(problem, TargetEnvironment(problem.variant.target), indexes)
    releases = {name: look_up(pin, problem, catalogue) for name, pin in lock.pins.items()}
    findings = [each for release in releases.values() for each in release.findings]
    known = {name: release.candidate for name, release in releases.items() if release.candidate}
    known |= _provided(problem, catalogue)
    walk = _Walk(problem, catalogue, lock, known)
    try:
        walk.run()
        findings += walk.findings
        findings += _violations(problem, catalogue.target, lock)
        whole = known.keys() >= lock.pins.keys() and not walk.gaps
        if not whole:
            return Replay(findings=tuple(findings), solution=None)
        findings += walk.unasked()
        solution = replace(assemble(problem, walk.found(), indexes), shared=lock.shared)
        plan_stages(solution)  # Shared stages that do not fit are an error.
        return Replay(findings=tuple(findings), solution=solution)
    except NotRecordedError as error:
        findings.append(_unjudged("pin-unrecorded", problem, lock, error))
    except EnvironmentFailure:
        raise  # Nothing is known of the pins: that is no answer.
    except DepcheckError as error:
        findings.append(_unjudged("lock-inconsistent", problem, lock, error))
    return Replay(findings=tuple(findings), solution=None)


def _unjudged(code: str, problem: Problem, lock: Lock, error: DepcheckError) -> Finding:
    return finding(
        code,
        problem.image,
        f"the pins cannot be judged: {error.message}",
        at=Location(file=lock.file),
        remedy=error.hint,
    )


class _Walk:
    """From what the image asks for to every pin that is needed."""

    def __init__(
        self,
        problem: Problem,
        catalogue: Catalogue,
        lock: Lock,
        known: Mapping[str, Candidate],
    ) -> None:
        self._problem = problem
        self._catalogue = catalogue
        self._lock = lock
        self._known = known
        self._dependencies = Dependencies(problem, catalogue.target, catalogue)
        self._candidates: dict[str, Candidate] = {}
        self._asked: dict[str, list[Asked]] = {}
        self.findings: list[Finding] = []
        self.gaps = False
        """Some requirement leads to nothing that could be followed."""

    def run(self) -> None:
        """Follow every requirement; say which are not met."""
        waiting: list[tuple[Want, Candidate | None]] = [
            (want, None) for want in self._dependencies.roots()
        ]
        while waiting:
            want, parent = waiting.pop()
            self._asked.setdefault(want.identifier, []).append(Asked(want=want, parent=parent))
            candidate = self._answer(want, parent)
            if candidate is not None and want.identifier not in self._candidates:
                self._candidates[want.identifier] = candidate
                wants = self._dependencies.wants(candidate)
                waiting += [(each, candidate) for each in wants]

    def _answer(self, want: Want, parent: Candidate | None) -> Candidate | None:
        """Return the candidate that a want leads to, None where it leads nowhere."""
        if want.impossible:
            self._complain(want, parent, want.impossible)
            return None
        pin = self._lock.pins.get(want.name)
        if pin is None and want.name not in self._problem.provided:
            if not want.weak:
                self.gaps = True
                self._complain(want, parent, f"`{want.name}` is not pinned")
            return None
        base = self._known.get(want.name)
        if base is None or base.project is None:
            return None
        # What only a rule says is judged with the rules.
        if want.declared and not want.mask(base.project) >> base.rank & 1:
            self._complain(want, parent, f"`{base}` is {'pinned' if pin else 'in the base image'}")
        if want.weak:
            return None
        return Candidate(want.name, want.extra, base.project, base.rank, base.dist)

    def _complain(self, want: Want, parent: Candidate | None, why: str) -> None:
        if not want.declared:
            return
        who = str(parent) if parent else want.origin or self._problem.image
        asker = self._lock.pins.get(parent.name) if parent else None
        need = "" if want.impossible else f" needs `{want}`, and"
        self.findings.append(
            finding(
                "requirement-unsatisfied",
                who,
                f"`{who}`{need} {why}" if need else f"`{who}`: {why}",
                at=asker.location if asker else Location(file=self._lock.file),
                remedy=_REMEDY,
            )
        )

    def unasked(self) -> Iterator[Finding]:
        """Yield a finding for each pin that no requirement leads to."""
        for name, pin in self._lock.pins.items():
            if name in self._problem.provided:
                yield finding(
                    "pin-unasked",
                    str(pin),
                    "the base image has it, and the spec does not let it be replaced",
                    at=pin.location,
                    remedy="solve again, or state `upgrade` with the base package in the spec",
                )
            elif name not in self._candidates:
                yield finding(
                    "pin-unasked",
                    str(pin),
                    "neither the spec nor a pin asks for it",
                    at=pin.location,
                    remedy="name it in the spec, or solve again to be rid of it",
                )

    def found(self) -> Found:
        """Return the candidates as a search would have left them."""
        return Found(
            candidates=dict(sorted(self._candidates.items())),
            asked={name: tuple(each) for name, each in self._asked.items()},
            rejected={},
            rounds=0,
            catalogue=self._catalogue,
            dependencies=self._dependencies,
        )


def _provided(problem: Problem, catalogue: Catalogue) -> dict[str, Candidate]:
    """Return what the base image has, where its index or the spec knows it."""
    found: dict[str, Candidate] = {}
    for name, base in problem.provided.items():
        try:
            project = catalogue.project(name)
        except NotRecordedError:
            continue  # Nobody needed it when the index was recorded.
        if project is not None and base.version in project.versions:
            rank = project.versions.index(base.version)
            choice = catalogue.choice(project, rank)
            if not isinstance(choice, str):
                found[name] = Candidate(name, "", project, rank, choice)
    return found


def _violations(problem: Problem, target: TargetEnvironment, lock: Lock) -> Iterator[Finding]:
    versions = {name: Version(base.version) for name, base in problem.provided.items()}
    versions |= {name: Version(pin.version) for name, pin in lock.pins.items()}
    for stated in problem.rules:
        if stated.kind not in _BREAKABLE:
            continue
        then = tuple(each for each in stated.then if target.matches(_marker(each)))
        rule = replace(stated, then=then)
        if not then or not triggers(rule, versions):
            continue
        concerned = [canonicalize_name(each.name) for each in (rule.when, *rule.then)]
        names = [name for name in dict.fromkeys(concerned) if name in versions]
        pinned = next((lock.pins[name] for name in names if name in lock.pins), None)
        yield finding(
            "rule-violated",
            rule.id,
            f"{', '.join(f'`{name}=={versions[name]}`' for name in names)}: {rule.reason}",
            at=pinned.location if pinned else Location(file=lock.file),
            evidence=rule.evidence,
            remedy=rule.remedy,
        )


def _marker(requirement: Requirement) -> str | None:
    return str(requirement.marker) if requirement.marker else None
