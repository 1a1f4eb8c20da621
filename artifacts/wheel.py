"""Read a wheel without installing it: its files, its shared objects, what is wrong with it."""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from depcheck.artifacts.archive import Archive, UnreadableMemberError, open_archive
from depcheck.artifacts.elf import ELF_MAGIC, BadObjectError, read_object
from depcheck.artifacts.layout import installed_path, top_level
from depcheck.artifacts.libraries import load_library_facts
from depcheck.artifacts.model import Artifact, Finding, Member, Severity, SharedObject
from depcheck.artifacts.record import Found, check_record, parse_record
from depcheck.artifacts.scripts import console_scripts, unsafe_scripts
from depcheck.errors import EnvironmentFailure, InputError, refusal

if TYPE_CHECKING:
    from zipfile import ZipInfo

_OBJECT = re.compile(r".*\.so(\.[^/]*)?|(.*/)?bin/[^/.]+|[^/]+\.data/scripts/[^/.]+")
"""Where ELF files are. Names decide, so that remote and local wheels give the same answer."""
_IN_MEMORY = 16 * 1024 * 1024
_DIST_INFO = re.compile(r"([^/]+)\.dist-info/[^/]+")


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    found: dict[str, Found] = field(default_factory=dict)
    objects: list[SharedObject] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_wheel(file: BinaryIO, filename: str, *, whole: bool) -> Artifact:
    """Return what a wheel holds.

    Args:
        file: seekable; a remote file fetches only what is read.
        filename: its name, without folder.
        whole: read every member and compare it with RECORD, not only the shared objects.

    Raises:
        InputError: it is no zip archive, or its name is not that of a wheel.
    """
    name, version = _identity(filename)
    archive = open_archive(file, filename)
    if not archive.members:
        return Artifact(name=name, version=version, whole=whole, findings=archive.findings)
    reading = _Reading(findings=list(archive.findings))
    for member in sorted(archive.members, key=lambda member: member.header_offset):
        _read_member(archive, member, reading, whole=whole)
    info = _dist_info(archive, name, version, reading)
    metadata = _text(archive, f"{info}/METADATA", reading)
    entry_points = _text(archive, f"{info}/entry_points.txt", reading)
    _check_record(archive, info, reading)
    members = tuple(
        Member(path=installed_path(member.filename), size=member.file_size)
        for member in sorted(archive.members, key=lambda member: member.filename)
    )
    reading.findings += unsafe_scripts(entry_points, members)
    return Artifact(
        name=name,
        version=version,
        size=file.seek(0, io.SEEK_END),
        whole=whole,
        members=members,
        objects=tuple(sorted(reading.objects, key=lambda each: each.path)),
        top_level=top_level(metadata, members),
        entry_points=console_scripts(entry_points),
        findings=tuple(reading.findings),
    )


def _identity(filename: str) -> tuple[str, str]:
    try:
        name, version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise InputError(
            "not-a-wheel",
            f"`{filename}` is not the file name of a wheel",
            hint="name it like `torch-2.2.2-cp311-cp311-manylinux1_x86_64.whl`",
        ) from error
    return name, str(version)


def _read_member(archive: Archive, member: ZipInfo, reading: _Reading, *, whole: bool) -> None:
    """Read one member once: its hash where wanted, and its headers where it is an ELF file."""
    path = member.filename
    is_candidate = _OBJECT.fullmatch(path) is not None
    if not (whole or is_candidate):
        reading.found[path] = Found(size=member.file_size, sha256=None)
        return
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
        size, keep = 0, is_candidate
        try:
            for chunk in archive.stream(member):
                digest.update(chunk)
                keep = keep and (size > 0 or chunk.startswith(ELF_MAGIC))
                size += len(chunk)
                if keep:
                    _spool(cast("BinaryIO", spool), chunk)
        except UnreadableMemberError as error:
            reading.findings.append(
                _error("unreadable-member", path, f"cannot be unpacked: {error}")
            )
            return
        reading.found[path] = Found(size=size, sha256=digest.digest())
        if keep and size:
            _read_object(path, cast("BinaryIO", spool), reading)


def _spool(spool: BinaryIO, chunk: bytes) -> None:
    try:
        spool.write(chunk)
    except OSError as error:
        raise EnvironmentFailure(
            "no-temporary-space",
            f"a shared object cannot be kept in `{tempfile.gettempdir()}`: {refusal(error)}",
            hint="free disk space there, or name another folder in the variable TMPDIR",
        ) from error


def _read_object(path: str, spool: BinaryIO, reading: _Reading) -> None:
    try:
        reading.objects.append(
            read_object(installed_path(path), spool, load_library_facts().markers)
        )
    except BadObjectError as error:
        reading.findings.append(
            Finding(
                code="broken-object",
                severity=Severity.WARNING,
                subject=path,
                message=f"starts like an ELF file and is none: {error}",
            )
        )


def _dist_info(archive: Archive, name: str, version: str, reading: _Reading) -> str:
    """Return the name of the folder of metadata, which must be there once and fit the file name."""
    names = (
        match for member in archive.members if (match := _DIST_INFO.fullmatch(member.filename))
    )
    folders = sorted({match[1] for match in names})
    if len(folders) != 1:
        there = ", ".join(f"`{folder}.dist-info`" for folder in folders) or "none"
        message = f"a wheel has one .dist-info folder; this one has {there}"
        reading.findings.append(_error("bad-dist-info", "", message))
        return f"{name.replace('-', '_')}-{version}.dist-info"
    stated_name, _, stated_version = folders[0].partition("-")
    if canonicalize_name(stated_name) != name or _normal(stated_version) != _normal(version):
        message = f"the file name says {name} {version}"
        reading.findings.append(_error("bad-dist-info", f"{folders[0]}.dist-info", message))
    return f"{folders[0]}.dist-info"


def _normal(version: str) -> str:
    return version.replace("_", "+").replace("-", "+").lower()


def _text(archive: Archive, path: str, reading: _Reading) -> str:
    member = next((each for each in archive.members if each.filename == path), None)
    if member is None:
        return ""
    try:
        return archive.read(member).decode()
    except (UnreadableMemberError, UnicodeDecodeError) as error:
        reading.findings.append(_error("unreadable-member", path, f"cannot be read: {error}"))
        return ""


def _check_record(archive: Archive, info: str, reading: _Reading) -> None:
    member = next((each for each in archive.members if each.filename == f"{info}/RECORD"), None)
    if member is None:
        reading.findings.append(
            _error("record-missing", f"{info}/RECORD", "the wheel has no RECORD")
        )
        return
    try:
        lines = parse_record(archive.read(member))
    except UnreadableMemberError as error:
        reading.findings.append(_error("record-mismatch", member.filename, f"unreadable: {error}"))
        return
    if lines is None:
        message = "it is not CSV with path, hash and size"
        reading.findings.append(_error("record-mismatch", member.filename, message))
        return
    said = {finding.subject for finding in reading.findings}
    found = check_record(lines, reading.found)
    reading.findings += (each for each in found if each.subject not in said)


def _error(code: str, subject: str, message: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        subject=subject,
        message=message,
        remedy="do not install it: get the wheel again from its index",
    )
