"""Read conda's ``environment.yml`` for a draft: its pip part, and what else the index has."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from depcheck.drafting.clues import Clues, Line, Note, Witness
from depcheck.drafting.requirements_files import read_text
from depcheck.sources.conda_environment import SPEC, index_names, read_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv"})


def read_conda(path: Path, is_project: Callable[[str], bool]) -> Clues:
    """Return what an ``environment.yml`` says.

    Args:
        path: The file.
        is_project: Whether the default index is known to have a project of this name; a conda
            package of another name may be anything, and is reported.

    Raises:
        InputError: it cannot be read, or is no such file.
    """
    conda, pip = read_parts(path)
    names = index_names()
    requirements: list[Line] = []
    notes: list[Note] = []
    python: list[Witness] = []
    for text in conda:
        match = SPEC.fullmatch(text.strip())
        name = canonicalize_name(match["name"]) if match else ""
        allowed = _specifier(match["versions"] or "") if match else None
        version = re.match(r"==(\d+\.\d+)", allowed or "")
        if name == "python" and version:
            python.append(Witness(version=version[1], why=f"{path.name} asks for `{text}`"))
        elif name in _INSTALLERS or name == "python":
            continue
        elif allowed is None or not (name in names or is_project(name)):
            why = f"the conda package `{text}` is not taken over: name what it stands for by hand"
            notes.append(Note(text=why, origin=path.name))
        else:
            requirements.append(Line(text=f"{names.get(name, name)}{allowed}", origin=path.name))
    stated = Clues(requirements=tuple(requirements), python=tuple(python), notes=tuple(notes))
    found = read_text("\n".join(pip), str(path))
    return stated + replace(found, requirements=tuple(_placed(found.requirements, path.name)))


def _placed(lines: Iterable[Line], file: str) -> Iterator[Line]:
    """Say of lines of the pip part where they are: their numbers are not those of the file."""
    for line in lines:
        own = line.origin.startswith(f"{file}:")
        yield replace(line, origin=f"{file}: pip") if own else line


def _specifier(stated: str) -> str | None:
    """Return a match specification of conda as PEP 440 has it; its build is left out."""
    wanted = stated.strip()
    if match := re.fullmatch(r"(={0,2})\s*([^=\s<>!~|,]+)(?:\s*=\s*\S+)?", wanted):
        fuzzy = match[1] == "=" and wanted.count("=") == 1 and not match[2].endswith("*")
        wanted = f"=={match[2]}" + (".*" if fuzzy else "")
    try:
        return str(SpecifierSet(wanted))
    except InvalidSpecifier:
        return None
