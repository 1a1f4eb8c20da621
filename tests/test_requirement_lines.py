"""Plain requirements are read as pip's own parser reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from depcheck.sources.requirement_lines import Stated, Walk, plain_requirements

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(
    r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}(rc1|\.post1|\.dev2|\+cu121)?", fullmatch=True
)
OPERATORS = st.sampled_from(["==", ">=", "<", "!=", "<=", ">", " == ", "=", "", "==="])
CLAUSES = st.lists(st.builds("{}{}".format, OPERATORS, VERSIONS), max_size=2).map(",".join)
EXTRAS = st.sampled_from(["", "", "[a]", "[a, b-c]", "[]", " [a]"])
MARKERS = st.sampled_from(
    ["", "", ' ; python_version >= "3.8"', ";sys_platform=='linux'", "; extra == 'a'", "; x", ";"]
)
ENDS = st.sampled_from(["", "", "  # why", " #", "\t", "#no", " --pre", " \\", ".zip", "@ x", "$A"])
LINES = st.one_of(
    st.builds("{}{}{}{}{}".format, NAMES, EXTRAS, CLAUSES, MARKERS, ENDS),
    st.sampled_from(["", "# only words", "   ", "-r other.txt", "./here", "a.whl"]),
)


def seen(lines: Iterable[object]) -> list[tuple[Any, ...]]:
    return [
        (
            str(each.parsed.name),
            str(each.parsed.req),
            str(each.parsed.marker),
            sorted(each.parsed.extras),
            str(each.parsed.specifier or ""),
            each.parsed.link,
            list(each.parsed.hash_options),
            each.text,
            each.origin,
        )
        if isinstance(each, Stated)
        else ()
        for each in lines
    ]


@given(st.lists(LINES, min_size=1, max_size=4))
@example(["0==0+cu121.zip"])
def test_a_plain_text_means_the_same_to_the_parser(lines: list[str]) -> None:
    text = "\n".join(lines)
    if plain_requirements(text) is None:
        return
    walk = Walk()

    assert seen(walk._any(text, "a.txt", constraint=False)) == seen(walk.text(text, "a.txt"))


@pytest.mark.parametrize(
    "line",
    [
        "numpy=1",
        "numpy==1 --hash=sha256:0",
        "numpy.zip",
        "numpy==1+cu121.zip",
        'numpy==1+cu121.tar.gz ; python_version > "3"',
        "./numpy",
        "numpy @ https://files.example/numpy.whl",
        "-e numpy",
        "${NAME}==1",
        "numpy \\",
    ],
)
def test_anything_else_is_left_to_the_parser(line: str) -> None:
    assert plain_requirements(f"torch==2\n{line}") is None


def test_names_with_versions_and_markers_are_plain() -> None:
    found = plain_requirements("# what\nnumpy[a,b] >=1,<2 ; python_version > '3' # why\n\ntorch\n")

    assert [2, 4] == [each.line_number for each in found or ()]
