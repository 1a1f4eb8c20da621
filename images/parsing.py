"""Turn the tables of one spec file into a draft; every problem is reported to the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from depcheck.images.draft import SpecDraft, TargetDraft, VariantDraft
from depcheck.images.model import (
    BasePackage,
    IndexSpec,
    OptionalFiles,
    Override,
    RecordedMetadata,
    SpecRequirement,
    StageHint,
    ValidateSpec,
)
from depcheck.images.values import (
    absolute_path,
    as_of,
    capability,
    folder,
    image_name,
    index_url,
    platform_tag,
    prerelease_word,
    python_version,
    size,
)
from depcheck.tomlfile import BadValueError
from depcheck.tomlvalues import (
    any_text,
    boolean,
    env_name,
    indexed_requirement,
    package_name,
    requirement,
    text,
    version,
)

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from depcheck.tomlfile import Table


def parse_spec(root: Table) -> SpecDraft:
    """Return what the file says, without what it extends."""
    draft = SpecDraft(
        name=root.required("name", image_name, ""),
        summary=root.optional("summary", text, None),
        default_variant=root.optional("default-variant", image_name, None),
        abstract=root.optional("abstract", boolean, default=False),
        extends=root.optional("extends", text, None),
        shared=_variant(root),
        variants=_variants(root.table("variants")),
    )
    root.close()
    return draft


def _variants(table: Table) -> dict[str, VariantDraft]:
    found: dict[str, VariantDraft] = {}
    for name in table.names():
        table.check_name(name, image_name)
        own = table.table(name)
        found[name] = _variant(own)
        own.close()
    return found


def _variant(table: Table) -> VariantDraft:
    """Return what a table says of one variant, or the file's own keys of all its variants."""
    return VariantDraft(
        as_of=table.optional("as-of", as_of, None),
        requirements=_requirements(table, "requirements"),
        constraints=_requirements(table, "constraints"),
        overrides=tuple(
            found for entry in table.tables("overrides") if (found := _override(entry))
        ),
        metadata=tuple(_metadata(entry) for entry in table.tables("metadata")),
        indexes=tuple(_index(entry) for entry in table.tables("indexes")),
        base_packages=tuple(_base_package(entry) for entry in table.tables("base-packages")),
        prerelease=table.optional("prerelease", prerelease_word, None),
        allow_build=table.values("allow-build", package_name),
        env=_env(table.table("env")),
        target=_target(table.table("target")),
        stages=_stages(table),
        validate=_validate(table.table("validate")),
    )


def _requirements(table: Table, name: str) -> tuple[SpecRequirement, ...]:
    parse = requirement if name == "requirements" else indexed_requirement
    return tuple(
        SpecRequirement(requirement=found, origin=origin)
        for origin, found in table.each(name, parse)
    )


def _override(table: Table) -> Override | None:
    replaces, excludes = table.has("requirement"), table.has("exclude")
    if replaces == excludes:
        table.complain(
            "",
            "must have one of the keys `requirement` and `exclude`",
            "`requirement` replaces what packages ask for, `exclude` drops it",
        )
    found = table.optional("requirement", requirement, None)
    package = table.optional("exclude", package_name, "")
    reason = table.required("reason", text, "")
    table.close()
    return Override(
        requirement=found,
        package=canonicalize_name(found.name) if found else package,
        reason=reason,
        origin=_origin(table),
    )


def _metadata(table: Table) -> RecordedMetadata:
    if not table.has("requires-dist"):
        table.complain(
            "", "key `requires-dist` is missing", "add `requires-dist = []` if it needs nothing"
        )
    found = RecordedMetadata(
        name=table.required("name", package_name, ""),
        version=table.required("version", version, "0"),
        requires_dist=table.values("requires-dist", requirement),
        reason=table.required("reason", text, ""),
        origin=_origin(table),
    )
    table.close()
    return found


def _base_package(table: Table) -> BasePackage:
    stated = table.values("requires-dist", requirement)
    found = BasePackage(
        name=table.required("name", package_name, ""),
        version=table.required("version", version, "0"),
        path=table.required("path", absolute_path, ""),
        requires_dist=stated if table.has("requires-dist") else None,
        upgrade=table.optional("upgrade", boolean, default=False),
        origin=_origin(table),
    )
    table.close()
    return found


def _index(table: Table) -> IndexSpec:
    found = IndexSpec(
        name=table.required("name", image_name, ""),
        url=table.required("url", index_url, ""),
        packages=tuple(sorted(set(_packages(table)))),
    )
    table.close()
    return found


def _stages(table: Table) -> tuple[StageHint, ...]:
    stages: list[StageHint] = []
    for entry in table.tables("stages"):
        stage = StageHint(
            name=entry.required("name", image_name, ""), packages=tuple(_packages(entry))
        )
        entry.close()
        stages.append(stage)
    return tuple(stages)


def _packages(table: Table) -> tuple[str, ...]:
    found = table.values("packages", package_name)
    if not table.has("packages") or not found:
        table.complain("", "names no packages", 'add `packages = ["torch"]`')
    return found


def _target(table: Table) -> TargetDraft:
    capabilities = table.values("compute-capabilities", capability)
    draft = TargetDraft(
        python=table.optional("python", python_version, None),
        platform=table.optional("platform", platform_tag, None),
        compute_capabilities=(
            tuple(f"{major}.{minor}" for major, minor in sorted(set(capabilities)))
            if table.has("compute-capabilities")
            else None
        ),
        base_image=table.optional("base-image", text, None),
        disk_budget=table.optional("disk-budget", size, None),
    )
    table.close()
    return draft


def _validate(table: Table) -> ValidateSpec:
    found = ValidateSpec(
        imports=table.values("imports", _module),
        env=_env(table.table("env")),
        scripts=table.values("scripts", folder),
        allow_extra=table.values("allow-extra", package_name),
        optional_files=tuple(_optional_files(entry) for entry in table.tables("optional-files")),
        gpu_memory=table.optional("gpu-memory", size, None),
        self_contained=table.optional("self-contained", boolean, default=False),
    )
    table.close()
    return found


def _optional_files(table: Table) -> OptionalFiles:
    found = OptionalFiles(
        files=table.required("files", text, ""), reason=table.required("reason", text, "")
    )
    table.close()
    return found


def _env(table: Table) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in table.names():
        table.check_name(name, env_name)
        found[name] = table.optional(name, any_text, "")
    return found


def _module(value: object) -> str:
    """Return a dotted module name."""
    name = text(value)
    if not re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", name):
        raise BadValueError(f"`{name}` is not a module", "write it as in `import torch.cuda`")
    return name


def _origin(table: Table) -> str:
    return table.origin("").removesuffix(".")


def named_alike(found: Requirement, other: Requirement) -> bool:
    """Whether two requirements speak of the same package in the same environment."""
    same = canonicalize_name(found.name) == canonicalize_name(other.name)
    return same and str(found.marker) == str(other.marker)
