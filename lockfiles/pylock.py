"""Write a solution as ``pylock.toml`` (PEP 751)."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from depcheck.errors import InputError
from depcheck.lockfiles import toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depcheck.images.model import Target
    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import DirectSource, LockedFile, Pin, Solution

_LINUX_PLATFORM = re.compile(r"(?:manylinux\d+|(?:manylinux|musllinux)_\d+_\d+|linux)_(\w+)\Z")


def pylock_toml(solution: Solution, stages: Sequence[Stage]) -> bytes:
    """Return ``pylock.toml`` of a solution and its stage plan.

    Raises:
        InputError: PEP 751 cannot express some pin: a direct reference without a hash, a
            `Requires-Python` that is no specifier.
    """
    document = pylock_document(solution, stages)
    stated = {pin.requires_python for pin in solution.pins if pin.requires_python}
    # File names were judged when their page was compiled; what else an index states, fits.
    if any(pin.direct for pin in solution.pins) or not all(map(_is_specifier, stated)):
        _check(document, solution)
    return toml.dumps(document).encode()


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _check(document: Mapping[str, Any], solution: Solution) -> None:
    from packaging.pylock import Pylock, PylockValidationError  # noqa: PLC0415 - seldom, and slow

    try:
        Pylock.from_dict(document)
    except PylockValidationError as error:
        raise InputError(
            "lock-not-expressible",
            f"PEP 751 cannot express the lock of `{solution.image}`"
            f"{f' ({solution.variant})' if solution.variant else ''}: {error}",
            hint=None,
        ) from error


def pylock_document(solution: Solution, stages: Sequence[Stage]) -> dict[str, Any]:
    """Return the document as plain values, keys in the order in which they are written."""
    urls = {index.name: index.url for index in solution.indexes}
    return {
        "lock-version": "1.0",
        "environments": [_environment(solution.target)],
        "requires-python": f"=={_minor(solution.target)}.*",
        "created-by": "depcheck",
        "packages": [
            _package(pin, urls) for pin in sorted(solution.pins, key=lambda pin: pin.name)
        ],
        "tool": {"depcheck": _tool(solution, stages)},
    }


def _minor(target: Target) -> str:
    return ".".join(target.python.split(".")[:2])


def _environment(target: Target) -> str:
    """Return the marker of the only kind of environment that the lock is for."""
    clauses = ["implementation_name == 'cpython'", f"python_version == '{_minor(target)}'"]
    match = _LINUX_PLATFORM.match(target.platform)
    if match:
        clauses += ["sys_platform == 'linux'", f"platform_machine == '{match[1]}'"]
    return " and ".join(clauses)


def _package(pin: Pin, urls: Mapping[str, str]) -> dict[str, Any]:
    package: dict[str, Any] = {"name": pin.name, "version": pin.version}
    if pin.requires_python:
        package["requires-python"] = pin.requires_python
    if pin.index is not None:
        package["index"] = urls[pin.index]
    if pin.requires:
        package["dependencies"] = [{"name": name} for name in sorted(pin.requires)]
    if pin.direct is not None:
        package["vcs" if pin.direct.vcs else "archive"] = _direct(pin.direct)
    elif pin.file is not None and pin.file.is_wheel:
        package["wheels"] = [_file(pin.file)]
    elif pin.file is not None:
        package["sdist"] = _file(pin.file)
    return package


def _file(file: LockedFile) -> dict[str, Any]:
    record: dict[str, Any] = {"name": file.filename}
    if file.uploaded is not None:
        record["upload-time"] = datetime.fromtimestamp(file.uploaded, timezone.utc)
    record["url"] = file.url
    if file.size is not None:
        record["size"] = file.size
    return {**record, "hashes": {"sha256": file.sha256}}


def _direct(direct: DirectSource) -> dict[str, Any]:
    return _present(
        {
            "type": direct.vcs,
            "url": direct.url,
            "commit-id": direct.commit if direct.vcs else None,
            "hashes": {"sha256": direct.sha256} if direct.sha256 and not direct.vcs else None,
            "subdirectory": direct.subdirectory,
        }
    )


def _tool(solution: Solution, stages: Sequence[Stage]) -> dict[str, Any]:
    """Return what PEP 751 has no field for: how the lock came about, and how to install it."""
    table: dict[str, Any] = {
        "image": solution.image,
        "variant": solution.variant,
        "input-digest": solution.input_digest,
        "as-of": solution.as_of,
        "warnings": list(solution.warnings),
        "system": list(solution.system),
        "target": _target(solution.target),
        "env": dict(sorted(solution.env.items())),
        "indexes": _indexes(solution),
        "shared-stages": [
            {"name": hint.name, "packages": list(hint.packages)} for hint in solution.shared
        ],
        "stages": [_stage(stage) for stage in stages],
        "waivers": _waivers(solution),
        "rules": _rules(solution),
        "base-packages": [
            {
                "name": each.name,
                "version": each.version,
                "path": each.path,
                "needed-by": list(each.needed_by),
            }
            for each in solution.provided
        ],
        "shadowed-packages": [
            {"name": each.name, "version": each.version, "path": each.path}
            for each in solution.shadowed
        ],
        "switched-off-rules": [
            {"id": rule.id, "reason": rule.reason} for rule in solution.switched_off
        ],
    }
    return _present(table)


def _target(target: Target) -> dict[str, Any]:
    return _present(
        {
            "python": target.python,
            "platform": target.platform,
            "compute-capabilities": list(target.compute_capabilities),
            "base-image": target.base_image,
            "disk-budget": target.disk_budget,
        }
    )


def _indexes(solution: Solution) -> list[dict[str, Any]]:
    return [
        _present(
            {
                "name": index.name,
                "url": index.url,
                "packages": list(index.packages),
                "digest": index.digest,
                "moment": index.moment,
            }
        )
        for index in sorted(solution.indexes, key=lambda index: index.name)
    ]


def _stage(stage: Stage) -> dict[str, Any]:
    return _present(
        {
            "name": stage.name,
            "file": stage.file,
            "index": stage.index.name if stage.index else None,
            "pins": len(stage.pins),
            "hashed": stage.hashed,
            "builds": stage.builds,
            "isolation": stage.isolation,
            "build-constraints": list(stage.constraints),
            "env": dict(stage.env),
        }
    )


def _waivers(solution: Solution) -> list[dict[str, Any]]:
    return [
        _present(
            {
                "package": waiver.package,
                "version": waiver.version,
                "requirement": waiver.requirement,
                "replacement": waiver.replacement,
                "rule": waiver.rule,
                "reason": waiver.reason,
            }
        )
        for waiver in sorted(
            solution.waivers, key=lambda waiver: (waiver.package, waiver.requirement, waiver.rule)
        )
    ]


def _rules(solution: Solution) -> list[dict[str, Any]]:
    return [
        {
            "id": rule.id,
            "kind": rule.kind,
            "subjects": list(rule.subjects),
            "reason": rule.reason,
            "remedy": rule.remedy,
            "evidence": list(rule.evidence),
        }
        for rule in sorted(solution.rules, key=lambda rule: rule.id)
    ]


def _present(table: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known or empty: TOML has no null, and emptiness says nothing here."""
    return {
        key: value for key, value in table.items() if value is not None and value not in ([], {})
    }
