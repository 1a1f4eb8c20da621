"""Read ``pyproject.toml`` for a draft: the standard tables, uv's indexes, and Poetry's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from depcheck.drafting.clues import Clues, IndexClue, Line, Note, Witness
from depcheck.drafting.poetry import python_of, read_poetry
from depcheck.sources.pyproject import read_pyproject
from depcheck.tomlfile import read_toml
from depcheck.tomlvalues import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from depcheck.tomlfile import Table

_MINORS = range(8, 20)


def read_project(path: Path) -> Clues:
    """Return what a project file says.

    Raises:
        InputError: it cannot be read, or a key is of the wrong type.
    """
    needs = read_pyproject(path, extras=(), groups=())
    file = read_toml(path, reference="invalid-project")
    project, tool = file.root.table("project"), file.root.table("tool")
    tables = file.document.get("tool")
    poetry = tables.get("poetry", {}) if isinstance(tables, dict) else {}
    clues = Clues(
        name=project.optional("name", text, None),
        requirements=tuple(
            Line(text=str(each.requirement), origin=each.origin) for each in needs.requirements
        ),
        python=tuple(_python(project, needs.requires_python, poetry)),
        indexes=tuple(_indexes(tool.table("uv"))),
        notes=tuple(_notes(project, path)),
    )
    file.check()
    return clues if needs.requirements else clues + read_poetry(poetry, path.name)


def _python(project: Table, stated: str | None, poetry: Mapping[str, Any]) -> Iterator[Witness]:
    """Yield the oldest Python that the project takes: what it was made for."""
    place = project.origin("requires-python")
    if stated is None:
        stated = python_of(poetry)
        place = f"{project.file.path.name}: tool.poetry.dependencies.python"
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
            why = f"{place} is `{stated}`"
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


def _notes(project: Table, path: Path) -> Iterator[Note]:
    extras = project.table("optional-dependencies").names()
    if extras:
        listed = ", ".join(f"`{each}`" for each in extras)
        yield Note(text=f"the extras {listed} are not taken over", origin=path.name)
