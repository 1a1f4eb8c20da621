"""Where an installer puts the files of a wheel, and what can be imported then."""

from __future__ import annotations

import re
from email.parser import HeaderParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depcheck.artifacts.model import Member

PREFIX = "{prefix}/"
"""Starts the paths that do not lie in site-packages."""
_DATA = re.compile(r"[^/]+\.data/(purelib|platlib|scripts|data|headers)/(.+)")
_SCHEMES = {
    "purelib": "",
    "platlib": "",
    "scripts": f"{PREFIX}bin/",
    "data": PREFIX,
    "headers": f"{PREFIX}include/",
}
_MODULE = re.compile(r"[^\W\d]\w*")


def installed_path(member: str) -> str:
    """Return where a member of a wheel comes to lie, relative to site-packages (PEP 427)."""
    match = _DATA.fullmatch(member)
    return _SCHEMES[match[1]] + match[2] if match else member


def top_level(metadata: str, members: Iterable[Member]) -> tuple[str, ...]:
    """Return the names that can be imported, sorted: as stated (PEP 794), else as the files lie."""
    headers = HeaderParser().parsestr(metadata)
    stated = headers.get_all("Import-Name", []) + headers.get_all("Import-Namespace", [])
    if stated:
        return tuple(sorted({name.partition(";")[0].strip() for name in stated} - {""}))
    names = {name for member in members if (name := _imported(member.path))}
    return tuple(sorted(names))


def _imported(path: str) -> str | None:
    first, separator, _ = path.partition("/")
    if path.startswith(PREFIX) or not path.endswith((".py", ".so", ".pyi")):
        return None
    name = first if separator else first.split(".")[0]
    return name if _MODULE.fullmatch(name) and name != "__pycache__" else None
