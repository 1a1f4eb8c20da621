"""What projects state of wheels that nobody here could read, from ``data/declared.toml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from depcheck.artifacts.architectures import Architecture, KernelImage, parse_architecture
from depcheck.frozen import frozen
from depcheck.tomlfile import BadValueError, read_toml
from depcheck.tomlvalues import package_name, text, version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depcheck.tomlfile import Table


@frozen
class Provision:
    """What some versions of a package bring, whichever build of them."""

    package: str
    versions: SpecifierSet
    libraries: tuple[str, ...]
    abi: str | None


@frozen
class Declared:
    """Everything that is declared."""

    kernels: Mapping[tuple[str, str], tuple[KernelImage, ...]]
    """(normalised name, version with its local label) -> kernel images."""
    toolkits: Mapping[tuple[str, str], str]
    """The same keys -> the CUDA version that it was built with: ``12.1``."""
    provisions: tuple[Provision, ...]

    def libraries(self, name: str, version: str) -> frozenset[str]:
        """Return the names of libraries that a package brings."""
        return frozenset(each for found in self._of(name, version) for each in found.libraries)

    def interfaces(self, name: str, version: str) -> frozenset[str]:
        """Return the C++ interfaces that a package offers."""
        return frozenset(found.abi for found in self._of(name, version) if found.abi)

    def _of(self, name: str, version: str) -> Iterator[Provision]:
        for each in self.provisions:
            if each.package == name and each.versions.contains(version, prereleases=True):
                yield each


@cache
def load_declared() -> Declared:
    """Return what comes with depcheck."""
    return read_declared(Path(__file__).parent / "data" / "declared.toml")


def read_declared(path: Path) -> Declared:
    """Return the declarations of one file.

    Raises:
        InputError: the file cannot be read or is wrong.
    """
    file = read_toml(path, reference="invalid-declaration")
    found: dict[tuple[str, str], tuple[KernelImage, ...]] = {}
    toolkits: dict[tuple[str, str], str] = {}
    for table in file.root.tables("declared"):
        for key, toolkit, images in _entries(table):
            if key in found:
                table.complain("versions", f"`{key[0]}=={key[1]}` is declared twice")
            found[key] = images
            toolkits[key] = toolkit
    provisions = tuple(map(_provision, file.root.tables("provides")))
    file.root.close()
    file.check()
    return Declared(kernels=found, toolkits=toolkits, provisions=provisions)


def _provision(table: Table) -> Provision:
    table.required("source", text, "")
    found = Provision(
        package=table.required("package", package_name, ""),
        versions=table.required("versions", _specifiers, SpecifierSet()),
        libraries=table.values("libraries", text),
        abi=table.optional("abi", text, None),
    )
    table.close()
    return found


def _specifiers(value: object) -> SpecifierSet:
    try:
        return SpecifierSet(text(value))
    except InvalidSpecifier as error:
        raise BadValueError(str(error).lower(), "write it like `>=2.7`") from error


def _entries(table: Table) -> list[tuple[tuple[str, str], str, tuple[KernelImage, ...]]]:
    table.required("source", text, "")
    package = table.required("package", package_name, "")
    images = tuple(
        KernelImage(architecture=architecture, count=1)
        for architecture in table.values("architectures", _architecture)
    )
    toolkit = table.required("cuda", version, "")
    versions = table.values("versions", version)
    table.close()
    return [((package, each), toolkit, images) for each in versions]


def _architecture(value: object) -> Architecture:
    try:
        return parse_architecture(text(value))
    except ValueError as error:
        raise BadValueError(str(error), "write it like `sm_86` or `compute_90`") from error
