"""Read requirements files for a draft, with the files that they include and the indexes they name.

pip-requirements-parser takes the lines apart: pip's own parser, cut out of pip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from depcheck.drafting.clues import Clues, IndexClue, Line, Note
from depcheck.errors import InputError
from depcheck.sources.requirement_lines import requirements_objection

if TYPE_CHECKING:
    from pathlib import Path

    from pip_requirements_parser import RequirementsFile

_Seen: TypeAlias = "set[tuple[Path, bool]]"
"""Files that were read, and whether as constraints."""


def read_file(path: Path) -> Clues:
    """Return what a requirements file says; files that it includes are read once in each role.

    Raises:
        InputError: it, or a file that it includes, cannot be read.
    """
    return _read(path, {(path.resolve(), False)}, limits=False)


def _read(path: Path, seen: _Seen, *, limits: bool) -> Clues:
    from pip_requirements_parser import (  # noqa: PLC0415 - only where there is such a file
        InstallationError,
        RequirementsFile,
        auto_decode,
    )

    try:
        why = requirements_objection(auto_decode(path.read_bytes()))
        if why:
            raise InputError("requirements-refused", f"`{path}`: {why}", hint="name another file")
        file = RequirementsFile.from_file(str(path))
    except (InstallationError, OSError, UnicodeDecodeError, LookupError) as error:
        raise InputError(
            "requirements-unreadable",
            f"`{path}` cannot be read",
            hint="check that it is a file of text and that its path is right",
        ) from error
    lines = tuple(
        Line(text=_text(line), origin=f"{path.name}:{line.line_number}")
        for line in file.requirements
    )
    notes = tuple(
        Note(
            text=f"`{line.line.strip()}` is no requirement, and is left out",
            origin=f"{path.name}:{line.line_number}",
        )
        for line in file.invalid_lines
    )
    clues = Clues(requirements=lines, notes=notes)
    return clues + _options(file, path, seen, limits=limits)


def _text(line: object) -> str:
    """Return a requirement without its hashes and comment."""
    text = str(getattr(line, "line", "")).strip()
    if text.startswith(("-e ", "--editable")):
        return f"-e {text.split(None, 1)[-1].removeprefix('--editable=')}"
    return text.split(" --")[0].split(" #")[0].strip()


def _options(file: RequirementsFile, path: Path, seen: _Seen, *, limits: bool) -> Clues:
    found = Clues()
    for line in file.options:
        origin = f"{path.name}:{line.line_number}"
        for name, value in line.options.items():
            if name in {"requirements", "constraints"}:
                for included in value:
                    limiting = limits or name == "constraints"
                    found += _included(path, included, origin, seen, limits=limiting)
            elif name in {"index_url", "extra_index_urls"}:
                for url in [value] if isinstance(value, str) else value:
                    extra = name != "index_url"
                    found += Clues(indexes=(IndexClue(url=url, origin=origin, extra=extra),))
            elif name == "find_links":
                text = f"links of `{', '.join(value)}` are not read: name an index instead"
                found += Clues(notes=(Note(text=text, origin=origin),))
    return found


def _included(path: Path, included: str, origin: str, seen: _Seen, *, limits: bool) -> Clues:
    inner = path.parent / included
    if "://" in included:
        text = f"`{included}` is not fetched: download it and name it as a source"
        return Clues(notes=(Note(text=text, origin=origin),))
    role = (inner.resolve(), limits)
    if role in seen:
        return Clues()
    seen.add(role)
    found = _read(inner, seen, limits=limits)
    if not limits:
        return found
    return Clues(constraints=found.requirements + found.constraints, notes=found.notes)
