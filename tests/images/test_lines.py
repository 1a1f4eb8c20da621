"""Finding the line that states a key."""

from __future__ import annotations

import pytest

from depcheck.tomllines import Key, line_of

TEXT = """
title = "x"  # line 2
[server]
port = 1
"quoted key" = 2
nested.inner = 3

[[rule]]
id = "a"
[rule.env]
A = "1"

[[rule]] # second
id = "b"
then = [
  "numpy<2",
  "torch==2.2.2",
]

[[rule.sub]]
x = 1
""".rstrip("\n")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (("title",), None, 2),
        (("server",), None, 3),
        (("server", "port"), None, 4),
        (("server", "quoted key"), None, 5),
        (("server", "nested"), None, 6),
        (("server", "nested", "inner"), None, 6),
        (("server", "absent"), None, 3),
        (("rule",), None, 8),
        (("rule", 0, "id"), None, 9),
        (("rule", 0, "env", "A"), None, 11),
        (("rule", 1), None, 13),
        (("rule", 1, "then"), None, 15),
        (("rule", 1, "then", 1), "torch==2.2.2", 17),
        (("rule", 1, "then", 1), "elsewhere", 15),
        (("rule", 1, "then", 1), 7, 15),
        (("rule", 1, "sub", 0, "x"), None, 21),
        (("nothing", "here"), None, None),
        ((), None, None),
    ],
)
def test_line_is_that_of_the_key_or_the_nearest_above(
    key: Key, value: object, expected: int | None
) -> None:
    assert line_of(TEXT, key, value) == expected
