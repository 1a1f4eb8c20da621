"""Requirements with their environment markers (PEP 508), for Pythons that have no `packaging`."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Mapping

from depcheck.validate.versions import contains, split_specifiers

_NAMED = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^]]*)\]\s*)?"
)
_WANTED = re.compile(
    r"(?:@\s*(?P<url>\S+)(?=\s|$)\s*|\((?P<bracketed>[^;()@]*)\)\s*|(?P<specifiers>[^;()@]*))"
    r"(?:;(?P<marker>.*))?",
    re.DOTALL,
)
"""Apart from the name: one pattern for both takes cubic time on some texts."""
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<bracket>[()])
    |(?P<operator>===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b)
    |(?P<joint>and\b|or\b)
    |(?P<text>'[^']*'|"[^"]*")
    |(?P<name>[a-z_][a-z0-9_.]*)
    )\s*""",
    re.VERBOSE,
)
_DEEPEST = 50
"""Brackets within brackets in a marker; Python itself gives up at some hundreds."""
_ALIASES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}


def normalised(name: str) -> str:
    """Spell a name in one way (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Requirement:
    """One requirement of a distribution."""

    name: str
    """Normalised."""
    extras: tuple[str, ...]
    specifiers: str
    """As stated, empty for every version."""
    marker: str | None
    is_direct: bool
    """It names a URL, which no version answers."""

    @property
    def identity(self) -> tuple[object, ...]:
        """The same for two spellings of one requirement."""
        clauses = split_specifiers(self.specifiers) or ((self.specifiers, ""),)
        marker = re.sub(r"[\s()]+", "", (self.marker or "").replace('"', "'"))
        return (self.name, tuple(sorted(self.extras)), tuple(sorted(clauses)), marker)


def parse_requirement(text: str) -> Requirement | None:
    """Return a requirement, None where the text is none."""
    named = _NAMED.match(text)
    match = named and _WANTED.fullmatch(text, named.end())
    if not named or not match:
        return None
    specifiers = (match["bracketed"] or match["specifiers"] or "").strip()
    if split_specifiers(specifiers) is None:
        return None
    extras = tuple(normalised(each.strip()) for each in (named["extras"] or "").split(","))
    return Requirement(
        name=normalised(named["name"]),
        extras=tuple(filter(None, extras)),
        specifiers=specifiers,
        marker=(match["marker"] or "").strip() or None,
        is_direct=match["url"] is not None,
    )


def marker_holds(marker: str | None, environment: Mapping[str, str]) -> bool | None:
    """Whether a marker holds; None where it is malformed, too deep or names what is unknown."""
    if marker is None:
        return True
    try:
        parser = _MarkerParser(marker, environment)
        answer = parser.alternatives()
        parser.end()
    except _MalformedMarkerError:
        return None
    return answer


class _MalformedMarkerError(ValueError):
    pass


class _MarkerParser:
    """Evaluates while it reads: markers are short, and each is read once."""

    def __init__(self, text: str, environment: Mapping[str, str]) -> None:
        self._tokens = deque(_tokens(text))
        self._environment = environment
        self._depth = 0

    def alternatives(self) -> bool:
        answer = self._conjunction()
        while self._take("joint", "or"):
            answer = self._conjunction() or answer
        return answer

    def end(self) -> None:
        if self._tokens:
            raise _MalformedMarkerError

    def _conjunction(self) -> bool:
        answer = self._term()
        while self._take("joint", "and"):
            answer = self._term() and answer
        return answer

    def _term(self) -> bool:
        if self._take("bracket", "("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise _MalformedMarkerError
            answer = self.alternatives()
            if not self._take("bracket", ")"):
                raise _MalformedMarkerError
            self._depth -= 1
            return answer
        left, operator, right = self._next(), self._next(), self._next()
        if operator[0] != "operator":
            raise _MalformedMarkerError
        about = next((value for kind, value in (left, right) if kind == "name"), "")
        return _holds(about, self._value(left), operator[1], self._value(right))

    def _take(self, kind: str, value: str) -> bool:
        if self._tokens and self._tokens[0] == (kind, value):
            self._tokens.popleft()
            return True
        return False

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise _MalformedMarkerError
        return self._tokens.popleft()

    def _value(self, token: tuple[str, str]) -> str:
        kind, value = token
        if kind == "text":
            return value[1:-1]
        name = _ALIASES.get(value, value)
        if kind != "name" or name not in self._environment:
            raise _MalformedMarkerError
        return self._environment[name]


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise _MalformedMarkerError
        found.append((match.lastgroup, re.sub(r"\s+", " ", match[match.lastgroup])))
        place = match.end()
    return found


def _holds(about: str, left: str, operator: str, right: str) -> bool:
    if about == "extra":
        left, right = normalised(left), normalised(right)
    if operator in {"in", "not in"}:
        return (left in right) == (operator == "in")
    by_version = contains(operator + right, left) if about != "extra" else None
    if by_version is not None:
        return by_version
    if operator not in {"==", "!=", "<", "<=", ">", ">=", "==="}:
        raise _MalformedMarkerError
    return {
        "==": left == right,
        "===": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]
