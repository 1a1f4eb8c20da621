"""Which lock sets are to be judged, and by which specs."""

from __future__ import annotations

import re
from pathlib import Path
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

    folder: Path
    spec: str | None
    """The spec that the user named; None for the one that the record names."""


def select(out: Path, images: Sequence[str], variant: str | None) -> Iterator[Selected | Judged]:
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


def _of_image(out: Path, image: str, variant: str | None) -> Iterator[Selected | Judged]:
    name = _quick_name(image)
    folders = _folders(out, name, variant) if name else []
    if not folders:
        from depcheck.images.loader import find_spec, select_variant  # noqa: PLC0415 - slow

        spec = find_spec(image)
        wanted = select_variant(spec, variant).name
        name = spec.name
        folders = _folders(out, name, variant)
        if not folders:
            yield _missing(out / name / wanted, image)
    yield from (Selected(folder, image) for folder in folders)


def _quick_name(image: str) -> str | None:
    """Return the name of an image without reading TOML; None where that is not sure."""
    if not image.endswith(".toml") and "/" not in image:
        return image if is_built_in(image) else None
    try:
        match = _NAME.search(Path(image).read_bytes().partition(b"\n[")[0])
    except OSError:
        return None
    return match[1].decode() if match else None


def _folders(out: Path, image: str, variant: str | None) -> list[Path]:
    found = {
        path.parent
        for name in ("pylock.toml", "gate.json")
        for path in out.glob(f"{image}/{variant or '*'}/{name}")
    }
    return sorted(each for each in found if not each.name.startswith("."))


def _missing(folder: Path, image: str) -> Judged:
    wanting = finding(
        "lock-missing",
        folder.parent.name,
        f"there is no lock set in `{folder}`",
        at=Location(file=folder.as_posix()),
        remedy=f"`depcheck solve {image} --variant {folder.name}`",
    )
    return Judged(
        image=folder.parent.name,
        variant=folder.name,
        folder=folder.as_posix(),
        findings=(wanting,),
        full=False,
    )
