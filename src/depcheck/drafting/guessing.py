"""Make a draft of clues: pure, and every guess says why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from depcheck.drafting.clues import IndexClue, Line, Note
from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.tomlfile import BadValueError
from depcheck.tomlvalues import requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.drafting.base_images import BaseImage, Build, Knowledge
    from depcheck.drafting.clues import Clues

_PYTHON = "3.11"
_GLIBC = "2.28"
_VARIANT = "default"
_LABEL = re.compile(r"\+(cpu|cu\d+)\b")


@frozen
class Guess:
    """One value of the draft, and what speaks for it."""

    key: str
    value: str
    why: str


@frozen
class NamedIndex:
    """An index as the spec will state it."""

    name: str
    url: str
    packages: tuple[str, ...]


@frozen
class Draft:
    """What the spec will say."""

    name: str
    base_image: str | None
    python: Guess
    platform: Guess
    variant: Guess
    requirements: tuple[Line, ...]
    constraints: tuple[Line, ...]
    observed: tuple[Line, ...]
    indexes: tuple[NamedIndex, ...]
    left_out: tuple[tuple[Line, str], ...]
    """Requirements that a spec cannot state as they are, and what to do about it."""
    notes: tuple[Note, ...]

    @property
    def guesses(self) -> tuple[Guess, ...]:
        """What was guessed."""
        return (self.python, self.platform, self.variant)


def draft(clues: Clues, known: Knowledge, *, name: str, python: str | None = None) -> Draft:
    """Return the draft of a spec.

    Args:
        clues: What the sources say.
        known: What is known of base images.
        name: The image's name.
        python: The version of Python, where the user says it.

    Raises:
        InputError: the base image cannot be used, or nothing is required.
    """
    base = known.image(clues.base_image) if clues.base_image else None
    if base is not None and base.unusable is not None:
        raise InputError(
            "unusable-base-image",
            f"no lock can be made for the base image `{base.reference}`",
            hint=base.unusable,
        )
    taken, left_out, notes = _sorted_out(clues, base, known)
    if not taken:
        raise InputError(
            "nothing-required",
            "the sources name no requirement that a spec could state",
            hint="name a requirements file, a pyproject.toml or a Dockerfile that installs by pip",
        )
    constraints = [
        each for each in clues.constraints if isinstance(_parsed(each.text), Requirement)
    ]
    build, variant = _variant(clues, base, taken, known)
    indexes, unclear = _indexes(clues, build, known)
    notes += [*_notes(clues, base), *unclear, *_contradictions(build, taken, known)]
    return Draft(
        name=name,
        base_image=clues.base_image,
        python=_python(clues, base, python),
        platform=_platform(clues, base),
        variant=variant,
        requirements=tuple(taken),
        constraints=tuple(constraints),
        observed=clues.observed,
        indexes=indexes,
        left_out=tuple(left_out),
        notes=(*clues.notes, *notes),
    )


def _sorted_out(
    clues: Clues, base: BaseImage | None, known: Knowledge
) -> tuple[list[Line], list[tuple[Line, str]], list[Note]]:
    """Return what the spec can state, what it cannot, and what was passed over."""
    taken: dict[tuple[str, str], Line] = {}
    left_out: list[tuple[Line, str]] = []
    notes: list[Note] = []
    tools: list[str] = []
    lines = list(clues.requirements)
    if base is not None and base.torch is not None and "torch" not in _names(lines):
        lines.insert(0, Line(text=f"torch=={base.torch}", origin="tag of the base image"))
    for line in lines:
        found = _parsed(line.text)
        if isinstance(found, str):
            left_out.append((line, found))
            continue
        name = canonicalize_name(found.name)
        if name in known.tools and not found.specifier and not found.url:
            tools.append(name)
            continue
        key = (name, str(found.marker))
        earlier = taken.pop(key, None)
        if earlier is not None and earlier.text != str(found):
            text = f"`{earlier.text}` ({earlier.origin}) gives way to the later `{found}`"
            notes.append(Note(text=text, origin=line.origin))
        taken[key] = Line(text=str(found), origin=line.origin)
    if tools:
        text = f"{', '.join(dict.fromkeys(tools))}: installers' tools, which are not locked"
        notes.append(Note(text=text))
    return list(taken.values()), left_out, notes


def _names(lines: list[Line]) -> set[str]:
    found = (_parsed(line.text) for line in lines)
    return {canonicalize_name(each.name) for each in found if isinstance(each, Requirement)}


def _parsed(text: str) -> Requirement | str:
    """Return a requirement, or why a spec cannot state it."""
    plain = text.removeprefix("-e ").strip()
    if "://" not in plain and (
        plain != text or plain.startswith((".", "/")) or re.match(r"[\w.-]+/", plain)
    ):
        return "a local path: name the project's pyproject.toml as a source, for its dependencies"
    if "://" in plain and not re.match(r"[A-Za-z0-9][\w.-]*(?:\[[^]]*\])?\s*@\s", plain):
        address, _, fragment = plain.partition("#")
        fields = dict(each.partition("=")[::2] for each in fragment.split("&"))
        name = fields.pop("egg", "")
        if not name:
            return "a URL without a name: write it as `NAME @ URL`"
        rest = "&".join(f"{key}={value}" for key, value in fields.items() if value)
        plain = f"{name} @ {address}" + (f"#{rest}" if rest else "")
    try:
        return requirement(plain)
    except BadValueError as error:
        return f"{error.message}; {error.remedy}" if error.remedy else error.message


def _python(clues: Clues, base: BaseImage | None, stated: str | None) -> Guess:
    def guess(version: str, why: str) -> Guess:
        return Guess(key="python", value=version, why=why)

    if stated is not None:
        return guess(stated, "stated by --python")
    if base is not None and base.python is not None:
        return guess(base.python, f"`{base.reference}` has it")
    floors = [each for each in clues.python if each.floor]
    for each in clues.python:
        if not each.floor:
            return guess(each.version, each.why)
    from_os = base.os_python if base is not None else None
    if from_os and (not floors or Version(from_os) >= Version(floors[0].version)):
        return guess(from_os, f"the packages of {base.os if base else 'it'} install it")
    if floors:
        return guess(floors[0].version, floors[0].why)
    return guess(_PYTHON, "nothing says which; --python VERSION does")


def _platform(clues: Clues, base: BaseImage | None) -> Guess:
    glibc, why = _GLIBC, "the base image is not known; this is what most wheels ask for at most"
    if base is not None and base.glibc is not None:
        glibc, why = base.glibc, f"{base.os} has glibc {base.glibc}"
    elif clues.base_image is None:
        why = "no base image is named; this is what most wheels ask for at most"
    tag = f"manylinux_{glibc.replace('.', '_')}_{clues.machine}"
    return Guess(key="platform", value=tag, why=why)


def _variant(
    clues: Clues, base: BaseImage | None, taken: list[Line], known: Knowledge
) -> tuple[str | None, Guess]:
    """Return the folder of the PyTorch index, if one is meant, and the variant's name."""
    folder, why = _stated_build(clues, taken, known) or (None, "")
    if folder is None and base is not None and base.cuda is not None:
        torch = _asked_of(known.pytorch_packages[0], taken)
        build = known.build_for(base.cuda, torch)
        if build is None:
            why = (
                f"the PyTorch index has no build of torch{torch} for CUDA {base.cuda} "
                "that is known here"
            )
        else:
            folder, why = build.name, _build_reason(build, base.cuda)
    elif folder is None:
        why = (
            "no CUDA version is named anywhere: torch comes from the default index, as pip does it"
        )
    return folder, Guess(key="variant", value=folder or _VARIANT, why=why)


def _stated_build(clues: Clues, taken: list[Line], known: Knowledge) -> tuple[str, str] | None:
    """Return the build that an index or a local version label names, and who says so."""
    for index in clues.indexes:
        if index.url.startswith(known.pytorch_url):
            folder = index.url.removeprefix(known.pytorch_url).strip("/")
            if re.fullmatch(r"cpu|cu\d+", folder):
                return folder, f"{index.origin} names the index {index.url}"
    for line in taken:
        found = Requirement(line.text)
        match = _LABEL.search(str(found.specifier))
        if match and canonicalize_name(found.name) in known.pytorch_packages:
            return match[1], f"{line.origin} asks for `{line.text}`"
    return None


def _asked_of(name: str, taken: list[Line]) -> SpecifierSet:
    found = (Requirement(line.text) for line in taken)
    return next(
        (each.specifier for each in found if canonicalize_name(each.name) == name), SpecifierSet()
    )


def _build_reason(build: Build, cuda: str) -> str:
    if build.cuda == Version(cuda):
        return f"the base image has CUDA {cuda}"
    return (
        f"the base image has CUDA {cuda}, and the newest build of such a torch that runs there "
        f"is for {build.cuda}"
    )


def _indexes(
    clues: Clues, build: str | None, known: Knowledge
) -> tuple[tuple[NamedIndex, ...], list[Note]]:
    found: dict[str, NamedIndex] = {}
    notes: list[Note] = []
    pinned = set(known.pytorch_packages)
    if build is not None:
        url = f"{known.pytorch_url}{build}"
        same = [each for each in clues.indexes if each.url.rstrip("/") == url and not each.extra]
        packages = pinned.union(*(each.packages for each in same))
        found[url] = NamedIndex(name=f"pytorch-{build}", url=url, packages=tuple(sorted(packages)))
        pinned = packages
    for index in clues.indexes:
        url = index.url.rstrip("/")
        if url in found:
            continue
        packages = set(index.packages) - pinned
        exact = bool(packages) and (not index.extra or "toml" in index.origin)
        if not exact or "$" in url or urlsplit(url).scheme not in {"http", "https", "file"}:
            notes.append(_unclear(index))
            continue
        name = re.sub(r"[^a-z0-9]+", "-", (urlsplit(url).netloc or "local").lower()).strip("-")
        taken = {each.name for each in found.values()}
        while name in taken:
            name += "-x"
        found[url] = NamedIndex(name=name, url=url, packages=tuple(sorted(packages)))
        pinned |= packages
    return tuple(found.values()), notes


def _unclear(index: IndexClue) -> Note:
    text = (
        f"nothing says which packages come from `{index.url}`: if any do, add a table "
        "`[[variants.NAME.indexes]]` that lists them"
    )
    return Note(text=text, origin=index.origin)


def _contradictions(folder: str | None, taken: list[Line], known: Knowledge) -> Iterator[Note]:
    build = known.build_named(folder) if folder else None
    torch = _asked_of(known.pytorch_packages[0], taken)
    if build is not None and (build.torch & torch).is_unsatisfiable():
        yield Note(text=f"the index `{build.name}` has torch{build.torch}, and not torch{torch}")


def _notes(clues: Clues, base: BaseImage | None) -> Iterator[Note]:
    if clues.base_image is not None and base is None:
        yield Note(text=f"the base image `{clues.base_image}` is not known: check the target")
    if base is not None and base.note is not None:
        yield Note(text=base.note)
    if base is not None and base.glibc is None and base.os is not None:
        yield Note(text=f"the glibc of {base.os} is not known: check the platform")
