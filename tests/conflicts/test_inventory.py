"""What several statements about one package come to."""

from __future__ import annotations

import pytest

from depcheck.conflicts.inventory import Stated, merged, specifier_range


def stated(text: str) -> Stated:
    """Return one statement about numpy; a question mark says that it may not count."""
    specifier = text.removeprefix("?")
    return Stated(
        name="numpy",
        versions=specifier_range(specifier),
        text=specifier,
        origin=f"at {text}",
        certain=not text.startswith("?"),
    )


@pytest.mark.parametrize(
    ("texts", "alternatives", "text", "specifier", "certain"),
    [
        # The lines of a requirements file hold together.
        ((">=1", "<2"), False, ">=1, <2", ">=1,<2", True),
        ((">=1", ">=1"), False, ">=1", ">=1", True),
        ((">=1", "?<2"), False, ">=1", ">=1", True),
        (("?<2", ">=1"), False, ">=1", ">=1", True),
        (("?>=1", ">=1"), False, ">=1", ">=1", True),
        ((">=1", "?>=1"), False, ">=1", ">=1", True),
        (("?<1", "?<2"), False, "<1 or <2", "<2", False),
        # The forks of a universal lock exclude each other.
        (("<1", "<2"), True, "<1 or <2", "<2", True),
        (("<1", "?<2"), True, "<1 or <2", "<2", False),
        (("<2", "?<2"), True, "<2", "<2", True),
    ],
)
def test_statements_are_merged(
    *, texts: tuple[str, ...], alternatives: bool, text: str, specifier: str, certain: bool
) -> None:
    [found] = merged(map(stated, texts), alternatives=alternatives)

    assert (text, certain) == (found.text, found.certain)
    assert specifier_range(specifier) == found.versions


def test_what_was_merged_names_all_its_places() -> None:
    [found] = merged(map(stated, (">=1", "<3", "<2")), alternatives=False)

    assert ("at >=1, at <3, at <2", ">=1, <3, <2") == (found.origin, found.text)
