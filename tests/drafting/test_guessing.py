"""What a draft states, and what it leaves out with a remedy."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from depcheck.drafting.base_images import knowledge
from depcheck.drafting.clues import Clues, Line
from depcheck.drafting.dockerfile import read_dockerfile
from depcheck.drafting.guessing import Draft, draft
from depcheck.drafting.spec_text import spec_text
from depcheck.errors import DepcheckError
from depcheck.images.loader import load_spec

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOCAL = "a local path: name the project's pyproject.toml as a source, for its dependencies"


def drafted(*lines: str, **clues: object) -> Draft:
    stated = tuple(Line(text=text, origin="r.txt:1") for text in ("numpy", *lines))
    return draft(Clues(requirements=stated, **clues), knowledge(), name="x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("A[x] >= 1 ; python_version < '3.12'", 'A[x]>=1; python_version < "3.12"'),
        (f"git+https://h/r@{COMMIT}#egg=a", f"a@ git+https://h/r@{COMMIT}"),
        (
            f"-e git+https://h/r@{COMMIT}#egg=a&subdirectory=s",
            f"a@ git+https://h/r@{COMMIT}#subdirectory=s",
        ),
    ],
)
def test_requirement_that_a_spec_can_state(text: str, expected: str) -> None:
    assert expected == drafted(text).requirements[-1].text.replace(" @ ", "@ ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (".", LOCAL),
        ("-e ./x", LOCAL),
        ("wheels/a-1.0-py3-none-any.whl", LOCAL),
        ("https://h/a.zip", "a URL without a name: write it as `NAME @ URL`"),
    ],
)
def test_requirement_that_is_left_out(text: str, why: str) -> None:
    assert [(text, why)] == [(line.text, reason) for line, reason in drafted(text).left_out]


def test_reference_that_moves_is_left_out() -> None:
    assert ["a @ git+https://h/r@main"] == [
        line.text for line, _ in drafted("a @ git+https://h/r@main").left_out
    ]


def test_torch_of_the_base_image_is_asked_for() -> None:
    found = drafted(base_image="pytorch/pytorch:2.7.0-cuda12.8-cudnn9-runtime")

    assert ["torch==2.7.0", "numpy"] == [line.text for line in found.requirements]
    assert ("cu128", "3.11", "manylinux_2_35_x86_64") == (
        found.variant.value,
        found.python.value,
        found.platform.value,
    )


def test_local_label_names_the_variant() -> None:
    assert ("cu118", "r.txt:1 asks for `torch==2.1.0+cu118`") == (
        drafted("torch==2.1.0+cu118").variant.value,
        drafted("torch==2.1.0+cu118").variant.why,
    )


def test_the_later_of_two_lines_counts() -> None:
    found = drafted("a==1", "a==2")

    assert ["numpy", "a==2"] == [line.text for line in found.requirements]
    assert ["`a==1` (r.txt:1) gives way to the later `a==2`"] == [n.text for n in found.notes]


DOCKERFILE = b"""\
ARG TAG=12.1.1
FROM nvidia/cuda:${TAG}-runtime-ubuntu22.04 AS base
RUN python3.11 -m pip install torch==2.2.2 'numpy<2' --index-url https://host/simple
FROM base
RUN pip install -e . accelerate>=0.2 git+https://host/repo && pip install "a[b]"
"""
PIECES = [b'"', b"'", b"$(", b"`", b"\\\n", b"<<E\n", b"${", b"}", b"\0", b"--", b"-r ", b"@"]
PIECES += [b"[", b"]", b"\n", b"FROM ", b"RUN ", b"\xc3\xa9", b"\xff", b";", b"#", b"\x1b[", b"="]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_dockerfile_gives_a_spec_that_loads_or_an_error(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    content = bytearray(DOCKERFILE)
    for _ in range(5):
        place = chance.randrange(len(content))
        content[place : place + chance.choice((0, 0, 9))] = chance.choice(PIECES)
    (tmp_path / "Dockerfile").write_bytes(content)
    try:
        made = draft(read_dockerfile(tmp_path / "Dockerfile"), knowledge(), name="x")
    except DepcheckError:
        return
    (tmp_path / "x.toml").write_text(spec_text(made, ["s"], None), encoding="utf-8")

    assert "x" == load_spec(tmp_path / "x.toml").name
