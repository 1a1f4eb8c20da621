"""What a shared library says of itself: needs, name, search paths, symbol versions.

Reads 64-bit little-endian ELF alone, never trusts a number in the file, and never reads it whole.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")
_VERNEED = struct.Struct("<HHIII")
_VERNAUX = struct.Struct("<IHHII")
_VERDEF = struct.Struct("<HHHHIII")
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRTAB, _STRSZ, _SONAME, _RPATH, _RUNPATH = 1, 5, 10, 14, 15, 29
_VERDEF_AT, _VERDEF_COUNT, _VERNEED_AT, _VERNEED_COUNT = (
    0x6FFFFFFC,
    0x6FFFFFFD,
    0x6FFFFFFE,
    0x6FFFFFFF,
)
_WEAK = 2
_MACHINES = {62: "x86_64", 183: "aarch64"}
_MANY = 20_000
"""More entries than any real table has."""
_LONGEST = 4096


class MalformedElfError(ValueError):
    """The file begins as ELF and then contradicts itself."""


class ForeignElfError(ValueError):
    """The file is ELF for another kind of machine."""


@dataclass(frozen=True)
class Elf:
    """One shared library."""

    machine: str
    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    wants: tuple[tuple[str, str], ...] = ()
    """(library, symbol version) that must be there."""
    gives: frozenset[str] = frozenset()
    """Symbol versions that it defines."""
    initialises: str = ""
    """The ``PyInit_`` function that was asked for, where there is one."""


def read_elf(path: Path, init: str = "") -> Elf | None:
    """Read a file; None where it is no ELF file. ``init`` is a symbol to look for.

    Raises:
        OSError: the file cannot be read.
        MalformedElfError: it is damaged.
        ForeignElfError: it is not 64-bit little-endian.
    """
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data).read(init)


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._segments: list[tuple[int, int, int]] = []
        """(address, size, offset) of what is loaded."""
        self._strings = 0

    def read(self, init: str) -> Elf:
        machine, dynamic = self._header()
        tags: dict[int, list[int]] = {}
        for tag, value in dynamic:
            tags.setdefault(tag, []).append(value)
        if not tags:
            return Elf(machine=machine)
        if _STRTAB not in tags:
            raise MalformedElfError("no string table")
        self._strings = self._offset(tags[_STRTAB][0])
        return Elf(
            machine=machine,
            needed=tuple(map(self._string, tags.get(_NEEDED, ()))),
            soname=self._string(tags[_SONAME][0]) if _SONAME in tags else "",
            rpath=self._paths(tags.get(_RPATH, ())),
            runpath=self._paths(tags.get(_RUNPATH, ())),
            wants=tuple(self._wants(tags)),
            gives=frozenset(self._gives(tags)),
            initialises=init if init and self._has_string(init, tags) else "",
        )

    def _header(self) -> tuple[str, list[tuple[int, int]]]:
        fields = self._unpack(_HEADER, 0)
        identity, machine = fields[0], fields[2]
        if identity[4] != 2 or identity[5] != 1:  # noqa: PLR2004  # 64-bit, little-endian
            raise ForeignElfError("it is not 64-bit little-endian")
        at, size, count = fields[5], fields[9], fields[10]
        if count and size != _SEGMENT.size:
            raise MalformedElfError("program headers of a wrong size")
        dynamic: list[tuple[int, int]] = []
        for index in range(count):
            kind, _, offset, address, _, length, *_ = self._unpack(_SEGMENT, at + index * size)
            if kind == _LOAD:
                self._segments.append((address, length, offset))
            elif kind == _DYNAMIC:
                dynamic = [*self._dynamic(offset, length)]
        return _MACHINES.get(machine, f"machine {machine}"), dynamic

    def _dynamic(self, offset: int, length: int) -> Iterator[tuple[int, int]]:
        for index in range(min(length // _ENTRY.size, _MANY)):
            tag, value = self._unpack(_ENTRY, offset + index * _ENTRY.size)
            if tag == 0:
                return
            yield tag, value

    def _wants(self, tags: dict[int, list[int]]) -> Iterator[tuple[str, str]]:
        for at in self._chain(tags, _VERNEED_AT, _VERNEED_COUNT, _VERNEED, next_field=4):
            _, count, name, first, _ = self._unpack(_VERNEED, at)
            library, place = self._string(name), at + first
            for _ in range(min(count, _MANY)):
                _, flags, _, version, further = self._unpack(_VERNAUX, place)
                if not flags & _WEAK:
                    yield library, self._string(version)
                if not further:
                    break
                place += further

    def _gives(self, tags: dict[int, list[int]]) -> Iterator[str]:
        for at in self._chain(tags, _VERDEF_AT, _VERDEF_COUNT, _VERDEF, next_field=6):
            first = self._unpack(_VERDEF, at)[5]
            (name,) = self._unpack(struct.Struct("<I"), at + first)
            yield self._string(name)

    def _chain(
        self,
        tags: dict[int, list[int]],
        start: int,
        count: int,
        layout: struct.Struct,
        *,
        next_field: int,
    ) -> Iterator[int]:
        """Yield the offset of each element of a linked table."""
        if start not in tags or count not in tags:
            return
        at = self._offset(tags[start][0])
        for _ in range(min(tags[count][0], _MANY)):
            yield at
            further = self._unpack(layout, at)[next_field]
            if not further:
                return
            at += further

    def _paths(self, offsets: list[int] | tuple[()]) -> tuple[str, ...]:
        return tuple(path for each in offsets for path in self._string(each).split(":") if path)

    def _offset(self, address: int) -> int:
        """Return where in the file an address of the loaded library lies."""
        for start, size, offset in self._segments:
            if start <= address < start + size:
                return offset + address - start
        raise MalformedElfError(f"address {address:#x} is not in the file")

    def _string(self, index: int) -> str:
        start = self._strings + index
        if not 0 <= start < len(self._data):
            raise MalformedElfError("a name lies outside of the file")
        end = self._data.find(b"\0", start, start + _LONGEST)
        if end < 0:
            raise MalformedElfError("a name does not end")
        return self._data[start:end].decode("utf-8", errors="replace")

    def _has_string(self, text: str, tags: dict[int, list[int]]) -> bool:
        size = tags.get(_STRSZ, [0])[0]
        end = min(self._strings + size, len(self._data))
        return self._data.find(b"\0" + text.encode() + b"\0", self._strings, end) >= 0

    def _unpack(self, layout: struct.Struct, offset: int) -> tuple[Any, ...]:
        if not 0 <= offset <= len(self._data) - layout.size:
            raise MalformedElfError("a table lies outside of the file")
        return layout.unpack_from(self._data, offset)
