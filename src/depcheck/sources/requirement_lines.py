"""Walk over requirements files line by line: requirements, options, and the files they include.

The lines are taken apart by pip-requirements-parser: pip's own parser, cut out of pip with a public
interface, which pip-audit uses for the same purpose. pip's copy is private and changes without
notice; parsers of single lines know neither continuations nor options. A text that is nothing but
names, versions and markers needs none of it, and it takes a while to import.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, TypeAlias

from packaging.requirements import InvalidRequirement, Requirement

from depcheck.errors import InputError, refusal
from depcheck.frozen import frozen
from depcheck.limits import objection
from depcheck.tomlfile import similar_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.markers import Marker
    from packaging.specifiers import SpecifierSet
    from pip_requirements_parser import InstallRequirement

STDIN = "-"
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_INCLUDES = {"requirements": False, "constraints": True}
_HASH = re.compile(r"--hash[= ]\S+")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_CODING = re.compile(rb"coding[:=]")
_PLAIN = re.compile(r"[A-Za-z0-9][\w.,<>=!~*+()\[\] -]*(;[^#$\\@/]*)?", re.ASCII)
_ARCHIVES = (".whl", ".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz", ".gz", ".bz2", ".xz", ".lzma")
_LARGEST = 1_000_000
_LONGEST_LINE = 4000
"""Characters, continuations joined, hashes left out."""
_LONGEST_BLANK = 200
_MOST_LINES = 5000


@frozen
class Plain:
    """A line that is a name with versions and a marker, in the words of the parser's own class."""

    req: Requirement
    """Without the marker."""
    marker: Marker | None
    line: str
    line_number: int
    link: None = None
    is_editable: bool = False
    is_url: bool = False
    install_options: tuple[str, ...] = ()
    global_options: tuple[str, ...] = ()
    hash_options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name as it is written."""
        return self.req.name

    @property
    def extras(self) -> set[str]:
        """The extras as they are written."""
        return self.req.extras

    @property
    def specifier(self) -> SpecifierSet:
        """The versions that are allowed."""
        return self.req.specifier


@frozen
class Stated:
    """A requirement or a constraint."""

    parsed: InstallRequirement | Plain
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
            text = _decoded(path.read_bytes())
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
        plain = plain_requirements(text)
        if plain is not None:
            for each in plain:
                origin = f"{label}:{each.line_number}"
                yield Stated(parsed=each, text=each.line, origin=origin, constraint=constraint)
            return
        yield from self._any(text, label, constraint=constraint)

    def _any(self, text: str, label: str, *, constraint: bool) -> Iterator[Line]:
        from pip_requirements_parser import (  # noqa: PLC0415 - takes a tenth of a whole run
            InstallRequirement,
            InvalidRequirementLine,
            OptionLine,
        )

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


def plain_requirements(text: str) -> list[Plain] | None:
    """Return the requirements of a text that has nothing else; None for any other text."""
    found = []
    for number, written in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", written).strip()
        if not line:
            continue
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
        # pip takes what ends like an archive for the path of one, a version such as `1+a.zip` too.
        paths = (name, line.partition(";")[0].rstrip())
        if any(each.lower().endswith(_ARCHIVES) for each in paths):
            return None
        if not _PLAIN.fullmatch(line) or " -" in line:
            return None
        try:
            stated = Requirement(line)
        except InvalidRequirement:
            return None
        marker, stated.marker = stated.marker, None
        found.append(Plain(req=stated, marker=marker, line=written.strip(), line_number=number))
    return found


def _decoded(content: bytes) -> str:
    if content.isascii() and not _CODING.search(content):
        return content.decode("ascii")
    from pip_requirements_parser import auto_decode  # noqa: PLC0415 - takes a while

    decoded: str = auto_decode(content)
    return decoded


def _parsed(text: str) -> Iterator[Any]:
    from pip_requirements_parser import RequirementsFile  # noqa: PLC0415 - takes a while

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
