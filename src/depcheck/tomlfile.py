"""Read TOML files into typed values, and say everything that is wrong with one at once.

A room asks a ``Table`` for its keys, each with a parser that raises ``BadValueError``. Nothing
raises on the way: problems are collected with file, line and key, and ``TomlFile.check`` raises
them together.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from depcheck.errors import InputError, refusal
from depcheck.frozen import frozen
from depcheck.limits import LARGEST_SPEC, objection
from depcheck.paths import is_there

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from depcheck.tomllines import Key

T = TypeVar("T")
_MOST_PROBLEMS = 100
"""More than these are counted only."""
_NEAR_FILES = 0.85
"""How alike a file's name must be to be asked for: `demo.toml` is not meant by `demo.whl`."""


class BadValueError(ValueError):
    """A value is not what its key promises."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@frozen
class Problem:
    """One thing that is wrong with a file."""

    key: str
    """Dotted, list positions in brackets; empty for the file as a whole."""
    line: int | None
    message: str
    remedy: str | None


class TomlFile:
    """One TOML file, its tables, and the problems found in it so far."""

    def __init__(self, path: Path, raw: bytes, *, reference: str, largest: int) -> None:
        """Parse the bytes of a file; ``reference`` is that of the error that ``check`` raises.

        Raises:
            InputError: the bytes are not TOML.
        """
        self.path = path
        self.raw = raw
        self._reference = reference
        self._problems: list[Problem] = []
        self._left_out = 0
        if why := objection(raw, largest):
            raise InputError("toml-refused", f"{path}: {why}", hint="name another file")
        try:
            self._text = raw.decode()
            self.document: dict[str, object] = tomllib.loads(self._text)
            """What the file says, untyped, for readers that judge it themselves."""
            self.root = Table(self, (), self.document)
        except UnicodeDecodeError as error:
            raise InputError(
                "toml-not-utf8",
                f"{path}: byte {error.start} is not UTF-8",
                hint="save the file as UTF-8",
            ) from error
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise InputError(
                "toml-syntax",
                f"{path}: not valid TOML: {refusal(error)}",
                hint="mend the syntax; https://toml.io describes it",
            ) from error

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was reported so far, in order."""
        return tuple(self._problems)

    @property
    def is_full(self) -> bool:
        """Whether further problems are counted only, so that no remedy is wanted."""
        return len(self._problems) == _MOST_PROBLEMS

    def report(
        self, key: Key, message: str, remedy: str | None = None, value: object = None
    ) -> None:
        """Add a problem; ``value`` helps to find its line inside a longer value."""
        if len(self._problems) == _MOST_PROBLEMS:
            self._left_out += 1
            return
        from depcheck.tomllines import line_of  # noqa: PLC0415 - only after a mistake

        line = line_of(self._text, key, value)
        self._problems.append(Problem(key=dotted(key), line=line, message=message, remedy=remedy))

    def check(self) -> None:
        """Raise one error that names every problem found so far.

        Raises:
            InputError: there are problems.
        """
        if not self._problems:
            return
        problems = sorted(self._problems, key=lambda found: found.line or 0)
        if len(problems) == 1:
            only = problems[0]
            place = f"{self.path}:{only.line}" if only.line else str(self.path)
            raise InputError(self._reference, f"{place}: {_stated(only)}", hint=only.remedy)
        count = len(problems) + self._left_out
        lines = [f"{self.path}: {count} problems", *map(_listed, problems)]
        if self._left_out:
            lines.append(f"  and {self._left_out} more")
        raise InputError(self._reference, "\n".join(lines), hint=None)


class Table:
    """One table of a file. A key that nobody asked for is unknown when the table is closed."""

    def __init__(self, file: TomlFile, key: Key, data: Mapping[str, object]) -> None:
        self.file = file
        self.key = key
        self._data = data
        self._asked: dict[str, None] = {}

    def has(self, name: str) -> bool:
        """Whether the table states the key."""
        self._asked[name] = None
        return name in self._data

    def names(self) -> tuple[str, ...]:
        """Return the keys that the table states, in order."""
        return tuple(self._data)

    def required(self, name: str, parse: Callable[[object], T], fallback: T) -> T:
        """Return the parsed value; report a missing or wrong one and return the fallback."""
        if not self.has(name):
            self.file.report(self.key, f"key `{name}` is missing", f"add `{name} = ...`")
            return fallback
        return self.optional(name, parse, fallback)

    def optional(self, name: str, parse: Callable[[object], T], default: T) -> T:
        """Return the parsed value; the default where it is absent, or wrong and reported."""
        if not self.has(name):
            return default
        return self._parsed((*self.key, name), self._data[name], parse, default)

    def each(self, name: str, parse: Callable[[object], T]) -> tuple[tuple[str, T], ...]:
        """Return (origin, value) of each item of a list; wrong items are reported and left out."""
        key = (*self.key, name)
        found: list[tuple[str, T]] = []
        for position, item in enumerate(self._list(name)):
            value = self._parsed((*key, position), item, parse, None)
            if value is not None:
                found.append((self.origin(name, position), value))
        return tuple(found)

    def values(self, name: str, parse: Callable[[object], T]) -> tuple[T, ...]:
        """Return each item of a list, parsed; wrong items are reported and left out."""
        return tuple(value for _, value in self.each(name, parse))

    def table(self, name: str) -> Table:
        """Return a table below this one, empty where it is absent or reported as wrong."""
        found = self._data.get(name, {}) if self.has(name) else {}
        if not isinstance(found, dict):
            self.complain(name, f"must be a table, not {kind_of(found)}")
            found = {}
        return Table(self.file, (*self.key, name), found)

    def tables(self, name: str) -> tuple[Table, ...]:
        """Return the tables of a list of tables; anything else in it is reported."""
        found: list[Table] = []
        for position, item in enumerate(self._list(name)):
            key = (*self.key, name, position)
            if isinstance(item, dict):
                found.append(Table(self.file, key, item))
            else:
                self.file.report(key, f"must be a table, not {kind_of(item)}", None, item)
        return tuple(found)

    def is_table(self, name: str) -> bool:
        """Whether a key holds a table, for keys that may hold something else instead."""
        return isinstance(self._data.get(name), dict)

    def items(self, name: str) -> tuple[object, ...]:
        """Return a list as it stands, unparsed; empty where it is absent or not a list."""
        found = self._data.get(name)
        return tuple(found) if isinstance(found, list) else ()

    def check_name(self, name: str, parse: Callable[[object], object]) -> None:
        """Report a key of this table that is itself a value, such as a variable's name."""
        self._parsed((*self.key, name), name, parse, None)

    def complain(self, name: str, message: str, remedy: str | None = None) -> None:
        """Report a problem with one key of this table, or with the table where name is empty."""
        self.file.report((*self.key, name) if name else self.key, message, remedy)

    def origin(self, name: str, position: int | None = None) -> str:
        """Return the place of a key: ``nexa_heavy.toml: variants.cu121.requirements[3]``."""
        key = (*self.key, name) if position is None else (*self.key, name, position)
        return f"{self.file.path.name}: {dotted(key)}"

    def close(self) -> None:
        """Report every key that was not asked for."""
        for name in self._data:
            if name not in self._asked and self.file.is_full:
                self.complain(name, "unknown key")
            elif name not in self._asked:
                remedy = did_you_mean(name, self._asked)
                self.complain(name, "unknown key", remedy or _known(self._asked))

    def _list(self, name: str) -> list[object]:
        found = self._data[name] if self.has(name) else []
        if isinstance(found, list):
            return found
        self.complain(name, f"must be a list, not {kind_of(found)}", "write it in brackets")
        return []

    def _parsed(self, key: Key, value: object, parse: Callable[[object], T], default: T) -> T:
        try:
            return parse(value)
        except BadValueError as complaint:
            self.file.report(key, complaint.message, complaint.remedy, value)
            return default


def read_toml(path: Path, *, reference: str, largest: int = LARGEST_SPEC) -> TomlFile:
    """Read a TOML file of so many bytes at most.

    Raises:
        InputError: the file cannot be read or is not TOML.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            "toml-unreadable",
            f"{path}: cannot be read: {refusal(error)}",
            hint=similar_file(path) or "check the path and its permissions",
        ) from error
    return TomlFile(path, raw, reference=reference, largest=largest)


def dotted(key: Key) -> str:
    """Return a key as a person writes it: ``variants.cu121.requirements[3]``."""
    text = ""
    for step in key:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a question that names the nearest known word, None where nothing is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    near = get_close_matches(word, sorted(known), n=1)
    return f"did you mean `{near[0]}`?" if near else None


def similar_file(path: Path) -> str | None:
    """Return a question that names the nearest file beside one that is missing, if one is near."""
    try:
        beside = {each.name: each for each in path.parent.iterdir()}
    except OSError:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    near = get_close_matches(path.name, sorted(beside), n=1, cutoff=_NEAR_FILES)
    return f"did you mean `{beside[near[0]]}`?" if near and not is_there(path) else None


def kind_of(value: object) -> str:
    """Return what a TOML value is, in words."""
    kinds = {bool: "a boolean", str: "text", int: "a number", float: "a number"}
    kinds |= {list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")


def _known(names: Iterable[str]) -> str:
    return "known here: " + ", ".join(f"`{name}`" for name in sorted(names))


def _stated(problem: Problem) -> str:
    return f"{problem.key}: {problem.message}" if problem.key else problem.message


def _listed(problem: Problem) -> str:
    place = f"line {problem.line}: " if problem.line else ""
    remedy = f"; {problem.remedy}" if problem.remedy else ""
    return f"  {place}{_stated(problem)}{remedy}"
