"""What changed since a lock set was solved: which key of the spec, which rule, which recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.conflicts.compiled import package_of
from depcheck.gate.codes import finding
from depcheck.gate.difference import differences, told
from depcheck.gate.finding import Location
from depcheck.gate.inputs import rule_digests, variant_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from depcheck.gate.difference import Difference
    from depcheck.gate.finding import Finding
    from depcheck.images.model import ImageSpec
    from depcheck.resolver.problem import Problem

_AGAIN = "solve again, and commit the new lock set with the change"


def spec_drift(recorded: Mapping[str, Any], spec: ImageSpec, problem: Problem) -> Iterator[Finding]:
    """Yield a finding for each key of the variant that says something else than it did."""
    for each in differences(dict(recorded), variant_keys(problem)):
        yield finding(
            "spec-drift",
            each.path,
            f"`{each.path}` changed since the solve",
            at=_place(spec, problem.variant.name, each),
            evidence=told(each),
            remedy=_AGAIN,
        )


def _place(spec: ImageSpec, variant: str, difference: Difference) -> Location:
    """Return the line that states a key: that of what is new in a list, where there is one."""
    from depcheck.tomllines import line_of  # noqa: PLC0415 - for a finding only

    new = _new_text(difference)
    for path, _ in spec.files:
        text = path.read_text(encoding="utf-8")
        for key in (("variants", variant, *difference.key), difference.key):
            line = line_of(text, key, new)
            if line is not None and (new is None or new in text.splitlines()[line - 1]):
                return Location(file=path.as_posix(), line=line)
    return Location(file=spec.path.as_posix())


def _new_text(difference: Difference) -> str | None:
    was, now = difference.was, difference.now
    if not isinstance(was, list) or not isinstance(now, list):
        return now if isinstance(now, str) else None
    for each in now:
        if each not in was:
            value = each.get("requirement") if isinstance(each, dict) else each
            return value if isinstance(value, str) else None
    return None


def rules_drift(
    recorded: Mapping[str, str], problem: Problem, names: Collection[str], at: Location
) -> Iterator[Finding]:
    """Yield a finding for each rule about some pin that is new or says something else.

    A rule that is gone is told, whatever it was about: nobody knows any more.
    """
    rules = {rule.id: rule for rule in (*problem.rules, *problem.reported)}
    digests = rule_digests(rules.values())
    for name in sorted(recorded.keys() - rules.keys()):
        yield finding(
            "rules-drift", name, f"rule `{name}` is gone, or holds no more", at=at, remedy=_AGAIN
        )
    for name, rule in sorted(rules.items()):
        if recorded.get(name) == digests[name] or package_of(rule.when) not in names:
            continue
        what = "says something else than it did" if name in recorded else "is new"
        yield finding(
            "rules-drift",
            name,
            f"rule `{name}` {what}",
            at=at,
            evidence=(f"{rule.kind.value} {rule.when}: {rule.reason}",),
            remedy=_AGAIN,
        )


def snapshot_drift(
    recorded: Mapping[str, str | None], now: Mapping[str, str] | None, at: Location
) -> Iterator[Finding]:
    """Yield a finding for each recorded index that is not what it was; none where all are live."""
    if now is None:
        return
    for location, digest in sorted(recorded.items()):
        found = now.get(location)
        if digest is None or found == digest:
            continue
        yield finding(
            "snapshot-drift",
            location,
            f"index `{location}` was recorded anew since the solve",
            at=at,
            evidence=(f"was: {digest}", f"is: {found}"),
            remedy="nothing needs to be done; to take what is new, solve again",
        )
