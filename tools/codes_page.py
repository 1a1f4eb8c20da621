"""Write docs/codes.md, every finding and error that depcheck can end with.

``python -m tools.codes_page [--check]``. Meaning, cause and remedy stand beside the code that makes
a finding; the examples are those of `tools.finding_examples`; the errors are read from the sources.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.gate.codes import CODES
from depcheck.validate.checks import CHECKS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT = Path(__file__).resolve().parent.parent
PAGE = _ROOT / "docs" / "codes.md"
EXAMPLES = Path(__file__).with_name("finding_examples.json")
_REFERENCE = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")
_ROOMS = ("artifacts", "conflicts", "gate", "images", "index", "lockfiles", "resolver")
_INTRODUCTION = """\
# Codes and errors

<!-- Written by `python -m tools.codes_page`: change the texts beside the codes, in
gate/data/codes.toml, artifacts/data/codes.toml and validate/checks. -->

Everything that depcheck can object to, by the program that says it: [the gate](#the-gate),
[inspect](#inspect), [the validator](#the-validator), and the [errors](#errors) that end a command.
An example is what the program printed in a test; where there is none, no test makes the finding
as a whole program would.
"""
_GATE = """\

## The gate

What [`depcheck gate`](gate.md) finds. An error closes the gate; a policy can change each level.
"""
_INSPECT = """\

## inspect

What [`depcheck inspect`](inspect.md) finds in wheels, installed folders and lock sets.
"""
_VALIDATOR = """\

## The validator

What [`validate_dependencies`](validate.md) finds in an image, by check.
"""
_ERRORS = """\

## Errors

The reference stands in brackets behind the message, and in the key `reference` of the document that
`--json` writes. The exit status is 1 where the answer is no, 2 where something must be mended in a
file or on the command line, 3 where the surroundings failed. `...` stands for what the message
names. A suggestion ("did you mean ...") takes the place of the remedy where something is near.

| error | exit | says | remedy |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Entry:
    """One code of the catalogue."""

    code: str
    level: str
    meaning: str
    cause: str
    remedy: str
    example: str | None


def page() -> str:
    """Return the page."""
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    parts = [_INTRODUCTION, _GATE, *map(_section, gate_entries(examples["gate"]))]
    parts += [_INSPECT, *map(_section, inspect_entries(examples["inspect"]))]
    parts.append(_VALIDATOR)
    for check in CHECKS:
        parts.append(f"\n### Check `{check.name}`\n\nPasses where {check.summary}.\n")
        parts += [_section(each, "####") for each in validator_entries(check, examples["validate"])]
    return "".join([*parts, _ERRORS, *_errors()])


def gate_entries(examples: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the codes of the gate, in the order of its own list."""
    told = _data("depcheck.gate")
    for code, known in CODES.items():
        words = told[code]
        yield Entry(
            code=code,
            level=known.level.value,
            meaning=known.summary,
            cause=words["cause"],
            remedy=words["remedy"],
            example=examples.get(code),
        )


def inspect_entries(examples: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the codes of `inspect`, sorted."""
    for code, words in sorted(_data("depcheck.artifacts").items()):
        yield Entry(
            code=code,
            level=" or ".join(words["levels"]),
            meaning=words["meaning"],
            cause=words["cause"],
            remedy=words["remedy"],
            example=examples.get(code),
        )


def validator_entries(check: Any, examples: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the codes of one check of the validator; what they mean is their cause."""
    for code in check.codes:
        yield Entry(
            code=code.name,
            level=code.severity.value,
            meaning=code.meaning[:1].upper() + code.meaning[1:],
            cause="",
            remedy=code.remedy,
            example=examples.get(code.name),
        )


def _data(package: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads((files(package) / "data" / "codes.toml").read_text(encoding="utf-8"))


def _section(entry: Entry, marks: str = "###") -> str:
    cause = f"- Cause: {entry.cause}\n" if entry.cause else ""
    example = f"\n```text\n{entry.example}\n```\n" if entry.example else ""
    return (
        f"\n{marks} {entry.code}\n\n**{entry.level}**: {entry.meaning}.\n\n"
        f"{cause}- Remedy: {entry.remedy}\n{example}"
    )


def _errors() -> Iterator[str]:
    for reference, group in groupby(error_sites(), key=lambda site: site.reference):
        told = list(group)
        codes = ", ".join(dict.fromkeys(str(site.exit_code) for site in told))
        says = "<br>".join(dict.fromkeys(_cell(site.message) for site in told if site.message))
        hints = "<br>".join(dict.fromkeys(_cell(site.hint) for site in told if site.hint))
        yield (
            f"| `{reference}` | {codes} | {says or 'as the case is'} "
            f"| {hints or 'as the message says'} |\n"
        )


def _cell(text: str) -> str:
    """Return text as one cell of a table, markup made harmless outside of code."""
    escaped = text.replace("|", "\\|").replace("\n", " ")
    parts = escaped.split("`")
    if len(parts) % 2 == 0:
        return escaped.replace("`", "\\`").replace("<", "&lt;").replace("[", "\\[")
    plain = [
        part if place % 2 else part.replace("<", "&lt;").replace("[", "\\[").replace("*", "\\*")
        for place, part in enumerate(parts)
    ]
    return "`".join(plain)


@dataclass(frozen=True, order=True)
class ErrorSite:
    """One place that raises an error."""

    reference: str
    exit_code: int
    message: str
    """Empty where it is put together elsewhere."""
    hint: str
    """Empty where there is none, or where it is put together elsewhere."""


def error_sites() -> list[ErrorSite]:
    """Return every place, sorted; two that say the same are one."""
    return sorted({site for path in _sources() for site in _of_file(path)})


def _sources() -> Iterator[Path]:
    for room in _ROOMS:
        yield from (_ROOT / room).rglob("*.py")
    front = _ROOT / "src" / "depcheck"
    for entry in front.iterdir():
        if not entry.is_symlink():
            yield from entry.rglob("*.py") if entry.is_dir() else [entry]


def _of_file(path: Path) -> Iterator[ErrorSite]:
    if path.suffix != ".py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: _words(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for owner in ast.walk(tree):
        for node in ast.iter_child_nodes(owner):
            if isinstance(node, ast.ClassDef):
                yield from _of_class(path, node, constants)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from _of_call(path, node.func.id, node, constants)


def _of_class(path: Path, owner: ast.ClassDef, constants: dict[str, str]) -> Iterator[ErrorSite]:
    """Yield what a class of errors says of itself: ``super().__init__(reference, ...)``."""
    for node in ast.walk(owner):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "__init__"
        ):
            yield from _of_call(path, owner.name, node, constants)


def _of_call(
    path: Path, name: str, call: ast.Call, constants: dict[str, str]
) -> Iterator[ErrorSite]:
    if name == "read_toml":
        yield from _of_toml(call, constants)
        return
    reference = _words(call.args[0], constants) if call.args else ""
    if not _REFERENCE.fullmatch(reference):
        return
    code = _exit_code(path, name)
    hint = next((each.value for each in call.keywords if each.arg == "hint"), None)
    if code is None or (hint is None and len(call.args) == 1):
        return
    yield ErrorSite(
        reference=reference,
        exit_code=code,
        message=_words(call.args[1], constants) if len(call.args) > 1 else "",
        hint=_words(hint, constants) if hint is not None else "",
    )


def _of_toml(call: ast.Call, constants: dict[str, str]) -> Iterator[ErrorSite]:
    """Yield the error of a TOML file that is not as it should be."""
    for each in call.keywords:
        if each.arg == "reference":
            yield ErrorSite(
                reference=_words(each.value, constants),
                exit_code=2,
                message="FILE:LINE: KEY: what is wrong there",
                hint="",
            )


def _exit_code(path: Path, name: str) -> int | None:
    """Return the exit status of a class of errors, by the module that names it."""
    parts = path.relative_to(_ROOT).with_suffix("").parts
    module = ".".join(parts[1:] if parts[0] == "src" else ("depcheck", *parts))
    if not name.endswith(("Error", "Failure")) or name.startswith("_"):
        return None
    found = getattr(import_module(module), name, None)
    code = getattr(found, "exit_code", None)
    return None if code is None else int(code)


def _words(  # noqa: PLR0911 - one for each form
    node: ast.expr, constants: dict[str, str] | None = None
) -> str:
    """Return text as far as the code states it."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.Attribute):
        return "..."
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(each, constants) for each in node.values)
    if isinstance(node, ast.FormattedValue):
        return (constants or {}).get(getattr(node.value, "id", ""), "") or "..."
    if isinstance(node, ast.Name):
        return (constants or {}).get(node.id, "")
    if isinstance(node, ast.BoolOp):  # a suggestion, or else these words
        return _words(node.values[-1], constants)
    if isinstance(node, ast.IfExp):
        either = (_words(node.body, constants), _words(node.orelse, constants))
        return ", or: ".join(filter(None, either))
    if isinstance(node, ast.BinOp):
        return f"{_words(node.left, constants)}{_words(node.right, constants) or '...'}"
    return ""


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` say whether it is up to date."""
    text = page()
    if arguments == ["--check"]:
        return 0 if PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
