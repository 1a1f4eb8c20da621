"""Write a lock set as CycloneDX 1.6: a bill of materials that says no more than the lock.

Same lock, same bytes: the serial number is made of the input digest, and no time is stated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from depcheck.lockfiles.stages import DEFAULT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.lockfiles.explanation import ExplainedPin
    from depcheck.lockfiles.stored import StoredLockSet
    from depcheck.resolver.solution import IndexUse, Pin, Waiver


def cyclonedx_json(stored: StoredLockSet) -> str:
    """Return the bill of materials of a lock set, as JSON."""
    explanation = stored.explanation
    digest = str(explanation.document["input-digest"])
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"depcheck:{digest}"))
    bom.metadata.timestamp = None  # type: ignore[assignment]  # or it would be the time of day
    image = _image(stored)
    bom.metadata.component = image
    indexes = {index.name: index for index in stored.indexes}
    components = {name: _component(each, indexes) for name, each in stored.pins.items()}
    for component in components.values():
        bom.components.add(component)
    for name, each in stored.pins.items():
        needed = [components[need] for need in each.pin.requires if need in components]
        bom.register_dependency(components[name], needed)
    asked = [
        components[name]
        for name, each in stored.pins.items()
        if any(not via.is_package for via in each.pin.via)
    ]
    bom.register_dependency(image, asked)
    output = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return output.output_as_string(indent=2) + "\n"


def _image(stored: StoredLockSet) -> Component:
    target = stored.target
    facts = [
        ("variant", stored.explanation.variant),
        ("python", target.python),
        ("platform", target.platform),
        ("base-image", target.base_image),
        ("input-digest", str(stored.explanation.document["input-digest"])),
    ]
    return Component(
        type=ComponentType.CONTAINER,
        name=stored.explanation.image,
        version=stored.explanation.variant,
        description=stored.explanation.summary,
        bom_ref=f"image:{stored.explanation.image}:{stored.explanation.variant}",
        properties=[_property(name, value) for name, value in facts if value],
    )


def _component(explained: ExplainedPin, indexes: dict[str, IndexUse]) -> Component:
    pin = explained.pin
    purl = _purl(pin, indexes)
    sha256 = pin.file.sha256 if pin.file else pin.direct and pin.direct.sha256
    facts = [("stage", explained.stage)]
    facts += [("waived", _waived(each)) for each in explained.waivers]
    return Component(
        type=ComponentType.LIBRARY,
        name=pin.name,
        version=pin.version,
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else None,
        external_references=list(_references(pin, indexes)),
        properties=[_property(name, value) for name, value in facts],
    )


def _purl(pin: Pin, indexes: dict[str, IndexUse]) -> PackageURL:
    """Return the package URL; a local label belongs to the version, and is percent-encoded."""
    qualifiers: dict[str, str] = {}
    if pin.file is not None:
        qualifiers["file_name"] = pin.file.filename
    if pin.index is not None and pin.index != DEFAULT_INDEX and pin.index in indexes:
        qualifiers["repository_url"] = indexes[pin.index].url
    if pin.direct is not None and pin.direct.vcs is not None:
        qualifiers["vcs_url"] = f"{pin.direct.vcs}+{pin.direct.url}@{pin.direct.commit}"
    elif pin.direct is not None:
        qualifiers["download_url"] = pin.direct.url
        qualifiers["checksum"] = f"sha256:{pin.direct.sha256}"
    return PackageURL(type="pypi", name=pin.name, version=pin.version, qualifiers=qualifiers)


def _references(pin: Pin, indexes: dict[str, IndexUse]) -> Iterator[ExternalReference]:
    if pin.file is not None:
        yield ExternalReference(
            type=ExternalReferenceType.DISTRIBUTION,
            url=XsUri(pin.file.url),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=pin.file.sha256)],
        )
    elif pin.direct is not None:
        vcs = pin.direct.vcs is not None
        kind = ExternalReferenceType.VCS if vcs else ExternalReferenceType.DISTRIBUTION
        comment = f"commit {pin.direct.commit}" if vcs else None
        yield ExternalReference(type=kind, url=XsUri(pin.direct.url), comment=comment)
    if pin.index in indexes:
        yield ExternalReference(
            type=ExternalReferenceType.OTHER,
            url=XsUri(indexes[pin.index].url),
            comment=f"package index `{pin.index}`",
        )


def _waived(waiver: Waiver) -> str:
    effect = f"taken as {waiver.replacement}" if waiver.replacement else "dropped"
    return f"{waiver.requirement}: {effect} [{waiver.rule}]"


def _property(name: str, value: str) -> Property:
    return Property(name=f"depcheck:{name}", value=value)
