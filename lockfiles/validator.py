"""Pack the validator and the manifest of one lock into one executable file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck import errors
from depcheck.lockfiles import json_text
from depcheck.lockfiles.manifest import manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import Solution

_SHEBANG = b"#!/usr/bin/env python3\n"
_MOMENT = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16
_UNIX = 3


def validate_dependencies(solution: Solution, stages: Sequence[Stage]) -> bytes:
    """Return the packed validator of a solution and its stage plan.

    Members are stored, not compressed: what compression makes depends on the zlib at hand.
    """
    promise = json_text.dumps(manifest(solution, stages))
    return pack({**_program(), "manifest.json": promise.encode()})


def pack(members: dict[str, bytes]) -> bytes:
    """Return an executable archive of some files; the same for the same files."""
    packed = io.BytesIO()
    packed.write(_SHEBANG)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(members.items()):
            member = zipfile.ZipInfo(name, _MOMENT)
            member.create_system = _UNIX
            member.external_attr = _MODE
            archive.writestr(member, content)
    return packed.getvalue()


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
