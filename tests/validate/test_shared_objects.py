"""Reading shared libraries that say what no linker writes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from depcheck.validate.elf import Elf, ForeignElfError, MalformedElfError, read_elf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
TAG = struct.Struct("<QQ")
STRINGS = b"\0liba.so\0$ORIGIN/x::/lib\0"
LOADED_AT = 0x1000
NEEDED, STRTAB, STRSZ, SONAME, RUNPATH = 1, 5, 10, 14, 29


def elf(
    *tags: tuple[int, int], kind: bytes = b"\x02\x01", size: int = SEGMENT.size, machine: int = 62
) -> bytes:
    """Return a file of one loaded segment; tag ``STRTAB`` 0 points to the strings."""
    start = HEADER.size + 2 * SEGMENT.size
    place = LOADED_AT + start + TAG.size * len(tags)
    dynamic = b"".join(
        TAG.pack(tag, place if (tag, value) == (STRTAB, 0) else value) for tag, value in tags
    )
    total = start + len(dynamic) + len(STRINGS)
    counts = (HEADER.size, size, 2 if tags else 0, 0, 0, 0)
    header = (b"\x7fELF" + kind + bytes(10), 3, machine, 1, 0, HEADER.size, 0, 0, *counts)
    segments = SEGMENT.pack(1, 5, 0, LOADED_AT, 0, total, total, 8)
    segments += SEGMENT.pack(2, 5, start, LOADED_AT + start, 0, len(dynamic), len(dynamic), 8)
    return HEADER.pack(*header) + segments + dynamic + STRINGS


def read(folder: Path, content: bytes, init: str = "") -> Elf | None:
    (folder / "x.so").write_bytes(content)
    return read_elf(folder / "x.so", init)


@pytest.mark.parametrize(
    ("tags", "init", "expected"),
    [
        ([], "", Elf(machine="x86_64")),
        (
            [(NEEDED, 1), (RUNPATH, 9), (STRTAB, 0), (0, 0), (SONAME, 1)],
            "",
            Elf(machine="x86_64", needed=("liba.so",), runpath=("$ORIGIN/x", "/lib")),
        ),
        # The table may end with its segment, without the entry that ends it.
        (
            [(SONAME, 1), (STRTAB, 0), (STRSZ, len(STRINGS))],
            "liba.so",
            Elf(machine="x86_64", soname="liba.so", initialises="liba.so"),
        ),
        (
            [(STRTAB, 0), (STRSZ, 4)],
            "liba.so",
            Elf(machine="x86_64"),
        ),
    ],
)
def test_what_a_library_needs_and_is_called(
    tmp_path: Path, tags: Sequence[tuple[int, int]], init: str, expected: Elf
) -> None:
    assert expected == read(tmp_path, elf(*tags), init)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (elf(kind=b"\x01\x01"), ForeignElfError, "it is not 64-bit little-endian"),
        (elf(kind=b"\x02\x02"), ForeignElfError, "it is not 64-bit little-endian"),
        (elf((STRTAB, 0), size=32), MalformedElfError, "program headers of a wrong size"),
        (elf((NEEDED, 1)), MalformedElfError, "no string table"),
        (elf((STRTAB, 0x9999)), MalformedElfError, "address 0x9999 is not in the file"),
        (
            elf((STRTAB, 0), (NEEDED, 9999)),
            MalformedElfError,
            "a name lies outside of the file",
        ),
        (elf((STRTAB, 0), (NEEDED, 1))[:-20], MalformedElfError, "a name does not end"),
        (elf((STRTAB, 0))[:70], MalformedElfError, "a table lies outside of the file"),
    ],
)
def test_a_library_that_contradicts_itself_is_refused(
    tmp_path: Path, content: bytes, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        read(tmp_path, content)

    assert message == str(caught.value)


def test_another_file_is_no_library_and_another_machine_is_named(tmp_path: Path) -> None:
    assert read(tmp_path, b"#!/bin/sh\n") is None
    assert read(tmp_path, elf(machine=243)) == Elf(machine="machine 243")
