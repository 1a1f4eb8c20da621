"""``depcheck export``: a lock set in the form that another tool takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.errors import EnvironmentFailure, ExitCode, InputError, refusal
from depcheck.images.loader import builtin_names, find_spec, select_variant
from depcheck.replacing import put

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from depcheck.images.model import ImageSpec, Variant
    from depcheck.terminal import Console

_FILES = {
    "requirements": "requirements.txt",
    "nohash": "requirements.nohash.txt",
    "pylock": "pylock.toml",
    "dockerfile": "Dockerfile.stages",
}
"""Formats that a lock set has as files."""


def run(options: Namespace, console: Console) -> ExitCode:
    """Write one form of a lock set, or the matrix of images, to standard output or a file."""
    content = _matrix(options) if options.format == "matrix" else _lock_set(options)
    if options.output is not None:
        _write(Path(options.output), content)
    if console.as_json:
        console.document({"format": options.format, "output": options.output, "content": content})
    elif options.output is None:
        # As it stands, not escaped: it is a file for a program.
        console.out.write(content)
    else:
        console.note(f"{options.format} written to {options.output}")
    return ExitCode.OK


def _lock_set(options: Namespace) -> str:
    if len(options.images) != 1:
        raise InputError(
            "one-image",
            f"`--format {options.format}` is of one image",
            hint=f"name one of {', '.join(builtin_names())}, or a spec file",
        )
    [image] = options.images
    spec = find_spec(image)
    variant = select_variant(spec, options.variant)
    folder = Path(options.out) / spec.name / variant.name
    remedy = f"depcheck solve {image} --variant {variant.name} --out {options.out}"
    if options.format in _FILES:
        return _file(folder, _FILES[options.format], remedy)
    from depcheck.lockfiles.stored import read_lock_set  # noqa: PLC0415 - not for the files

    stored = read_lock_set(folder, remedy=remedy)
    if options.format == "constraints":
        from depcheck.lockfiles.requirements import constraints_txt  # noqa: PLC0415

        return constraints_txt(each.pin for each in stored.pins.values()).decode()
    try:
        from depcheck.lockfiles.sbom import cyclonedx_json  # noqa: PLC0415 - an optional library
    except ImportError as error:
        raise InputError(
            "library-missing",
            "`--format cyclonedx` needs the library cyclonedx-python-lib",
            hint="install it: `pip install 'depcheck-toolkit[sbom]'`",
        ) from error
    return cyclonedx_json(stored)


def _file(folder: Path, name: str, remedy: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "no-lock-set",
            f"there is no `{name}` to read in `{folder}`",
            hint=f"make it: `{remedy}`",
        ) from error


def _matrix(options: Namespace) -> str:
    """Return images and variants as a matrix of GitHub Actions, on one line."""
    if options.variant is not None and not options.images:
        raise InputError(
            "no-image", "`--variant` is of an image", hint="name the image, or leave it out"
        )
    rows = [_row(spec, variant) for spec, variant in _variants(options)]
    return json.dumps({"include": rows}) + "\n"


def _variants(options: Namespace) -> Iterator[tuple[ImageSpec, Variant]]:
    for name in dict.fromkeys(options.images or builtin_names()):
        spec = find_spec(name)
        if options.variant is not None:
            yield spec, select_variant(spec, options.variant)
        else:
            yield from ((spec, variant) for variant in spec.variants.values())


def _row(spec: ImageSpec, variant: Variant) -> dict[str, Any]:
    target = variant.target
    return {
        "image": spec.name,
        "variant": variant.name,
        "python": target.python,
        "platform": target.platform,
        "base-image": target.base_image,
        "compute-capabilities": " ".join(target.compute_capabilities),
    }


def _write(path: Path, content: str) -> None:
    try:
        put(content.encode(), path)
    except OSError as error:
        raise EnvironmentFailure(
            "export-not-written",
            f"cannot write `{path}`: {refusal(error)}",
            hint="check the folder and its permissions, or name another file by `-o`",
        ) from error
