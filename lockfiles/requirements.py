"""Write pins as requirements files, hashed and not.

A hashed line holds name, version and hash together (``name==1.0 --hash=sha256:...``), without
line continuation: so stripping `` --hash=sha256:...`` leaves a line that is a requirement still.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from depcheck.errors import InputError
from depcheck.lockfiles.stages import DEFAULT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import DirectSource, Pin, Solution

STRIP_HASHES = "s/ --hash=sha256:[a-f0-9]+//g"
"""The ``sed -E`` script that turns a hashed file into one without hashes."""
_HASH = re.compile(rb" --hash=sha256:[a-f0-9]+")
_URL_SAFE = ":/?#[]@!&'()*+,;=%~"
"""Characters that stay in a URL; ``$``, blanks and quotes mean something in requirements files."""


def requirements_txt(solution: Solution, command: str) -> bytes:
    """Return ``requirements.txt``: every pin with its hash, and who asked for it.

    Args:
        solution: what to write.
        command: the command line that made it, for the header.
    """
    target = f"{solution.title}, python {solution.target.python}, {solution.target.platform}"
    lines = [
        "#",
        f"# locked by depcheck for {_comment(target)}:",
        "#",
        f"#    {_comment(command)}",
        "#",
        "# complete: install it with --no-deps",
        *_base_notes(solution),
        *_index_notes(solution),
    ]
    for pin in sorted(solution.pins, key=lambda pin: pin.name):
        lines += [*_entry(pin), *_via(pin)]
    return _text(lines)


def strip_hashes(hashed: bytes) -> bytes:
    """Return a requirements file without its hashes, as ``sed -E`` with STRIP_HASHES does."""
    return _HASH.sub(b"", hashed)


def stage_txt(stage: Stage) -> bytes:
    """Return the requirements file of one stage; equal pins give equal bytes."""
    lines = []
    for pin in stage.pins:
        if pin.direct is not None:
            lines.append(f"# {direct_note(pin)}")
        lines.append(requirement_line(pin))
    return _text(lines)


def build_constraints_txt(stage: Stage) -> bytes:
    """Return the constraints file of a stage's build environment."""
    return _text(list(stage.constraints))


def constraints_txt(pins: Iterable[Pin]) -> bytes:
    """Return the pins as a constraints file: what is installed anyway gets these versions."""
    lines = [requirement_line(pin) for pin in sorted(pins, key=lambda pin: pin.name)]
    return strip_hashes(_text(lines))


def requirement_line(pin: Pin) -> str:
    """Return the line that installs a pin: hashed, except for version control references.

    Raises:
        InputError: a direct reference has neither a commit nor a hash.
    """
    if pin.direct is not None:
        return f"{pin.name} @ {_direct_url(pin, pin.direct)}" + _hash(pin.direct.sha256)
    hashes = [pin.file.sha256 if pin.file else None, *pin.other_sha256]
    return f"{pin.name}=={pin.version}" + "".join(map(_hash, hashes))


def direct_note(pin: Pin) -> str:
    """Return what pins a direct reference, for a person."""
    direct = pin.direct
    by = (
        ("commit", direct.commit) if direct and direct.vcs else ("sha256", direct and direct.sha256)
    )
    return f"{pin.name}=={pin.version}, pinned by {by[0]} {by[1]}"


def _hash(sha256: str | None) -> str:
    return f" --hash=sha256:{sha256}" if sha256 else ""


def _direct_url(pin: Pin, direct: DirectSource) -> str:
    fragment = f"#subdirectory={direct.subdirectory}" if direct.subdirectory else ""
    url = quote(direct.url, safe=_URL_SAFE)
    if direct.vcs and direct.commit:
        return f"{direct.vcs}+{url}@{direct.commit}{quote(fragment, safe=_URL_SAFE)}"
    if direct.vcs is None and direct.sha256:
        return url + quote(fragment, safe=_URL_SAFE)
    raise InputError(
        "direct-reference-not-pinned",
        f"direct reference `{pin.name} @ {direct.url}` is not pinned",
        hint="name a full commit (`@<commit>`) or, for an archive, its hash (`#sha256=<hash>`)",
    )


def _entry(pin: Pin) -> list[str]:
    """Write one pin; hash mode takes no version control reference, so that is only named."""
    if pin.direct is not None and pin.direct.vcs is not None:
        return [
            f"# {direct_note(pin)}, in a stage file of its own:",
            f"#     {requirement_line(pin)}",
        ]
    return [requirement_line(pin)]


def _base_notes(solution: Solution) -> list[str]:
    """Name what the pins need of the base image, and what they replace in it."""
    kept = [f"{each.name}=={each.version} in {_comment(each.path)}" for each in solution.provided]
    gone = [f"{each.name}=={each.version} in {_comment(each.path)}" for each in solution.shadowed]
    return [
        *(f"# the base image has {each}" for each in kept),
        *(f"# replaces the base image's {each}" for each in gone),
    ]


def _index_notes(solution: Solution) -> list[str]:
    """Name the indexes that pip cannot be told per package."""
    notes = []
    for index in sorted(solution.indexes, key=lambda index: index.name):
        if index.name != DEFAULT_INDEX:
            names = " ".join(sorted(index.packages))
            notes += ["#", f"# from {_comment(index.url)} and nowhere else: {names}"]
    return notes


def _via(pin: Pin) -> Iterator[str]:
    """Yield the ``# via`` lines as pip-tools writes them: one source inline, more in a list."""
    sources = sorted({_comment(via.source) for via in pin.via})
    if len(sources) == 1:
        yield f"    # via {sources[0]}"
    elif sources:
        yield "    # via"
        yield from (f"    #   {source}" for source in sources)


def _comment(text: str) -> str:
    """Keep foreign text inside its comment: no line breaks, no other control characters."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
