"""Requirements in core metadata mean what `packaging` says."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from depcheck.index.live.core_metadata import Fields, packaging_fields, parse_metadata, plain_fields
from depcheck.index.model import Dependency, InvalidMetadataError

PARTS = (
    ("a", "A.b_c", "a [x, Y.z]", "", "a;b"),
    ("", ">=1,<2", " (>=1.0, !=1.5)", "==1.*", " @ https://h/a;b.whl", ">=x", "~=1"),
    (
        *(
            "",
            ";",
            " ; ",
            "; extra == 'A_b'",
            '; python_version<"3.8" and extra=="x;y"',
            "; nonsense",
        ),
        *("; sys_platform == 'linux' or (os_name=='nt')", " ; python_version in '3.10 3.11'", ";;"),
    ),
)


def as_packaging_says(text: str) -> Dependency | None:
    try:
        stated = Requirement(text)
    except InvalidRequirement:
        return None
    return Dependency(
        canonicalize_name(stated.name),
        tuple(sorted(map(canonicalize_name, stated.extras))),
        str(stated.specifier),
        str(stated.marker) if stated.marker else None,
        stated.url,
    )


def as_read(text: str) -> Dependency | None:
    try:
        found = parse_metadata(f"Metadata-Version: 2.1\nRequires-Dist: {text}\n".encode())
    except InvalidMetadataError:
        return None
    return found.dependencies[0]


def test_requirements_mean_what_packaging_says() -> None:
    texts = ["".join(parts).strip() for parts in product(*PARTS)]

    assert {text: as_packaging_says(text) for text in texts} == {
        text: as_read(text) for text in texts
    }


NAMES = (
    *("Metadata-Version", "Requires-Dist", "requires-dist", "Provides-Extra", "Requires-Python"),
    *("Dynamic", "Name", "Author", "License", " ", "\t", "From ", "no field", ""),
)
LINES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(NAMES),
    st.sampled_from((": ", ":", ":\t ", " : ", "")),
    st.text('a1>=,;: \t"\x00\x0b\x85é☃=?') | st.sampled_from(("2.1", "numpy>=1", ">=3.9")),
    st.sampled_from(("\n", "\n", "\n", "\n", "\r\n", "\r", "\n\n")),
)


@given(st.lists(LINES, max_size=8))
def test_plain_metadata_is_read_as_packaging_reads_it(lines: list[str]) -> None:
    content = "".join(lines).encode()
    found = plain_fields(content)

    assert found in (None, packaging_fields(content))


def test_most_metadata_is_plain() -> None:
    content = (
        b"Metadata-Version: 2.1\r\nName: a\r\nAuthor: Jos\xc3\xa9\r\nLicense: one\r\n  two\r\n"
        b"Requires-Dist: b>=1\r\nRequires-Dist: c; extra == 'x'\r\nProvides-Extra: x\r\n"
        b"Requires-Python: >=3.9\r\n\r\nIts description: long\r\n"
    )
    expected = Fields("2.1", ["b>=1", "c; extra == 'x'"], ["x"], ">=3.9", [])

    assert expected == plain_fields(content) == packaging_fields(content)
