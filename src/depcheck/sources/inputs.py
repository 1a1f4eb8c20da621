"""What `compile` is given: requirements, constraints, overrides and options, from several files.

Everything that cannot be locked is refused with its place and a remedy, all of it at once.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.images.model import Formats, Override, SpecRequirement
from depcheck.paths import is_folder
from depcheck.sources.pyproject import read_pyproject
from depcheck.sources.requirement_lines import STDIN, IncludedURL, Option, Stated, Walk, Wrong
from depcheck.tomlvalues import NOT_JUDGED, can_be_judged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pip_requirements_parser import InstallRequirement

    from depcheck.sources.requirement_lines import Line, Plain

_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
_IGNORED = frozenset({"trusted_hosts", "use_features"})
"""They concern how pip itself works, and no answer."""


@frozen
class AllowedHashes:
    """Hashes that one line allows for the files of a package."""

    package: str
    """Normalised name."""
    sha256: frozenset[str]
    origin: str
    marker: str | None
    """The line counts only where this holds."""


@frozen
class Inputs:
    """What the files say together."""

    requirements: tuple[SpecRequirement, ...]
    constraints: tuple[SpecRequirement, ...]
    overrides: tuple[Override, ...]
    hashes: tuple[AllowedHashes, ...]
    formats: Formats
    index_url: str | None
    """Of the last ``--index-url`` in the files."""
    find_links: tuple[Path, ...]
    """Folders of distributions that the files name, in their order."""
    prereleases: bool
    """A file has ``--pre``."""
    require_hashes: bool
    """A file has ``--require-hashes``, or hashes: what is made of them must be hashed too."""
    requires_python: tuple[tuple[str, str], ...]
    """Specifier and origin of each project's ``requires-python``."""


@frozen
class _Refusal:
    message: str
    hint: str


@dataclass(slots=True)
class FormatWords:
    """``--no-binary`` and ``--only-binary`` in the order in which they are given, as pip has it."""

    no_binary: set[str] = field(default_factory=set)
    only_binary: set[str] = field(default_factory=set)

    def take(self, option: str, value: str) -> None:
        """Take one value: names with commas between them, ``:all:`` or ``:none:``."""
        own, other = self.no_binary, self.only_binary
        if option == "only_binary":
            own, other = other, own
        for word in filter(None, map(str.strip, value.split(","))):
            if word == ":none:":
                own.clear()
            elif word == ":all:":
                other.clear()
                own.clear()
                own.add(word)
            else:
                name = canonicalize_name(word)
                other.discard(name)
                own.add(name)

    def formats(self) -> Formats:
        """Return them as the solver takes them."""
        return Formats(
            no_binary=tuple(sorted(self.no_binary)), only_binary=tuple(sorted(self.only_binary))
        )


def read_inputs(
    files: Sequence[str],
    *,
    constraints: Sequence[str] = (),
    overrides: Sequence[str] = (),
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    formats: FormatWords | None = None,
) -> Inputs:
    """Read requirements files, ``pyproject.toml`` files, and ``-`` for the standard input.

    Args:
        files: What is asked for.
        constraints: Requirements files whose lines only limit.
        overrides: Requirements files whose lines replace what packages ask for.
        extras: Extras of the ``pyproject.toml`` files.
        groups: Dependency groups of the ``pyproject.toml`` files.
        formats: Gathers ``--no-binary`` and ``--only-binary`` of the files.

    Raises:
        InputError: a file cannot be read, or something in it cannot be locked; all is named.
    """
    reader = _Reader(formats or FormatWords())
    _check_selection(files, extras, groups)
    for name in files:
        if name.endswith(".toml") and Path(name).name != "pyproject.toml":
            raise InputError(
                "spec-not-compiled",
                f"`{name}` is no requirements file and no `pyproject.toml`",
                hint=f"an image spec is solved: `depcheck solve ./{Path(name)}`",
            )
        if Path(name).name == "pyproject.toml":
            project = read_pyproject(Path(name), extras=extras, groups=groups)
            for each in project.requirements:
                reader.requirement(each)
            if project.requires_python:
                reader.requires_python.append((project.requires_python, f"{name}: requires-python"))
        elif name == STDIN:
            reader.take(Walk().text(sys.stdin.read(), STDIN))
        else:
            reader.take(Walk().file(Path(name)))
    for name in constraints:
        reader.take(Walk().file(Path(name), constraint=True))
    for name in overrides:
        reader.take_overrides(Walk().file(Path(name)))
    return reader.inputs()


def _check_selection(files: Sequence[str], extras: Sequence[str], groups: Sequence[str]) -> None:
    if (extras or groups) and not any(Path(name).name == "pyproject.toml" for name in files):
        raise InputError(
            "no-project",
            f"`{'--extra' if extras else '--group'}` needs a pyproject.toml among the inputs",
            hint="name the `pyproject.toml` that defines it",
        )


class _Reader:
    def __init__(self, formats: FormatWords) -> None:
        self._requirements: list[SpecRequirement] = []
        self._constraints: list[SpecRequirement] = []
        self._overrides: list[Override] = []
        self._hashes: list[AllowedHashes] = []
        self._formats = formats
        self._index_url: str | None = None
        self._find_links: list[Path] = []
        self._prereleases = False
        self._require_hashes = False
        self._refused: list[_Refusal] = []
        self.requires_python: list[tuple[str, str]] = []

    def take(self, lines: Iterable[Line]) -> None:
        """Take the lines of a file and of those that it includes."""
        for line in lines:
            if isinstance(line, Stated):
                self._stated(line)
            elif isinstance(line, Option):
                self._option(line)
            else:
                self._unreadable(line)

    def take_overrides(self, lines: Iterable[Line]) -> None:
        """Take the lines of a file as overrides."""
        for line in lines:
            if isinstance(line, Stated):
                found = self._plain(line, what="an override")
                if found is not None:
                    name = canonicalize_name(found.name)
                    reason = "stated by the user"
                    self._overrides.append(
                        Override(requirement=found, package=name, reason=reason, origin=line.origin)
                    )
            elif isinstance(line, Option):
                message = f"{line.origin}: `{_flag(line.name)}` has no meaning among overrides"
                self._refuse(message, "move it to the requirements file")
            else:
                self._unreadable(line)

    def inputs(self) -> Inputs:
        """Return what was taken.

        Raises:
            InputError: something was refused.
        """
        self._raise_refusals()
        return Inputs(
            requirements=tuple(self._requirements),
            constraints=tuple(self._constraints),
            overrides=tuple(self._overrides),
            hashes=tuple(self._hashes),
            formats=self._formats.formats(),
            index_url=self._index_url,
            find_links=tuple(self._find_links),
            prereleases=self._prereleases,
            require_hashes=self._require_hashes or bool(self._hashes),
            requires_python=tuple(self.requires_python),
        )

    def requirement(self, stated: SpecRequirement) -> None:
        """Take a requirement, if it can be locked."""
        url = stated.requirement.url
        refused = _refused_url(url, stated.origin) if url else None
        if refused is None and not can_be_judged(stated.requirement):
            wrong, remedy = NOT_JUDGED
            refused = _Refusal(
                message=f"{stated.origin}: the marker of `{stated.requirement}` {wrong}",
                hint=remedy,
            )
        if refused is not None:
            self._refused.append(refused)
        else:
            self._requirements.append(stated)

    def _raise_refusals(self) -> None:
        if not self._refused:
            return
        if len(self._refused) == 1:
            [only] = self._refused
            raise InputError("not-lockable", only.message, hint=only.hint)
        lines = [f"{len(self._refused)} lines cannot be locked"]
        lines += [f"  {each.message}; {each.hint}" for each in self._refused]
        raise InputError("not-lockable", "\n".join(lines), hint=None)

    def _refuse(self, message: str, hint: str) -> None:
        self._refused.append(_Refusal(message=message, hint=hint))

    def _unreadable(self, line: Wrong | IncludedURL) -> None:
        if isinstance(line, Wrong):
            hint = "write requirements like `torch==2.2.2` or `name @ https://host/file.whl`"
            self._refuse(f"{line.origin}: `{line.text}`: {line.reason}", hint)
        else:
            hint = "download it, check it, and include the file"
            self._refuse(f"{line.origin}: an included URL is not fetched: `{line.url}`", hint)

    def _stated(self, line: Stated) -> None:
        if line.constraint:
            found = self._plain(line, what="a constraint")
            if found is not None:
                self._constraints.append(SpecRequirement(requirement=found, origin=line.origin))
                self._hashed(line, found)
            return
        asked = self._asked(line)
        if asked is not None:
            self.requirement(SpecRequirement(requirement=asked, origin=line.origin))
            self._hashed(line, asked)

    def _asked(self, line: Stated) -> Requirement | None:
        parsed = line.parsed
        if parsed.is_editable:
            self._refuse(
                f"{line.origin}: `{line.text}`: an editable install cannot be locked",
                "lock what it depends on: name its `pyproject.toml` as an input instead",
            )
            return None
        if parsed.install_options or parsed.global_options:
            self._refuse(
                f"{line.origin}: `{line.text}`: options of one build cannot be locked",
                "set them where the package is built, and leave them out here",
            )
            return None
        if parsed.link is None:
            return _requirement(parsed)
        if not parsed.is_url or parsed.link.is_file:
            self._refuse(
                f"{line.origin}: `{line.text}`: a local path cannot be locked",
                "publish it on an index or at a URL, or name its `pyproject.toml` as an input",
            )
            return None
        return self._by_url(line)

    def _by_url(self, line: Stated) -> Requirement | None:
        parsed = line.parsed
        if parsed.name is None or parsed.link is None:
            self._refuse(
                f"{line.origin}: `{line.text}`: a URL without a name cannot be locked",
                "write `name @ URL`",
            )
            return None
        extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
        marker = f" ; {parsed.marker}" if parsed.marker else ""
        return Requirement(f"{parsed.name}{extras} @ {parsed.link.url}{marker}")

    def _plain(self, line: Stated, *, what: str) -> Requirement | None:
        """Return a requirement that names versions of an index and nothing else."""
        if line.parsed.link is not None or line.parsed.is_editable or line.parsed.extras:
            self._refuse(
                f"{line.origin}: `{line.text}`: {what} is a name with versions, no URL, no extra",
                "write it among the requirements",
            )
            return None
        return _requirement(line.parsed)

    def _hashed(self, line: Stated, found: Requirement) -> None:
        words = line.parsed.hash_options
        if not words:
            return
        hashes = frozenset(match[1] for word in words if (match := _SHA256.fullmatch(word.lower())))
        if not hashes:
            self._refuse(
                f"{line.origin}: none of its hashes is a SHA-256, which indexes state",
                "give `--hash=sha256:<64 digits>`",
            )
            return
        marker = str(found.marker) if found.marker else None
        self._hashes.append(
            AllowedHashes(
                package=canonicalize_name(found.name),
                sha256=hashes,
                origin=line.origin,
                marker=marker,
            )
        )

    def _option(self, line: Option) -> None:
        if line.name == "index_url":
            self._index_url = str(line.value)
        elif line.name == "find_links":
            for value in line.value:
                self._linked(str(value), line.origin)
        elif line.name in {"no_binary", "only_binary"}:
            for value in line.value:
                self._formats.take(line.name, value)
        elif line.name == "pre":
            self._prereleases = True
        elif line.name == "require_hashes":
            self._require_hashes = True
        elif line.name in _IGNORED:
            return
        else:
            why, hint = _REFUSED_OPTIONS.get(line.name, _UNKNOWN_OPTION)
            self._refuse(f"{line.origin}: `{_flag(line.name)}` {why}", hint)

    def _linked(self, place: str, origin: str) -> None:
        if "://" in place:
            message = f"{origin}: `--find-links {place}` is no folder, and no index vouches for it"
            self._refuse(message, "name the index that has these files, or a folder with them")
            return
        folder = Path(origin.rpartition(":")[0]).parent / place
        if not is_folder(folder):
            self._refuse(f"{origin}: there is no folder `{folder}`", "check the path")
            return
        self._find_links.append(folder)


DEPENDENCY_CONFUSION = (
    "lets any of several indexes answer for any name, so that a stranger's package of the same "
    "name may be installed (dependency confusion)"
)
PINNED_TO_INDEX = (
    "say which packages come from that index, and from nowhere else: "
    "`--package-index torch,torchvision=https://download.pytorch.org/whl/cu121`"
)
_REFUSED_OPTIONS = {
    "extra_index_urls": (DEPENDENCY_CONFUSION, PINNED_TO_INDEX),
    "no_index": ("leaves nothing to lock from", "name an index by `--index-url`"),
    "prefer_binary": (
        "depends on which wheels exist today",
        "use `--only-binary` with the names that must not be built",
    ),
    "editables": ("cannot be locked", "name the `pyproject.toml` of the project as an input"),
}
_UNKNOWN_OPTION = ("is not known to depcheck", "leave it out")


def _flag(name: str) -> str:
    words = {"extra_index_urls": "extra-index-url", "editables": "editable"}
    return "--" + words.get(name, name.replace("_", "-"))


def _requirement(parsed: InstallRequirement | Plain) -> Requirement:
    """Return what the parser took apart as a requirement of `packaging`."""
    found = Requirement(str(parsed.req))
    if parsed.marker is not None:
        found.marker = Marker(str(parsed.marker))
    return found


def _refused_url(url: str, origin: str) -> _Refusal | None:
    """Return why a direct reference cannot be locked, None where it can."""
    path = url.partition("#")[0].partition("?")[0]
    if url.startswith(("http://", "https://")) and path.endswith(".whl"):
        return None
    return _Refusal(
        message=f"{origin}: `{_shown(url)}` is no wheel, and only a build could tell what it needs",
        hint="name a release or the URL of a wheel, or write an image spec: it can state the "
        "metadata of such a package",
    )


def _shown(url: str) -> str:
    """Return a URL without credentials."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)
