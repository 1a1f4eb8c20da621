"""Requirements in core metadata mean what `packaging` says."""

from __future__ import annotations

from itertools import product

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from depcheck.index.live.core_metadata import parse_metadata
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
