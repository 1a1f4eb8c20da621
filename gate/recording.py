"""Make the record of a lock set when it is solved, with what the gate has to say of the pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.gate.finding import Location
from depcheck.gate.inputs import describe_inputs
from depcheck.gate.judge import stored_document
from depcheck.gate.lines import pin_lines
from depcheck.gate.lockset import LOCK
from depcheck.gate.pins import judge_pins
from depcheck.lockfiles.record import gate_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.images.model import ImageSpec
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.solution import Solution


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
    findings, notes = judge_pins(solution, problem, at, Location(file=LOCK))
    documents = [stored_document(each) for each in findings]
    inputs = describe_inputs(spec, problem, rule_files, documents, notes)
    return gate_json(solution, files, command, inputs)
