"""Read Poetry's own tables for a draft: dependencies in its words, as PEP 508 has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from depcheck.drafting.clues import Clues, IndexClue, Line, Note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHIFTED = re.compile(r"([\^~])\s*(\d+(?:\.\d+)*)")
_BARE = re.compile(
    r"\d+(?:\.\d+)*(?:[-.]?(?:a|b|rc|alpha|beta|post|dev)\.?\d*)?(?:\.\*)?(?:\+\w+)?"
)
_KNOWN = {
    "version",
    "extras",
    "python",
    "markers",
    "source",
    "optional",
    "git",
    "url",
    "rev",
    "tag",
}


def read_poetry(poetry: Mapping[str, Any], file: str) -> Clues:
    """Return what ``[tool.poetry]`` asks for, optional dependencies and groups left out."""
    origin = f"{file}: tool.poetry.dependencies"
    requirements: list[Line] = []
    notes: list[Note] = []
    sources: dict[str, list[str]] = {}
    for name, stated in _table(poetry, "dependencies").items():
        if name == "python":
            continue
        where = f"{origin}.{name}"
        table = {"version": stated} if isinstance(stated, str) else stated
        text = _requirement(name, table) if isinstance(table, dict) else None
        if text is None:
            notes.append(Note(text=f"`{name}` is stated in a way that is not read", origin=where))
            continue
        if table.get("optional"):
            notes.append(Note(text=f"`{name}` is optional, and is left out", origin=where))
            continue
        requirements.append(Line(text=text, origin=where))
        if isinstance(table.get("source"), str):
            sources.setdefault(table["source"], []).append(canonicalize_name(name))
    groups = [*_table(poetry, "group"), *(["dev"] if "dev-dependencies" in poetry else [])]
    if groups:
        listed = ", ".join(f"`{each}`" for each in groups)
        notes.append(Note(text=f"the groups {listed} are not taken over", origin=file))
    return Clues(
        requirements=tuple(requirements),
        indexes=tuple(_indexes(poetry, sources, file)),
        notes=tuple(notes),
    )


def python_of(poetry: Mapping[str, Any]) -> str | None:
    """Return the specifier of the Python that a project takes, None where it says none."""
    stated = _table(poetry, "dependencies").get("python")
    return specifier(stated) if isinstance(stated, str) else None


def specifier(stated: str) -> str | None:
    """Return a constraint of Poetry as PEP 440 has it: ``^1.2`` is ``<2,>=1.2``.

    None where it is none, or has alternatives, which PEP 440 cannot say.
    """
    parts = []
    for each in re.split(r"[,\s]+(?![\d])|,", stated.strip()):
        part = each.strip()
        if part in {"", "*"}:
            continue
        shifted = _SHIFTED.fullmatch(part)
        if shifted is not None:
            parts.append(f">={shifted[2]},<{_next(shifted[1], shifted[2])}")
        else:
            parts.append(f"=={part}" if _BARE.fullmatch(part) else part)
    try:
        return str(SpecifierSet(",".join(parts)))
    except InvalidSpecifier:
        return None


def _next(sign: str, version: str) -> str:
    """Return the first version that is too new."""
    numbers = [int(part) for part in version.split(".")]
    if sign == "~":
        keep = min(len(numbers), 2)
    else:  # the first part that is not zero may not change
        keep = next((place for place, each in enumerate(numbers, 1) if each), len(numbers))
    head = numbers[:keep]
    return ".".join(map(str, [*head[:-1], head[-1] + 1]))


def _requirement(name: str, table: Mapping[str, Any]) -> str | None:
    """Return a dependency as PEP 508 has it, None where that is not possible."""
    if not set(table) <= _KNOWN:
        return None
    extras = table.get("extras", [])
    text = name + (f"[{','.join(map(str, extras))}]" if extras else "")
    place = _reference(table)
    if place is not None:
        text += f" @ {place}"
    else:
        allowed = specifier(str(table.get("version", "*")))
        if allowed is None:
            return None
        text += allowed
    markers = [table["markers"]] if isinstance(table.get("markers"), str) else []
    if isinstance(table.get("python"), str):
        allowed = specifier(table["python"])
        if allowed is None:
            return None
        markers += [_python_marker(each) for each in sorted(filter(None, allowed.split(",")))]
    if not markers:
        return text
    joined = " and ".join(f"({each})" for each in markers) if len(markers) > 1 else markers[0]
    return f"{text} ; {joined}"


def _python_marker(clause: str) -> str:
    match = re.fullmatch(r"([<>=!~]+)(.*)", clause)
    return f'python_version {match[1]} "{match[2]}"' if match else clause


def _reference(table: Mapping[str, Any]) -> str | None:
    if isinstance(table.get("url"), str):
        return str(table["url"])
    if isinstance(table.get("git"), str):
        revision = table.get("rev") or table.get("tag")
        return f"git+{table['git']}" + (f"@{revision}" if revision else "")
    return None


def _indexes(
    poetry: Mapping[str, Any], sources: Mapping[str, list[str]], file: str
) -> Iterator[IndexClue]:
    stated = poetry.get("source", [])
    for place, each in enumerate(stated if isinstance(stated, list) else []):
        if isinstance(each, dict) and isinstance(each.get("url"), str):
            yield IndexClue(
                url=each["url"],
                origin=f"{file}: tool.poetry.source[{place}]",
                packages=tuple(sorted(sources.get(str(each.get("name")), ()))),
                extra=True,
            )


def _table(container: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = container.get(key)
    return found if isinstance(found, dict) else {}
