"""What core metadata says of dependencies.

That of an sdist counts only where it says that its dependencies are not dynamic (PEP 643).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from depcheck.index.model import CoreMetadata, Dependency, InvalidMetadataError
from depcheck.limits import has_endless_number

if TYPE_CHECKING:
    from collections.abc import Iterable

_PEP_643 = Version("2.2")
"""From this Metadata-Version on, an sdist says which of its fields are dynamic."""
_BODY = re.compile(rb"\r?\n\r?\n")
_FIELDS = ("metadata-version", "requires-dist", "provides-extra", "requires-python", "dynamic")
"""In the order of `Fields`."""
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*(.*)")


class Fields(NamedTuple):
    """What counts of core metadata, as it is written."""

    metadata_version: str
    requires_dist: list[str]
    provides_extra: list[str]
    requires_python: str | None
    dynamic: list[str]


def parse_metadata(content: bytes) -> CoreMetadata:
    """Return what core metadata says of dependencies.

    Raises:
        InvalidMetadataError: a field cannot be understood.
    """
    return _understood(_checked_fields(content))


def parse_sdist_metadata(content: bytes) -> CoreMetadata | None:
    """Return what an sdist's PKG-INFO says of dependencies, None where only a build could tell."""
    fields = _checked_fields(content)
    try:
        version = Version(fields.metadata_version)
    except InvalidVersion as error:
        raise InvalidMetadataError(str(error)) from error
    dynamic = {each.lower() for each in fields.dynamic}
    if version < _PEP_643 or dynamic & {"requires-dist", "provides-extra", "requires-python"}:
        return None
    return _understood(fields)


def _understood(fields: Fields) -> CoreMetadata:
    return CoreMetadata(
        tuple(map(_dependency, fields.requires_dist)),
        _extras(fields.provides_extra),
        fields.requires_python,
    )


def _checked_fields(content: bytes) -> Fields:
    fields = plain_fields(content) or packaging_fields(content)
    stated = (fields.metadata_version, *fields.requires_dist, fields.requires_python or "")
    if any(map(has_endless_number, stated)):
        raise InvalidMetadataError("it has a number of endless digits")
    return fields


def plain_fields(content: bytes) -> Fields | None:
    """Return the fields of metadata of the usual form, without all that it takes to read others.

    None stands for what `packaging_fields` must read: odd line breaks, and a field that goes on in
    a second line, stands there twice, or is not ASCII.
    """
    head = _BODY.split(content, maxsplit=1)[0].decode("latin-1").replace("\r\n", "\n")
    if "\r" in head:
        return None
    found: dict[str, list[str]] = {name: [] for name in _FIELDS}
    name = ""
    for line in head.removesuffix("\n").split("\n"):
        if line[:1] in {" ", "\t"} and name and name not in found:
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            return None
        name = match[1].lower()
        if name in found:
            if not match[2].isascii():
                return None
            found[name].append(match[2])
    version, requires, extras, python, dynamic = found.values()
    if len(version) > 1 or len(python) > 1:
        return None
    return Fields("".join(version), requires, extras, python[0] if python else None, dynamic)


def packaging_fields(content: bytes) -> Fields:
    """Return the fields of metadata as `packaging` reads them.

    Raises:
        InvalidMetadataError: it reads none.
    """
    from email.errors import MessageError  # noqa: PLC0415 - seldom needed, and slow to import

    from packaging.metadata import parse_email  # noqa: PLC0415

    head = _BODY.split(content, maxsplit=1)[0]  # what follows is the description
    try:
        raw, _ = parse_email(head)
    except (MessageError, ValueError) as error:
        raise InvalidMetadataError(str(error)) from error
    return Fields(
        raw.get("metadata_version", ""),
        raw.get("requires_dist", []),
        raw.get("provides_extra", []),
        raw.get("requires_python"),
        raw.get("dynamic", []),
    )


def _extras(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(canonicalize_name(name) for name in names))


@lru_cache(maxsize=1 << 16)  # most versions of a project repeat what the one before asked for
def _dependency(text: str) -> Dependency:
    wanted, semicolon, condition = text.partition(";")
    try:
        if "@" in wanted:  # a URL may hold semicolons
            requirement = Requirement(text)
            marker = str(requirement.marker) if requirement.marker else None
        else:
            requirement = Requirement(wanted)
            marker = _marker(condition.strip()) if semicolon else None
    except (InvalidRequirement, InvalidMarker) as error:
        raise InvalidMetadataError(f"`{text}` is no requirement") from error
    return Dependency(
        canonicalize_name(requirement.name),
        tuple(sorted(canonicalize_name(extra) for extra in requirement.extras)),
        str(requirement.specifier),
        marker,
        requirement.url,
    )


@lru_cache(maxsize=1 << 12)  # there are few, and requirements by the thousand
def _marker(text: str) -> str:
    return str(Marker(text))
