from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from support.solutions import heavy, other_pins, pin, torch_pins

from depcheck.errors import InputError
from depcheck.lockfiles.requirements import (
    STRIP_HASHES,
    requirement_line,
    requirements_txt,
    stage_txt,
    strip_hashes,
)
from depcheck.lockfiles.stages import plan_stages
from depcheck.resolver.solution import DirectSource, Pin, Via

if TYPE_CHECKING:
    from pathlib import Path


def lines(pins: tuple[Pin, ...]) -> list[str]:
    return requirements_txt(heavy(pins=pins), "depcheck solve heavy").decode().splitlines()


def test_requirements_say_who_asked_and_what_comes_from_where() -> None:
    torch, _, filelock, *_ = torch_pins()

    assert lines((torch, filelock, other_pins()[3])) == [
        "#",
        "# locked by depcheck for heavy (cu121), python 3.11, manylinux_2_35_x86_64:",
        "#",
        "#    depcheck solve heavy",
        "#",
        "# complete: install it with --no-deps",
        "#",
        "# from https://download.pytorch.org/whl/cu121 and nowhere else: torch torchvision",
        (
            "# axolotl==0.4.1, pinned by commit 47e19164847c0000000000000000000000000000, "
            "in a stage file of its own:"
        ),
        (
            "#     axolotl @ git+https://github.com/axolotl-ai-cloud/axolotl"
            "@47e19164847c0000000000000000000000000000"
        ),
        "    # via spec.toml: requirements[0]",
        f"filelock==3.16.1 --hash=sha256:{'e' * 64}",
        "    # via",
        "    #   torch",
        "    #   transformers",
        f"torch==2.2.2+cu121 --hash=sha256:{'0' * 64}",
        "    # via spec.toml: requirements[0]",
    ]


def test_stripping_hashes_is_what_sed_does(tmp_path: Path) -> None:
    hashed = requirements_txt(heavy(), "depcheck solve heavy")
    (tmp_path / "requirements.txt").write_bytes(hashed)
    sed = ["sed", "-E", "s/ --hash=sha256:[a-f0-9]+//g", "requirements.txt"]
    expected = subprocess.run(sed, cwd=tmp_path, capture_output=True, check=True).stdout

    assert strip_hashes(hashed) == expected
    assert sed[2] == STRIP_HASHES


def test_without_hashes_every_line_is_still_a_requirement() -> None:
    stripped = strip_hashes(requirements_txt(heavy(), "depcheck solve heavy")).decode()
    named = [
        Requirement(line) for line in stripped.splitlines() if not line.strip().startswith("#")
    ]

    assert [requirement.name for requirement in named] == sorted(
        pin.name for pin in heavy().pins if pin.name != "axolotl"
    )


def test_a_stage_file_names_the_commit_of_a_direct_reference() -> None:
    *_, archive, git = plan_stages(heavy())

    assert stage_txt(git).decode().splitlines() == [
        "# axolotl==0.4.1, pinned by commit 47e19164847c0000000000000000000000000000",
        (
            "axolotl @ git+https://github.com/axolotl-ai-cloud/axolotl"
            "@47e19164847c0000000000000000000000000000"
        ),
    ]
    assert stage_txt(archive).decode().splitlines() == [
        f"# archived==2.0, pinned by sha256 {'a' * 64}",
        (
            "archived @ https://files.example/archived-2.0.zip#subdirectory=src"
            f" --hash=sha256:{'a' * 64}"
        ),
    ]


@pytest.mark.parametrize("vcs", ["git", None])
def test_a_direct_reference_that_is_not_pinned_is_refused(vcs: str | None) -> None:
    source = DirectSource(url="https://files.example/x.zip", vcs=vcs)
    with pytest.raises(InputError) as caught:
        requirement_line(pin("x", index=None, file=None, direct=source))

    assert (caught.value.reference, str(caught.value)) == (
        "direct-reference-not-pinned",
        "direct reference `x @ https://files.example/x.zip` is not pinned",
    )


@given(st.text(), st.text(), st.text())
def test_foreign_text_stays_in_its_comment(origin: str, image: str, command: str) -> None:
    asked = replace(pin("rich"), via=(Via(source=origin, requirement="rich", is_package=False),))
    text = requirements_txt(heavy(pins=(asked,), image=image), command).decode()
    told = [line for line in text.split("\n") if line and not line.lstrip(" ").startswith("#")]

    assert len(text.splitlines()) == text.count("\n")
    assert [line.split()[0] for line in told] == ["rich==1.0"]


@given(st.text())
def test_a_direct_url_stays_one_word_that_expands_to_nothing(path: str) -> None:
    source = DirectSource(url=f"https://files.example/{path}", sha256="a" * 64, subdirectory=path)
    line = requirement_line(pin("x", index=None, file=None, direct=source))

    assert len(line.split()) == 4
    assert "$" not in line
