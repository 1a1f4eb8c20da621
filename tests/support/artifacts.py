"""Wheels with a right RECORD, whose members may be anything, and wheels that are broken."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zipfile
from typing import TYPE_CHECKING

from support.wheelhouse import metadata_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOMENT = (2024, 1, 1, 0, 0, 0)
FILENAME = "demo-1.0-py3-none-any.whl"
INFO = "demo-1.0.dist-info"


def digest(content: bytes) -> str:
    hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"sha256={hashed}"


def wheel_files(
    files: Mapping[str, bytes], *, metadata: str = "", entry_points: str = ""
) -> dict[str, bytes]:
    """Return the members of a sound wheel, RECORD last."""
    members = {
        **files,
        f"{INFO}/METADATA": (metadata_text("demo", "1.0") + metadata).encode(),
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if entry_points:
        members[f"{INFO}/entry_points.txt"] = entry_points.encode()
    lines = [f"{path},{digest(content)},{len(content)}" for path, content in members.items()]
    record = "\n".join([*lines, f"{INFO}/RECORD,,", ""]).encode()
    return {**members, f"{INFO}/RECORD": record}


def wheel_bytes(files: Mapping[str, bytes], **changes: str) -> bytes:
    """Return a sound wheel."""
    return zip_bytes(list(wheel_files(files, **changes).items()))


def zip_bytes(
    members: Sequence[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Return an archive of these members, whatever they are called."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, content in members:
            entry = member if isinstance(member, zipfile.ZipInfo) else plain(member)
            if not isinstance(member, zipfile.ZipInfo):
                entry.compress_type = method
            archive.writestr(entry, content)
    return stream.getvalue()


def plain(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("placeholder", MOMENT)
    entry.filename = entry.orig_filename = name
    entry.external_attr = mode << 16
    return entry


def patched(archive: bytes, name: str, field: int, code: str, value: int) -> bytes:
    """Change a field of a directory entry, by its place in the entry."""
    data = bytearray(archive)
    place = data.find(b"PK\x01\x02")
    while data[place + 46 : place + 46 + len(name)] != name.encode():
        place = data.find(b"PK\x01\x02", place + 1)
    struct.pack_into(f"<{code}", data, place + field, value)
    return bytes(data)
