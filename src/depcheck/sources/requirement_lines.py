"""Walk over requirements files line by line: requirements, options, and the files they include.

The lines are taken apart by pip-requirements-parser: pip's own parser, cut out of pip with a public
interface, which pip-audit uses for the same purpose. pip's copy is private and changes without
notice; parsers of single lines know neither continuations nor options.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, TypeAlias

from pip_requirements_parser import (
    InstallRequirement,
    InvalidRequirementLine,
    OptionLine,
    RequirementsFile,
    auto_decode,
)

from depcheck.errors import InputError, refusal
from depcheck.frozen import frozen
from depcheck.limits import objection
from depcheck.tomlfile import similar_file

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_INCLUDES = {"requirements": False, "constraints": True}
_HASH = re.compile(r"--hash[= ]\S+")
_LARGEST = 1_000_000
_LONGEST_LINE = 4000
"""Characters, continuations joined, hashes left out."""
_LONGEST_BLANK = 200
_MOST_LINES = 5000


@frozen
class Stated:
    """A requirement or a constraint."""

    parsed: InstallRequirement
    text: str
    """The line as it is written, variables not expanded."""
    origin: str
    """File and line."""
    constraint: bool
    """It stands in a file that was included as constraints."""


@frozen
class Option:
    """An option of the whole file, such as ``--index-url``."""

    name: str
    """As pip's own code calls it: ``index_url``."""
    value: Any
    origin: str


@frozen
class IncludedURL:
    """A file behind a URL, which is not fetched."""

    url: str
    origin: str


@frozen
class Wrong:
    """A line that is nothing of the kind."""

    text: str
    origin: str
    reason: str


Line: TypeAlias = "Stated | Option | IncludedURL | Wrong"


class Walk:
    """Reads files and those that they include, each once, in the order of their lines."""

    def __init__(self) -> None:
        self._seen: set[tuple[Path, bool]] = set()

    def file(self, path: Path, *, constraint: bool = False, origin: str = "") -> Iterator[Line]:
        """Yield the lines of a file.

        Raises:
            InputError: a file cannot be read; ``origin`` is the line that includes it.
        """
        key = (path.resolve(), constraint)
        if key in self._seen:
            return
        self._seen.add(key)
        try:
            text = auto_decode(path.read_bytes())
        except (OSError, UnicodeDecodeError, LookupError) as error:
            place = f"{origin}: " if origin else ""
            raise InputError(
                "requirements-unreadable",
                f"{place}`{path}` cannot be read: {refusal(error)}",
                hint=similar_file(path)
                or "check that it is a file of text and that its path is right",
            ) from error
        yield from self.text(text, str(path), constraint=constraint)

    def text(self, text: str, label: str, *, constraint: bool = False) -> Iterator[Line]:
        """Yield the lines of a text; what it includes is relative to the folder of its label."""
        if why := requirements_objection(text):
            raise InputError("requirements-refused", f"{label}: {why}", hint="name another file")
        written = text.splitlines()
        for parsed in _parsed(_VARIABLE.sub(_expanded, text)):
            origin = f"{label}:{parsed.line_number}"
            if isinstance(parsed, InstallRequirement):
                line = written[parsed.line_number - 1].strip()
                yield Stated(parsed=parsed, text=line, origin=origin, constraint=constraint)
            elif isinstance(parsed, OptionLine):
                yield from self._options(parsed.options, Path(label).parent, origin)
            elif isinstance(parsed, InvalidRequirementLine):
                line = written[parsed.line_number - 1].strip()
                yield Wrong(text=line, origin=origin, reason=_reason(parsed.error_message))

    def _options(self, options: dict[str, Any], folder: Path, origin: str) -> Iterator[Line]:
        for name, value in options.items():
            if name not in _INCLUDES:
                yield Option(name=name, value=value, origin=origin)
                continue
            for included in value:
                if "://" in included:
                    yield IncludedURL(url=included, origin=origin)
                else:
                    yield from self.file(
                        folder / included, constraint=_INCLUDES[name], origin=origin
                    )


def requirements_objection(text: str) -> str | None:
    """Return why a text is not even parsed, None for one of usual measure."""
    if why := objection(text.encode(errors="replace")):
        return why
    bare = _HASH.sub("", text)
    if len(bare) > _LARGEST:
        return f"it is larger than {_LARGEST // 1_000_000} MB without its hashes"
    if " " * (_LONGEST_BLANK + 1) in re.sub(r"[^\S\n]", " ", bare):
        return f"it has a run of more than {_LONGEST_BLANK} blanks"
    lines = re.sub(r"\\\r?\n", "", bare).splitlines()
    if any(len(line) > _LONGEST_LINE for line in lines):
        return f"it has a line of more than {_LONGEST_LINE} characters"
    if sum(1 for line in lines if line.strip() and not line.lstrip().startswith("#")) > _MOST_LINES:
        return f"it states more than {_MOST_LINES} requirements"
    return None


def _parsed(text: str) -> Iterator[Any]:
    # The parser takes files only; its own `from_string` does the same, and fails in 32.0.1.
    with NamedTemporaryFile("w", suffix=".txt", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        yield from RequirementsFile.parse(file.name)


def _expanded(match: re.Match[str]) -> str:
    """Return a variable's value, as pip does: what is not set stays as it is written."""
    return os.environ.get(match[1]) or match[0]


def _reason(message: object) -> str:
    lines = str(message).splitlines() or ["it is no requirement"]
    return lines[0].removeprefix("Invalid requirement: : ")
