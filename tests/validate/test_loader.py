"""Where the dynamic loader looks, and the cache of `ldconfig`."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from depcheck.validate import loader
from depcheck.validate.elf import Elf
from depcheck.validate.loader import Loader

MAGIC = b"glibc-ld.so.cache1.1"
PATHS = b"libdemo.so.1\0/opt/demo/libdemo.so.1\0libdemo.so.2\0/opt/demo/libdemo.so.2\0"


def cache(*, entries: int = 2, key: int = 0) -> bytes:
    """Return a cache of two libraries, after one of the older format."""
    names = 48 + 2 * 24
    table = struct.pack("<iIIIQ", 3, names + key, names + 13, 0, 0)
    table += struct.pack("<iIIIQ", 3, names + 36, names + 49, 0, 0)
    header = MAGIC + struct.pack("<II", entries, len(PATHS)) + bytes(20)
    return b"ld.so-1.7.0\0" + header + table + PATHS


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (cache(), ["libdemo.so.1", "libdemo.so.2"]),
        (cache(entries=1), ["libdemo.so.1"]),
        (None, []),
        (b"ld.so-1.7.0\0", []),
        (cache()[:100], []),
        (cache(entries=9), []),
        (cache(key=9999), []),
    ],
)
def test_the_cache_is_read_and_none_where_it_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, found: list[str]
) -> None:
    path = tmp_path / "ld.so.cache"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(loader, "_CACHE", path)
    loader._read_cache.cache_clear()  # read once in a process
    try:
        assert found == Loader("x86_64", "").alike("libdemo.so.3")
    finally:
        loader._read_cache.cache_clear()


@pytest.mark.parametrize(
    ("name", "elf", "expected"),
    [
        ("/opt/x/libx.so", Elf(machine="x86_64", rpath=("/rpath",)), ["/opt/x/libx.so"]),
        (
            "libx.so",
            Elf(machine="x86_64", rpath=("$ORIGIN/own", "/rpath")),
            [
                "/lib-of-the-wanter/own/libx.so",
                "/rpath/libx.so",
                "/inherited/libx.so",
                "/e/libx.so",
            ],
        ),
        (
            "libx.so",
            Elf(machine="x86_64", rpath=("/rpath",), runpath=("${ORIGIN}/run",)),
            ["/e/libx.so", "/lib-of-the-wanter/run/libx.so"],
        ),
    ],
)
def test_a_path_names_one_file_and_a_runpath_puts_every_rpath_out_of_force(
    monkeypatch: pytest.MonkeyPatch, name: str, elf: Elf, expected: list[str]
) -> None:
    asked: list[str] = []
    searched = Loader("x86_64", "/e")
    monkeypatch.setattr(searched, "read", asked.append)

    assert searched.find(name, Path("/lib-of-the-wanter/w.so"), elf, ["/inherited"]) is None
    assert expected == asked[: len(expected)]
    assert ("/lib64/libx.so" in asked) == ("/" not in name)
