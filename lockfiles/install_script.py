"""Write ``install.sh``: the stages as one script that needs nothing but bash, Python, uv or pip."""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from depcheck.errors import InputError
from depcheck.lockfiles.requirements import STRIP_HASHES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import IndexUse, Solution

_PLACE = re.compile(r"@@([A-Z]+)@@")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def install_sh(solution: Solution, stages: Sequence[Stage]) -> bytes:
    """Return the install script of a solution and its stage plan.

    Raises:
        InputError: a variable that the image or a build needs has no proper name or value.
    """
    check_environment(solution.env)
    values = {
        "TITLE": _one_line(f"{solution.image} ({solution.variant})"),
        "PYTHON": quote(".".join(solution.target.python.split(".")[:2])),
        "STAGES": " ".join(quote(stage.name) for stage in stages),
        "ENVIRONMENT": " ".join(quote(f"{k}={v}") for k, v in sorted(solution.env.items())),
        "CASES": "\n".join(_case(stage) for stage in stages),
        "STRIP": quote(STRIP_HASHES),
    }
    return _PLACE.sub(lambda place: values[place[1]], _template("install.sh")).encode()


def index_variable(index: IndexUse) -> str:
    """Return the environment variable that points an index to a mirror."""
    return "DEPCHECK_INDEX_URL_" + re.sub(r"[^A-Z0-9]", "_", index.name.upper())


def check_environment(env: Mapping[str, str]) -> None:
    """Refuse variables that no shell or Dockerfile could set.

    Raises:
        InputError: a name is not an identifier, or a value holds control characters.
    """
    for name, value in sorted(env.items()):
        if not _VARIABLE.match(name) or not value.isprintable():
            raise InputError(
                "bad-environment-variable",
                f"`{name}={value}` cannot be set as an environment variable",
                hint="use letters, digits and `_` in its name, and one line for its value",
            )


def _case(stage: Stage) -> str:
    """Return the branch of the script that sets what is particular to one stage."""
    check_environment(stage.env)
    settings = [
        f"file={quote(stage.file)}",
        f"label={quote(stage.label)}",
        f"bytes={stage.known_bytes} unknown={stage.unknown_sizes}",
    ]
    if stage.explicit_index is not None:
        settings.append(f"index_url={quote(stage.explicit_index.url)}")
    if stage.index is not None:
        settings.append(f"index_variable={index_variable(stage.index)}")
    else:
        settings.append("direct=yes")
    if not stage.hashed:
        settings.append("hashed=no")
    if stage.builds:
        settings.append("builds=yes")
    if not stage.isolation:
        settings.append("isolation=no")
    if stage.constraints_file is not None:
        settings.append(f"constraints={quote(stage.constraints_file)}")
    if stage.env:
        pairs = " ".join(quote(f"{name}={value}") for name, value in sorted(stage.env.items()))
        settings.append(f"build_env=({pairs})")
    body = "\n".join(f"      {setting}" for setting in settings)
    return f"    {quote(stage.name)})\n{body}\n      ;;"


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _template(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
