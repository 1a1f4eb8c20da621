"""Read ``pyproject.toml`` for a draft: the standard tables, and uv's indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from depcheck.drafting.clues import Clues, IndexClue, Line, Note, Witness
from depcheck.tomlfile import read_toml
from depcheck.tomlvalues import text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depcheck.tomlfile import Table

_MINORS = range(8, 20)


def read_project(path: Path) -> Clues:
    """Return what a project file says.

    Raises:
        InputError: it cannot be read, or a key is of the wrong type.
    """
    file = read_toml(path, reference="invalid-project")
    project, tool = file.root.table("project"), file.root.table("tool")
    clues = Clues(
        name=project.optional("name", text, None),
        requirements=tuple(
            Line(text=value, origin=origin) for origin, value in project.each("dependencies", text)
        ),
        python=tuple(_python(project)),
        indexes=tuple(_indexes(tool.table("uv"))),
        notes=tuple(_notes(project, tool, path)),
    )
    file.check()
    return clues


def _python(project: Table) -> Iterator[Witness]:
    """Yield the oldest Python that the project takes: what it was made for."""
    stated = project.optional("requires-python", text, None)
    if stated is None:
        return
    try:
        allowed = SpecifierSet(stated)
    except InvalidSpecifier:
        project.complain("requires-python", f"`{stated}` is no version specifier")
        return
    for minor in _MINORS:
        # Bounds like `>3.9.1` speak of micro versions: a high one stands for the whole minor.
        if allowed.contains(f"3.{minor}.99"):
            why = f"{project.origin('requires-python')} is `{stated}`"
            yield Witness(version=f"3.{minor}", why=why, floor=True)
            return


def _indexes(uv: Table) -> Iterator[IndexClue]:
    packages: dict[str, list[str]] = {}
    sources = uv.table("sources")
    for name in sources.names():
        found = sources.items(name)
        tables = sources.tables(name) if found else (sources.table(name),)
        for table in tables:
            index = table.optional("index", text, None)
            if index is not None:
                packages.setdefault(index, []).append(canonicalize_name(name))
    for table in uv.tables("index"):
        name = table.optional("name", text, "")
        yield IndexClue(
            url=table.required("url", text, ""),
            origin=table.origin("url"),
            packages=tuple(sorted(packages.get(name, ()))),
            extra=True,
        )


def _notes(project: Table, tool: Table, path: Path) -> Iterator[Note]:
    extras = project.table("optional-dependencies").names()
    if extras:
        listed = ", ".join(f"`{each}`" for each in extras)
        yield Note(text=f"the extras {listed} are not taken over", origin=path.name)
    if not project.has("dependencies") and tool.has("poetry"):
        text_ = (
            "Poetry's own table of dependencies is not read: run `poetry export -f "
            "requirements.txt`, and name its output"
        )
        yield Note(text=text_, origin=path.name)
