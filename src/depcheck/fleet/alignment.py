"""Find equal pins for several images: each is tried by a solve, none is guessed.

A pin moves only to a version that another image of the fleet has by itself, within the same major
version, and only where nothing else of its image changes: no other pin moves for its sake, and no
package comes in. An image that cannot take a version keeps its own, so every answer is one that a
solve gave for the image's own problem.

The order of the images does not count. Each round proposes one version for each package that
differs, the one that most images may take (the newest of equals); what an image cannot take is
remembered and never proposed to it again, so the rounds end.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.version import Version

from depcheck.frozen import frozen
from depcheck.index.model import NotRecordedError
from depcheck.resolver.search import SearchLimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from depcheck.resolver.problem import Problem
    from depcheck.resolver.solution import Pin, Solution

Slot = tuple[str, str, str]
"""Where versions can be equal: package, location of its index, minor version of Python."""


@frozen
class Member:
    """One image variant of a fleet, solved by itself."""

    problem: Problem
    own: Solution

    @property
    def key(self) -> tuple[str, str]:
        """Image and variant: unique in a fleet."""
        return (self.own.image, self.own.variant)


@dataclass(slots=True, kw_only=True)
class _Course:
    """One member on its way through the rounds."""

    member: Member
    pins: Mapping[Slot, Pin]
    """Its own wheels from indexes."""
    refused: set[tuple[Slot, str]]
    """What it cannot take."""
    answer: Solution
    wanted: Mapping[str, str]
    """What the answer was asked to have."""

    def may_take(self, slot: Slot, version: str) -> bool:
        own = self.pins[slot].version
        return own == version or (
            (slot, version) not in self.refused and major(own) == major(version)
        )


def major(version: str) -> tuple[int, int]:
    """Return what an aligned pin keeps: epoch and first number of its version."""
    parsed = Version(version)
    return (parsed.epoch, parsed.major)


def slots(solution: Solution) -> dict[Slot, Pin]:
    """Return the wheels that a solution takes from indexes, by where they can be equal."""
    urls = {index.name: index.url for index in solution.indexes}
    python = ".".join(solution.target.python.split(".")[:2])
    return {
        (pin.name, urls[pin.index], python): pin
        for pin in solution.pins
        if pin.index is not None and not pin.needs_build
    }


def align(members: Sequence[Member], solve: Callable[[Problem], Solution]) -> tuple[Solution, ...]:
    """Return a solution of each member, in their order, with equal pins where all allow it."""
    courses = [
        _Course(member=each, pins=slots(each.own), refused=set(), answer=each.own, wanted={})
        for each in sorted(members, key=lambda member: member.key)
    ]
    while _round(courses, solve):
        pass
    answers = {course.member.key: course.answer for course in courses}
    return tuple(answers[member.key] for member in members)


def _round(courses: Sequence[_Course], solve: Callable[[Problem], Solution]) -> bool:
    """Try what is proposed now; tell whether something was refused."""
    proposed = _proposals(courses)
    refused = [_try(course, proposed, solve) for course in courses]
    return any(refused) or _refuse_lonely(courses, proposed)


def _proposals(courses: Sequence[_Course]) -> dict[Slot, str]:
    """Return the version of each package that differs which most members may take."""
    holders: dict[Slot, list[_Course]] = defaultdict(list)
    for course in courses:
        for slot in course.pins:
            holders[slot].append(course)
    found = {}
    for slot, holding in sorted(holders.items()):
        versions = {course.pins[slot].version for course in holding}
        if len(versions) > 1:
            found[slot] = max(versions, key=lambda version: _reach(holding, slot, version))
    return found


def _reach(holding: Iterable[_Course], slot: Slot, version: str) -> tuple[int, Version]:
    return (sum(course.may_take(slot, version) for course in holding), Version(version))


def _try(
    course: _Course, proposed: Mapping[Slot, str], solve: Callable[[Problem], Solution]
) -> bool:
    """Solve with what is proposed; tell whether the member refused any of it."""
    moves = {
        slot: version
        for slot, version in proposed.items()
        if slot in course.pins
        and course.may_take(slot, version)
        and course.pins[slot].version != version
    }
    wanted = {slot[0]: version for slot, version in moves.items()}
    if wanted == course.wanted:
        return False
    taken = _taken(course, moves, solve)
    course.refused.update((slot, moves[slot]) for slot in moves.keys() - taken)
    return len(taken) < len(moves)


def _taken(
    course: _Course, moves: Mapping[Slot, str], solve: Callable[[Problem], Solution]
) -> set[Slot]:
    """Return the moves that the member can take together, and keep its answer with them."""
    kept: dict[Slot, str] = {}
    waiting = [sorted(moves)]
    tried: set[frozenset[Slot]] = set()
    course.answer, course.wanted = course.member.own, {}
    while waiting:
        part = waiting.pop()
        trial = {**kept, **{slot: moves[slot] for slot in part}}
        if not part or frozenset(trial) in tried:
            continue
        tried.add(frozenset(trial))
        answer = _answer(course, trial, solve)
        missing = _missing(answer, trial) if answer else set()
        disturbed = _disturbed(course.member.own, answer, trial) if answer else []
        if answer is not None and not missing and not disturbed:
            kept, course.answer = trial, answer
            course.wanted = {slot[0]: version for slot, version in trial.items()}
        elif missing and missing <= set(part):
            waiting.append([slot for slot in part if slot not in missing])
        elif along := _along(disturbed, moves):
            waiting.append(sorted({*part, *along}))
        elif len(part) > 1:
            waiting += _split(part, disturbed)
    return set(kept)


def _along(disturbed: Sequence[Pin], moves: Mapping[Slot, str]) -> list[Slot]:
    """Return the moves that others take along, where nothing else is in their way."""
    slot_of = {slot[0]: slot for slot in moves}
    found = [
        slot_of[pin.name]
        for pin in disturbed
        if pin.name in slot_of and moves[slot_of[pin.name]] == pin.version
    ]
    return found if len(found) == len(disturbed) else []


def _split(part: Sequence[Slot], disturbed: Iterable[Pin]) -> tuple[list[Slot], list[Slot]]:
    """Divide moves that cannot be taken together: what seems to disturb others waits longest."""
    blamed = {via.source for pin in disturbed for via in pin.via if via.is_package}
    later = [slot for slot in part if slot[0] in blamed]
    if not later or len(later) == len(part):
        later = list(part[len(part) // 2 :])
    return later, [slot for slot in part if slot not in later]


def _answer(
    course: _Course, trial: Mapping[Slot, str], solve: Callable[[Problem], Solution]
) -> Solution | None:
    """Return what a solve makes of the moves; None where they lead it astray."""
    preferred = {slot[0]: version for slot, version in trial.items()}
    try:
        return solve(replace(course.member.problem, preferred=preferred))
    except (NotRecordedError, SearchLimitError):
        return None


def _missing(answer: Solution, trial: Mapping[Slot, str]) -> set[Slot]:
    pins = slots(answer)
    return {
        slot for slot, version in trial.items() if slot not in pins or pins[slot].version != version
    }


def _disturbed(own: Solution, answer: Solution, trial: Mapping[Slot, str]) -> list[Pin]:
    """Return what changed or came in beside the moves."""
    moved = {slot[0] for slot in trial}
    before = {pin.name: pin.version for pin in own.pins}
    return [
        pin for pin in answer.pins if pin.name not in moved and before.get(pin.name) != pin.version
    ]


def _refuse_lonely(courses: Sequence[_Course], proposed: Mapping[Slot, str]) -> bool:
    """Refuse moves that made no two files equal; tell whether there were any."""
    files: dict[tuple[Slot, str], int] = defaultdict(int)
    now = [slots(course.answer) for course in courses]
    for pins in now:
        for slot, sha256 in _hashes(pins):
            files[slot, sha256] += 1
    lonely = False
    for course, pins in zip(courses, now, strict=True):
        for slot, sha256 in _hashes(pins):
            moved = slot[0] in course.wanted and slot in proposed
            if moved and files[slot, sha256] == 1:
                course.refused.add((slot, pins[slot].version))
                lonely = True
    return lonely


def _hashes(pins: Mapping[Slot, Pin]) -> Iterator[tuple[Slot, str]]:
    for slot, pin in pins.items():
        if pin.file is not None:
            yield slot, pin.file.sha256
