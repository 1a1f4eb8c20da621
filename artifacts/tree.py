"""Read an installed environment or an unpacked wheel: every file below one folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.artifacts.elf import ELF_MAGIC, BadObjectError, read_object
from depcheck.artifacts.layout import top_level
from depcheck.artifacts.libraries import load_library_facts
from depcheck.artifacts.model import Artifact, Finding, Member, Severity, SharedObject
from depcheck.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_tree(folder: Path) -> Artifact:
    """Return what lies below a folder. Symbolic links are not followed.

    Links out of the folder are findings: they break when the environment is copied.
    """
    members: list[Member] = []
    objects: list[SharedObject] = []
    findings: list[Finding] = []
    root = folder.resolve()
    for path, name in _files(folder):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            findings += _link(path, name, root)
        elif stat.S_ISREG(mode):
            members.append(Member(path=name, size=path.lstat().st_size))
            found = _object(path, name)
            if isinstance(found, Finding):
                findings.append(found)
            elif found is not None:
                objects.append(found)
    members.sort(key=lambda member: member.path)
    return Artifact(
        name=None,
        version=None,
        members=tuple(members),
        objects=tuple(sorted(objects, key=lambda each: each.path)),
        top_level=top_level("", members),
        findings=tuple(findings),
    )


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(parent) / name
            yield path, path.relative_to(folder).as_posix()


def _object(path: Path, name: str) -> SharedObject | Finding | None:
    try:
        with path.open("rb") as file:
            if file.read(len(ELF_MAGIC)) != ELF_MAGIC:
                return None
            return read_object(name, file, load_library_facts().markers)
    except BadObjectError as error:
        return _warning("broken-object", name, f"starts like an ELF file and is none: {error}")
    except OSError as error:
        return _warning("unreadable-file", name, f"cannot be read: {refusal(error)}")


def _link(path: Path, name: str, root: Path) -> Iterator[Finding]:
    target = path.resolve()
    if not target.exists():
        yield _warning("broken-link", name, f"links to `{path.readlink()}`, which is not there")
    elif not target.is_relative_to(root):
        yield _warning("link-outside", name, f"links out of the folder, to `{path.readlink()}`")


def _warning(code: str, subject: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, subject=subject, message=message)
