"""Facts that the validator's manifest carries into the image, read from TOML once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.frozen import frozen
from depcheck.tomlfile import Table, read_toml
from depcheck.tomlvalues import package_name, text

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class CudaFacts:
    """What CUDA asks of the NVIDIA driver."""

    runtime_packages: tuple[str, ...]
    driver_libraries: tuple[str, ...]
    minimum_driver: Mapping[str, str]
    """By CUDA major version."""
    toolkit_driver: Mapping[str, str]
    """By CUDA version (``12.1``)."""


@frozen
class StderrSign:
    """Text on stderr that means an import failed although it ended well."""

    text: str
    meaning: str
    remedy: str


@frozen
class OptionalExtension:
    """Extension modules of a package that may lack a library."""

    package: str
    files: str
    reason: str


@frozen
class ValidatorFacts:
    """What is known of packages in general."""

    tolerated: tuple[str, ...]
    stderr_signs: tuple[StderrSign, ...]
    optional_files: tuple[OptionalExtension, ...]


@lru_cache(maxsize=1)
def cuda_facts() -> CudaFacts:
    """Return the facts about CUDA and its driver."""
    root = _root("cuda.toml")
    facts = CudaFacts(
        runtime_packages=root.values("runtime-packages", package_name),
        driver_libraries=root.values("driver-libraries", text),
        minimum_driver=_texts(root.table("minimum-driver")),
        toolkit_driver=_texts(root.table("toolkit-driver")),
    )
    _finish(root)
    return facts


@lru_cache(maxsize=1)
def validator_facts() -> ValidatorFacts:
    """Return the facts about packages in general."""
    root = _root("validator.toml")
    facts = ValidatorFacts(
        tolerated=root.values("tolerated", package_name),
        stderr_signs=tuple(_sign(entry) for entry in root.tables("stderr-sign")),
        optional_files=tuple(_optional(entry) for entry in root.tables("optional-files")),
    )
    _finish(root)
    return facts


def _sign(entry: Table) -> StderrSign:
    sign = StderrSign(
        text=entry.required("text", text, ""),
        meaning=entry.required("meaning", text, ""),
        remedy=entry.required("remedy", text, ""),
    )
    _evidence(entry)
    return sign


def _optional(entry: Table) -> OptionalExtension:
    extension = OptionalExtension(
        package=entry.required("package", package_name, ""),
        files=entry.required("files", text, ""),
        reason=entry.required("reason", text, ""),
    )
    _evidence(entry)
    return extension


def _evidence(entry: Table) -> None:
    if not entry.values("evidence", text):
        entry.complain("evidence", "is missing", "name where it was seen")
    entry.close()


def _root(name: str) -> Table:
    path = Path(__file__).parent / "data" / name
    return read_toml(path, reference="invalid-facts").root


def _texts(table: Table) -> dict[str, str]:
    return {name: table.required(name, text, "") for name in table.names()}


def _finish(root: Table) -> None:
    root.close()
    root.file.check()
