"""Parsers of single TOML values; each raises ``BadValueError`` with the remedy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from depcheck.tomlfile import BadValueError, kind_of

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"(?:^|&)sha256=[0-9a-f]{64}(?:&|$)")


def text(value: object) -> str:
    """Return text that is not empty."""
    if not isinstance(value, str):
        raise BadValueError(f"must be text, not {kind_of(value)}", "write it in quotes")
    if not value.strip():
        raise BadValueError("must not be empty")
    if "\0" in value:
        raise BadValueError("must not have a NUL character")
    return value


def any_text(value: object) -> str:
    """Return text, which may be empty."""
    return value if value == "" and isinstance(value, str) else text(value)


def boolean(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise BadValueError(
            f"must be true or false, not {kind_of(value)}", "write it without quotes"
        )
    return value


def package_name(value: object) -> str:
    """Return a project name, normalised (PEP 503)."""
    name = text(value)
    try:
        return canonicalize_name(name, validate=True)
    except InvalidName as error:
        raise BadValueError(
            f"`{name}` is not a package name", "letters, digits, `-`, `_` and `.` only"
        ) from error


def version(value: object) -> str:
    """Return a version (PEP 440) in its normal form."""
    found = text(value)
    try:
        return str(Version(found))
    except InvalidVersion as error:
        raise BadValueError(f"`{found}` is not a version", "write it like `2.1.0`") from error


def requirement(value: object) -> Requirement:
    """Return a requirement (PEP 508) that no direct reference leaves open."""
    found = text(value)
    try:
        parsed = Requirement(found)
    except InvalidRequirement as error:
        raise BadValueError(
            f"`{found}` is not a requirement: {str(error).splitlines()[0].lower()}",
            "write it like `torch==2.2.2` or `name @ git+https://host/repo@COMMIT`",
        ) from error
    if parsed.url:
        _check_direct(found, parsed.url)
    if not can_be_judged(parsed):
        raise BadValueError(f"the marker of `{found}` {NOT_JUDGED[0]}", NOT_JUDGED[1])
    return parsed


NOT_JUDGED = (
    "cannot be judged",
    "compare texts by `==`, `!=`, `in` or `not in`, and name variables of PEP 508",
)
"""What is wrong with a marker that can nowhere be judged, and the remedy."""


def can_be_judged(stated: Requirement) -> bool:
    """Tell whether a requirement's marker can be judged, whatever the system; none can always."""
    try:
        return stated.marker is None or stated.marker.evaluate({"extra": ""}) in {True, False}
    except (UndefinedComparison, UndefinedEnvironmentName):
        return False


def indexed_requirement(value: object) -> Requirement:
    """Return a requirement that an index answers: no direct reference."""
    parsed = requirement(value)
    if parsed.url:
        raise BadValueError(
            f"`{parsed}` is a direct reference", "name versions here: `torch==2.2.2`"
        )
    return parsed


def address(value: object) -> SplitResult:
    """Return the parts of a URL."""
    found = text(value)
    try:
        return urlsplit(found)
    except ValueError as error:
        raise BadValueError(
            f"`{found}` is not an address: {str(error).lower()}",
            "write it like `https://host/path`",
        ) from error


def env_name(value: object) -> str:
    """Return the name of an environment variable."""
    name = text(value)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise BadValueError(
            f"`{name}` is not the name of an environment variable",
            "letters, digits and `_` only, no digit first",
        )
    return name


def _check_direct(found: str, url: str) -> None:
    parts = address(url)
    if parts.scheme.startswith("git+"):
        commit = parts.path.rpartition("@")[2] if "@" in parts.path else ""
        if not _COMMIT.fullmatch(commit):
            raise BadValueError(
                f"`{found}` names no full commit, so it can change",
                "end the address with `@` and the 40 hex digits of the commit",
            )
    elif parts.scheme not in {"https", "http", "file"}:
        raise BadValueError(
            f"`{found}` has an address that is not supported",
            "use `git+https://`, `https://` or `file://`",
        )
    elif not _SHA256.search(parts.fragment):
        raise BadValueError(
            f"`{found}` has no hash, so it can change",
            "end the address with `#sha256=` and the archive's SHA-256",
        )
