"""Find what a Dockerfile installs besides the lock set."""

from __future__ import annotations

import re
import shlex
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from dockerfile_parse import DockerfileParser

from depcheck.errors import InputError
from depcheck.gate.codes import finding
from depcheck.gate.finding import Location
from depcheck.heredocs import read_heredoc
from depcheck.limits import LARGEST_DOCKERFILE, objection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.gate.finding import Finding

_SEPARATOR = re.compile(r"&&|\|\||[;|\n]")
_PIP = re.compile(r"pip3?(?:\.\d+)?")
_TOOLS = {
    "conda": ("install",),
    "mamba": ("install",),
    "micromamba": ("install",),
    "easy_install": (),
    "pipx": ("install",),
    "poetry": ("add", "install"),
}
_LOCKED = re.compile(r"(?:^|/)(?:stages/[^/]+\.txt|requirements\.txt|pylock\.toml)$")


def dockerfile_findings(raw: bytes, file: str) -> Iterator[Finding]:
    """Yield a finding for each command that installs Python packages outside a lock set.

    ``-r stages/NN-NAME.txt`` and ``-r requirements.txt`` with ``--require-hashes`` or ``--no-deps``
    install from one; so does ``install.sh``, which is not looked at.

    Raises:
        InputError: the file is no text, or of no usual measure.
    """
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            "dockerfile-unreadable",
            f"`{file}` cannot be read as text",
            hint="check its encoding",
        ) from error
    if why := objection(raw, LARGEST_DOCKERFILE):
        raise InputError("dockerfile-refused", f"`{file}`: {why}", hint="name another file")
    # The parser reads bytes; its types say otherwise.
    parser = DockerfileParser(fileobj=cast("Any", BytesIO(raw)))
    lines, inside = raw.decode(errors="replace").splitlines(), 0
    for instruction in parser.structure:
        number, value = instruction["startline"] + 1, instruction["value"]
        if number <= inside or instruction["instruction"] not in {"RUN", "COPY", "ADD"}:
            continue
        told = read_heredoc(lines, instruction["endline"] + 1, value)
        inside = told.last if told else inside
        if instruction["instruction"] != "RUN":
            continue
        commands = ((number, value), *(told.commands if told and told.is_script else ()))
        for line, command in commands:
            yield from _of_command(command, Location(file=file, line=line))


def _of_command(text: str, at: Location) -> Iterator[Finding]:
    for command in _SEPARATOR.split(_shell(text)):
        words = _words(command)
        if installed := _installs(words):
            yield finding(
                "dockerfile-install",
                installed,
                f"`{' '.join(words)}` installs what no lock set pins",
                at=at,
                remedy="name the packages in the image spec, solve, and install by the lock "
                "set's `install.sh` or `Dockerfile.stages`",
            )


def _shell(value: str) -> str:
    """Return the command of an instruction without its options; JSON form becomes words."""
    text = re.sub(r"^(?:--\S+\s+)+", "", value.strip())
    if text.startswith("["):
        return " ".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text))
    return text


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command, comments=True)
    except ValueError:  # an unbalanced quote, such as in a here-document
        return command.split()


def _installs(words: list[str]) -> str | None:
    """Return the tool by which a command installs packages outside a lock set, else None."""
    for place, word in enumerate(words):
        tool = word.rpartition("/")[2]
        rest = words[place + 1 :]
        if _PIP.fullmatch(tool):
            allowed = _from_lock(rest) or _only_installers(rest[1:])
            return tool if rest[:1] == ["install"] and not allowed else None
        if tool in _TOOLS:
            known = _TOOLS[tool]
            return tool if not known or (rest and rest[0] in known) else None
    return None


def _from_lock(words: list[str]) -> bool:
    """Whether everything that is installed comes from files of a lock set."""
    files = [
        words[place + 1]
        for place, word in enumerate(words[:-1])
        if word in {"-r", "--requirement", "--requirements"}
    ]
    checked = {"--require-hashes", "--no-deps"} & set(words)
    return bool(files and checked) and all(_LOCKED.search(file) for file in files)


def _only_installers(words: list[str]) -> bool:
    """Whether nothing but the installer itself is brought up to date."""
    named = [re.split(r"[=<>~!]", word)[0] for word in words if not word.startswith("-")]
    return bool(named) and set(named) <= {"pip", "uv"}
