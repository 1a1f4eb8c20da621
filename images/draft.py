"""What one spec file says, and how a spec is laid over its baseline.

Tables merge key by key, single values replace the baseline's, lists are appended to the baseline's.
A variant is laid in the same way over what its file says outside `[variants]`.
Never inherited: ``name``, ``abstract`` and ``extends``. One list replaces instead of appending:
``target.compute-capabilities``, since it is one statement about the machines.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from depcheck.frozen import frozen
from depcheck.images.model import Target, ValidateSpec, Variant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from depcheck.images.model import (
        BasePackage,
        IndexSpec,
        Override,
        RecordedMetadata,
        SpecRequirement,
        StageHint,
    )


@frozen
class TargetDraft:
    """The part of a target that one table states."""

    python: str | None = None
    platform: str | None = None
    compute_capabilities: tuple[str, ...] | None = None
    base_image: str | None = None
    disk_budget: int | None = None

    def over(self, base: TargetDraft) -> TargetDraft:
        """Return the baseline with this draft's values in its place."""
        return TargetDraft(
            python=self.python or base.python,
            platform=self.platform or base.platform,
            compute_capabilities=(
                base.compute_capabilities
                if self.compute_capabilities is None
                else self.compute_capabilities
            ),
            base_image=self.base_image or base.base_image,
            disk_budget=self.disk_budget or base.disk_budget,
        )

    def complete(self) -> Target | None:
        """Return the target, None where Python or platform is not said."""
        if self.python is None or self.platform is None:
            return None
        return Target(
            python=self.python,
            platform=self.platform,
            compute_capabilities=self.compute_capabilities or (),
            base_image=self.base_image,
            disk_budget=self.disk_budget,
        )


@frozen
class VariantDraft:
    """What one file says of a variant."""

    as_of: datetime | None = None
    requirements: tuple[SpecRequirement, ...] = ()
    constraints: tuple[SpecRequirement, ...] = ()
    overrides: tuple[Override, ...] = ()
    metadata: tuple[RecordedMetadata, ...] = ()
    indexes: tuple[IndexSpec, ...] = ()
    base_packages: tuple[BasePackage, ...] = ()
    prerelease: str | None = None
    allow_build: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    target: TargetDraft = field(default_factory=TargetDraft)
    stages: tuple[StageHint, ...] = ()
    validate: ValidateSpec = field(default_factory=ValidateSpec)

    def over(self, base: VariantDraft) -> VariantDraft:
        """Return the baseline with this draft laid over it."""
        return VariantDraft(
            as_of=self.as_of or base.as_of,
            requirements=base.requirements + self.requirements,
            constraints=base.constraints + self.constraints,
            overrides=base.overrides + self.overrides,
            metadata=base.metadata + self.metadata,
            indexes=base.indexes + self.indexes,
            base_packages=base.base_packages + self.base_packages,
            prerelease=self.prerelease or base.prerelease,
            allow_build=base.allow_build + self.allow_build,
            env={**base.env, **self.env},
            target=self.target.over(base.target),
            stages=base.stages + self.stages,
            validate=validate_over(self.validate, base.validate),
        )

    def complete(self, name: str, target: Target) -> Variant:
        """Return the variant for a complete target."""
        return Variant(
            name=name,
            as_of=self.as_of,
            requirements=self.requirements,
            constraints=self.constraints,
            overrides=self.overrides,
            metadata=self.metadata,
            indexes=self.indexes,
            base_packages=_last_stated(self.base_packages),
            prerelease=self.prerelease or "if-necessary",
            allow_build=tuple(sorted(set(self.allow_build))),
            env=self.env,
            target=target,
            stages=self.stages,
            validate=self.validate,
        )


@frozen
class SpecDraft:
    """What one file says of an image."""

    name: str
    summary: str | None = None
    default_variant: str | None = None
    abstract: bool = False
    extends: str | None = None
    """Name of a built-in spec, or a path relative to the file."""
    shared: VariantDraft = field(default_factory=VariantDraft)
    """What holds for every variant; a variant is laid over it."""
    variants: Mapping[str, VariantDraft] = field(default_factory=dict)

    def over(self, base: SpecDraft) -> SpecDraft:
        """Return the baseline with this draft laid over it."""
        names = list(dict.fromkeys((*base.variants, *self.variants)))
        empty = VariantDraft()
        return replace(
            self,
            summary=self.summary or base.summary,
            default_variant=self.default_variant or base.default_variant,
            shared=self.shared.over(base.shared),
            variants={
                name: self.variants.get(name, empty).over(base.variants.get(name, empty))
                for name in names
            },
        )


def _last_stated(packages: tuple[BasePackage, ...]) -> tuple[BasePackage, ...]:
    """Return one statement per package: a variant may have another base image."""
    by_name = {each.name: each for each in packages}
    return tuple(by_name[name] for name in sorted(by_name))


def validate_over(own: ValidateSpec, base: ValidateSpec) -> ValidateSpec:
    """Return the baseline's checks followed by one's own."""
    return ValidateSpec(
        imports=tuple(dict.fromkeys(base.imports + own.imports)),
        env={**base.env, **own.env},
        scripts=tuple(dict.fromkeys(base.scripts + own.scripts)),
        allow_extra=tuple(dict.fromkeys(base.allow_extra + own.allow_extra)),
        optional_files=base.optional_files + own.optional_files,
        gpu_memory=own.gpu_memory or base.gpu_memory,
        self_contained=own.self_contained or base.self_contained,
    )
