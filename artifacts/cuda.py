"""Facts about CUDA versions, drivers and families of GPUs, from ``data/cuda.toml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.artifacts.architectures import Capability, parse_capability
from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.tomlfile import BadValueError, read_toml
from depcheck.tomlvalues import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.tomlfile import Table


@frozen
class CudaFacts:
    """What decides whether a driver and a GPU run a kernel, beyond arithmetic on names."""

    families: tuple[frozenset[Capability], ...]
    embedded: frozenset[Capability]
    compatible_drivers: Mapping[str, str]
    """CUDA major version -> the oldest driver that runs cubins of its toolkits."""
    toolkit_drivers: Mapping[str, str]
    """CUDA version -> the driver released with it."""
    ptx_toolkits: Mapping[str, str]
    """PTX version -> the CUDA version that introduced it."""

    def family(self, capability: Capability) -> frozenset[Capability]:
        """Return the capabilities of the same family; only itself where no family is known."""
        found = (family for family in self.families if capability in family)
        return next(found, frozenset({capability}))

    def toolkit_of_ptx(self, version: str | None) -> str | None:
        """Return the CUDA version that introduced a PTX version, None where it is not known."""
        return self.ptx_toolkits.get(version) if version else None

    def toolkit_driver(self, toolkit: str | None) -> str | None:
        """Return the driver that came with a CUDA version, or with the next that is known."""
        if toolkit is None:
            return None
        later = [v for v in self.toolkit_drivers if _order(v) >= _order(toolkit)]
        return self.toolkit_drivers[min(later, key=_order)] if later else None

    def compatible_driver(self, toolkit: str) -> str | None:
        """Return the oldest driver that runs the cubins of a CUDA version."""
        return self.compatible_drivers.get(toolkit.partition(".")[0])


@cache
def load_cuda_facts() -> CudaFacts:
    """Return the facts that come with depcheck."""
    return read_cuda_facts(Path(__file__).parent / "data" / "cuda.toml")


def read_cuda_facts(path: Path) -> CudaFacts:
    """Return the facts of one file.

    Raises:
        InputError: the file cannot be read or is wrong.
    """
    file = read_toml(path, reference="invalid-cuda-facts")
    families = file.root.table("families")
    embedded = file.root.table("embedded")
    facts = CudaFacts(
        families=families.values("members", _family),
        embedded=frozenset(embedded.values("capabilities", _capability)),
        compatible_drivers=_mapping(file.root.table("minor-version-compatibility"), "drivers"),
        toolkit_drivers=_mapping(file.root.table("toolkit-drivers"), "drivers"),
        ptx_toolkits=_mapping(file.root.table("ptx-versions"), "toolkits"),
    )
    for table in (families, embedded):
        table.required("source", text, "")
        table.close()
    file.root.close()
    file.check()
    return facts


def _mapping(table: Table, name: str) -> dict[str, str]:
    table.required("source", text, "")
    inner = table.table(name)
    table.close()
    return {key: inner.required(key, text, "") for key in inner.names()}


def _family(value: object) -> frozenset[Capability]:
    if not isinstance(value, list):
        raise BadValueError("must be a list of compute capabilities")
    return frozenset(map(_capability, value))


def _capability(value: object) -> Capability:
    try:
        return parse_capability(text(value))
    except InputError as error:
        raise BadValueError(error.message, error.hint) from error


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
