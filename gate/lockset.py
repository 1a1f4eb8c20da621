"""The files of a lock set against its record: hashes, line endings, run bits. No library needed."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from depcheck.errors import EnvironmentFailure, refusal
from depcheck.gate.codes import finding
from depcheck.gate.finding import Location
from depcheck.lockfiles.record import RECORD, SCHEMA, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depcheck.gate.finding import Finding

LOCK = "pylock.toml"
_RESTORE = "restore it from version control, or solve again"
_CHANGE_INPUT = "change the spec or a rule and solve again: what is edited by hand is lost"


class LockSet(NamedTuple):
    """One lock set on disk, and its record."""

    folder: str
    files: Mapping[str, bytes]
    """Everything in the folder, by path relative to it."""
    executable: frozenset[str]
    record: Mapping[str, Any] | None
    """None where there is none that can be trusted."""
    findings: tuple[Finding, ...]
    """What differs from the record."""

    def location(self, path: str, line: int | None = None) -> Location:
        """Return the place of one of its files."""
        return Location(file=f"{self.folder}/{path}", line=line)

    @property
    def image(self) -> str:
        """Name of its image: folders are ``<out>/<image>/<variant>``."""
        return self.folder.split("/")[-2]

    @property
    def variant(self) -> str:
        """Name of its variant."""
        return self.folder.split("/")[-1]

    @property
    def edited(self) -> frozenset[str]:
        """Paths of the files that are not what the solve wrote."""
        stated = self.record["files"] if self.record else {}
        return frozenset(
            path
            for path, content in self.files.items()
            if path in stated and hashlib.sha256(content).hexdigest() != stated[path]["sha256"]
        )


def read_lock_set(folder: str) -> LockSet:
    """Read a lock set and compare it with its record.

    Raises:
        EnvironmentFailure: a file cannot be read.
    """
    try:
        files, executable = _read(folder)
    except OSError as error:
        raise EnvironmentFailure(
            "lock-set-unreadable",
            f"cannot read `{error.filename}`: {refusal(error)}",
            hint="check its permissions",
        ) from error
    at = Location(file=f"{folder}/{RECORD}")
    record, wrong = _record(files.get(RECORD), at)
    findings = [wrong] if wrong else []
    if record is not None:
        findings += _compare(folder, files, executable, record)
    return LockSet(
        folder=folder,
        files=files,
        executable=executable,
        record=record,
        findings=tuple(findings),
    )


def _read(folder: str) -> tuple[dict[str, bytes], frozenset[str]]:
    files: dict[str, bytes] = {}
    executable: set[str] = set()
    for parent, folders, names in os.walk(folder, onerror=_fail):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            key = os.path.relpath(path, folder).replace(os.sep, "/")
            with open(path, "rb") as file:
                files[key] = file.read()
                if os.fstat(file.fileno()).st_mode & 0o100:
                    executable.add(key)
    return files, frozenset(executable)


def _fail(error: OSError) -> None:
    raise error


def _record(raw: bytes | None, at: Location) -> tuple[Mapping[str, Any] | None, Finding | None]:
    """Return the record, or why it cannot be used."""
    if raw is None:
        return None, finding(
            "record-missing",
            RECORD,
            "the lock set does not say what it was solved from",
            at=at,
            remedy="solve again: `depcheck solve` writes the record",
        )
    try:
        document = json.loads(raw)
        whole = isinstance(document, dict) and document.get("digest") == digest_of(document)
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        return None, finding(
            "record-edited", RECORD, "it is not what the solve wrote", at=at, remedy=_RESTORE
        )
    if document["schema"] != SCHEMA:
        return None, finding(
            "record-missing",
            RECORD,
            f"it was written by another version of depcheck ({document.get('depcheck')})",
            at=at,
            remedy="solve again, or gate with the version that wrote it",
        )
    return document, None


def _compare(
    folder: str, files: Mapping[str, bytes], executable: frozenset[str], record: Mapping[str, Any]
) -> Iterator[Finding]:
    stated = record["files"]
    for path in sorted(stated):
        at = Location(file=f"{folder}/{path}")
        if path not in files:
            yield finding("file-missing", path, "it is not there", at=at, remedy=_RESTORE)
            continue
        if hashlib.sha256(files[path]).hexdigest() != stated[path]["sha256"]:
            yield _edited(path, files[path], stated[path]["sha256"], at)
        if stated[path]["executable"] and path not in executable:
            yield finding(
                "not-executable",
                path,
                "its run bit is gone",
                at=at,
                remedy=f"`chmod +x {at}`, and `git update-index --chmod=+x {at}`",
            )
    for path in sorted(files.keys() - stated.keys() - {RECORD}):
        yield finding(
            "file-unexpected",
            path,
            "the solve did not write it",
            at=Location(file=f"{folder}/{path}"),
            remedy="move it out of the lock set",
        )


def _edited(path: str, content: bytes, sha256: str, at: Location) -> Finding:
    if hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest() == sha256:
        return finding(
            "line-endings",
            path,
            "its lines end in CRLF",
            at=at,
            remedy=f"`git config core.autocrlf input`, or `{path} -text` in .gitattributes, "
            "and check it out again",
        )
    return finding(
        "lock-edited" if path == LOCK else "file-edited",
        path,
        "it was changed after the solve wrote it",
        at=at,
        remedy=_CHANGE_INPUT,
    )
