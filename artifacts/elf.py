"""Read one ELF file: what it needs, what it was built against, which kernels it holds."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.dynamic import DynamicSection, DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from depcheck.artifacts.architectures import Architecture, KernelImage
from depcheck.artifacts.fatbin import FatbinError, search, walk
from depcheck.artifacts.model import SharedObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elftools.elf.sections import Section

    from depcheck.artifacts.fatbin import Image
    from depcheck.artifacts.libraries import AbiMarker

ELF_MAGIC = b"\x7fELF"
_SECTIONS = {".nv_fatbin": "kernels", "__nv_relfatbin": "relocatable"}
_FLOORS = frozenset({"GLIBC", "GLIBCXX", "CXXABI"})
_MOST_TAGS, _MOST_VERSIONS, _MOST_SECTIONS = 4096, 4096, 1024
_SMALLEST_DATA = 4096
_LARGEST_TABLE = 128 * 1024 * 1024
_SYMBOL = struct.Struct("<IBBHQQ")
_UNDEFINED = 0


class BadObjectError(Exception):
    """A file that starts like an ELF file and breaks the format."""


def read_object(path: str, file: BinaryIO, markers: Sequence[AbiMarker] = ()) -> SharedObject:
    """Return what a seekable ELF file says; headers are read, contents are skipped.

    Raises:
        BadObjectError: the file breaks the ELF or fat binary format.
    """
    try:
        return _read(path, ELFFile(file), file, markers)
    except (ELFError, FatbinError, struct.error) as error:
        raise BadObjectError(str(error) or type(error).__name__) from error
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        AssertionError,
        OverflowError,
    ) as error:
        # What pyelftools runs into when offsets and types contradict each other.
        raise BadObjectError(f"contradicting headers ({type(error).__name__})") from error


def _read(path: str, elf: ELFFile, file: BinaryIO, markers: Sequence[AbiMarker]) -> SharedObject:
    if elf.num_sections() > _MOST_SECTIONS:
        raise BadObjectError(f"states {elf.num_sections()} sections")
    tags: dict[str, list[str]] = {}
    for tag, value in islice(_dynamic(elf), _MOST_TAGS):
        tags.setdefault(tag, []).append(value)
    kernels: dict[str, tuple[KernelImage, ...]] = {}
    for section in elf.iter_sections():
        kind = _SECTIONS.get(section.name)
        kind = kind or ("embedded" if _is_data(section) else None)
        if kind and section["sh_type"] != "SHT_NOBITS":
            read = search if kind == "embedded" else walk
            images = _images(read(file, section["sh_offset"], section["sh_size"]))
            kernels[kind] = _merged(kernels.get(kind, ()), images)
    requires, provides = _abi(elf, markers)
    return SharedObject(
        path=path,
        machine=str(elf["e_machine"]).removeprefix("EM_").lower(),
        soname=next(iter(tags.get("DT_SONAME", ())), None),
        needed=tuple(tags.get("DT_NEEDED", ())),
        run_paths=tuple(tags.get("DT_RPATH", []) + tags.get("DT_RUNPATH", [])),
        floors=_floors(elf),
        kernels=kernels.get("kernels", ()),
        relocatable=kernels.get("relocatable", ()),
        embedded=kernels.get("embedded", ()),
        requires_abi=requires,
        provides_abi=provides,
    )


def _dynamic(elf: ELFFile) -> Iterator[tuple[str, str]]:
    names = {"DT_NEEDED": "needed", "DT_SONAME": "soname", "DT_RPATH": "rpath"}
    names["DT_RUNPATH"] = "runpath"
    sections = (each for each in elf.iter_sections() if isinstance(each, DynamicSection))
    segments = (each for each in elf.iter_segments() if isinstance(each, DynamicSegment))
    table = next(chain(sections, segments), None)
    for tag in table.iter_tags() if table else ():
        kind = tag.entry.d_tag
        if kind in names:
            yield kind, getattr(tag, names[kind])


def _floors(elf: ELFFile) -> dict[str, str]:
    """Return the newest version of each library interface that the file asks for."""
    found: dict[str, tuple[int, ...]] = {}
    for name in islice(_versions(elf), _MOST_VERSIONS):
        family, _, number = name.partition("_")
        parts = number.split(".")
        if family in _FLOORS and all(part.isdigit() for part in parts):
            newest = tuple(map(int, parts))
            found[family] = max(found.get(family, ()), newest)
    return {family: ".".join(map(str, found[family])) for family in sorted(found)}


def _versions(elf: ELFFile) -> Iterator[str]:
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, versions in section.iter_versions():
                yield from (version.name for version in versions)


def _is_data(section: Section) -> bool:
    """Tell sections in which a library may keep kernels of its own making."""
    flags = section["sh_flags"]
    return (
        section["sh_type"] == "SHT_PROGBITS"
        and bool(flags & SH_FLAGS.SHF_ALLOC)
        and not flags & SH_FLAGS.SHF_EXECINSTR
        and section["sh_size"] >= _SMALLEST_DATA
    )


def _images(found: Iterator[Image | int]) -> tuple[KernelImage, ...]:
    counts: Counter[Architecture] = Counter()
    newest: dict[Architecture, tuple[int, int]] = {}
    for image in found:
        if isinstance(image, int):
            continue
        counts[image.architecture] += 1
        if image.ptx_version:
            before = newest.get(image.architecture, image.ptx_version)
            newest[image.architecture] = max(before, image.ptx_version)
    return tuple(
        KernelImage(
            architecture=architecture,
            count=counts[architecture],
            ptx_version="{}.{}".format(*newest[architecture]) if architecture.ptx else None,
        )
        for architecture in sorted(counts)
    )


def _merged(
    first: tuple[KernelImage, ...], second: tuple[KernelImage, ...]
) -> tuple[KernelImage, ...]:
    """Return the images of two sections together."""
    if not first or not second:
        return first or second
    found: dict[Architecture, KernelImage] = {image.architecture: image for image in first}
    for image in second:
        other = found.get(image.architecture)
        if other is not None:
            versions = [each.ptx_version for each in (image, other) if each.ptx_version]
            newest = max(versions, key=_version, default=None)
            image = replace(image, count=image.count + other.count, ptx_version=newest)  # noqa: PLW2901
        found[image.architecture] = image
    return tuple(found[architecture] for architecture in sorted(found))


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _abi(elf: ELFFile, markers: Sequence[AbiMarker]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of C++ interfaces that the dynamic symbols need, and provide.

    The tables are searched as bytes: a torch library has hundreds of thousands of symbols.
    """
    symbols, strings = elf.get_section_by_name(".dynsym"), elf.get_section_by_name(".dynstr")
    if not markers or symbols is None or strings is None or elf.elfclass != 64:  # noqa: PLR2004
        return (), ()
    if max(symbols["sh_size"], strings["sh_size"]) > _LARGEST_TABLE:
        raise BadObjectError("its symbol table is implausibly large")
    names = strings.data()
    wanted: dict[int, str] = {}
    for marker in markers:
        for symbol in marker.symbols:
            text = symbol.encode() + b"\0"
            place = names.find(text)
            while place >= 0:
                wanted[place] = marker.id
                place = names.find(text, place + 1)
    if not wanted:
        return (), ()
    table = symbols.data()
    needs: set[str] = set()
    gives: set[str] = set()
    for name, _, _, section, _, _ in _SYMBOL.iter_unpack(table[: len(table) // 24 * 24]):
        if name in wanted:
            (needs if section == _UNDEFINED else gives).add(wanted[name])
    return tuple(sorted(needs)), tuple(sorted(gives))
