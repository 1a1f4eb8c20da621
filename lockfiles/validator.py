"""Pack the validator and the manifest of one lock into one executable file."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from depcheck import errors
from depcheck.lockfiles import json_text
from depcheck.lockfiles.manifest import manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import Solution

_SHEBANG = b"#!/usr/bin/env python3\n"
_DAY = 1 << 5 | 1
"""1 January 1980, as archives write it."""
_MODE = 0o644 << 16
_MADE_BY = bytes((20, 3))
"""Version 2.0 of the format, on Unix."""


def validate_dependencies(solution: Solution, stages: Sequence[Stage]) -> bytes:
    """Return the packed validator of a solution and its stage plan.

    Members are stored, not compressed: what compression makes depends on the zlib at hand.
    """
    promise = json_text.dumps(manifest(solution, stages))
    return pack({**_program(), "manifest.json": promise.encode()})


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return an executable archive of some files; the same for the same files.

    It is what `zipfile` makes of them, whose import takes longer than all the rest.
    """
    parts, directory, place = [_SHEBANG], [], len(_SHEBANG)
    for name, content in sorted(members.items()):
        path, size = name.encode("ascii"), len(content)
        facts = struct.pack("<5H3I2H", 20, 0, 0, 0, _DAY, crc32(content), size, size, len(path), 0)
        parts += [b"PK\3\4", facts, path, content]
        more = struct.pack("<3H2I", 0, 0, 0, _MODE, place)
        directory += [b"PK\1\2", _MADE_BY, facts, more, path]
        place += 4 + len(facts) + len(path) + size
    listed = b"".join(directory)
    count = len(members)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(listed), place, 0)
    return b"".join([*parts, listed, end])


def _program() -> dict[str, bytes]:
    """Return the validator's own files by their place in the archive."""
    package = Path(errors.__file__).parent
    room = package / "validate"
    found = {
        f"depcheck/validate/{path.relative_to(room).as_posix()}": path.read_bytes()
        for path in room.rglob("*.py")
    }
    found["depcheck/__init__.py"] = (package / "__init__.py").read_bytes()
    found["__main__.py"] = found["depcheck/validate/__main__.py"]
    return found
