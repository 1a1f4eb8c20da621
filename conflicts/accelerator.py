"""Say when a set of pins mixes accelerator builds. Pure, over the knowledge in accelerator.toml."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.frozen import frozen

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.version import Version


@frozen
class Mixture:
    """One way in which pins disagree on the accelerator build."""

    code: str
    """mixed-labels, foreign-label, missing-label or mixed-cuda."""
    subjects: tuple[str, ...]
    """``name==version`` of the pins that disagree, sorted."""
    message: str


def variant_of(pins: Mapping[str, Version]) -> str | None:
    """Return the accelerator build that the torch family is labelled with, None if not one."""
    labels = {_label(pins[name]) for name in _knowledge()["labels"]["family"] if name in pins}
    labels.discard(None)
    return labels.pop() if len(labels) == 1 else None


def mixtures(pins: Mapping[str, Version], variant: str | None) -> tuple[Mixture, ...]:
    """Return every disagreement on the accelerator build among pins.

    Args:
        pins: Version by normalised name.
        variant: The build that all are to be for. A name that is no build (``gpu``), or None,
            leaves it to the pins to agree with each other.
    """
    wanted = variant if variant and _is_label(variant) else None
    return (*_by_label(pins, wanted), *_by_cuda(pins, wanted))


def _by_label(pins: Mapping[str, Version], wanted: str | None) -> Iterator[Mixture]:
    table = _knowledge()["labels"]
    labels = {name: _label(pins[name]) for name in table["packages"] if name in pins}
    labelled = {name: label for name, label in labels.items() if label is not None}
    if wanted is None and len(set(labelled.values())) > 1:
        stated = ", ".join(sorted(set(labelled.values())))
        yield _mixture(
            "mixed-labels", pins, labelled, f"the torch family comes from several builds: {stated}"
        )
    foreign = [name for name, label in labelled.items() if wanted and label != wanted]
    if foreign:
        yield _mixture("foreign-label", pins, foreign, f"built for another variant than {wanted}")
    bare = [name for name in table["family"] if name in labels and labels[name] is None]
    if wanted and bare:
        message = f"the version does not say that it is the build for {wanted}"
        yield _mixture("missing-label", pins, bare, message)


def _by_cuda(pins: Mapping[str, Version], wanted: str | None) -> Iterator[Mixture]:
    majors = {name: major for name in pins if (major := _cuda_major(name, pins[name])) is not None}
    expected = _label_major(wanted) if wanted else None
    if wanted == "cpu" and majors:
        yield _mixture("mixed-cuda", pins, majors, "CUDA packages in an image for cpu")
    elif expected is not None:
        foreign = [name for name, major in majors.items() if major != expected]
        if foreign:
            message = f"for another CUDA than the variant {wanted}, which has CUDA {expected}"
            yield _mixture("mixed-cuda", pins, foreign, message)
    elif len(set(majors.values())) > 1:
        stated = " and ".join(f"CUDA {major}" for major in sorted(set(majors.values())))
        yield _mixture("mixed-cuda", pins, majors, f"packages for {stated} together")


def _mixture(
    code: str, pins: Mapping[str, Version], names: Mapping[str, object] | list[str], message: str
) -> Mixture:
    subjects = tuple(f"{name}=={pins[name]}" for name in sorted(names))
    return Mixture(code=code, subjects=subjects, message=message)


def _label(version: Version) -> str | None:
    """Return the accelerator label of a version, None where it has none."""
    return version.local if version.local and _is_label(version.local) else None


def _is_label(text: str) -> bool:
    return _match_label(text) is not None


def _match_label(text: str) -> re.Match[str] | None:
    return re.fullmatch(_knowledge()["labels"]["pattern"], text)


def _label_major(label: str) -> int | None:
    match = _match_label(label)
    return int(match["major"]) if match and match["major"] else None


def _cuda_major(name: str, version: Version) -> int | None:
    """Return the major version of CUDA that a package is for, None where it does not say."""
    match = re.fullmatch(_knowledge()["names"]["pattern"], name)
    if match:
        return int(match["major"])
    if name in _knowledge()["versions"]["packages"]:
        return version.major
    label = version.local if name in _knowledge()["labels"]["packages"] else None
    return _label_major(label) if label else None


@lru_cache(maxsize=1)
def _knowledge() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("accelerator.toml").read_text("utf-8"))
