"""Read conda's ``environment.yml``: its pip part, and its conda packages by their names.

Conda builds packages itself, against its own choice of ABI and CUDA; what is known of wheels need
not hold for them. So a conda package is never certain: rules about it are possible at most.
"""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml
from packaging.specifiers import InvalidSpecifier
from packaging.utils import canonicalize_name

from depcheck.conflicts.inventory import Inventory, Skipped, Stated, merged, specifier_range
from depcheck.errors import InputError, refusal
from depcheck.limits import objection
from depcheck.sources.requirements_file import parse_requirements
from depcheck.tomlfile import similar_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.ranges import VersionRange

_REFERENCE = "invalid-conda-environment"
_LARGEST = 200_000
"""Bytes; YAML is slow to read, and nobody writes more."""
SPEC = re.compile(
    r"(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<versions>[^\s\[=<>!~][^\s\[]*"
    r"|[=<>!~][^\[]*)?(?:\s+[^\s\[]+)?(?:\[.*\])?"
)
_PYTHON = re.compile(r"(?:[^\s:]+::)?python\s*={1,2}\s*(?P<version>3\.\d+(?:\.\d+)?).*")


def read_conda_environment(path: Path, python: str | None) -> Inventory:
    """Return what an ``environment.yml`` states; its own python counts where none is given.

    Raises:
        InputError: it cannot be read, is no YAML, or has no list of dependencies.
    """
    conda, pip = read_parts(path)
    python = python or _python(conda)
    skipped: list[Skipped] = []
    stated = list(_stated(path, conda, skipped))
    inventory = parse_requirements("\n".join(pip), f"{path}: pip", python)
    return Inventory(
        source=str(path),
        format="conda",
        packages=merged([*inventory.packages, *stated], alternatives=False),
        complete=False,
        skipped=(*skipped, *inventory.skipped),
    )


def read_parts(path: Path) -> tuple[list[str], list[str]]:
    """Return the conda packages and the lines of the pip part."""
    try:
        raw = path.read_bytes()
        if why := objection(raw, _LARGEST):
            raise InputError(_REFERENCE, f"{path}: {why}", hint="name another file")
        document = yaml.safe_load(raw)
    except OSError as error:
        raise InputError(
            "requirements-unreadable",
            f"`{path}` cannot be read: {refusal(error)}",
            hint=similar_file(path) or "check that it is a file of text and that its path is right",
        ) from error
    except RecursionError as error:
        raise InputError(_REFERENCE, f"{path}: nested too deeply", hint="mend the file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "it is no text in UTF-8"
        raise InputError(
            _REFERENCE, f"{place}: not valid YAML: {problem}", hint="mend the syntax"
        ) from error
    dependencies = document.get("dependencies") if isinstance(document, dict) else None
    if not isinstance(dependencies, list):
        raise InputError(
            _REFERENCE,
            f"{path}: there is no list `dependencies`",
            hint="name an `environment.yml` as `conda env export` writes it",
        )
    conda = [each for each in dependencies if isinstance(each, str)]
    tables = [each for each in dependencies if isinstance(each, dict)]
    lists = [table["pip"] for table in tables if isinstance(table.get("pip"), list)]
    pip = [line for lines in lists for line in lines if isinstance(line, str)]
    return conda, pip


def index_names() -> dict[str, str]:
    """Return the names on the Python index of conda packages that have another one there."""
    return tomllib.loads((files(__package__) / "conda_names.toml").read_text())


def _stated(path: Path, conda: list[str], skipped: list[Skipped]) -> Iterator[Stated]:
    names = index_names()
    for text in conda:
        match = SPEC.fullmatch(text.strip())
        versions = _versions(match["versions"] or "") if match else None
        if match is None or versions is None:
            reason = "a conda specification that depcheck does not read"
            skipped.append(Skipped(text=text, origin=str(path), reason=reason))
            continue
        name = canonicalize_name(match["name"])
        if name != "python":
            yield Stated(
                name=canonicalize_name(names.get(name, name)),
                versions=versions,
                text=f"{text.strip()} (conda)",
                origin=str(path),
                certain=False,
            )


def _versions(text: str) -> VersionRange | None:
    """Return the versions that a conda match specification allows; its build is left out."""
    wanted = text.strip()
    if match := re.fullmatch(r"={1,2}\s*([^=\s]+)(?:\s*=\s*\S+)?", wanted):
        exact = wanted.startswith("==") or wanted.count("=") > 1
        star = "" if exact or match[1].endswith("*") else ".*"
        wanted = f"=={match[1]}{star}"
    elif wanted and wanted[0] not in "<>!~":
        wanted = f"=={wanted}"
    alternatives = [part for part in wanted.split("|") if part.strip()] or [""]
    try:
        found = [specifier_range(part.strip()) for part in alternatives]
    except InvalidSpecifier:
        return None
    whole = found[0]
    for each in found[1:]:
        whole = whole.union(each)
    return whole


def _python(conda: list[str]) -> str | None:
    found = (_PYTHON.fullmatch(text.strip()) for text in conda)
    return next((match["version"] for match in found if match), None)
