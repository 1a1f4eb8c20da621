"""Find and load image specs: the built-in ones by name, others by path."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.errors import InputError
from depcheck.images.model import ImageSpec
from depcheck.images.parsing import named_alike, parse_spec
from depcheck.paths import is_file
from depcheck.tomlfile import TomlFile, did_you_mean, read_toml

if TYPE_CHECKING:
    from depcheck.images.draft import SpecDraft, VariantDraft
    from depcheck.images.model import Variant


_ABSTRACT = re.compile(rb"^abstract = true$", re.MULTILINE)


def builtin_names() -> tuple[str, ...]:
    """Return the names of the built-in images, sorted; baselines are not images."""
    return tuple(name for name, abstract in _builtins().items() if not abstract)


def load_builtin(name: str) -> ImageSpec:
    """Load a built-in image by name.

    Raises:
        InputError: there is no such image.
    """
    if name not in builtin_names():
        known = ", ".join(f"`{known}`" for known in builtin_names())
        raise InputError(
            "unknown-image",
            f"there is no image `{name}`; known are {known}",
            hint=(f"did you mean `./{name}.toml`?" if is_file(f"{name}.toml") else None)
            or did_you_mean(name, builtin_names())
            or (f"draft a spec from it: `depcheck init {name}`" if _is_source(name) else None)
            or "name one of these, or the path of a spec file that ends in `.toml`",
        )
    return load_spec(_data_folder() / f"{name}.toml")


def _is_source(name: str) -> bool:
    """Tell whether a name looks like something that a spec is drafted from."""
    return name.startswith("Dockerfile") or name.endswith((".txt", ".in", ".yml", ".yaml"))


def is_builtin(spec: ImageSpec) -> bool:
    """Tell whether a spec is one of those that come with depcheck."""
    return spec.path.parent == _data_folder()


def load_spec(path: Path) -> ImageSpec:
    """Load the spec in a file, laid over the baselines that it extends.

    Raises:
        InputError: the file or a baseline cannot be read or is wrong; all problems of one file are
            named together.
    """
    file = _read(path)
    draft, files_read = _layered(file, seen=(path.resolve(),))
    if draft.abstract:
        raise InputError(
            "abstract-image-spec",
            f"{path}: a baseline is no image: `abstract = true`",
            hint="name a spec that extends it",
        )
    _check_whole(file, draft)
    variants = _variants(file, draft)
    file.check()
    return ImageSpec(
        name=draft.name,
        summary=draft.summary or "",
        default_variant=draft.default_variant or "",
        variants=variants,
        path=path,
        digest=sha256(b"".join(sha256(each.raw).digest() for each in files_read)).hexdigest(),
        files=tuple((each.path, sha256(each.raw).hexdigest()) for each in files_read),
    )


def find_spec(name_or_path: str) -> ImageSpec:
    """Load a spec: a path if it ends in ``.toml`` or has a separator, else a built-in image.

    Raises:
        InputError: there is no such image, or its spec is wrong.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return load_spec(Path(name_or_path))
    return load_builtin(name_or_path)


def select_variant(spec: ImageSpec, name: str | None) -> Variant:
    """Return a variant of an image, its default variant for None.

    Raises:
        InputError: the image has no such variant.
    """
    wanted = spec.default_variant if name is None else name
    if wanted not in spec.variants:
        known = ", ".join(f"`{known}`" for known in sorted(spec.variants))
        raise InputError(
            "unknown-variant",
            f"image `{spec.name}` has no variant `{wanted}`; it has {known}",
            hint=did_you_mean(wanted, spec.variants)
            or f"name one that it has, or add `[variants.{wanted}]` to a spec that extends it",
        )
    return spec.variants[wanted]


def _read(path: Path) -> TomlFile:
    return read_toml(path, reference="invalid-image-spec")


def _data_folder() -> Path:
    return Path(__file__).parent / "data"


@lru_cache(maxsize=1)
def _builtins() -> dict[str, bool]:
    """Return the name of each built-in spec and whether it is a baseline, which its top says."""
    return {
        path.stem: _ABSTRACT.search(path.read_bytes()) is not None
        for path in sorted(_data_folder().glob("*.toml"))
    }


def _layered(file: TomlFile, seen: tuple[Path, ...]) -> tuple[SpecDraft, list[TomlFile]]:
    """Return a file's draft over its baselines, and all their files, its own first."""
    draft = parse_spec(file.root)
    base_path = _base_path(file, draft.extends, seen)
    _check_repeats(file, draft)
    file.check()
    if base_path is None:
        return draft, [file]
    base_file = _read(base_path)
    base, others = _layered(base_file, (*seen, base_path.resolve()))
    return draft.over(base), [file, *others]


def _base_path(file: TomlFile, name: str | None, seen: tuple[Path, ...]) -> Path | None:
    if name is None:
        return None
    relative = name.endswith(".toml") or "/" in name
    if not relative and name not in _builtins():
        remedy = did_you_mean(name, _builtins())
        file.root.complain(
            "extends",
            f"there is no built-in spec `{name}`",
            remedy or "name a file like `./base.toml`",
        )
        return None
    path = file.path.parent / name if relative else _data_folder() / f"{name}.toml"
    if path.resolve() in seen:
        file.root.complain("extends", f"`{name}` extends this file in turn", "break the circle")
        return None
    return path


def _check_repeats(file: TomlFile, draft: SpecDraft) -> None:
    """Report what a file, or a spec with its baselines, says twice of a variant."""
    shared = _repeats(draft.shared)
    for field, message, remedy in shared:
        file.report((field,), message, remedy)
    for name, variant in draft.variants.items():
        for repeat in _repeats(variant.over(draft.shared)):
            if repeat not in shared:
                field, message, remedy = repeat
                file.report(("variants", name, field), message, remedy)


def _repeats(variant: VariantDraft) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for first, second in combinations(variant.requirements, 2):
        if named_alike(first.requirement, second.requirement):
            message = f"`{second.requirement}` repeats `{first.requirement}` ({first.origin})"
            found.append(("requirements", message, "state each package once"))
    for one, other in combinations(variant.indexes, 2):
        if one.name == other.name:
            found.append(("indexes", f"two are named `{one.name}`", "give each its own name"))
        found += [
            ("indexes", f"`{name}` is pinned to `{one.name}` and `{other.name}`", "choose one")
            for name in one.packages
            if name in other.packages
        ]
    return found


def _check_whole(file: TomlFile, draft: SpecDraft) -> None:
    """Report what is missing when the baselines are taken into account."""
    for key, value in (("summary", draft.summary), ("default-variant", draft.default_variant)):
        if value is None:
            file.report((), f"key `{key}` is missing", f'add `{key} = "..."`')
    if not draft.variants:
        file.report((), "there is no variant", "add a table like `[variants.cu121]`")
    elif draft.default_variant and draft.default_variant not in draft.variants:
        known = ", ".join(f"`{name}`" for name in sorted(draft.variants))
        file.report(
            ("default-variant",),
            f"there is no variant `{draft.default_variant}`; known are {known}",
            did_you_mean(draft.default_variant, draft.variants),
        )
    _check_repeats(file, draft)


def _variants(file: TomlFile, draft: SpecDraft) -> dict[str, Variant]:
    found: dict[str, Variant] = {}
    stated = file.root.table("variants").names()
    for name, variant in draft.variants.items():
        whole = variant.over(draft.shared)
        target = whole.target.complete()
        if target is None:
            file.report(
                ("target",), "`python` and `platform` must be said", "add both below `[target]`"
            )
            return {}
        if not whole.requirements and name not in stated:
            # A baseline offers it, and this image does not take it up.
            continue
        if not whole.requirements:
            file.report(
                ("variants", name), "has no requirements", 'add `requirements = ["torch==2.2.2"]`'
            )
        _check_stages(file, name, whole)
        found[name] = whole.complete(name, target)
    return found


def _check_stages(file: TomlFile, name: str, variant: VariantDraft) -> None:
    for one, other in combinations(variant.stages, 2):
        if one.name == other.name:
            message = f"variant `{name}` has two stages named `{one.name}`"
            file.report(("stages",), message, "give each its own name")
