from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.solutions import heavy

from depcheck.errors import InputError
from depcheck.lockfiles.explain import explain_json
from depcheck.lockfiles.explanation import read_explanation
from depcheck.lockfiles.stages import plan_stages

if TYPE_CHECKING:
    from pathlib import Path

REMEDY = "depcheck solve heavy"


def explanation() -> bytes:
    solution = heavy()
    return explain_json(solution, plan_stages(solution))


def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(explanation())
    return made


def test_every_pin_says_why_it_is_there() -> None:
    pins = document()["pins"]

    assert sorted(pins) == sorted(pin.name for pin in heavy().pins)
    assert pins["numpy"] == {
        "version": "1.26.4",
        "extras": [],
        "stage": "torch-runtime",
        "index": "default",
        "file": {
            "filename": "numpy-1.26.4-py3-none-any.whl",
            "url": "https://files.example/numpy-1.26.4-py3-none-any.whl",
            "sha256": "b" * 64,
            "size": 1000,
            "uploaded": 1700000000,
        },
        "direct": None,
        "metadata-from": "wheel",
        "requires": [],
        "via": [
            {"source": "numpy2", "requirement": "numpy<2", "is-package": False, "rule": "numpy2"}
        ],
        "passed-over": [{"versions": ["2.1.3"], "reason": "rule `numpy2`: numpy<2"}],
        "rules": [],
        "waivers": [],
    }
    assert pins["torch"]["rules"] == ["numpy2"]
    assert pins["axolotl"]["direct"]["vcs"] == "git"
    assert [waiver["rule"] for waiver in pins["axolotl"]["waivers"]] == ["axolotl-liger"]


def test_keys_are_sorted_at_every_level() -> None:
    def unsorted(value: Any) -> list[list[str]]:
        below = value.values() if isinstance(value, dict) else value
        found = [list(value)] if isinstance(value, dict) and list(value) != sorted(value) else []
        nested = (each for each in below if isinstance(each, (dict, list)))
        return found + [each for item in nested for each in unsorted(item)]

    assert [] == unsorted(json.loads(explanation()))


def test_every_pin_has_its_line() -> None:
    lines = explanation().decode().splitlines()
    pins = {name: f'  "{name}": {{' for name in document()["pins"]}

    assert dict.fromkeys(pins, 1) == {
        name: sum(line.startswith(start) for line in lines) for name, start in pins.items()
    }


def test_it_reads_back_as_what_was_solved(tmp_path: Path) -> None:
    (tmp_path / "explain.json").write_bytes(explanation())
    solution = heavy()
    read = read_explanation(tmp_path, remedy=REMEDY)

    assert (read.image, read.variant, read.as_of) == ("heavy", "cu121", solution.as_of)
    assert read.waivers == solution.waivers
    assert tuple(read.rules.values()) == solution.rules
    for pin in solution.pins:
        found = read.pins[pin.name].pin
        assert (found.version, found.index, found.file) == (pin.version, pin.index, pin.file)
        assert (found.direct, found.via, found.passed_over) == (
            pin.direct,
            pin.via,
            pin.passed_over,
        )
    assert read.pins["numpy"].steered_by == ("numpy2",)


def damaged(content: bytes | None, folder: Path) -> tuple[str, str, str | None]:
    """Return reference, message and hint of the error that reading raises."""
    if content is not None:
        (folder / "explain.json").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_explanation(folder, remedy=REMEDY)
    error = caught.value
    return error.reference, error.message.replace(str(folder), "locks"), error.hint


def test_without_a_lock_set_the_remedy_is_to_make_it(tmp_path: Path) -> None:
    assert damaged(None, tmp_path) == (
        "no-lock-set",
        "there is no lock set in `locks`",
        "make it: `depcheck solve heavy`",
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            b"{",
            "expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (b"", "expecting value: line 1 column 1 (char 0)"),
        (
            b'"\xff"',
            "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte",
        ),
        (b"[" * 100_000, "maximum recursion depth exceeded while decoding a JSON array"),
        (b"[]", "not an object"),
        (b'{"schema": 99}', "not an explanation of schema 1"),
        (b'{"schema": 1}', "`image` is missing"),
    ],
)
def test_a_file_that_was_damaged_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    reference, message, hint = damaged(content, tmp_path)

    assert reference == "explanation-unreadable"
    assert message.startswith(f"cannot read `locks/explain.json`: {why}")
    assert hint == "make the lock set again: `depcheck solve heavy`"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("pins",), [], "`pins` is of the wrong type"),
        (("pins", "numpy"), None, "`pins.numpy` is no object"),
        (("pins", "numpy", "version"), 1, "`pins.numpy.version` is of the wrong type"),
        (("pins", "numpy", "via"), [1], "`pins.numpy.via[0]` is no object"),
        (("pins", "numpy", "file", "size"), True, "`pins.numpy.file.size` is of the wrong type"),
        (("pins", "numpy", "rules"), [None], "`pins.numpy.rules` holds something else than text"),
        (("rules", "numpy2", "reason"), ..., "`rules.numpy2.reason` is missing"),
    ],
)
def test_a_key_of_another_shape_is_named(
    tmp_path: Path, path: tuple[str, ...], value: object, why: str
) -> None:
    content = document()
    table = content
    for key in path[:-1]:
        table = table[key]
    if value is ...:
        del table[path[-1]]
    else:
        table[path[-1]] = value

    assert damaged(json.dumps(content).encode(), tmp_path)[1] == (
        f"cannot read `locks/explain.json`: {why}"
    )
