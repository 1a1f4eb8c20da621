"""What one ELF file says, on files made for the purpose."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

import pytest
from support.elf import Elf, fatbin, fatbin_image, fatbin_of, other_image

from depcheck.artifacts.elf import BadObjectError, read_object
from depcheck.artifacts.libraries import AbiMarker

if TYPE_CHECKING:
    from depcheck.artifacts.model import SharedObject

MEBI = 1024 * 1024
MARKERS = (
    AbiMarker(id="new", meaning="", symbols=("_ZN3c105checkENSt7__cxx11E",)),
    AbiMarker(id="old", meaning="", symbols=("_ZN3c105checkESs",)),
)


def read(elf: Elf) -> SharedObject:
    return read_object("lib.so", io.BytesIO(elf.build()), MARKERS)


def kernels(*sections: bytes) -> list[str]:
    found = read(Elf(sections={".nv_fatbin": b"".join(sections)}))
    return [f"{image.architecture} x{image.count}" for image in found.kernels]


def test_needs_are_those_of_the_dynamic_section_in_order() -> None:
    found = read(
        Elf(
            needed=["libcudart.so.12", "libc.so.6"],
            soname="libx.so.1",
            rpath="$ORIGIN/../lib",
            runpath="/usr/local/cuda/lib64",
        )
    )

    assert ("libcudart.so.12", "libc.so.6") == found.needed
    assert "libx.so.1" == found.soname
    assert ("$ORIGIN/../lib", "/usr/local/cuda/lib64") == found.run_paths
    assert "x86_64" == found.machine


def test_floors_are_the_newest_version_of_each_family() -> None:
    found = read(
        Elf(
            versions={
                "libc.so.6": ["GLIBC_2.9", "GLIBC_2.34", "GLIBC_2.17", "GLIBC_PRIVATE"],
                "libstdc++.so.6": ["GLIBCXX_3.4.9", "GLIBCXX_3.4.29", "CXXABI_1.3.13"],
                "libcudart.so.12": ["libcudart.so.12"],
            }
        )
    )

    assert {"CXXABI": "1.3.13", "GLIBC": "2.34", "GLIBCXX": "3.4.29"} == found.floors


def test_cpp_interface_is_needed_where_undefined_and_provided_where_defined() -> None:
    needs = read(Elf(undefined=["_ZN3c105checkESs", "puts"]))
    gives = read(Elf(defined=["_ZN3c105checkENSt7__cxx11E", "main"]))
    longer = read(Elf(undefined=["_ZN3c105checkESsRKi"]))

    assert (("old",), ()) == (needs.requires_abi, needs.provides_abi)
    assert ((), ("new",)) == (gives.requires_abi, gives.provides_abi)
    assert ((), ()) == (longer.requires_abi, longer.provides_abi)


def test_file_without_kernels_has_none() -> None:
    assert () == read(Elf(needed=["libc.so.6"])).images


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ([fatbin_of("sm_80 sm_86 compute_90")], ["sm_80 x1", "sm_86 x1", "compute_90 x1"]),
        ([fatbin_of("sm_90 sm_90a")], ["sm_90 x1", "sm_90a x1"]),
        ([fatbin_of("sm_100f sm_100a sm_120")], ["sm_100a x1", "sm_100f x1", "sm_120 x1"]),
        ([fatbin_of("compute_120f")], ["compute_120f x1"]),
        ([fatbin_of("sm_80"), fatbin_of("sm_80"), fatbin_of("sm_50")], ["sm_50 x1", "sm_80 x2"]),
        ([fatbin_of("sm_80"), bytes(48), fatbin_of("sm_86")], ["sm_80 x1", "sm_86 x1"]),
        ([fatbin(fatbin_image("sm_80", extra=32, payload=4096))], ["sm_80 x1"]),
        ([fatbin(fatbin_image("sm_80", payload=0))], ["sm_80 x1"]),
        ([fatbin(other_image(8), fatbin_image("sm_75"))], ["sm_75 x1"]),
        ([fatbin()], []),
        ([b""], []),
        ([bytes(15)], []),
    ],
)
def test_every_image_of_a_fat_binary_is_counted(sections: list[bytes], expected: list[str]) -> None:
    assert expected == kernels(*sections)


def test_newest_ptx_version_of_an_architecture_counts() -> None:
    images = [fatbin_image("compute_80", ptx_version=version) for version in ((8, 1), (8, 10))]
    found = read(Elf(sections={".nv_fatbin": fatbin(*images)}))

    assert ["8.10"] == [image.ptx_version for image in found.kernels]


def test_only_ptx_of_relocatable_code_can_be_linked_anew() -> None:
    found = read(
        Elf(
            sections={
                ".nv_fatbin": fatbin_of("sm_80"),
                "__nv_relfatbin": fatbin_of("sm_80 sm_90 compute_90"),
            }
        )
    )

    assert ["sm_80", "sm_90", "compute_90"] == [str(i.architecture) for i in found.relocatable]
    assert ["sm_80", "compute_90"] == [str(image.architecture) for image in found.images]


def test_kernels_in_a_section_of_data_are_found() -> None:
    """As cuFFT keeps them: containers among other data, which cuobjdump does not see."""
    data = b"".join(
        (
            bytes(4096),
            fatbin_of("sm_80 compute_80"),
            b"\x50\xed\x55\xba" + b"no container" * 7,
            fatbin(fatbin_image("sm_90")[:40]),
            b"x" * 4,
            fatbin_of("sm_50"),  # not aligned
            bytes(4),
            fatbin_of("sm_89"),
            b"the data goes on",
        )
    )
    found = read(Elf(sections={".ldata": data, ".data": fatbin_of("sm_70")}))

    assert ["sm_80 x1", "compute_80 x1", "sm_89 x1"] == [
        f"{image.architecture} x{image.count}" for image in found.embedded
    ]
    assert found.embedded == found.images


@pytest.mark.parametrize("place", [0, MEBI - 8, MEBI, 3 * MEBI - 16])
def test_kernels_in_a_large_section_are_found_wherever_they_lie(place: int) -> None:
    """It is read by the mebibyte: the start of a container may be the end of a piece."""
    content = Elf(sections={".ldata": bytes(place) + fatbin_of("sm_80") + bytes(MEBI)}).build()
    shift = -content.find(fatbin_of("sm_80")) % 8

    assert 0 == shift
    assert ["sm_80"] == [
        str(image.architecture) for image in read_object("x", io.BytesIO(content), ()).embedded
    ]


def test_sections_of_one_name_count_together() -> None:
    first = fatbin(fatbin_image("compute_80", ptx_version=(8, 1)), fatbin_image("sm_80"))
    second = fatbin(fatbin_image("compute_80", ptx_version=(7, 8)), fatbin_image("sm_90"))
    found = read(Elf(sections={".ldata": bytes(4096) + first, ".data": bytes(4096) + second}))

    assert [("sm_80", 1, None), ("compute_80", 2, "8.1"), ("sm_90", 1, None)] == [
        (str(image.architecture), image.count, image.ptx_version) for image in found.embedded
    ]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (b"garbage that is no container", "no container at byte 0 of the section"),
        (fatbin_of("sm_80") + b"garbage!" * 3, "no container at byte 104 of the section"),
        (fatbin_of("sm_80")[:-8], "the container at byte 0 is longer than its section"),
        (fatbin(fatbin_image("sm_80")[:40]), "an image's header is cut off"),
        (fatbin(fatbin_image("sm_80")[:-8]), "an image is longer than its container"),
        (fatbin(fatbin_image("sm_1")), "an image states the architecture 1"),
        (fatbin(fatbin_image("sm_99999")), "an image states the architecture 99999"),
    ],
)
def test_fat_binary_that_breaks_the_layout_is_refused(section: bytes, message: str) -> None:
    with pytest.raises(BadObjectError) as caught:
        kernels(section)

    assert message == str(caught.value)


@pytest.mark.parametrize("size", [4, 16, 63, 64, 200])
def test_file_that_is_cut_off_is_refused(size: int) -> None:
    content = Elf(needed=["libc.so.6"], sections={".nv_fatbin": fatbin_of("sm_80")}).build()

    with pytest.raises(BadObjectError):
        read_object("lib.so", io.BytesIO(content[:size]), MARKERS)


def test_damaged_file_is_read_or_refused_but_never_fails_otherwise() -> None:
    """Five hundred files with random bytes changed, always the same ones."""
    whole = Elf(
        needed=["libcudart.so.12", "libc.so.6"],
        runpath="$ORIGIN",
        versions={"libc.so.6": ["GLIBC_2.34"], "libm.so.6": ["GLIBC_2.29"]},
        undefined=["_ZN3c105checkESs"],
        sections={
            ".nv_fatbin": fatbin_of("sm_80 compute_90"),
            "__nv_relfatbin": fatbin_of("sm_80"),
        },
    ).build()
    chance = random.Random(5)  # noqa: S311 - not for secrets
    refused = 0
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(4, len(damaged))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        try:
            read_object("lib.so", io.BytesIO(bytes(damaged)), MARKERS)
        except BadObjectError:
            refused += 1

    assert 0 < refused < 500
