"""Make the record of a lock set when it is solved, with what the gate has to say of the pins."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import depcheck.artifacts
from depcheck.cache import remembered
from depcheck.gate.finding import Location
from depcheck.gate.inputs import describe_inputs
from depcheck.gate.judge import stored_document, stored_finding
from depcheck.gate.lines import pin_lines
from depcheck.gate.lockset import LOCK
from depcheck.gate.pins import judge_pins
from depcheck.lockfiles.record import gate_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.gate.finding import Finding
    from depcheck.images.model import ImageSpec
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.solution import Pin, Solution


def recorded(
    solution: Solution,
    files: Mapping[str, bytes],
    *,
    spec: ImageSpec,
    problem: Problem,
    command: str,
    rule_files: Mapping[str, str],
) -> bytes:
    """Return ``gate.json`` of a lock set that was just solved.

    Args:
        solution: What was solved.
        files: The other files of its lock set.
        spec: The image.
        problem: The variant of it, with its rules.
        command: The command line that the files name.
        rule_files: Digests of what states rules, from `given_rules`.
    """
    lines = pin_lines(files[LOCK].decode())
    at = {name: Location(file=LOCK, line=line) for name, line in lines.items()}
    findings, notes = judge_pins(solution, problem, at, Location(file=LOCK), contents=_contents)
    documents = [stored_document(each) for each in findings]
    inputs = describe_inputs(spec, problem, rule_files, documents, notes)
    return gate_json(solution, files, command, inputs)


def _contents(
    solution: Solution, at: Mapping[str, Location], lock: Location
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return what is wrong with the wheels; what was said of the same ones is remembered."""

    def judged() -> dict[str, Any]:
        from depcheck.gate.contents import judge_contents  # noqa: PLC0415 - seldom anew

        findings, notes = judge_contents(solution, at, lock)
        documents = [stored_document(each) for each in findings]
        return {"findings": documents, "notes": list(notes)}

    room = Path(depcheck.artifacts.__path__[0])
    sources = (*room.glob("*.py"), *room.glob("data/*"), *Path(__file__).parent.glob("*.py"))
    asked = [
        [solution.target.python, solution.target.platform, solution.target.base_image],
        [solution.target.compute_capabilities, solution.system],
        [[each.name, each.version, _hash(each), at[each.name].line] for each in solution.pins],
    ]
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    found = remembered(f"contents {digest}", sources, judged)
    stored = (stored_finding(each) for each in found["findings"])
    return tuple(stored), tuple(found["notes"])


def _hash(pin: Pin) -> str | None:
    source = pin.file or pin.direct
    return source.sha256 if source else None
