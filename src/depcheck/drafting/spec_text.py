"""Write a draft as an image spec with comments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depcheck.drafting.clues import Line
    from depcheck.drafting.guessing import Draft


def spec_text(draft: Draft, sources: Sequence[str], as_of: str | None) -> str:
    """Return the TOML text of a draft.

    Args:
        draft: What it says.
        sources: What it was made of, named in the first line.
        as_of: The last day that the recording in depcheck knows; None where that does not serve.
    """
    return "".join(f"{line}\n" for line in _lines(draft, sources, as_of))


def _lines(draft: Draft, sources: Sequence[str], as_of: str | None) -> Iterator[str]:
    variant = draft.variant.value
    made_of = _comment(", ".join(sources))
    yield f"# Drafted by `depcheck init` from {made_of}. What was guessed says why: check it."
    yield f"name = {_quoted(draft.name)}"
    yield f"summary = {_quoted(f'Drafted from {made_of}')}"
    yield f"default-variant = {_quoted(variant)}"
    yield ""
    yield "[target]"
    yield f"python = {_quoted(draft.python.value)} # {_comment(draft.python.why)}"
    yield f"platform = {_quoted(draft.platform.value)} # {_comment(draft.platform.why)}"
    if draft.base_image is not None:
        yield f"base-image = {_quoted(draft.base_image)}"
    yield "# The GPUs that it must run on, which judge the kernels in the wheels: 8.0 is an A100,"
    yield "# 8.6 an RTX 30, 8.9 an L4, L40S or RTX 40, 9.0 an H100."
    yield '# compute-capabilities = ["8.9"]'
    yield "# What all packages may take on disk."
    yield '# disk-budget = "20 GB"'
    yield ""
    yield f"# {_comment(draft.variant.why)}"
    yield f"[variants.{variant}]"
    yield "# Nothing uploaded after this day counts, so that later solves answer the same."
    if as_of is None:
        yield "# as-of = 2025-01-31"
    else:
        yield f"as-of = {as_of} # what depcheck has recorded; later days need `--live`"
    yield "requirements = ["
    yield from _listed(draft.requirements)
    yield "]"
    if draft.constraints:
        yield "constraints = ["
        yield from _listed(draft.constraints)
        yield "]"
    if draft.left_out:
        yield "# Left out, since a spec cannot state them so:"
        for line, why in draft.left_out:
            yield f"#   {_comment(line.text)} ({_comment(line.origin)}): {_comment(why)}"
    if draft.observed:
        yield "# What came along with these, at the versions found. The solver chooses them anew;"
        yield "# to hold them where they are, take away the comment signs."
        yield "# constraints = ["
        yield from (f"#{line}" for line in _listed(draft.observed, origins=False))
        yield "# ]"
    for index in draft.indexes:
        yield ""
        yield "# These come from here and from nowhere else."
        yield f"[[variants.{variant}.indexes]]"
        yield f"name = {_quoted(index.name)}"
        yield f"url = {_quoted(index.url)}"
        yield f"packages = [{', '.join(map(_quoted, index.packages))}]"


def _listed(lines: Sequence[Line], *, origins: bool = True) -> Iterator[str]:
    for line in lines:
        origin = f" # {_comment(line.origin)}" if origins else ""
        yield f"  {_quoted(line.text)},{origin}"


def _quoted(text: str) -> str:
    """Return a TOML string: JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    """Keep text from outside inside its comment."""
    return "".join(character if character.isprintable() else "?" for character in text)
