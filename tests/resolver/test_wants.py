"""Requirements as they count in the search, and which package they make it decide first."""

from __future__ import annotations

import pytest
from support.universe import MemoryIndex

from depcheck.resolver.candidates import Want
from depcheck.resolver.preference import preference


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("==1", True),
        ("===1", True),
        ("==1.*", False),
        ("==1,>0", False),
        ("==1.*,>=1", False),
        (">=1", False),
        ("~=1.0", False),
        ("!=1,!=2", False),
        ("", False),
    ],
)
def test_want_is_exact_where_one_version_is_left(specifier: str, *, expected: bool) -> None:
    assert expected == Want("a", specifier).exact
    assert Want("a", specifier, rank=0).exact


@pytest.mark.parametrize(
    ("want", "expected"),
    [
        (Want("a"), 0b111),
        (Want("a", "<3"), 0b011),
        (Want("a", "<3", forbidden=True), 0b100),
        (Want("a", rank=0), 0b001),
        (Want("a", rank=2), 0b100),
        (Want("a", impossible="never"), 0),
    ],
)
def test_want_allows_some_versions(want: Want, expected: int) -> None:
    project = MemoryIndex({"a": {"1": [], "2": [], "3": []}}).project("a")
    assert project is not None

    assert expected == want.mask(project)


@pytest.mark.parametrize(
    ("want", "text", "place"),
    [
        (
            Want("a", "<2", extra="x", origin="s.toml: requirements[3]"),
            "a[x]<2",
            "s.toml: requirements",
        ),
        (Want("a", "<2", forbidden=True), "not a<2", ""),
        (Want("a", impossible="it is broken"), "it is broken", ""),
        (Want("a", origin="dir/r.in:12"), "a", "-r dir/r.in"),
        (Want("a", origin="c:/c.txt:3", weak=True), "a", "-c c:/c.txt"),
    ],
)
def test_want_says_what_and_where(want: Want, text: str, place: str) -> None:
    assert (text, place, f"<Want {text}>") == (str(want), want.stated_in, repr(want))


def test_packages_are_decided_in_order_of_what_is_asked_of_them() -> None:
    """What is needed, what is pinned, what the image names, what is bounded, and then by name."""
    asked = [
        ("z", [Want("z", "==1")], 9),
        ("a", [Want("a"), Want("a", "==1", weak=True)], 99),
        ("y", [Want("y")], 0),
        ("x", [Want("x", "<2")], 1),
        ("w", [Want("w", weak=True), Want("w", "<2"), Want("w")], 99),
        ("k", [Want("k")], 99),
        ("l", [Want("l")], 99),
        ("b", [Want("b", "==1", weak=True)], 0),
        ("c", [Want("c", "<1", weak=True)], 0),
        ("d", [Want("d", weak=True)], 0),
    ]
    made = [preference(name, wants, order) for name, wants, order in reversed(asked)]

    assert [name for name, _, _ in asked] == [each.identifier for each in sorted(made)]
