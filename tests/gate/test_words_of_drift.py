"""Where two documents differ, in words."""

from __future__ import annotations

from typing import Any

import pytest

from depcheck.gate.difference import differences, told


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [("a", ("was: 1", "is: True"))]),
        ({"a": 1}, {}, [("a", ("was: 1",))]),
        ({}, {"a": {"b": 2}}, [("a", ("is: 2",))]),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 1}}, [("a.b", ("was: 1", "is: 2"))]),
        ({"a": ["x", "y"]}, {"a": ["y", "z"]}, [("a", ("no more: x", "new: z"))]),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, [("a", ("in another order",))]),
        (
            {"a": []},
            {"a": [{"name": "x", "packages": ["p", "q"], "url": None, "extra": []}]},
            [("a", ("new: name = x, packages = [p, q]",))],
        ),
    ],
)
def test_differences_are_told(
    was: dict[str, Any], now: dict[str, Any], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert expected == [(each.path, told(each)) for each in differences(was, now)]
