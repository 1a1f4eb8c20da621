"""Walk CUDA fat binaries: which kernel images a ``.nv_fatbin`` section holds.

The layout was found out by comparison with ``cuobjdump`` (``tools/compare_cuobjdump.py`` repeats
it). A section is a row of containers, each aligned to 8 bytes:

    container   magic u32, version u16, header size u16, size of what follows u64
    image       kind u16 (1 PTX, 2 cubin), version u16, header size u32, padded payload size u64,
                compressed size u32, _ u32, minor u16, major u16, architecture u32,
                name offset u32, name size u32, flags u64, _ u64, uncompressed size u64

All that matters is in the headers, so that payloads are skipped, compressed or not.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, BinaryIO

from depcheck.artifacts.architectures import Architecture
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = 0xBA55ED50
CONTAINER = struct.Struct("<IHHQ")
IMAGE = struct.Struct("<HHIQIIHHIIIQQQ")
PTX, CUBIN = 1, 2
ARCHITECTURE_SPECIFIC, FAMILY_SPECIFIC = 1 << 20, 1 << 21
"""Flags of an image: the suffixes ``a`` and ``f``."""
_ALIGNMENT = 8
_MAGIC = struct.pack("<I", MAGIC)
_PIECE = 1024 * 1024
_OLDEST_MAJOR, _NEWEST_MAJOR = 1, 99


class FatbinError(Exception):
    """A section that is no row of containers."""


@frozen
class Image:
    """One kernel image."""

    architecture: Architecture
    ptx_version: tuple[int, int] | None
    """None for a cubin."""


def walk(file: BinaryIO, offset: int, size: int) -> Iterator[Image | int]:
    """Return every image of a section, in order; an int is the kind of one that holds no kernel.

    Reads headers and seeks over everything else.

    Raises:
        FatbinError: the section breaks the layout.
    """
    place, end = offset, offset + size
    while place + CONTAINER.size <= end:
        magic, version, header, length = CONTAINER.unpack(_read(file, place, CONTAINER.size))
        if magic == 0:  # padding between the sections of two object files
            place += _ALIGNMENT
            continue
        if magic != MAGIC or version != 1 or header < CONTAINER.size:
            raise FatbinError(f"no container at byte {place - offset} of the section")
        stop = place + header + length
        if stop > end:
            raise FatbinError(f"the container at byte {place - offset} is longer than its section")
        yield from _images(file, place + header, stop)
        place = -(-stop // _ALIGNMENT) * _ALIGNMENT


def search(file: BinaryIO, offset: int, size: int) -> Iterator[Image | int]:
    """Return the images of the containers that lie somewhere in a section of data.

    Some libraries (cuFFT since CUDA 12.4) keep their kernels there and hand them to the driver
    themselves. What looks like a container and breaks the layout is passed over: it is data.
    """
    place, end = offset, offset + size
    while (found := _next_magic(file, place, end)) is not None:
        stop, images = _container(file, found, end)
        yield from images
        place = stop


def _next_magic(file: BinaryIO, place: int, end: int) -> int | None:
    """Return where the next aligned magic is, reading piece by piece."""
    while place < end:
        file.seek(place)
        piece = file.read(min(_PIECE, end - place))
        if len(piece) < len(_MAGIC):
            return None
        found = piece.find(_MAGIC)
        while found >= 0 and (place + found) % _ALIGNMENT:
            found = piece.find(_MAGIC, found + 1)
        if found >= 0:
            return place + found
        place += max(len(piece) - len(_MAGIC) + 1, 1)
    return None


def _container(file: BinaryIO, place: int, end: int) -> tuple[int, list[Image | int]]:
    """Return where to go on, and the images of the container, none where it is no container."""
    try:
        head = _read(file, place, CONTAINER.size)
        _, version, header, length = CONTAINER.unpack(head)
        stop = place + header + length
        if version != 1 or header != CONTAINER.size or stop > end:
            return place + _ALIGNMENT, []
        return stop, list(_images(file, place + header, stop))
    except FatbinError:
        return place + _ALIGNMENT, []


def _images(file: BinaryIO, place: int, end: int) -> Iterator[Image | int]:
    while place < end:
        if place + IMAGE.size > end:
            raise FatbinError("an image's header is cut off")
        fields = IMAGE.unpack(_read(file, place, IMAGE.size))
        kind, _, header, payload = fields[:4]
        if header < IMAGE.size or place + header + payload > end:
            raise FatbinError("an image is longer than its container")
        yield _image(kind, fields) if kind in {PTX, CUBIN} else kind
        place += header + payload


def _image(kind: int, fields: tuple[int, ...]) -> Image:
    minor, major, number, flags = fields[6], fields[7], fields[8], fields[11]
    capability = divmod(number, 10)
    if not _OLDEST_MAJOR <= capability[0] <= _NEWEST_MAJOR:
        raise FatbinError(f"an image states the architecture {number}")
    suffix = "a" if flags & ARCHITECTURE_SPECIFIC else "f" if flags & FAMILY_SPECIFIC else ""
    return Image(
        architecture=Architecture(capability, kind == PTX, suffix),
        ptx_version=(major, minor) if kind == PTX else None,
    )


def _read(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place, io.SEEK_SET)
    found = file.read(size)
    if len(found) != size:
        raise FatbinError("the file ends inside the section")
    return found
