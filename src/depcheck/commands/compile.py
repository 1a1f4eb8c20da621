"""``depcheck compile``: lock any requirements, without an image spec."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.commands.compile_request import read_request
from depcheck.commands.ruletext import STEERING, rule_documents, waiver_text
from depcheck.errors import ExitCode, InputError
from depcheck.lockfiles.output import write_file
from depcheck.lockfiles.pylock import pylock_toml
from depcheck.lockfiles.requirements import requirements_txt, strip_hashes
from depcheck.resolver.solve import solve
from depcheck.resolver.target import TargetEnvironment

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from depcheck.commands.compile_request import Request
    from depcheck.resolver.solution import Solution
    from depcheck.terminal import Console

_PYLOCK = re.compile(r"pylock(?:\.[^.]+)?\.toml")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


def run(options: Namespace, console: Console) -> ExitCode:
    """Lock the requirements; nothing is written unless they have a solution."""
    form = _format(options)
    request = read_request(options)
    for warning in request.warnings:
        console.warn(warning)
    solution = solve(request.problem, request.indexes)
    _check_hashes(request, solution)
    content = _rendered(options, form, request, solution)
    changed = None
    if options.output:
        changed = write_file(content, Path(options.output))
    if console.as_json:
        console.document(_document(options, form, solution, content, changed=changed))
    elif not options.output:
        console.out.write(content.decode())
    _tell(console, options, solution, changed=changed)
    return ExitCode.OK


def _format(options: Namespace) -> str:
    named = Path(options.output).name if options.output else ""
    by_name = bool(_PYLOCK.fullmatch(named))
    if options.format is None:
        return "pylock" if by_name else "requirements"
    if options.format == "pylock" and named and not by_name:
        raise InputError(
            "pylock-name",
            f"`{named}` is no name that installers take for a pylock file",
            hint="name it `pylock.toml` or `pylock.NAME.toml` (PEP 751)",
        )
    return str(options.format)


def _check_hashes(request: Request, solution: Solution) -> None:
    """Refuse a file whose hash the requirements do not allow.

    Raises:
        InputError: a line that counts on the target allows other files only.
    """
    target = TargetEnvironment(solution.target)
    by_name = {pin.name: pin for pin in solution.pins}
    for allowed in request.inputs.hashes:
        pin = by_name.get(allowed.package)
        if pin is None or not target.matches(allowed.marker):
            continue
        source = pin.file or pin.direct
        if source is not None and source.sha256 not in allowed.sha256:
            named = pin.file.filename if pin.file else f"{pin.name}=={pin.version}"
            raise InputError(
                "hash-mismatch",
                f"{allowed.origin}: none of its hashes is that of `{named}`, the file for the "
                "target",
                hint=f"check that the index is the right one; its hash is sha256:{source.sha256}",
            )


def _allowed(request: Request, solution: Solution) -> Solution:
    """Keep of each pin the hashes that the requirements allow, where they state some."""
    target = TargetEnvironment(solution.target)
    pins = {pin.name: pin for pin in solution.pins}
    for stated in request.inputs.hashes:
        pin = pins.get(stated.package)
        if pin is not None and target.matches(stated.marker):
            kept = tuple(each for each in pin.other_sha256 if each in stated.sha256)
            pins[pin.name] = replace(pin, other_sha256=kept)
    return replace(solution, pins=tuple(pins.values()))


def _rendered(options: Namespace, form: str, request: Request, solution: Solution) -> bytes:
    if form == "pylock":
        return pylock_toml(solution, ())
    content = requirements_txt(_allowed(request, solution), command_line(options))
    hashed = options.generate_hashes or request.inputs.require_hashes
    return content if hashed else strip_hashes(content)


def command_line(options: Namespace) -> str:
    """Return the command in one form, whatever the order of its words; without credentials."""
    words = ["depcheck", "compile", *options.files]
    words += _flags(options)
    return shlex.join(_CREDENTIALS.sub("", word) for word in words)


def _flags(options: Namespace) -> Iterator[str]:
    for name in sorted(vars(options)):
        value = getattr(options, name)
        if name in _NO_ANSWER or not value:
            continue
        flag = f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, list) else [value]:
            yield flag if each is True else f"{flag}={each}"


_NO_ANSWER = frozenset({"command", "files", "json", "quiet", "color"})
"""Options that do not change what is written."""


def _document(
    options: Namespace, form: str, solution: Solution, content: bytes, *, changed: bool | None
) -> dict[str, Any]:
    return {
        "inputs": list(options.files),
        "output": options.output,
        "changed": changed,
        "format": form,
        "content": content.decode(),
        "target": {"python": solution.target.python, "platform": solution.target.platform},
        "as-of": solution.as_of,
        "input-digest": solution.input_digest,
        "indexes": [
            {"name": each.name, "url": each.url, "packages": list(each.packages)}
            for each in solution.indexes
        ],
        "pins": {pin.name: pin.version for pin in solution.pins},
        **rule_documents(solution),
        "warnings": [*solution.warnings, *solution.fallbacks],
    }


def _tell(
    console: Console, options: Namespace, solution: Solution, *, changed: bool | None
) -> None:
    """Say on the side what happened: rules that steered, waivers, warnings, the file."""
    if console.as_json:
        return
    for rule in solution.rules:
        if rule.kind in STEERING:
            console.note(f"rule {rule.id}: {', '.join(rule.subjects)}: {rule.reason}")
    for waiver in solution.waivers:
        console.note(f"waived: {waiver_text(waiver)} ({waiver.rule})")
    for warning in (*solution.warnings, *solution.fallbacks):
        console.warn(warning)
    target = solution.target
    count = "1 pin" if len(solution.pins) == 1 else f"{len(solution.pins)} pins"
    where = ""
    if options.output:
        where = f", {options.output} {'written' if changed else 'unchanged'}"
    console.note(f"{count} for python {target.python}, {target.platform}{where}")
