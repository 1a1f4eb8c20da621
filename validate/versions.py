"""Versions and version ranges (PEP 440), for Pythons that have no `packaging`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Iterator

_VERSION = re.compile(
    r"""\s*v?
    (?:(?P<epoch>\d+)!)?
    (?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<stage>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<stage_number>\d+)?)?
    (?P<post>-(?P<implicit>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>\d+)?)?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d+)?)?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
    \s*""",
    re.VERBOSE | re.IGNORECASE,
)
_STAGES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_CLAUSE = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>)\s*(\S+)\s*")
_AFTER_ALL = 1 << 62
_LONGEST = 1000
"""Characters of a version; Python converts no number of more than 4,300 digits."""


@dataclass(frozen=True)
class Version:
    """A version, comparable by its ``key``."""

    epoch: int
    release: tuple[int, ...]
    """Without zeros at its end, so that equal versions are equal."""
    pre: tuple[str, int] | None
    post: int | None
    dev: int | None
    local: tuple[tuple[int, int, str], ...] = ()
    """Segments; numbers come after words."""

    @property
    def key(self) -> tuple[object, ...]:
        """The order of versions."""
        if self.pre is not None:
            pre = (0, *self.pre)
        elif self.post is None and self.dev is not None:
            pre = (-1, "", 0)
        else:
            pre = (1, "", 0)
        post = -1 if self.post is None else self.post
        dev = _AFTER_ALL if self.dev is None else self.dev
        return (self.epoch, self.release, pre, post, dev, self.local)

    @property
    def public(self) -> Version:
        """The version without its local label."""
        return replace(self, local=())

    @property
    def is_prerelease(self) -> bool:
        """Whether it is a pre-release or a development release."""
        return self.pre is not None or self.dev is not None


def parse_version(text: str) -> Version | None:
    """Return a version, None where the text is none."""
    match = _VERSION.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    release = [int(number) for number in match["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    stage = match["stage"] and match["stage"].lower()
    return Version(
        epoch=int(match["epoch"] or 0),
        release=tuple(release),
        pre=(_STAGES.get(stage, stage), int(match["stage_number"] or 0)) if stage else None,
        post=int(match["implicit"] or match["post_number"] or 0) if match["post"] else None,
        dev=int(match["dev_number"] or 0) if match["dev"] else None,
        local=tuple(_segments(match["local"] or "")),
    )


def _segments(local: str) -> Iterator[tuple[int, int, str]]:
    for part in filter(None, re.split(r"[-_.]", local.lower())):
        yield (1, int(part), "") if part.isdigit() else (0, 0, part)


def same_version(one: str, other: str) -> bool:
    """Whether two texts spell one version, local label included."""
    left, right = parse_version(one), parse_version(other)
    return left == right if left and right else one == other


def same_public_version(one: str, other: str) -> bool:
    """Whether two texts spell one version but for their local labels."""
    left, right = parse_version(one), parse_version(other)
    return bool(left and right) and left.public == right.public  # type: ignore[union-attr]


def split_specifiers(text: str) -> tuple[tuple[str, str], ...] | None:
    """Return (operator, version) of each clause, None where the text is no version range."""
    clauses = []
    for part in filter(str.strip, text.split(",")):
        match = _CLAUSE.fullmatch(part)
        if match is None:
            return None
        clauses.append((match[1], match[2]))
    return tuple(clauses)


def contains(specifiers: str, version: str) -> bool | None:
    """Whether a version is in a range, pre-releases included; None where either is malformed."""
    clauses, found = split_specifiers(specifiers), parse_version(version)
    if clauses is None:
        return None
    answers = [_holds(operator, limit, found, version) for operator, limit in clauses]
    return None if None in answers else all(answers)


def _holds(operator: str, limit: str, found: Version | None, text: str) -> bool | None:
    if operator == "===":
        return limit.lower() == text.lower()
    if found is None:
        return None
    if limit.endswith(".*") and operator in {"==", "!="}:
        bound = parse_version(limit[:-2])
        if bound is None:
            return None
        inside = _has_prefix(found, bound.epoch, limit[:-2])
        return inside if operator == "==" else not inside
    bound = parse_version(limit)
    return None if bound is None else _compare(operator, found, bound, limit)


def _compare(operator: str, found: Version, bound: Version, limit: str) -> bool:
    if operator in {"==", "!="}:
        same = (found if bound.local else found.public) == bound
        return same if operator == "==" else not same
    if operator == "<=":
        return found.public.key <= bound.key
    if operator == ">=":
        return found.public.key >= bound.key
    if operator == "~=":
        series = re.match(r"(?:\s*v?\d+!)?\s*v?([\d.]*\d)\.\d+", limit, re.IGNORECASE)
        above = found.public.key >= bound.key
        return series is not None and above and _has_prefix(found, bound.epoch, series[1])
    if operator == "<":
        # Its own pre-releases do not count, unless it is one itself.
        first = bound if bound.is_prerelease else replace(bound, dev=0)
        return found.key < first.key
    return _is_later(found, bound)


def _is_later(found: Version, bound: Version) -> bool:
    """Whether ``> bound`` holds: neither its own post-releases nor its local builds count."""
    own = bound.post is None and replace(found.public, post=None, dev=None) == bound
    return found.public.key > bound.key and not (own and found.post is not None)


def _has_prefix(found: Version, epoch: int, series: str) -> bool:
    wanted = [int(number) for number in re.findall(r"\d+", series.rpartition("!")[2])]
    release = [*found.release, *([0] * len(wanted))]
    return found.epoch == epoch and release[: len(wanted)] == wanted
