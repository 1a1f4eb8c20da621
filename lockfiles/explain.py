"""Write ``explain.json``: why every pin is there. `explanation` reads it back.

Keys of the document: ``schema`` (number of this form), ``image``, ``variant``, ``summary``,
``input-digest``, ``as-of``, ``rounds``, ``rules``, ``warnings`` and ``pins``, an object by
normalised name. A pin has ``version``, ``extras``, ``stage``, ``index`` (null for a direct
reference), ``file`` (filename, url, sha256, size, uploaded), ``direct``, ``metadata-from``,
``requires``, ``via`` (source, requirement, is-package, rule), ``passed-over`` (versions, reason),
``rules`` (ids) and ``waivers`` (requirement, replacement, rule, reason). What is not known is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.lockfiles import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import Pin, Solution, Via, Waiver

SCHEMA = 1


def explain_json(solution: Solution, stages: Sequence[Stage]) -> bytes:
    """Return ``explain.json`` of a solution, keys sorted."""
    stage_of = {pin.name: stage.name for stage in stages for pin in stage.pins}
    document = {
        "schema": SCHEMA,
        "image": solution.image,
        "variant": solution.variant,
        "summary": solution.summary,
        "input-digest": solution.input_digest,
        "as-of": solution.as_of,
        "rounds": solution.rounds,
        "warnings": [*solution.warnings, *solution.fallbacks],
        "rules": {
            rule.id: {
                "kind": rule.kind,
                "reason": rule.reason,
                "remedy": rule.remedy,
                "evidence": list(rule.evidence),
                "subjects": list(rule.subjects),
            }
            for rule in solution.rules
        },
        "pins": {pin.name: _pin(pin, solution, stage_of[pin.name]) for pin in solution.pins},
    }
    return json_text.dumps(document).encode()


def _pin(pin: Pin, solution: Solution, stage: str) -> dict[str, Any]:
    subject = f"{pin.name}=={pin.version}"
    return {
        "version": pin.version,
        "extras": list(pin.extras),
        "stage": stage,
        "index": pin.index,
        "file": _file(pin),
        "direct": _direct(pin),
        "metadata-from": pin.metadata_from,
        "requires": sorted(pin.requires),
        "via": [_via(via) for via in sorted(pin.via, key=lambda v: (v.source, v.requirement))],
        "passed-over": [
            {"versions": list(group.versions), "reason": group.reason} for group in pin.passed_over
        ],
        "rules": sorted(rule.id for rule in solution.rules if subject in rule.subjects),
        "waivers": [
            _waiver(waiver)
            for waiver in sorted(solution.waivers, key=lambda w: (w.requirement, w.rule))
            if waiver.package == pin.name
        ],
    }


def _file(pin: Pin) -> dict[str, Any] | None:
    if pin.file is None:
        return None
    return {
        "filename": pin.file.filename,
        "url": pin.file.url,
        "sha256": pin.file.sha256,
        "size": pin.file.size,
        "uploaded": pin.file.uploaded,
    }


def _direct(pin: Pin) -> dict[str, Any] | None:
    if pin.direct is None:
        return None
    return {
        "url": pin.direct.url,
        "vcs": pin.direct.vcs,
        "commit": pin.direct.commit,
        "sha256": pin.direct.sha256,
        "subdirectory": pin.direct.subdirectory,
    }


def _via(via: Via) -> dict[str, Any]:
    return {
        "source": via.source,
        "requirement": via.requirement,
        "is-package": via.is_package,
        "rule": via.rule,
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "version": waiver.version,
        "requirement": waiver.requirement,
        "replacement": waiver.replacement,
        "rule": waiver.rule,
        "reason": waiver.reason,
    }
