"""Each form of a lock set, as another tool takes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.expected import expected
from support.schemas import complaints
from support.world import World, make_world

from depcheck.images.loader import builtin_names, load_builtin

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "requirements": "requirements.txt",
    "nohash": "requirements.nohash.txt",
    "pylock": "pylock.toml",
    "dockerfile": "Dockerfile.stages",
}


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    made = make_world(tmp_path, monkeypatch, capsys)
    made.solve("./demo.toml")
    return made


@pytest.mark.parametrize("form", FILES)
def test_a_file_of_the_lock_set_byte_for_byte(world: World, form: str) -> None:
    code, out, err = world.run("export", "./demo.toml", "--format", form, "-o", "exported")
    original = (world.folder / "locks/demo/cu121" / FILES[form]).read_bytes()

    assert (code, out, err) == (0, "", f"{form} written to exported\n")
    assert original == (world.folder / "exported").read_bytes()
    assert (
        world.scrubbed(original.decode()) == world.run("export", "./demo.toml", "--format", form)[1]
    )


def test_constraints(world: World) -> None:
    code, out, err = world.run("export", "./demo.toml", "--format", "constraints")

    assert (code, err) == (0, "")
    assert out == "kernels==3.0\nnumpy==1.26.4\ntorch==2.2.2+cu121\ntrainer==1.1\n"


def test_matrix_of_named_images(world: World) -> None:
    code, out, err = world.run("export", "./demo.toml", "--format", "matrix")

    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "include": [
            {
                "image": "demo",
                "variant": "cu121",
                "python": "3.11",
                "platform": "manylinux_2_35_x86_64",
                "base-image": "nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04",
                "compute-capabilities": "8.9",
            }
        ]
    }


def test_matrix_of_all_images_is_one_line(world: World) -> None:
    _, out, _ = world.run("export", "--format", "matrix")

    assert 1 == out.count("\n")
    assert [
        (name, variant) for name in builtin_names() for variant in load_builtin(name).variants
    ] == [(each["image"], each["variant"]) for each in json.loads(out)["include"]]


@pytest.mark.parametrize("form", [*FILES, "constraints", "matrix", "cyclonedx"])
def test_as_a_document(world: World, form: str) -> None:
    words = ["export", "./demo.toml", "--format", form]
    code, out, _ = world.run(*words, "--json")
    document = json.loads(out)

    assert code == 0
    assert complaints("export", document) == []
    assert document == {"format": form, "output": None, "content": world.run(*words)[1]}


WRONG = {
    "export-of-no-lock-set": ["./demo.toml", "--format", "pylock", "--out", "elsewhere"],
    "export-of-two": ["./demo.toml", "nexa_heavy", "--format", "pylock"],
    "export-in-no-form": ["./demo.toml", "--format", "pylok"],
    "export-to-no-folder": ["./demo.toml", "--format", "nohash", "-o", "none/file"],
    "export-of-a-variant-of-all": ["--format", "matrix", "--variant", "cu121"],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_exported(world: World, name: str) -> None:
    code, out, err = world.run("export", *WRONG[name])
    told = f"exit {code}\n{err}"

    assert out == ""
    assert expected(f"bad/{name}.txt", told) == told
