"""Read the words of ``pip install ...`` and ``uv pip install ...``: nothing is executed."""

from __future__ import annotations

from pathlib import PurePosixPath

from depcheck.frozen import frozen

_TAKES_VALUE = frozenset(
    (
        *("-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints"),
        *("-i", "--index-url", "--default-index", "--extra-index-url", "--index"),
        *("-f", "--find-links", "-e", "--editable", "-t", "--target", "--prefix", "--root"),
        *("-p", "--python", "--python-version", "--platform", "--implementation", "--abi"),
        *("--cache-dir", "--progress-bar", "--timeout", "--retries", "--trusted-host"),
        *("--only-binary", "--no-binary", "--upgrade-strategy", "--src", "--log", "--proxy"),
        *("--cert", "--client-cert", "--config-settings", "-C", "--global-option", "--report"),
        *("--exclude-newer", "--torch-backend", "--link-mode", "--index-strategy", "--override"),
        *(
            "--no-build-isolation-package",
            "--build-constraint",
            "--root-user-action",
            "--use-pep517",
        ),
        *("-P", "--upgrade-package", "--resolution", "--prerelease", "--keyring-provider"),
    )
) - {"--use-pep517"}
_SPELLINGS = {
    "--requirement": "-r",
    "--requirements": "-r",
    "--constraint": "-c",
    "--constraints": "-c",
    "-i": "--index-url",
    "--default-index": "--index-url",
    "--index": "--extra-index-url",
    "-f": "--find-links",
    "-e": "--editable",
    "-p": "--python",
}


@frozen
class PipInstall:
    """One install command, taken apart."""

    requirements: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    """Options with their values, under one spelling."""

    def values(self, option: str) -> tuple[str, ...]:
        """Return the values of one option, in order."""
        return tuple(value for name, value in self.options if name == option)


def install_words(words: list[str]) -> list[str] | None:
    """Return what follows ``install`` of pip or uv, None where the command is another one."""
    program, *rest = words
    name = PurePosixPath(program).name
    if name.startswith("python") and rest[:2] == ["-m", "pip"]:
        rest = rest[2:]
    elif name == "uv" and rest[:1] == ["pip"]:
        rest = rest[1:]
    elif not (name == "pip" or name.startswith("pip3")):
        return None
    while rest and rest[0].startswith("-"):
        rest = rest[1:]
    return rest[1:] if rest[:1] == ["install"] else None


def read_install(words: list[str]) -> PipInstall:
    """Return the requirements and the options of an install command."""
    requirements: list[str] = []
    options: list[tuple[str, str]] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("-"):
            requirements.append(word)
            continue
        name, separator, value = word.partition("=")
        if not separator and name[:2] in {"-r", "-c", "-i", "-f", "-e"} and len(name) > 2:  # noqa: PLR2004
            name, separator, value = (name[:2], "=", name[2:]) if name[1] != "-" else (name, "", "")
        if not separator and name in _TAKES_VALUE and waiting:
            value = waiting.pop(0)
        options.append((_SPELLINGS.get(name, name), value))
    return PipInstall(requirements=tuple(requirements), options=tuple(options))
