"""Small ELF files, with dynamic sections, version needs and CUDA fat binaries as asked for."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_X86_64 = 62
_ALLOC = 2
_PROGBITS, _STRTAB, _DYNAMIC, _DYNSYM, _VERNEED = 1, 3, 6, 11, 0x6FFFFFFE
_FLAGS = {"": 0, "a": 1 << 20, "f": 1 << 21}


def fatbin_image(
    name: str, *, ptx_version: tuple[int, int] = (8, 1), payload: int = 24, extra: int = 0
) -> bytes:
    """Return the image of `sm_90a` or `compute_120f`, its payload meaningless."""
    kind, _, rest = name.partition("_")
    number = int(rest.rstrip("af"))
    flags = 0x11 | _FLAGS[rest.lstrip("0123456789")]
    is_ptx = kind == "compute"
    major, minor = ptx_version if is_ptx else (1, 7)
    header = 64 + extra
    fields = (1 if is_ptx else 2, 0x0101, header, payload, 0, 0, minor, major, number, 0, 0)
    return struct.pack("<HHIQIIHHIIIQQQ", *fields, flags, 0, 0) + bytes(extra + payload)


def other_image(kind: int) -> bytes:
    """Return an image that is neither PTX nor a cubin."""
    return struct.pack(
        "<HHIQIIHHIIIQQQ", kind, 0x0101, 64, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    ) + bytes(8)


def fatbin(*images: bytes) -> bytes:
    """Return one container."""
    body = b"".join(images)
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(body)) + body


def fatbin_of(names: str) -> bytes:
    """Return one container with the images of `sm_80 sm_90a compute_90`."""
    return fatbin(*(fatbin_image(name) for name in names.split()))


class _Strings:
    def __init__(self) -> None:
        self.data = b"\0"

    def add(self, text: str) -> int:
        place = len(self.data)
        self.data += text.encode() + b"\0"
        return place


@dataclass(kw_only=True)
class Elf:
    """What the file shall say."""

    needed: Sequence[str] = ()
    soname: str | None = None
    rpath: str | None = None
    runpath: str | None = None
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Library -> versions that are asked for."""
    undefined: Sequence[str] = ()
    defined: Sequence[str] = ()
    sections: Mapping[str, bytes] = field(default_factory=dict)

    def build(self) -> bytes:
        """Return the file."""
        strings = _Strings()
        contents: list[tuple[str, int, bytes, str, int]] = [
            ("", 0, b"", "", 0),
            (".dynamic", _DYNAMIC, self._dynamic(strings), ".dynstr", 16),
            (".dynsym", _DYNSYM, self._symbols(strings), ".dynstr", 24),
            (".gnu.version_r", _VERNEED, self._needs(strings), ".dynstr", 0),
            (".dynstr", _STRTAB, strings.data, "", 0),
            *((name, _PROGBITS, data, "", 0) for name, data in self.sections.items()),
        ]
        names = _Strings()
        places = [names.add(name) for name, *_ in contents]
        own = names.add(".shstrtab")
        contents.append((".shstrtab", _STRTAB, names.data, "", 0))
        return self._layout(contents, [*places, own])

    def _layout(
        self, contents: Sequence[tuple[str, int, bytes, str, int]], names: Sequence[int]
    ) -> bytes:
        order = [name for name, *_ in contents]
        body, table = b"", b""
        for (_, kind, data, link, entry), name in zip(contents, names, strict=True):
            offset = _HEADER.size + len(body)
            linked = order.index(link) if link else 0
            info = len(self.versions) if kind == _VERNEED else 1
            flags = _ALLOC if kind == _PROGBITS else 0
            table += _SECTION.pack(name, kind, flags, 0, offset, len(data), linked, info, 8, entry)
            body += data + bytes(-len(data) % 8)
        ident = b"\x7fELF\x02\x01\x01" + bytes(9)
        start = _HEADER.size + len(body)
        counts = (_HEADER.size, 0, 0, _SECTION.size, len(contents), len(contents) - 1)
        return _HEADER.pack(ident, 3, _X86_64, 1, 0, 0, start, 0, *counts) + body + table

    def _dynamic(self, strings: _Strings) -> bytes:
        tags = [(1, strings.add(name)) for name in self.needed]
        for tag, text in ((14, self.soname), (15, self.rpath), (29, self.runpath)):
            if text is not None:
                tags.append((tag, strings.add(text)))
        return b"".join(struct.pack("<QQ", *tag) for tag in [*tags, (0, 0)])

    def _symbols(self, strings: _Strings) -> bytes:
        table = bytes(_SYMBOL.size)
        for name in self.undefined:
            table += _SYMBOL.pack(strings.add(name), 0x12, 0, 0, 0, 0)
        for name in self.defined:
            table += _SYMBOL.pack(strings.add(name), 0x12, 0, 1, 0x1000, 8)
        return table

    def _needs(self, strings: _Strings) -> bytes:
        table = b""
        for position, (library, versions) in enumerate(self.versions.items()):
            last = position == len(self.versions) - 1
            follow = 0 if last else 16 + 16 * len(versions)
            table += struct.pack("<HHIII", 1, len(versions), strings.add(library), 16, follow)
            for place, version in enumerate(versions):
                step = 0 if place == len(versions) - 1 else 16
                table += struct.pack("<IHHII", 0, 0, place + 2, strings.add(version), step)
        return table
