"""Hostile wheels: each gives its finding, in bounded time and memory, and writes nothing."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import warnings
import zipfile
from typing import TYPE_CHECKING

import pytest
from support.artifacts import FILENAME, INFO, patched, plain, wheel_bytes, wheel_files, zip_bytes
from support.elf import Elf, fatbin_of

from depcheck.artifacts.wheel import read_wheel
from depcheck.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = {"demo/__init__.py": b"VALUE = 1\n", "demo/data.bin": b"data" * 100}
MEBI = 1024 * 1024


def findings(content: bytes, filename: str = FILENAME) -> list[str]:
    found = read_wheel(io.BytesIO(content), filename, whole=True).findings
    return [f"{each.code} {each.subject}".rstrip() for each in found]


def with_member(name: str, mode: int = 0o100644, content: bytes = b"evil") -> bytes:
    members = wheel_files({**GOOD, name: content})
    return zip_bytes(
        [(plain(path, mode if path == name else 0o100644), members[path]) for path in members]
    )


def with_record(old: bytes, new: bytes) -> bytes:
    members = wheel_files(GOOD)
    record = f"{INFO}/RECORD"
    members[record] = members[record].replace(old, new)
    return zip_bytes(list(members.items()))


def without(name: str) -> bytes:
    return zip_bytes([(path, data) for path, data in wheel_files(GOOD).items() if path != name])


def twice(name: str) -> bytes:
    members = list(wheel_files(GOOD).items())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return zip_bytes([*members, (name, b"other")])


def cut(archive: bytes, place: int) -> bytes:
    return archive[:place]


def changed(archive: bytes, old: bytes, new: bytes) -> bytes:
    assert archive.count(old) >= 1

    return archive.replace(old, new, 1)


def bomb(size: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = plain("demo/bomb.so")
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as member:
            for _ in range(size // MEBI):
                member.write(bytes(MEBI))
        for path, content in wheel_files(GOOD).items():
            archive.writestr(path, content)
    return stream.getvalue()


def end_record(archive: bytes, count: int, length: int, offset: int) -> bytes:
    """Change what the end record says of the directory."""
    data = bytearray(archive)
    struct.pack_into("<HHLL", data, data.rfind(b"PK\x05\x06") + 8, count, count, length, offset)
    return bytes(data)


def zip64(archive: bytes, *, length: int | None = None, locator: bytes = b"PK\x06\x07") -> bytes:
    """Let a ZIP64 end record say what the end record said; at another length, if one is given."""
    place = archive.rfind(b"PK\x05\x06")
    count, stated, offset = struct.unpack_from("<HLL", archive, place + 10)
    numbers = (count, count, stated if length is None else length, offset)
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, *numbers)
    end += struct.pack("<4sLQL", locator, 0, place, 1)
    return archive[:place] + end + end_record(archive[place:], 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


def many_small_bombs() -> bytes:
    """Each member may be as large as it states, all of them together may not."""
    content = WHEEL
    for name in GOOD:
        content = patched(content, name, 24, "L", 200 * MEBI)
    return content


WHEEL = wheel_bytes(GOOD)
DATA = f"record-mismatch {INFO}"

CASES: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "parent folder": (
        lambda: with_member("../evil.py"),
        ["path-traversal ../evil.py"],
    ),
    "parent folder in the middle": (
        lambda: with_member("demo/../../evil.py"),
        ["path-traversal demo/../../evil.py"],
    ),
    "parent folder by backslash": (
        lambda: with_member("demo\\..\\..\\evil.py"),
        [
            "odd-name demo\\..\\..\\evil.py",
            "path-traversal demo\\..\\..\\evil.py",
        ],
    ),
    "parent folder in a data scheme": (
        lambda: with_member("demo-1.0.data/scripts/../../../evil"),
        [
            "path-traversal demo-1.0.data/scripts/../../../evil",
        ],
    ),
    "absolute path": (
        lambda: with_member("/etc/cron.d/evil"),
        ["absolute-path /etc/cron.d/evil"],
    ),
    "drive letter": (
        lambda: with_member("C:/evil.py"),
        ["absolute-path C:/evil.py"],
    ),
    "no name at all": (
        lambda: zip_bytes([*wheel_files(GOOD).items(), (plain("\0x"), b"")]),
        ["odd-name \0x"],
    ),
    "double slash": (
        lambda: with_member("demo//evil.py"),
        ["odd-name demo//evil.py"],
    ),
    "dot step": (
        lambda: with_member("./demo/evil.py"),
        ["odd-name ./demo/evil.py"],
    ),
    "escape sequence in a name": (
        lambda: with_member("demo/\x1b[2J.py"),
        ["odd-name demo/\x1b[2J.py"],
    ),
    "symbolic link": (
        lambda: with_member("demo/link", 0o120777, b"/etc/passwd"),
        ["symbolic-link demo/link"],
    ),
    "character device": (
        lambda: with_member("demo/tty", 0o020666),
        ["special-file demo/tty"],
    ),
    "named pipe": (
        lambda: with_member("demo/pipe", 0o010644),
        ["special-file demo/pipe"],
    ),
    "same path twice": (
        lambda: twice("demo/__init__.py"),
        ["duplicate-member demo/__init__.py"],
    ),
    "file that is a folder too": (
        lambda: with_member("demo"),
        ["duplicate-member demo"],
    ),
    "one member of zeros": (
        lambda: bomb(300 * MEBI),
        ["compression-bomb demo/bomb.so"],
    ),
    "size stated as four gigabytes": (
        lambda: patched(WHEEL, "demo/data.bin", 24, "L", 0xFFFF0000),
        ["compression-bomb demo/data.bin"],
    ),
    "encrypted member": (
        lambda: patched(WHEEL, "demo/data.bin", 8, "H", 1),
        ["encrypted-member demo/data.bin"],
    ),
    "member packed with bzip2": (
        lambda: zip_bytes(list(wheel_files(GOOD).items()), zipfile.ZIP_BZIP2),
        [f"unknown-compression {path}" for path in wheel_files(GOOD)],
    ),
    "unknown compression method": (
        lambda: patched(WHEEL, "demo/data.bin", 10, "H", 99),
        ["unknown-compression demo/data.bin"],
    ),
    "wrong checksum": (
        lambda: patched(WHEEL, "demo/data.bin", 16, "L", 1),
        ["unreadable-member demo/data.bin"],
    ),
    "damaged deflate stream": (
        lambda: changed(
            WHEEL, zip_content("demo/data.bin"), b"\xff" * len(zip_content("demo/data.bin"))
        ),
        ["unreadable-member demo/data.bin"],
    ),
    "other name in the local header": (
        lambda: changed(WHEEL, b"demo/data.bin", b"demo/evil.bin"),
        ["unreadable-member demo/data.bin"],
    ),
    "two members that share bytes": (
        lambda: patched(WHEEL, "demo/data.bin", 42, "L", 0),
        ["overlapping-member demo/__init__.py", "unreadable-member demo/data.bin"],
    ),
    "member that reaches into the directory": (
        lambda: patched(WHEEL, f"{INFO}/RECORD", 20, "L", 1 << 20),
        [f"overlapping-member {INFO}/RECORD", f"record-missing {INFO}/RECORD"],
    ),
    "member that lies behind the directory": (
        lambda: patched(WHEEL, f"{INFO}/RECORD", 42, "L", 1 << 20),
        [f"overlapping-member {INFO}/RECORD", f"record-missing {INFO}/RECORD"],
    ),
    "a million members": (
        lambda: end_record(WHEEL, 0xFFFE, 65 * MEBI, 0),
        [f"too-many-members {FILENAME}"],
    ),
    "directory outside the file": (
        lambda: end_record(WHEEL, 5, 400, 1 << 30),
        [f"broken-archive {FILENAME}"],
    ),
    "more members than the directory has room for": (
        lambda: end_record(WHEEL, 500, 400, 0),
        [f"broken-archive {FILENAME}"],
    ),
    "ZIP64 sizes without ZIP64 record": (
        lambda: end_record(WHEEL, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        [f"broken-archive {FILENAME}"],
    ),
    "directory that is not one": (
        lambda: changed(WHEEL, b"PK\x01\x02", b"XXXX"),
        [f"broken-archive {FILENAME}"],
    ),
    "second archive behind the first": (
        lambda: WHEEL + b"payload",
        [f"broken-archive {FILENAME}"],
    ),
    "program before the archive": (lambda: b"#!/bin/sh\n" + WHEEL, ["leading-data"]),
    "RECORD without a file": (
        lambda: with_record(b"demo/data.bin", b"demo/other.bin"),
        ["record-mismatch demo/other.bin", "record-mismatch demo/data.bin"],
    ),
    "RECORD with another hash": (
        lambda: with_record(b"demo/__init__.py,sha256=", b"demo/__init__.py,sha256=A"),
        ["record-mismatch demo/__init__.py"],
    ),
    "RECORD with another size": (
        lambda: with_record(b",10\n", b",11\n"),
        ["record-mismatch demo/__init__.py"],
    ),
    "RECORD with MD5": (
        lambda: with_record(b"demo/__init__.py,sha256=", b"demo/__init__.py,md5="),
        ["record-unhashed demo/__init__.py"],
    ),
    "RECORD that is no CSV": (
        lambda: with_record(b"demo/__init__.py,", b'"demo'),
        [f"{DATA}/RECORD"],
    ),
    "RECORD that is not UTF-8": (lambda: with_record(b"demo/data", b"\xff"), [f"{DATA}/RECORD"]),
    "no RECORD": (lambda: without(f"{INFO}/RECORD"), [f"record-missing {INFO}/RECORD"]),
    "two folders of metadata": (
        lambda: with_member("other-1.0.dist-info/METADATA"),
        ["bad-dist-info"],
    ),
    "program that leaves its folder": (
        lambda: wheel_bytes(GOOD, entry_points="[console_scripts]\n../../evil = demo:main\n"),
        ["unsafe-script ../../evil"],
    ),
    "program in place of the interpreter": (
        lambda: wheel_bytes({**GOOD, "demo-1.0.data/scripts/python": b"#!python\n"}),
        ["unsafe-script python"],
    ),
    "entry point in place of the interpreter": (
        lambda: wheel_bytes(GOOD, entry_points="[console_scripts]\npython3 = demo:main\n"),
        ["unsafe-script python3"],
    ),
    "ZIP64 directory": (lambda: zip64(WHEEL), []),
    "ZIP64 directory outside of the file": (
        lambda: zip64(WHEEL, length=1 << 20),
        [f"broken-archive {FILENAME}"],
    ),
    "ZIP64 directory without bounds": (
        lambda: zip64(WHEEL, length=1 << 40),
        [f"too-many-members {FILENAME}"],
    ),
    "ZIP64 directory that is nowhere": (
        lambda: zip64(WHEEL, locator=b"junk"),
        [f"broken-archive {FILENAME}"],
    ),
    "no room for a ZIP64 directory": (
        lambda: end_record(WHEEL[WHEEL.rfind(b"PK\x05\x06") :], 0xFFFF, 0, 0),
        [f"broken-archive {FILENAME}"],
    ),
    "bomb of several members": (many_small_bombs, ["compression-bomb"]),
    "shared object that is none": (
        lambda: wheel_bytes({**GOOD, "demo/lib.so": b"\x7fELF\x02\x01\x01" + b"\xff" * 500}),
        ["broken-object demo/lib.so"],
    ),
}


def zip_content(name: str) -> bytes:
    """Return the packed bytes of a member of the sound wheel."""
    with zipfile.ZipFile(io.BytesIO(WHEEL)) as archive:
        entry = archive.getinfo(name)
    start = entry.header_offset + 30 + len(name)
    return WHEEL[start : start + entry.compress_size]


def test_sound_wheel_has_no_findings() -> None:
    assert [] == findings(WHEEL)


@pytest.mark.parametrize("case", CASES)
def test_hostile_wheel_gives_its_finding(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, expected = CASES[case]
    content = make()
    monkeypatch.chdir(tmp_path)

    assert expected == findings(content)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [0, 3, 21, 60, len(WHEEL) // 2, len(WHEEL) - 1])
def test_file_that_is_cut_off_is_no_archive(size: int) -> None:
    with pytest.raises(InputError) as caught:
        findings(cut(WHEEL, size))

    assert f"`{FILENAME}` is not a zip archive" == caught.value.message


@pytest.mark.parametrize("filename", ["demo.whl", "demo-1.0.zip", "demo-1.0-py3-none.whl"])
def test_other_file_names_are_refused(filename: str) -> None:
    with pytest.raises(InputError) as caught:
        findings(WHEEL, filename)

    assert f"`{filename}` is not the file name of a wheel" == caught.value.message


def test_file_name_must_fit_the_metadata() -> None:
    assert [f"bad-dist-info {INFO}"] == findings(WHEEL, "demo-1.1-py3-none-any.whl")
    assert [f"bad-dist-info {INFO}"] == findings(WHEEL, "other-1.0-py3-none-any.whl")


def test_damaged_wheel_is_judged_or_refused_but_never_fails_otherwise() -> None:
    """Five hundred wheels with random bytes changed, cut out or doubled, always the same ones."""
    elf = Elf(needed=["libc.so.6"], sections={".nv_fatbin": fatbin_of("sm_80")}).build()
    whole = wheel_bytes({**GOOD, "demo/k.so": elf}, entry_points="[console_scripts]\na = b:c\n")
    chance = random.Random(1)  # noqa: S311 - not for secrets
    outcomes: set[str] = set()
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            place, length = chance.randrange(len(damaged)), chance.randint(1, 40)
            act = chance.choice(("change", "change", "cut", "double"))
            if act == "change":
                damaged[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            elif act == "cut":
                del damaged[place : place + length]
            else:
                damaged[place:place] = damaged[place : place + length]
        try:
            outcomes.update(finding.split()[0] for finding in findings(bytes(damaged)))
        except InputError as error:
            outcomes.add(error.reference)

    assert {"broken-archive", "not-a-wheel", "record-mismatch", "unreadable-member"} <= outcomes


def test_large_member_is_read_in_little_memory() -> None:
    """48 MB that hardly compress, read as a shared object."""
    block = bytes(range(256)) * 4096
    content = zip_bytes([("demo/big.so", b"\x7fELF" + block * 48)], zipfile.ZIP_STORED)
    tracemalloc.start()

    try:
        read_wheel(io.BytesIO(content), FILENAME, whole=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 40 * MEBI


def test_archive_may_be_empty() -> None:
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()

    assert () == read_wheel(empty, FILENAME, whole=True).members
