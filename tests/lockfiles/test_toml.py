from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depcheck.lockfiles import toml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001  # hypothesis wants naive bounds
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(timezone.utc),
)
SCALARS = st.text() | st.booleans() | st.integers(min_value=-(2**63), max_value=2**63 - 1) | MOMENTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), VALUES, max_size=6))
def test_what_is_written_reads_back_the_same(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml.dumps(document)) == document


def test_tables_get_headers_and_elements_of_lists_are_inline_inside() -> None:
    document = {
        "tool": {"a b": {"n": 1}},
        "packages": [{"name": "x", "wheels": [{"url": "u"}, {"url": "v"}]}, {"name": "y"}],
        "top": ["one"],
        "none": {},
    }

    assert toml.dumps(document) == (
        'top = ["one"]\n\n[tool."a b"]\nn = 1\n\n'
        '[[packages]]\nname = "x"\nwheels = [\n    {url = "u"},\n    {url = "v"},\n]\n\n'
        '[[packages]]\nname = "y"\n\n[none]\n'
    )


def test_times_are_written_in_utc() -> None:
    moment = datetime(2024, 7, 15, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    assert toml.dumps({"at": moment}) == "at = 2024-07-14T23:30:00Z\n"


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^cannot write float as TOML$"):
        toml.dumps({"x": 1.5})
