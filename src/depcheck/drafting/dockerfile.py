"""Read a Dockerfile: base image, Python, and what its ``RUN`` lines install by pip or uv.

The instructions are taken apart by dockerfile-parse, the commands by `shlex`. Nothing is executed:
what a shell would have to work out is reported instead of guessed.
"""

from __future__ import annotations

import io
import json
import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from packaging.utils import canonicalize_name

from depcheck.drafting.clues import Clues, IndexClue, Line, Note, Witness
from depcheck.drafting.pip_words import install_words, read_install
from depcheck.drafting.project import read_project
from depcheck.drafting.requirements_files import read_file
from depcheck.errors import InputError
from depcheck.heredocs import read_heredoc
from depcheck.limits import LARGEST_DOCKERFILE, objection
from depcheck.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.drafting.pip_words import PipInstall

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]{0,500}))?\})")
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "(", ")"})
_REDIRECTIONS = frozenset({">", "<", ">>", ">&", "<&"})
_KEYWORDS = frozenset({"if", "then", "else", "elif", "fi", "for", "do", "done", "while", "case"})
_OTHERS = frozenset({"conda", "mamba", "micromamba", "poetry", "pipenv", "pdm", "pixi"})
_SHELLS = frozenset({"sh", "bash", "dash"})
_MACHINES = {"linux/arm64": "aarch64", "linux/arm64/v8": "aarch64", "linux/aarch64": "aarch64"}
_THIS = re.compile(r"(?:-e )?\.(?:\[[\w,.-]*\])?/?")
_PYTHON = re.compile(r"python(3\.\d+)(?:-.*)?")
_LONGEST_VALUE = 100_000
"""Characters; variables made of each other could grow without end."""


@dataclass
class _Stage:
    """One build stage, as far as it was read."""

    base: str
    platform: str
    name: str
    runs: list[tuple[int, str]] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    """Stages that it copies files from."""
    variables: dict[str, str] = field(default_factory=dict)


def read_dockerfile(path: Path) -> Clues:
    """Return what a Dockerfile says of its last stage, and of the stages that this is made from.

    Raises:
        InputError: it cannot be read, or has no FROM.
    """
    try:
        raw = path.read_bytes()
        raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "dockerfile-unreadable",
            f"`{path}` cannot be read as text",
            hint="check its path and its encoding",
        ) from error
    if why := objection(raw, LARGEST_DOCKERFILE):
        raise InputError("dockerfile-refused", f"`{path}`: {why}", hint="name another file")
    stages, notes = _stages(raw, path)
    if not stages:
        raise InputError(
            "dockerfile-without-from",
            f"`{path}` has no FROM",
            hint="name a Dockerfile, or a file of requirements that ends in `.txt` or `.in`",
        )
    used = _used(stages)
    root = _root(stages)
    reader = _RunReader(path)
    for stage in used:
        for line, command in stage.runs:
            reader.read(command, f"{path.name}:{line}", stage.variables)
    found = reader.clues()
    if "$" in root.base:
        notes.append(Note(text=f"the base image `{root.base}` depends on a build argument"))
    return (
        Clues(
            base_image=root.base,
            machine=_MACHINES.get(root.platform, "x86_64"),
            notes=tuple(notes),
        )
        + found
    )


def _stages(raw: bytes, path: Path) -> tuple[list[_Stage], list[Note]]:
    from dockerfile_parse import DockerfileParser  # noqa: PLC0415 - only for Dockerfiles

    stages: list[_Stage] = []
    notes: list[Note] = []
    shared: dict[str, str] = {}
    lines, inside = raw.decode().splitlines(), 0
    for step in DockerfileParser(fileobj=cast("IO[str]", io.BytesIO(raw))).structure:
        kind, value, line = step["instruction"], step["value"], step["startline"] + 1
        if line <= inside:
            continue
        variables = stages[-1].variables if stages else shared
        if kind == "FROM":
            stages.append(_from(_replaced(value, shared)))
        elif kind in {"ARG", "ENV"}:
            _set(variables, value, shared, default=kind == "ARG")
        elif kind == "RUN" and stages:
            found = read_heredoc(lines, step["endline"] + 1, value)
            inside = found.last if found else inside
            if found and not found.is_script:
                text = "the here-document is not read: name by hand what it installs"
                notes.append(Note(text=text, origin=f"{path.name}:{line}"))
                continue
            stages[-1].runs += found.commands if found else [(line, value)]
        elif kind in {"COPY", "ADD"} and stages:
            found = read_heredoc(lines, step["endline"] + 1, value)
            inside = found.last if found else inside
            stages[-1].copies += re.findall(r"--from=(\S+)", value)
        elif kind == "SHELL" and not re.search(r'"(?:[^"]*/)?(?:ba|da)?sh"', value):
            text = f"the shell {value} is not known: its commands are read as those of sh"
            notes.append(Note(text=text, origin=f"{path.name}:{line}"))
    return stages, notes


def _from(value: str) -> _Stage:
    words = value.split()
    flags = [word for word in words if word.startswith("--")]
    names = [word for word in words if not word.startswith("--")]
    platform = next((f.partition("=")[2] for f in flags if f.startswith("--platform=")), "")
    name = names[2] if len(names) > 2 and names[1].lower() == "as" else ""  # noqa: PLR2004
    return _Stage(base=names[0] if names else "", platform=platform, name=name.lower())


def _set(variables: dict[str, str], value: str, shared: dict[str, str], *, default: bool) -> None:
    try:
        words = shlex.split(value)
    except ValueError:
        return
    if words and "=" not in words[0]:
        if default:
            if words[0] in shared:
                variables[words[0]] = shared[words[0]]
            return
        words = [f"{words[0]}={' '.join(words[1:])}"]
    for word in words:
        name, separator, text = word.partition("=")
        if separator:
            variables[name] = _replaced(text, variables)


def _replaced(text: str, variables: dict[str, str]) -> str:
    """Put in the variables that are known; the others stay as they are written."""

    def value(match: re.Match[str]) -> str:
        name, otherwise = match[1] or match[2], match[3] or match[0]
        return variables.get(name, otherwise)

    replaced = _VARIABLE.sub(value, text)
    return replaced if len(replaced) <= _LONGEST_VALUE else text


def _by_name(stages: list[_Stage], name: str) -> _Stage | None:
    if name.isdigit() and int(name) < len(stages):
        return stages[int(name)]
    return next((each for each in stages if each.name and each.name == name.lower()), None)


def _root(stages: list[_Stage]) -> _Stage:
    stage, seen = stages[-1], 0
    while (below := _by_name(stages, stage.base)) and seen < len(stages):
        stage, seen = below, seen + 1
    return stage


def _used(stages: list[_Stage]) -> list[_Stage]:
    """Return the last stage and those that it is made from, in the order of the file."""
    wanted, waiting = [stages[-1]], [stages[-1]]
    while waiting:
        stage = waiting.pop()
        for name in (stage.base, *stage.copies):
            other = _by_name(stages, name)
            if other is not None and other not in wanted:
                wanted.append(other)
                waiting.append(other)
    return [stage for stage in stages if stage in wanted]


class _RunReader:
    """Collects what the RUN lines of a Dockerfile install."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._clues = Clues()
        self._pythons: list[Witness] = []

    def clues(self) -> Clues:
        return self._clues + Clues(python=tuple(reversed(self._pythons)))

    def read(self, command: str, origin: str, variables: dict[str, str]) -> None:
        """Read one RUN instruction."""
        command = re.sub(r"^(?:\s*--\w[\w-]*=\S+)+", "", command)
        try:
            words = self._words(command)
        except ValueError as error:
            self._note(f"the shell words cannot be taken apart ({error}): read it by hand", origin)
            return
        for segment in _segments(words):
            self._command([_replaced(word, variables) for word in segment], origin)

    def _words(self, command: str) -> list[str]:
        if command.lstrip().startswith("["):
            try:
                listed = json.loads(command)
            except ValueError:
                listed = None
            if isinstance(listed, list) and all(isinstance(each, str) for each in listed):
                return listed
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        return list(lexer)

    def _command(self, words: list[str], origin: str) -> None:
        while words and (words[0] in _KEYWORDS or re.fullmatch(r"\w+=.*", words[0])):
            words = words[1:]
        while words and words[0] in {"sudo", "env", "exec", "time", "!"}:
            words = words[1:]
        if not words:
            return
        program = PurePosixPath(words[0]).name
        install = install_words(words)
        if install is not None:
            self._install(read_install(self._unquoted(install, origin)), origin)
        elif program in _SHELLS and "-c" in words[:-1]:
            self.read(words[words.index("-c") + 1], origin, {})
        elif program in _OTHERS and {"install", "sync", "create", "add"} & set(words):
            self._note(f"what `{program}` installs is not read", origin)
        elif "pip" in words and "install" in words:
            self._note(f"`{' '.join(words)}` is not understood: read it by hand", origin)
        self._python(words, origin)

    def _python(self, words: list[str], origin: str) -> None:
        """Take note of a Python that is installed or used under its version."""
        for position, word in enumerate(words):
            match = _PYTHON.fullmatch(PurePosixPath(word).name)
            if match:
                self._pythons.append(Witness(version=match[1], why=f"{origin} names `{word}`"))
            elif word == "--python" and re.fullmatch(r"3\.\d+", "".join(words[position + 1 :][:1])):
                version = words[position + 1]
                why = f"{origin} says `--python {version}`"
                self._pythons.append(Witness(version=version, why=why))

    def _unquoted(self, words: list[str], origin: str) -> list[str]:
        """Join what a shell would take for a redirection back to the requirement."""
        joined: list[str] = []
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            if word in _REDIRECTIONS and joined and waiting:
                target = waiting.pop(0)
                if re.match(r"=?\d", target) and not joined[-1].startswith("-"):
                    joined[-1] += word + target
                    text = (
                        f"`{joined[-1]}` is not quoted: a shell takes `{word}` for a redirection "
                        "and installs any version; it is read as it was meant"
                    )
                    self._note(text, origin)
                continue
            joined.append(word)
        return joined

    def _install(self, install: PipInstall, origin: str) -> None:
        lines: list[Line] = []
        project = self._path.parent / "pyproject.toml"
        wanted = [*install.requirements, *(f"-e {each}" for each in install.values("--editable"))]
        for text in wanted:
            if _THIS.fullmatch(text) and project.is_file():
                self._clues += replace(read_project(project), name=None)
            elif "$" in text or "`" in text:
                self._note(f"`{text}` is for a shell to work out: name it by hand", origin)
            else:
                lines.append(Line(text=text, origin=origin))
        named = _names(lines)
        for option, extra in (("--index-url", False), ("--extra-index-url", True)):
            for url in install.values(option):
                clue = IndexClue(url=url, origin=origin, packages=named, extra=extra)
                self._clues += Clues(indexes=(clue,))
        for url in install.values("--find-links"):
            self._note(f"links of `{url}` are not read: name an index, or a direct URL", origin)
        self._clues += Clues(requirements=tuple(lines))
        for path in install.values("-r"):
            self._included(path, origin, constraints=False)
        for path in install.values("-c"):
            self._included(path, origin, constraints=True)

    def _included(self, path: str, origin: str, *, constraints: bool) -> None:
        folder = self._path.parent
        for candidate in (folder / path.lstrip("/"), folder / PurePosixPath(path).name):
            if is_file(candidate):
                found = read_file(candidate)
                if constraints:
                    found = Clues(constraints=found.requirements, notes=found.notes)
                self._clues += found
                return
        text = f"`{path}` is not beside the Dockerfile: name it as another source"
        self._note(text, origin)

    def _note(self, text: str, origin: str) -> None:
        self._clues += Clues(notes=(Note(text=text, origin=origin),))


def _segments(words: list[str]) -> Iterator[list[str]]:
    segment: list[str] = []
    for word in words:
        if word in _SEPARATORS:
            if segment:
                yield segment
            segment = []
        else:
            segment.append(word)
    if segment:
        yield segment


def _names(lines: list[Line]) -> tuple[str, ...]:
    names = (re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line.text) for line in lines)
    return tuple(sorted({canonicalize_name(name[0]) for name in names if name}))
