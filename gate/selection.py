"""Which lock sets are to be judged, and by which specs."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from depcheck.errors import InputError
from depcheck.gate.codes import finding
from depcheck.gate.finding import Judged, Location
from depcheck.gate.inputs import is_built_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME = re.compile(rb'^name *= *"([a-z0-9._-]+)"', re.MULTILINE)


class Selected(NamedTuple):
    """One lock set to judge."""

    folder: str
    spec: str | None
    """The spec that the user named; None for the one that the record names."""


def select(out: str, images: Sequence[str], variant: str | None) -> Iterator[Selected | Judged]:
    """Yield the lock sets below a folder, all or those of some images.

    An image without a lock set is judged already: that is the finding.

    Raises:
        InputError: there is no lock set at all, or an image is unknown.
    """
    if not images:
        folders = _folders(out, "*", variant)
        if not folders:
            raise InputError(
                "no-lock-set",
                f"there is no lock set in `{out}`",
                hint="make one: `depcheck solve IMAGE`",
            )
        yield from (Selected(folder, None) for folder in folders)
    for image in dict.fromkeys(images):
        yield from _of_image(out, image, variant)


def _of_image(out: str, image: str, variant: str | None) -> Iterator[Selected | Judged]:
    name = _quick_name(image)
    folders = _folders(out, name, variant) if name else []
    if not folders:
        from depcheck.images.loader import find_spec, select_variant  # noqa: PLC0415 - slow

        spec = find_spec(image)
        wanted = select_variant(spec, variant).name
        name = spec.name
        folders = _folders(out, name, variant)
        if not folders:
            yield _missing(os.path.normpath(f"{out}/{name}/{wanted}"), image)
    yield from (Selected(folder, image) for folder in folders)


def _quick_name(image: str) -> str | None:
    """Return the name of an image without reading TOML; None where that is not sure."""
    if not image.endswith(".toml") and "/" not in image:
        return image if is_built_in(image) else None
    try:
        match = _NAME.search(_content(image).partition(b"\n[")[0])
    except OSError:
        return None
    return match[1].decode() if match else None


def _folders(out: str, image: str, variant: str | None) -> list[str]:
    """Return the folders of the lock sets of an image, or of all of them (``*``)."""
    images = _names(out) if image == "*" else [image]
    found = [
        os.path.normpath(f"{out}/{name}/{each}")
        for name in images
        for each in ([variant] if variant else _names(f"{out}/{name}"))
    ]
    return sorted(each for each in found if _is_lock_set(each))


def _names(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_lock_set(folder: str) -> bool:
    return any(os.path.exists(f"{folder}/{name}") for name in ("pylock.toml", "gate.json"))


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _missing(folder: str, image: str) -> Judged:
    name, variant = folder.split("/")[-2:]
    wanting = finding(
        "lock-missing",
        name,
        f"there is no lock set in `{folder}`",
        at=Location(file=folder),
        remedy=f"`depcheck solve {image} --variant {variant}`",
    )
    return Judged(
        image=name,
        variant=variant,
        folder=folder,
        findings=(wanting,),
        full=False,
    )
