"""Check a wheel's RECORD against what is in the archive (PEP 376, PEP 427)."""

from __future__ import annotations

import base64
import csv
import io
import re
from typing import TYPE_CHECKING

from depcheck.artifacts.model import Finding, Severity
from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNHASHED = re.compile(r"[^/]+\.dist-info/RECORD(\.jws|\.p7s)?")
_STRONG = frozenset({"sha256", "sha384", "sha512"})


@frozen
class RecordLine:
    """What RECORD says of one file."""

    algorithm: str
    """``sha256``; empty where there is no hash."""
    digest: str
    """URL-safe Base64 without padding."""
    size: int | None


@frozen
class Found:
    """What is in the archive."""

    size: int
    sha256: bytes | None
    """None where the member was not read."""


def parse_record(raw: bytes) -> dict[str, RecordLine] | None:
    """Return path -> line, None where it is not a RECORD."""
    try:
        rows = list(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    lines: dict[str, RecordLine] = {}
    for row in rows:
        if not row:
            continue
        if len(row) != 3 or (row[2] and not row[2].isdigit()):  # noqa: PLR2004
            return None
        algorithm, _, digest = row[1].partition("=")
        size = int(row[2]) if row[2] else None
        lines[row[0]] = RecordLine(algorithm=algorithm, digest=digest.rstrip("="), size=size)
    return lines


def check_record(lines: Mapping[str, RecordLine], found: Mapping[str, Found]) -> Iterator[Finding]:
    """Yield every contradiction between RECORD and the archive."""
    for path in sorted(set(lines) - set(found)):
        yield _finding("record-mismatch", path, "RECORD lists it, and the archive has no such file")
    for path, content in sorted(found.items()):
        line = lines.get(path)
        if line is None:
            if not _UNHASHED.fullmatch(path):
                yield _finding("record-mismatch", path, "it is in the archive and not in RECORD")
        elif not _UNHASHED.fullmatch(path):
            yield from _compare(path, line, content)


def _compare(path: str, line: RecordLine, content: Found) -> Iterator[Finding]:
    if line.size is not None and line.size != content.size:
        yield _finding(
            "record-mismatch", path, f"RECORD says {line.size} bytes, and it has {content.size}"
        )
    if line.algorithm not in _STRONG:
        yield _finding("record-unhashed", path, "RECORD has no SHA-2 hash of it", Severity.WARNING)
    elif line.algorithm == "sha256" and content.sha256 is not None:
        actual = base64.urlsafe_b64encode(content.sha256).decode().rstrip("=")
        if actual != line.digest:
            yield _finding("record-mismatch", path, "its content is not what RECORD hashes")


def _finding(code: str, subject: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    remedy = "do not install it: get the wheel again from its index"
    return Finding(code=code, severity=severity, subject=subject, message=message, remedy=remedy)
