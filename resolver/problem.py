"""Everything that decides an answer, as one value."""

from __future__ import annotations

import hashlib
import json
from dataclasses import field, fields, is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from depcheck.conflicts.compiled import digest_of
from depcheck.conflicts.matching import active_rules
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depcheck.conflicts.model import Rule, SwitchedOff
    from depcheck.images.model import BasePackage, ImageSpec, SpecRequirement, Variant

DEFAULT_INDEX = "default"
MAX_ROUNDS = 20_000
"""resolvelib's budget. It is part of the problem: it steers optimistic backjumping."""


_UNDECISIVE = frozenset({"origin", "preferred"})
"""Fields that decide nothing about whether an answer is right."""


@frozen
class Problem:
    """One image variant with the rules that concern it."""

    image: str
    summary: str
    variant: Variant
    rules: tuple[Rule, ...]
    """Rules that steer, and whose `given` and `variants` hold for this image, sorted by id."""
    reported: tuple[Rule, ...] = ()
    """Such rules of which only a report is known, sorted by id: they warn about the pins."""
    switched_off: tuple[SwitchedOff, ...] = ()
    """Rules that would hold too, had the user not switched them off."""
    unserved: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Package -> version -> why the target's GPUs cannot run it."""
    preferred: Mapping[str, str] = field(default_factory=dict)
    """Package -> version that is tried first, where it fits: an earlier lock or image has it."""
    max_rounds: int = MAX_ROUNDS
    bare: bool = False
    """There is no image spec, only requirements: remedies cannot be written into one."""

    @property
    def title(self) -> str:
        """What is solved, as messages call it."""
        variant = self.variant.name
        return f"`{self.image}` ({variant})" if variant else f"`{self.image}`"

    @property
    def index_of(self) -> Mapping[str, str]:
        """Location of the explicit index of each package that has one."""
        return {name: index.url for index in self.variant.indexes for name in index.packages}

    @property
    def provided(self) -> Mapping[str, BasePackage]:
        """What the base image has and keeps, by name."""
        return {each.name: each for each in self.variant.base_packages if not each.upgrade}

    def digest(self, index_digests: Iterable[tuple[str, str | None]]) -> str:
        """Return the SHA-256 of the problem and of the recordings it is solved against."""
        rules = [*self.rules, *self.reported, *(each.rule for each in self.switched_off)]
        rest = replace(self, rules=(), reported=(), switched_off=())
        digests = [digest_of(each) for each in rules]
        off = [each.reason for each in self.switched_off]
        content = [plain(rest), digests, off, sorted(index_digests, key=str)]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def build_problem(
    spec: ImageSpec,
    variant: Variant,
    rules: Iterable[Rule],
    switched_off: Iterable[SwitchedOff] = (),
    *,
    unserved: Mapping[str, Mapping[str, str]] | None = None,
) -> Problem:
    """Join one variant of an image with the rules that apply to it; their order does not count."""
    stated = _problem(spec.name, spec.summary, variant, rules, switched_off)
    return replace(stated, unserved=unserved or {})


def bare_problem(
    label: str,
    variant: Variant,
    rules: Iterable[Rule],
    switched_off: Iterable[SwitchedOff] = (),
) -> Problem:
    """Join requirements that no image spec states with the rules that apply to them.

    Args:
        label: Where the requirements come from, as messages call them.
        variant: The requirements and all that counts for them; its name may be empty.
        rules: Their order does not count.
        switched_off: Rules that the user does not want.
    """
    return replace(_problem(label, "", variant, rules, switched_off), bare=True)


def _problem(
    image: str,
    summary: str,
    variant: Variant,
    rules: Iterable[Rule],
    switched_off: Iterable[SwitchedOff],
) -> Problem:
    roots = [each.requirement for each in variant.requirements]
    chosen = sorted(active_rules(tuple(rules), variant.name, roots), key=lambda rule: rule.id)
    off = [each for each in switched_off if active_rules((each.rule,), variant.name, roots)]
    ordered = replace(
        variant,
        requirements=_sorted(variant.requirements),
        constraints=_sorted(variant.constraints),
    )
    return Problem(
        image=image,
        summary=summary,
        variant=ordered,
        rules=tuple(rule for rule in chosen if rule.steers),
        reported=tuple(rule for rule in chosen if not rule.steers),
        switched_off=tuple(off),
    )


def _sorted(stated: tuple[SpecRequirement, ...]) -> tuple[SpecRequirement, ...]:
    """Return requirements by name, since the first ones are decided first."""
    return tuple(
        sorted(stated, key=lambda s: (canonicalize_name(s.requirement.name), str(s.requirement)))
    )


def plain(value: Any) -> Any:
    """Return a value as JSON, without what only people and tests read."""
    if is_dataclass(value) and not isinstance(value, type):
        names = (each.name for each in fields(value) if each.name not in _UNDECISIVE)
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if hasattr(value, "items"):
        return {str(key): plain(each) for key, each in value.items()}
    return value if isinstance(value, (int, bool)) or value is None else str(value)
