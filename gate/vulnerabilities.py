"""Known vulnerabilities of pins, as findings; who could not be asked for is one too."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packaging.version import InvalidVersion, Version

from depcheck.frozen import frozen
from depcheck.gate.codes import finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from depcheck.gate.finding import Finding
    from depcheck.gate.lock import Lock, LockedPin


Release = tuple[str, str]
"""Normalised name, and version without a local label."""


@frozen
class Advisory:
    """What a service says of one vulnerability."""

    id: str
    aliases: tuple[str, ...]
    """Other names of it, sorted."""
    summary: str
    severities: tuple[str, ...]
    """In words (``HIGH``) and as CVSS vectors, where they are stated."""
    fixed: Mapping[str, tuple[str, ...]]
    """Versions that mend it, by the normalised name of the package."""
    withdrawn: bool


class Vulnerabilities(NamedTuple):
    """What is known of the pins of one lock."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def release_of(pin: LockedPin) -> Release | None:
    """Return what to ask for: without the local label, which no advisory knows.

    None for a pin that comes from a URL, whatever that holds.
    """
    return None if pin.is_direct else (pin.name, Version(pin.version).public)


def judge_vulnerabilities(
    lock: Lock, known: Mapping[Release, Sequence[Advisory]], default: str
) -> Vulnerabilities:
    """Return the vulnerabilities of the pins of a lock, and whom nobody could be asked about.

    Args:
        lock: The pins.
        known: Advisories of each release that was asked for.
        default: Root of the index whose releases the advisories are about.
    """
    found: list[Finding] = []
    clean: list[str] = []
    foreign: list[str] = []
    for pin in lock.pins.values():
        release = release_of(pin)
        if release is None:
            found.append(_unasked(pin))
            continue
        if pin.index != default:
            foreign.append(pin.name)
        groups = _grouped(known[release])
        found += [_vulnerable(pin, group) for group in groups]
        clean += [] if groups else [pin.name]
    return Vulnerabilities(tuple(found), tuple(_notes(len(clean), foreign)))


def _notes(clean: int, foreign: Sequence[str]) -> Iterator[str]:
    yield f"no vulnerability is known of {clean} {'pin' if clean == 1 else 'pins'}"
    if foreign:
        yield (
            f"{', '.join(foreign)}: asked for as releases of the default index by the same name, "
            "though an index of their own serves them"
        )


def _unasked(pin: LockedPin) -> Finding:
    return finding(
        "vulnerability-unasked",
        str(pin),
        "it comes from a URL, so nobody can say whether it is vulnerable",
        at=pin.location,
        evidence=(str(pin.url),),
        remedy="look yourself, and ignore the finding with what you saw as the reason",
    )


def _grouped(advisories: Iterable[Advisory]) -> list[list[Advisory]]:
    """Return advisories with those together that name each other, or the same third one."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for each in advisories:
        names = {each.id, *each.aliases}
        members = [each]
        for group in [other for other in groups if other[0] & names]:
            groups.remove(group)
            names |= group[0]
            members = group[1] + members
        groups.append((names, members))
    return [sorted(members, key=lambda each: each.id) for _, members in groups]


def _vulnerable(pin: LockedPin, group: Sequence[Advisory]) -> Finding:
    names = list(dict.fromkeys([each.id for each in group] + [a for e in group for a in e.aliases]))
    severities = list(dict.fromkeys(word for each in group for word in each.severities))
    fixed = _newer(pin, group)
    severity = [f"severity: {', '.join(severities)}"] if severities else []
    mended = [f"fixed in: {', '.join(fixed)}"] if fixed else []
    summary = next((each.summary for each in group if each.summary), "no summary is given")
    return finding(
        "vulnerable",
        f"{pin} ({', '.join(names)})",
        summary,
        at=pin.location,
        evidence=(
            *severity,
            *mended,
            *(f"https://osv.dev/vulnerability/{each.id}" for each in group),
        ),
        remedy=f"take {pin.name} {fixed[0]} or a later one"
        if fixed
        else "no release is known to mend it: do without, or ignore it for a while with a reason",
    )


def _newer(pin: LockedPin, group: Iterable[Advisory]) -> list[str]:
    """Return the versions that mend it and are newer than the pin, oldest first."""
    stated = sorted({text for each in group for text in each.fixed.get(pin.name, ())})
    found = list(dict.fromkeys(version for text in stated if (version := _version(text))))
    return [str(each) for each in sorted(found) if each > Version(pin.version)]


def _version(text: str) -> Version | None:
    """Return a version, None for what no release of Python's index can be called."""
    try:
        return Version(text)
    except InvalidVersion:
        return None
