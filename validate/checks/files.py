"""Every installed file is the one that was installed: there, unchanged, owned by one distribution.

By default every file's presence and size is checked, and the hash of each that is younger than its
distribution's RECORD (someone wrote it afterwards) and of a sample of the others; ``--full``
hashes all. Byte code in ``__pycache__`` is left out: some wheels bring it with a hash in RECORD,
and pip overwrites it.
"""

from __future__ import annotations

import base64
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Finding, Outcome, Passed, Severity

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.distributions import Distribution, RecordEntry

EDITED = Code(
    "file-edited",
    "a file is not the one that was installed",
    "install the distribution again; keep patches in a package of their own",
)
DELETED = Code(
    "file-missing",
    "a file that was installed is not there",
    "install the distribution again; if the image build deletes files to save room, let it delete "
    "less",
)
SHARED = Code(
    "file-owned-twice",
    "two distributions installed different files at one place, and the last one won",
    "keep one of the two in the image spec (exclude the other with a reason), and install again",
)
CLUTTER = Code(
    "clutter-owned-twice",
    "two distributions installed different tests, examples or notes at one place",
    "nothing imports them in production; tell the authors of the distributions",
    Severity.WARNING,
)
UNREADABLE = Code(
    "record-unreadable",
    "the list of a distribution's files, or a file of it, cannot be read",
    "check the permissions, or install the distribution again",
)
UNFINISHED = Code(
    "install-unfinished",
    "an installer was stopped before it had written all console scripts of a distribution and the "
    "list of its files",
    "run `install.sh` of the lock set",
)
_SAMPLE = 24
"""Unsuspicious files of one distribution that are hashed all the same."""
_SAMPLE_BYTES = 256 * 1024
"""Larger files are left out of the sample: it must not read gigabytes of CUDA."""
_CLUTTER = ("test/*", "tests/*", "doc/*", "docs/*", "example/*", "examples/*", "benchmarks/*")
_NOTES = ("license*", "licence*", "readme*", "changelog*", "changes*", "notice*", "copying*")
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class _Suspect:
    """A file whose hash is to be taken."""

    owner: Distribution
    entry: RecordEntry


def run(context: Context) -> Iterator[Outcome]:
    """Compare the files on disk with what RECORD says of them."""
    records, found = _records(context)
    clashes = _clashes(records)
    found += [_clash(key, paths) for key, paths in clashes.items()]
    disputed = {path for paths in clashes.values() for path in paths}
    suspects: list[_Suspect] = []
    for owner, entries in records.items():
        if entries and not any(each.stated.endswith(".dist-info/INSTALLER") for each in entries):
            found.append(_unfinished(owner))
        survey = _Survey(owner, disputed, full=context.options.full)
        for entry in entries:
            survey.look(entry)
        found += survey.findings
        suspects += survey.suspects()
    found += _hashed(suspects, context.options.jobs)
    yield from found
    if not any(each.severity is Severity.ERROR for each in found):
        files = sum(map(len, records.values()))
        yield Passed(f"{files} files", f"as installed, {len(suspects)} of them hashed")


def _records(context: Context) -> tuple[dict[Distribution, Sequence[RecordEntry]], list[Finding]]:
    judged = {pin.name for pin in context.pins}
    records: dict[Distribution, Sequence[RecordEntry]] = {}
    unreadable: list[Finding] = []
    for distribution in context.installed.of_environment():
        if distribution.name in judged:
            try:
                records[distribution] = distribution.record()
            except (OSError, ValueError) as error:
                unreadable.append(_unreadable(distribution, "RECORD", error))
    return records, unreadable


def _unreadable(owner: Distribution, path: str, error: Exception) -> Finding:
    reason = getattr(error, "strerror", None) or str(error)
    return UNREADABLE.found(owner.label, f"{path}: {reason}", location=str(owner.info / "RECORD"))


def _unfinished(owner: Distribution) -> Finding:
    """Report a list of files that is still the wheel's: pip and uv add INSTALLER at the end."""
    message = "RECORD is as it came in the wheel: its installer was stopped before the end"
    return UNFINISHED.found(owner.label, message, location=str(owner.info / "RECORD"))


def _clashes(
    records: Mapping[Distribution, Sequence[RecordEntry]],
) -> dict[tuple[Code, str, str], list[str]]:
    """Return the places that two distributions claim with different files, by kind and pair."""
    first: dict[str, tuple[Distribution, RecordEntry]] = {}
    found: dict[tuple[Code, str, str], list[str]] = {}
    for owner, entries in records.items():
        for entry in entries:
            if not entry.digest:
                continue  # byte code and RECORD itself
            other, stated = first.setdefault(entry.path, (owner, entry))
            if other is not owner and stated.digest != entry.digest:
                key = (_clash_code(entry.stated), other.label, owner.label)
                found.setdefault(key, []).append(entry.path)
    return found


def _clash_code(stated: str) -> Code:
    low = stated.lower()
    note = "/" not in low and any(fnmatch(low, pattern) for pattern in _NOTES)
    return CLUTTER if note or any(fnmatch(low, pattern) for pattern in _CLUTTER) else SHARED


def _clash(key: tuple[Code, str, str], paths: Sequence[str]) -> Finding:
    code, one, two = key
    count = "1 file" if len(paths) == 1 else f"{len(paths)} files"
    more = f"\nand {len(paths) - 10} more" if len(paths) > 10 else ""  # noqa: PLR2004  # a page
    return code.found(
        one,
        f"shares {count} with {two}, each with another content",
        evidence="\n".join(paths[:10]) + more,
        location=paths[0],
    )


class _Survey:
    """Looks at the files of one distribution without reading them."""

    def __init__(self, owner: Distribution, disputed: Collection[str], *, full: bool) -> None:
        self._owner = owner
        self._disputed = disputed
        self._full = full
        self._recorded = _modified(owner.info / "RECORD")
        self._sure: list[RecordEntry] = []
        self._sampled: list[RecordEntry] = []
        self.findings: list[Finding] = []

    def look(self, entry: RecordEntry) -> None:
        """Judge presence and size of a file, and note whether to hash it."""
        try:
            status = os.stat(entry.path)  # noqa: PTH116  # tens of thousands of files
        except FileNotFoundError:
            if not entry.path.endswith(".pyc"):  # byte code may go: it is made again
                self._report(DELETED, entry, "is not there")
            return
        except OSError as error:
            self.findings.append(_unreadable(self._owner, entry.stated, error))
            return
        if not entry.digest or entry.path in self._disputed or _is_cache(entry.path):
            return
        if entry.size is not None and status.st_size != entry.size:
            self._report(EDITED, entry, f"has {status.st_size} bytes, was {entry.size}")
        elif self._full or int(status.st_mtime) > self._recorded:
            self._sure.append(entry)
        elif status.st_size <= _SAMPLE_BYTES:
            self._sampled.append(entry)

    def suspects(self) -> list[_Suspect]:
        """Return the files to hash: the suspicious ones, and every n-th of the others."""
        step = max(1, -(-len(self._sampled) // _SAMPLE))
        return [_Suspect(self._owner, each) for each in (*self._sure, *self._sampled[::step])]

    def _report(self, code: Code, entry: RecordEntry, message: str) -> None:
        text = f"{entry.stated} {message}"
        self.findings.append(code.found(self._owner.label, text, location=entry.path))


def _is_cache(path: str) -> bool:
    """Tell whether a file is byte code beside its source: pip compiles it anew."""
    return path.endswith(".pyc") and "/__pycache__/" in path


def _modified(path: Path) -> int:
    """Return the second in which a file was written; image layers keep no fractions."""
    try:
        return int(path.stat().st_mtime)
    except OSError:
        return 0


def _hashed(suspects: Sequence[_Suspect], jobs: int) -> list[Finding]:
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        return [finding for finding in pool.map(_compared, suspects) if finding is not None]


def _compared(suspect: _Suspect) -> Finding | None:
    entry = suspect.entry
    if entry.algorithm not in hashlib.algorithms_available:
        return None
    try:
        digest = _digest(entry.path, entry.algorithm)
    except OSError as error:
        return _unreadable(suspect.owner, entry.stated, error)
    if digest == entry.digest:
        return None
    message = f"{entry.stated} has another content than was installed"
    return EDITED.found(suspect.owner.label, message, location=entry.path)


def _digest(path: str, algorithm: str) -> str:
    sum_ = hashlib.new(algorithm)
    with Path(path).open("rb", buffering=0) as file:
        block = file.read(_BLOCK)
        while block:
            sum_.update(block)
            block = file.read(_BLOCK)
    return base64.urlsafe_b64encode(sum_.digest()).decode("ascii").rstrip("=")


CHECK = Check(
    name="files",
    summary="every installed file is there, unchanged, and owned by one distribution",
    codes=(EDITED, DELETED, SHARED, CLUTTER, UNREADABLE, UNFINISHED),
    run=run,
    in_stage=True,
    needs_interpreter=False,
)
