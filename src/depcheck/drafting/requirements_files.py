"""Read requirements files for a draft: what they ask for, include, and which indexes they name."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from depcheck.drafting.clues import Clues, IndexClue, Note
from depcheck.drafting.clues import Line as Asked
from depcheck.sources.requirement_lines import IncludedURL, Option, Stated, Walk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from depcheck.sources.requirement_lines import Line


def read_file(path: Path) -> Clues:
    """Return what a requirements file says; files that it includes are read once in each role.

    Raises:
        InputError: it, or a file that it includes, cannot be read.
    """
    return _clues(Walk().file(path))


def read_text(text: str, label: str) -> Clues:
    """Return what the lines of a text say; ``label`` names it, and what it includes lies beside.

    Raises:
        InputError: a file that it includes cannot be read.
    """
    return _clues(Walk().text(text, label))


def _clues(lines: Iterable[Line]) -> Clues:
    found = Clues()
    for line in lines:
        file, _, number = line.origin.rpartition(":")
        origin = f"{PurePath(file).name}:{number}"
        if isinstance(line, Stated):
            asked = (Asked(text=_text(line), origin=origin),)
            found += Clues(constraints=asked) if line.constraint else Clues(requirements=asked)
        elif isinstance(line, Option):
            found += _option(line, origin)
        elif isinstance(line, IncludedURL):
            text = f"`{line.url}` is not fetched: download it and name it as a source"
            found += Clues(notes=(Note(text=text, origin=origin),))
        else:
            text = f"`{line.text}` is no requirement, and is left out"
            found += Clues(notes=(Note(text=text, origin=origin),))
    return found


def _text(line: Stated) -> str:
    """Return a requirement without its hashes and comment."""
    text = str(line.parsed.line).strip()
    if text.startswith(("-e ", "--editable")):
        return f"-e {text.split(None, 1)[-1].removeprefix('--editable=')}"
    return text.split(" --")[0].split(" #")[0].strip()


def _option(option: Option, origin: str) -> Clues:
    if option.name in {"index_url", "extra_index_urls"}:
        urls = [option.value] if isinstance(option.value, str) else option.value
        extra = option.name != "index_url"
        return Clues(indexes=tuple(IndexClue(url=url, origin=origin, extra=extra) for url in urls))
    if option.name == "find_links":
        text = f"links of `{', '.join(option.value)}` are not read: name an index instead"
        return Clues(notes=(Note(text=text, origin=origin),))
    return Clues()
