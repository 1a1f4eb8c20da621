from __future__ import annotations

import io
import zipfile

import pytest

from depcheck.lockfiles.validator import pack

SHEBANG = b"#!/usr/bin/env python3\n"


def packed_by_the_library(members: dict[str, bytes]) -> bytes:
    """Return what the standard library makes of files: stored, of one moment, from Unix."""
    packed = io.BytesIO()
    packed.write(SHEBANG)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(members.items()):
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"empty.py": b""},
        {"b/c.py": b"print()\n", "a.json": b"{}", "b/a.py": bytes(range(256)) * 999},
    ],
)
def test_an_archive_is_what_the_standard_library_makes(members: dict[str, bytes]) -> None:
    assert packed_by_the_library(members) == pack(members)
