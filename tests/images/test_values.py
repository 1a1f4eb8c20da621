"""Parsers of single values: any input is either read or refused, never a crash."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depcheck.images.values import (
    as_of,
    capability,
    image_name,
    index_url,
    platform_tag,
    prerelease_word,
    python_version,
    size,
)
from depcheck.tomlfile import BadValueError
from depcheck.tomlvalues import (
    any_text,
    boolean,
    env_name,
    indexed_requirement,
    package_name,
    requirement,
    text,
    version,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PARSERS = [
    any_text,
    as_of,
    boolean,
    capability,
    env_name,
    image_name,
    index_url,
    indexed_requirement,
    package_name,
    platform_tag,
    prerelease_word,
    python_version,
    requirement,
    size,
    text,
    version,
]
VALUES = st.one_of(
    st.text(),
    st.sampled_from(["https://[", "a @ https://[", "a @ git+https://[x", "===", "1e999", "9 GB"]),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(timezone.utc)),
    st.lists(st.text(), max_size=2),
    st.just({}),
)


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@given(value=VALUES)
def test_value_is_read_or_refused(parse: Callable[[object], object], value: object) -> None:
    try:
        parse(value)
    except BadValueError as error:
        assert error.message  # noqa: PT017 - being read is as good


@pytest.mark.parametrize("value", [date.max, datetime.max.replace(tzinfo=timezone.utc)])
def test_end_of_time_has_no_next_day(value: date) -> None:
    if isinstance(value, datetime):
        assert as_of(value) == value
        return
    with pytest.raises(BadValueError, match="not in the range of dates"):
        as_of(value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://[", "`https://[` is not an address: invalid ipv6 url"),
        (
            "ftp://index.example/simple",
            "`ftp://index.example/simple` is not the address of an index",
        ),
        ("", "must not be empty"),
    ],
)
def test_address_that_is_none_is_refused(url: str, message: str) -> None:
    with pytest.raises(BadValueError) as caught:
        index_url(url)

    assert caught.value.message == message


def test_direct_reference_has_no_place_among_constraints() -> None:
    with pytest.raises(BadValueError) as caught:
        indexed_requirement("a @ https://index.example/a.whl#sha256=" + "0f" * 32)

    assert caught.value.remedy == "name versions here: `torch==2.2.2`"
