"""Which shared libraries are there without a wheel, from ``data/libraries.toml``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.frozen import frozen
from depcheck.tomlfile import BadValueError, read_toml
from depcheck.tomlvalues import package_name, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depcheck.tomlfile import Table


@frozen
class AbiMarker:
    """A C++ interface, known by symbols that only its builds have."""

    id: str
    meaning: str
    symbols: tuple[str, ...]


@frozen
class BaseImage:
    """Libraries of the base images whose name fits a pattern."""

    pattern: re.Pattern[str]
    libraries: frozenset[str]


@frozen
class LibraryFacts:
    """Who provides shared libraries besides wheels."""

    system: frozenset[str]
    driver: frozenset[str]
    python: re.Pattern[str]
    cuda: re.Pattern[str]
    """Its group is the CUDA major version."""
    stray_folders: frozenset[str]
    """Top-level folders of wheels that nobody imports."""
    base_images: tuple[BaseImage, ...]
    distributions: Mapping[str, Mapping[str, str]]
    """Version of glibc -> the newest ``GLIBCXX`` and ``CXXABI`` beside it."""
    markers: tuple[AbiMarker, ...]
    runtime_compilers: frozenset[str]
    """Normalised names of packages that compile kernels where they run."""

    def base(self, image: str | None) -> frozenset[str]:
        """Return the libraries that a base image is known to bring beside its distribution's."""
        fitting = (e.libraries for e in self.base_images if image and e.pattern.fullmatch(image))
        return frozenset(library for libraries in fitting for library in libraries)

    def provided(self, library: str) -> bool:
        """Tell whether any base image, the interpreter or the driver brings a library."""
        return library in self.system | self.driver or bool(self.python.fullmatch(library))

    def cuda_majors(self, libraries: Iterable[str]) -> frozenset[str]:
        """Return the CUDA major versions that library names speak of: ``12``."""
        found = (self.cuda.fullmatch(name) for name in libraries)
        return frozenset(match[1] for match in found if match)


@cache
def load_library_facts() -> LibraryFacts:
    """Return the facts that come with depcheck."""
    return read_library_facts(Path(__file__).parent / "data" / "libraries.toml")


def read_library_facts(path: Path) -> LibraryFacts:
    """Return the facts of one file.

    Raises:
        InputError: the file cannot be read or is wrong.
    """
    file = read_toml(path, reference="invalid-library-facts")
    root = file.root
    facts = LibraryFacts(
        system=_libraries(root.table("system")),
        driver=_libraries(root.table("driver")),
        stray_folders=_libraries(root.table("stray-folders"), "names"),
        python=_pattern(root.table("python")),
        cuda=_pattern(root.table("cuda")),
        distributions=dict(map(_distribution, root.tables("distribution"))),
        base_images=tuple(map(_base_image, root.tables("base-image"))),
        markers=tuple(map(_marker, root.tables("abi"))),
        runtime_compilers=frozenset(map(_compiler, root.tables("runtime-compiler"))),
    )
    root.close()
    file.check()
    return facts


def _libraries(table: Table, key: str = "libraries") -> frozenset[str]:
    table.required("source", text, "")
    found = frozenset(table.values(key, text))
    table.close()
    return found


def _pattern(table: Table) -> re.Pattern[str]:
    table.required("source", text, "")
    found = table.required("pattern", _regular, re.compile(""))
    table.close()
    return found


def _distribution(table: Table) -> tuple[str, Mapping[str, str]]:
    table.required("source", text, "")
    glibc = table.required("glibc", text, "")
    found = {family: table.required(family, text, "") for family in ("GLIBCXX", "CXXABI")}
    table.close()
    return glibc, found


def _base_image(table: Table) -> BaseImage:
    pattern = table.required("pattern", _regular, re.compile(""))
    return BaseImage(pattern=pattern, libraries=_libraries(table))


def _marker(table: Table) -> AbiMarker:
    table.required("source", text, "")
    marker = AbiMarker(
        id=table.required("id", text, ""),
        meaning=table.required("meaning", text, ""),
        symbols=table.values("symbols", text),
    )
    table.close()
    return marker


def _compiler(table: Table) -> str:
    for key in ("reason", "source"):
        table.required(key, text, "")
    name = table.required("package", package_name, "")
    table.close()
    return name


def _regular(value: object) -> re.Pattern[str]:
    try:
        return re.compile(text(value))
    except re.error as error:
        raise BadValueError(f"is not a regular expression: {error}") from error
