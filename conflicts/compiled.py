"""Rules as JSON and back, so that a run need not read and judge hundreds of rules in TOML again."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depcheck.conflicts.model import BuildNeeds, Confidence, Rule, RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_REQUIREMENTS = ("given", "then", "example", "counterexample", "remedied")
_TEXTS = ("evidence", "variants", "drop", "after", "system")
_UNDECISIVE = frozenset({"origin", "example", "counterexample", "remedied", "since"})
"""Keys that decide nothing about whether an answer is right."""
_KINDS = {each.value: each for each in RuleKind}
_CONFIDENCES = {each.value: each for each in Confidence}


class KnownRequirement(Requirement):
    """A requirement that was parsed before, and is parsed again only where somebody looks inside.

    Its name, and its specifier and marker as text, are known without that.
    """

    __slots__ = ("key", "marker_text", "specifier_text", "text")

    def __init__(
        self, text: str, key: str, specifier_text: str = "", marker_text: str | None = None
    ) -> None:
        self.text = text
        self.key = key
        """The normalised name."""
        self.specifier_text = specifier_text
        self.marker_text = marker_text

    def __getattr__(self, name: str) -> Any:
        if name not in {"name", "url", "extras", "specifier", "marker"}:
            raise AttributeError(name)
        Requirement.__init__(self, self.text)
        return object.__getattribute__(self, name)

    def __str__(self) -> str:
        return self.text


def package_of(requirement: Requirement) -> str:
    """Return the normalised name of the package that a requirement is about."""
    if isinstance(requirement, KnownRequirement):
        return requirement.key
    return canonicalize_name(requirement.name)


def specifier_of(requirement: Requirement) -> str:
    """Return the specifier set of a requirement as text."""
    if isinstance(requirement, KnownRequirement):
        return requirement.specifier_text
    return str(requirement.specifier)


def marker_of(requirement: Requirement) -> str | None:
    """Return the marker of a requirement as text, None where it has none."""
    if isinstance(requirement, KnownRequirement):
        return requirement.marker_text
    return str(requirement.marker) if requirement.marker else None


def digest_of(rule: Rule) -> str:
    """Return the SHA-256 of what a rule decides."""
    return rule.digest or _digest(as_document(rule))


def as_document(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON values, what is empty left out."""
    found: dict[str, Any] = {
        "id": rule.id,
        "kind": rule.kind.value,
        "when": _row(rule.when),
        "reason": rule.reason,
        "remedy": rule.remedy,
        "since": rule.since.isoformat(),
        "confidence": rule.confidence.value,
        "install": rule.install,
        "env": dict(rule.env),
        "origin": rule.origin,
    }
    found |= {key: list(map(_row, getattr(rule, key))) for key in _REQUIREMENTS}
    found |= {key: list(getattr(rule, key)) for key in _TEXTS}
    if rule.build is not None:
        found["build"] = {
            "isolation": rule.build.isolation,
            "constraints": list(map(_row, rule.build.constraints)),
            "env": dict(rule.build.env),
        }
    return {key: value for key, value in found.items() if value not in ([], {}, "", False)}


def with_digest(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON values, with its digest."""
    document = as_document(rule)
    return {**document, "digest": _digest(document)}


def from_documents(documents: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Return the rules that `with_digest` wrote down."""
    return tuple(map(_rule, documents))


def _rule(document: Mapping[str, Any]) -> Rule:
    build = document.get("build")
    known: dict[str, Any] = {
        **document,
        "kind": _KINDS[document["kind"]],
        "when": KnownRequirement(*document["when"]),
        "since": date.fromisoformat(document["since"]),
        "confidence": _CONFIDENCES[document["confidence"]],
    }
    for key in _REQUIREMENTS:
        if key in document:
            known[key] = _requirements(document[key])
    for key in _TEXTS:
        if key in document:
            known[key] = tuple(document[key])
    if build is not None:
        known["build"] = BuildNeeds(
            isolation=build["isolation"],
            constraints=_requirements(build["constraints"]),
            env=build["env"],
        )
    digest = known.pop("digest")
    rule = Rule(**known)
    object.__setattr__(rule, "digest", digest)  # not copied into a rule that is changed
    return rule


def _requirements(rows: Iterable[Sequence[str]]) -> tuple[Requirement, ...]:
    return tuple(KnownRequirement(*row) for row in rows)


def _row(requirement: Requirement) -> tuple[str | None, ...]:
    row = (str(requirement), package_of(requirement), specifier_of(requirement))
    marker = marker_of(requirement)
    return row if marker is None else (*row, marker)


def _digest(document: Mapping[str, Any]) -> str:
    decisive = {key: value for key, value in document.items() if key not in _UNDECISIVE}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
