"""Every reader of ours takes hostile input or refuses it by its own errors, in bounded time.

``pytest tests/trust --full`` runs more; ``python -m tools.fuzz`` is guided by coverage.
"""

from __future__ import annotations

import time
from random import Random

import pytest
from support.damage import mutated
from support.parsers import COMPILED, MARKER, PAGE_JSON, REQUIREMENTS, parsers

_SECONDS = 5
"""CPU; on an idle machine each takes less than one."""
NAMES = tuple(parsers())
TEXTS = {
    "digits": (b"a==", b"1"),
    "brackets": (b"a = ", b"["),
    "dots": (b"", b"a."),
    "blanks": (b"a", b" "),
    "quotes": (b"", b'"'),
    "continuations": (b"FROM a\nRUN a ", b"\\\n"),
    "requirements": (b"", b"numpy>=1,<2\n"),
    "markers": (b'a; python_version > "3"', b' or python_version > "3"'),
    "parentheses": (b"a; ", b"("),
    "parentheses alone": (b"", b"("),
    "specifiers": (b"a>1", b",>1"),
    "keys": (b"", b'key."a" = 1\n'),
    "tables": (b"", b"[[t]]\n"),
    "commands": (b"FROM a\nRUN a", b" && pip install b"),
    "variables": (b"FROM a\nRUN pip install ", b"${A:-"),
    "open tags": (b"", b'<a href="'),
    "objects": (b"", b'{"a":'),
    "list items": (b"dependencies:\n", b"  - a=1\n"),
    "headers": (b"Metadata-Version: 2.2\nName: demo\nVersion: 1\n", b"Requires-Dist: a>1\n"),
    "zeros": (b"", b"\x00"),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_reader_is_made_for_is_read(name: str) -> None:
    parser = parsers()[name]

    assert [True] * len(parser.seeds) == [parser.accepts(seed) for seed in parser.seeds]


@pytest.mark.parametrize("name", NAMES)
def test_damaged_input_is_read_or_refused(name: str, full: bool) -> None:
    parser = parsers()[name]
    random = Random(name)
    read = 0
    for _ in range(5000 if full else 60):
        read += parser.accepts(mutated(random.choice(parser.seeds), random))
    print(f"{name}: {read} of the damaged inputs were read, the others refused")


@pytest.mark.parametrize(
    ("name", "seed", "old", "new"),
    [
        ("page-json", PAGE_JSON, b'"https://files', b'"//[files'),
        ("compiled-project", COMPILED, b"[0, 0, 0, 1700000000]", b"[0, 0, [], 1700000000]"),
        ("compiled-project", COMPILED, b"[0, 0, 0, 1700000000]", b'{"a": 0, "b": 0}'),
        ("compiled-project", COMPILED, b'{">=1": [0, 2]}', b"[0, 2]"),
        ("compiled-project", COMPILED, b'["1.0", "2.0rc1"]', b'{"1.0": 0, "2.0rc1": 1}'),
        ("compile-requirements", REQUIREMENTS, b"--no-binary :all:", b"-f " + b"[" * 450),
        ("validator-text", MARKER, b"(", b"(" * 351),
    ],
)
def test_what_the_fuzzer_found_is_refused(name: str, seed: bytes, old: bytes, new: bytes) -> None:
    parser = parsers()[name]

    assert [True, False] == [parser.accepts(seed), parser.accepts(seed.replace(old, new))]


@pytest.mark.parametrize("text", TEXTS)
def test_much_of_the_same_is_read_or_refused_in_bounded_time(text: str, full: bool) -> None:
    """With ``--full`` ten megabytes; else less than what would be refused for its size alone."""
    start, unit = TEXTS[text]
    content = start + unit * ((10_000_000 if full else 150_000) // len(unit))
    slow = []
    for name, parser in parsers().items():
        started = time.process_time()
        parser.accepts(content)
        taken = time.process_time() - started
        if taken > _SECONDS:
            slow.append((name, round(taken, 1)))

    assert [] == slow
