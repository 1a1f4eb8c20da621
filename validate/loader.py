"""Find shared libraries as the dynamic loader of glibc does (`man 8 ld.so`)."""

from __future__ import annotations

import os
import struct
from functools import lru_cache
from pathlib import Path
from typing import Iterator, Sequence

from depcheck.validate.elf import Elf, ForeignElfError, MalformedElfError, read_elf

_CACHE = Path("/etc/ld.so.cache")
_MAGIC = b"glibc-ld.so.cache1.1"
_CACHE_HEADER = struct.Struct("<II")
_CACHE_ENTRY = struct.Struct("<iIIIQ")
_CACHE_TABLE = 48
"""Offset of the table from the magic: magic, two counts, flags and reserved words."""


class Loader:
    """Resolves names for one machine and one ``LD_LIBRARY_PATH``."""

    def __init__(self, machine: str, library_path: str) -> None:
        self._machine = machine
        self._library_path = tuple(filter(None, library_path.replace(";", ":").split(":")))
        self._cache = _read_cache()
        multiarch = f"{machine}-linux-gnu"
        self._default = (
            *(f"/lib/{multiarch}", f"/usr/lib/{multiarch}"),
            *("/lib64", "/usr/lib64", "/lib", "/usr/lib"),
        )
        self._files: dict[str, Elf | None] = {}

    def find(
        self, name: str, wanted_by: Path, elf: Elf, inherited: Sequence[str]
    ) -> tuple[Path, Elf] | None:
        """Return the library of a name, None where the loader would find none.

        ``inherited`` are the RPATH folders of the libraries that led here, nearest first.
        """
        for path in self._candidates(name, wanted_by, elf, inherited):
            found = self.read(path)
            if found is not None:
                return Path(path), found
        return None

    def read(self, path: str) -> Elf | None:
        """Return a library, None where the loader would pass over the file."""
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path]

    def _read(self, path: str) -> Elf | None:
        try:
            found = read_elf(Path(path))
        except (OSError, ForeignElfError, MalformedElfError):
            return None
        return found if found is not None and found.machine == self._machine else None

    def _candidates(
        self, name: str, wanted_by: Path, elf: Elf, inherited: Sequence[str]
    ) -> Iterator[str]:
        if "/" in name:
            yield name
            return
        if not elf.runpath:
            yield from (f"{folder}/{name}" for folder in (*own_rpath(wanted_by, elf), *inherited))
        yield from (f"{folder}/{name}" for folder in self._library_path)
        yield from (f"{folder}/{name}" for folder in expanded(elf.runpath, wanted_by))
        yield from self._cache.get(name, ())
        yield from (f"{folder}/{name}" for folder in self._default)

    def alike(self, name: str) -> list[str]:
        """Return the libraries of the system that differ from a name by their version alone."""
        stem = name.partition(".so")[0] + ".so"
        return sorted(each for each in self._cache if each.partition(".so")[0] + ".so" == stem)


def own_rpath(path: Path, elf: Elf) -> tuple[str, ...]:
    """Return the folders of a library's RPATH, which RUNPATH puts out of force."""
    return () if elf.runpath else expanded(elf.rpath, path)


def expanded(folders: Sequence[str], path: Path) -> tuple[str, ...]:
    """Return search folders with ``$ORIGIN`` replaced by the folder of the library."""
    origin = os.path.dirname(os.path.realpath(path))  # noqa: PTH120
    return tuple(each.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for each in folders)


@lru_cache(maxsize=1)
def _read_cache() -> dict[str, list[str]]:
    """Return the paths that ``ldconfig`` wrote down for each name; none where it did not."""
    try:
        data = _CACHE.read_bytes()
    except OSError:
        return {}
    start = data.find(_MAGIC)
    if start < 0:
        return {}
    found: dict[str, list[str]] = {}
    try:
        count, _ = _CACHE_HEADER.unpack_from(data, start + len(_MAGIC))
        for index in range(count):
            place = start + _CACHE_TABLE + index * _CACHE_ENTRY.size
            _, key, value, _, _ = _CACHE_ENTRY.unpack_from(data, place)
            found.setdefault(_text(data, start + key), []).append(_text(data, start + value))
    except (struct.error, ValueError):
        return {}  # a damaged cache is no cache; the default folders remain
    return found


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode("utf-8", errors="replace")
