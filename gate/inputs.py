"""What a solve was given, recorded so that a change can be named later."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

import depcheck.artifacts
import depcheck.conflicts
import depcheck.images
from depcheck.lockfiles.record import Inputs

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from depcheck.conflicts.model import Rule
    from depcheck.images.model import ImageSpec
    from depcheck.resolver.problem import Problem

_BUILT_IN = "built-in:"
_SPECS = os.path.join(depcheck.images.__path__[0], "data")
_KNOWLEDGE = (
    depcheck.conflicts.__path__[0],
    os.path.join(depcheck.conflicts.__path__[0], "data"),
    os.path.join(depcheck.artifacts.__path__[0], "data"),
)
_ALL_KNOWLEDGE = f"{_BUILT_IN}knowledge"
SETTINGS = "pyproject.toml"
"""The file with ``[tool.depcheck]``, in the working directory."""


def describe_inputs(
    spec: ImageSpec,
    problem: Problem,
    rule_files: Mapping[str, str],
    findings: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
) -> Inputs:
    """Return what a problem came from.

    Args:
        spec: The image.
        problem: One variant of it, with its rules.
        rule_files: Digests of what states rules, from `given_rules`.
        findings: What the gate says of the pins, as documents.
        notes: What it could not judge.
    """
    return Inputs(
        spec=spec.name if _name(spec.path).startswith(_BUILT_IN) else spec.path.as_posix(),
        spec_files={_name(path): digest for path, digest in spec.files},
        keys=variant_keys(problem),
        rule_files=rule_files,
        rules=rule_digests((*problem.rules, *problem.reported)),
        findings=findings,
        notes=notes,
    )


def variant_keys(problem: Problem) -> dict[str, Any]:
    """Return a variant as plain values by the keys of a spec."""
    from depcheck.resolver.problem import plain  # noqa: PLC0415 - the gate seldom needs it

    content = plain(problem.variant)
    content["target"] = _dashed(content["target"])
    return {"summary": problem.summary, **_dashed(content)}


def _dashed(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of one table as a spec spells them."""
    return {name.replace("_", "-"): value for name, value in table.items()}


def rule_digests(rules: Iterable[Rule]) -> dict[str, str]:
    """Return the digest of what each rule says, by id."""
    from depcheck.conflicts.compiled import digest_of  # noqa: PLC0415 - the gate seldom needs it

    return {rule.id: digest_of(rule) for rule in rules}


def given_rules(options: Namespace, named: Iterable[Path]) -> dict[str, str]:
    """Return the digest of everything that states rules or switches them off.

    Args:
        options: The command line, with ``rules`` and ``ignore_rule``.
        named: The files that ``[tool.depcheck]`` names.
    """
    digests = {_ALL_KNOWLEDGE: _digest_of_knowledge()}
    if has_settings(SETTINGS):
        for name in (SETTINGS, *(path.as_posix() for path in named)):
            digests[name] = _digest(name) or ""
    return digests | _options(options)


def rules_hold(recorded: Mapping[str, str], options: Namespace) -> bool:
    """Whether what states rules is what it was. Reads no TOML: equal settings name equal files."""
    stated = _options(options)
    if stated != {name: recorded[name] for name in recorded if name.startswith("--")}:
        return False
    if has_settings(SETTINGS) != (SETTINGS in recorded):
        return False
    files = {name: digest for name, digest in recorded.items() if not name.startswith("--")}
    if files.pop(_ALL_KNOWLEDGE, None) != _digest_of_knowledge():
        return False
    return all(_digest(name) == digest for name, digest in files.items())


def has_settings(path: str) -> bool:
    """Whether a file may have a table ``[tool.depcheck]``."""
    try:
        return b"tool.depcheck" in _content(path)
    except OSError:
        return False


def _options(options: Namespace) -> dict[str, str]:
    found = {f"--rules {name}": _digest(name) or "" for name in options.rules or ()}
    return found | {f"--ignore-rule {stated}": "" for stated in options.ignore_rule or ()}


def _digest_of_knowledge() -> str:
    """Return the digest of the rules and facts that come with depcheck."""
    total = hashlib.sha256()
    for folder in _KNOWLEDGE:
        for name in sorted(os.listdir(folder)):
            if name.endswith((".toml", ".sqlite")):
                total.update(hashlib.sha256(_content(os.path.join(folder, name))).digest())
    return total.hexdigest()


def spec_files_hold(recorded: Mapping[str, str]) -> bool:
    """Whether the files of a spec are still what they were."""
    return all(_digest(name) == digest for name, digest in recorded.items())


def is_built_in(image: str) -> bool:
    """Whether depcheck comes with a spec of this name."""
    return os.path.isfile(os.path.join(_SPECS, f"{image}.toml"))


def _digest(name: str) -> str | None:
    built_in = name.startswith(_BUILT_IN)
    path = os.path.join(_SPECS, name.removeprefix(_BUILT_IN)) if built_in else name
    try:
        return hashlib.sha256(_content(path)).hexdigest()
    except OSError:
        return None


def _name(path: Path) -> str:
    """Return the path of a file that is the same on every machine, where it comes with depcheck."""
    return f"{_BUILT_IN}{path.name}" if str(path.parent) == _SPECS else path.as_posix()


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
