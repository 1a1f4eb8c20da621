"""Read ``explain.json`` back into values; every key is checked, so that a damaged file is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from depcheck.errors import InputError, refusal
from depcheck.frozen import frozen
from depcheck.lockfiles.explain import SCHEMA
from depcheck.resolver.solution import (
    AppliedRule,
    DirectSource,
    LockedFile,
    PassedOver,
    Pin,
    Via,
    Waiver,
)
from depcheck.tomlfile import similar_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")


@frozen
class ExplainedPin:
    """One pin of a lock set, and what decided it."""

    pin: Pin
    stage: str
    rules: tuple[str, ...]
    """Ids of the rules that have the pin in their scope."""
    waivers: tuple[Waiver, ...]

    @property
    def steered_by(self) -> tuple[str, ...]:
        """Ids of the rules that stated or replaced a requirement on the pin, sorted."""
        return tuple(sorted({via.rule for via in self.pin.via if via.rule}))


@frozen
class Explanation:
    """Why a lock set holds what it holds."""

    image: str
    variant: str
    summary: str
    as_of: str | None
    warnings: tuple[str, ...]
    rules: Mapping[str, AppliedRule]
    pins: Mapping[str, ExplainedPin]
    document: Mapping[str, Any]
    """The file as it is."""

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers of all pins."""
        return tuple(waiver for each in self.pins.values() for waiver in each.waivers)


def read_explanation(directory: Path, *, remedy: str) -> Explanation:
    """Return the explanation of the lock set in a directory.

    Args:
        directory: Where the lock set is.
        remedy: The command that makes it.

    Raises:
        InputError: there is no lock set, or its explanation is not one of this schema.
    """
    path = directory / "explain.json"
    try:
        document = json.loads(path.read_bytes())
        return _explanation(_Table(document))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(
            "no-lock-set",
            f"there is no lock set in `{directory}`",
            hint=_below(directory) or similar_file(directory) or f"make it: `{remedy}`",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            "explanation-unreadable",
            f"cannot read `{path}`: {refusal(error)}",
            hint=f"make the lock set again: `{remedy}`",
        ) from error


def _below(directory: Path) -> str | None:
    """Return the question whether the folder of an image was meant as that of its variant."""
    there = sorted(path.parent for path in directory.glob("*/explain.json"))
    return f"did you mean `{there[0]}`?" if there else None


class _MalformedError(ValueError):
    """The document is not what `explain_json` writes."""


class _Table:
    """A JSON object whose keys are asked for by type."""

    def __init__(self, content: object, place: str = "") -> None:
        if not isinstance(content, dict):
            raise _MalformedError(f"`{place}` is no object" if place else "not an object")
        self.content = content
        self._place = place

    def _of(self, key: str, *kinds: type[T]) -> T:
        """Return a key's value, which must be of one of these types exactly."""
        place = self.place(key)
        if key not in self.content:
            raise _MalformedError(f"`{place}` is missing")
        value = self.content[key]
        if type(value) not in kinds:
            raise _MalformedError(f"`{place}` is of the wrong type")
        return value  # type: ignore[no-any-return]

    def place(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def text(self, key: str) -> str:
        return self._of(key, str)

    def text_or_none(self, key: str) -> str | None:
        return self._of(key, str, type(None))

    def number_or_none(self, key: str) -> int | None:
        return self._of(key, int, type(None))

    def flag(self, key: str) -> bool:
        return self._of(key, bool)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._of(key, list)
        if not all(isinstance(value, str) for value in values):
            raise _MalformedError(f"`{self.place(key)}` holds something else than text")
        return tuple(values)

    def tables(self, key: str) -> list[_Table]:
        return [
            _Table(value, f"{self.place(key)}[{number}]")
            for number, value in enumerate(self._of(key, list))
        ]

    def table_or_none(self, key: str) -> _Table | None:
        return (
            _Table(self.content[key], self.place(key)) if self._of(key, dict, type(None)) else None
        )

    def items(self, key: str) -> list[tuple[str, _Table]]:
        inside = _Table(self._of(key, dict), self.place(key))
        return [(name, _Table(value, inside.place(name))) for name, value in inside.content.items()]


def _explanation(table: _Table) -> Explanation:
    if table.content.get("schema") != SCHEMA:
        raise _MalformedError(f"not an explanation of schema {SCHEMA}")
    return Explanation(
        image=table.text("image"),
        variant=table.text("variant"),
        summary=table.text("summary"),
        as_of=table.text_or_none("as-of"),
        warnings=table.texts("warnings"),
        rules={name: _rule(name, rule) for name, rule in table.items("rules")},
        pins={name: _explained(name, pin) for name, pin in table.items("pins")},
        document=table.content,
    )


def _rule(name: str, table: _Table) -> AppliedRule:
    return AppliedRule(
        id=name,
        kind=table.text("kind"),
        reason=table.text("reason"),
        remedy=table.text("remedy"),
        evidence=table.texts("evidence"),
        subjects=table.texts("subjects"),
    )


def _explained(name: str, table: _Table) -> ExplainedPin:
    return ExplainedPin(
        pin=_pin(name, table),
        stage=table.text("stage"),
        rules=table.texts("rules"),
        waivers=tuple(
            Waiver(
                package=name,
                version=waiver.text("version"),
                requirement=waiver.text("requirement"),
                replacement=waiver.text_or_none("replacement"),
                rule=waiver.text("rule"),
                reason=waiver.text("reason"),
            )
            for waiver in table.tables("waivers")
        ),
    )


def _pin(name: str, table: _Table) -> Pin:
    file, direct = table.table_or_none("file"), table.table_or_none("direct")
    return Pin(
        name=name,
        version=table.text("version"),
        index=table.text_or_none("index"),
        file=_file(file) if file else None,
        direct=_direct(direct) if direct else None,
        extras=table.texts("extras"),
        requires=table.texts("requires"),
        via=tuple(
            Via(
                source=via.text("source"),
                requirement=via.text("requirement"),
                is_package=via.flag("is-package"),
                rule=via.text_or_none("rule"),
            )
            for via in table.tables("via")
        ),
        metadata_from=table.text("metadata-from"),
        passed_over=tuple(
            PassedOver(versions=group.texts("versions"), reason=group.text("reason"))
            for group in table.tables("passed-over")
        ),
    )


def _file(table: _Table) -> LockedFile:
    return LockedFile(
        filename=table.text("filename"),
        url=table.text("url"),
        sha256=table.text("sha256"),
        size=table.number_or_none("size"),
        uploaded=table.number_or_none("uploaded"),
    )


def _direct(table: _Table) -> DirectSource:
    return DirectSource(
        url=table.text("url"),
        vcs=table.text_or_none("vcs"),
        commit=table.text_or_none("commit"),
        sha256=table.text_or_none("sha256"),
        subdirectory=table.text_or_none("subdirectory"),
    )
