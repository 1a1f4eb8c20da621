"""Core metadata and hashes of wheels that requirements name by their URLs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from depcheck.errors import InputError
from depcheck.images.model import RecordedMetadata, SpecRequirement
from depcheck.index.live.archives import read_wheel
from depcheck.index.live.core_metadata import parse_metadata
from depcheck.index.live.http import Http
from depcheck.index.model import InvalidMetadataError

if TYPE_CHECKING:
    from packaging.version import Version

    from depcheck.resolver.target import TargetEnvironment

_CHUNK = 1 << 20


def describe_wheels(
    requirements: tuple[SpecRequirement, ...], target: TargetEnvironment
) -> tuple[tuple[SpecRequirement, ...], tuple[RecordedMetadata, ...]]:
    """Return requirements whose URLs state hashes, with the metadata of what they name.

    METADATA is read by range requests. A wheel is read whole where its URL states no SHA-256.

    Raises:
        InputError: a wheel does not fit the target, is another package, or cannot be read.
        IndexUnreachableError: its server does not answer.
    """
    if not any(each.requirement.url for each in requirements):
        return requirements, ()
    http = Http()
    hashed: list[SpecRequirement] = []
    found: dict[str, RecordedMetadata] = {}
    for each in requirements:
        if not each.requirement.url or not target.matches(_marker(each.requirement)):
            hashed.append(each)
            continue
        hashed.append(_with_hash(http, each))
        url = each.requirement.url.partition("#")[0]
        if url not in found:
            found[url] = _described(http, each, url, target)
    return tuple(hashed), tuple(found.values())


def _marker(requirement: Requirement) -> str | None:
    return str(requirement.marker) if requirement.marker else None


def _described(
    http: Http, stated: SpecRequirement, url: str, target: TargetEnvironment
) -> RecordedMetadata:
    filename = unquote(urlsplit(url).path.rpartition("/")[2])
    version = _checked(stated, filename, target)
    try:
        content, _ = read_wheel(http, url, None)
        metadata = parse_metadata(content)
    except InvalidMetadataError as error:
        raise InputError(
            "wheel-unreadable",
            f"{stated.origin}: `{filename}`: {error}",
            hint="check that the URL leads to a wheel",
        ) from error
    return RecordedMetadata(
        name=canonicalize_name(stated.requirement.name),
        version=str(version),
        requires_dist=tuple(Requirement(str(each)) for each in metadata.dependencies),
        reason="read from the wheel",
        origin=stated.origin,
        extras=metadata.extras,
        requires_python=metadata.requires_python,
    )


def _checked(stated: SpecRequirement, filename: str, target: TargetEnvironment) -> Version:
    try:
        name, version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise InputError(
            "wheel-name", f"{stated.origin}: {error}", hint="check the URL of the wheel"
        ) from error
    if name != canonicalize_name(stated.requirement.name):
        raise InputError(
            "wheel-name",
            f"{stated.origin}: `{filename}` is no wheel of `{stated.requirement.name}`",
            hint=f"name it `{name}`, or give another URL",
        )
    if target.priority("-".join(filename[:-4].split("-")[-3:])) is None:
        raise InputError(
            "wheel-not-for-target",
            f"{stated.origin}: `{filename}` cannot be installed on the target",
            hint="name the wheel for its Python and platform, or change "
            "`--python-version` or `--platform`",
        )
    return version


def _with_hash(http: Http, stated: SpecRequirement) -> SpecRequirement:
    url = stated.requirement.url or ""
    if "sha256" in parse_qs(urlsplit(url).fragment):
        return stated
    base, _, fragment = url.partition("#")
    digest = hashlib.sha256()
    with http.stream(base) as body:
        while content := body.read(_CHUNK):
            digest.update(content)
    changed = Requirement(str(stated.requirement))
    changed.url = f"{base}#{f'{fragment}&' if fragment else ''}sha256={digest.hexdigest()}"
    return replace(stated, requirement=changed)
