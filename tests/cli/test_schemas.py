"""Every document is what its schema says, and the schemas say something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support.expected import FOLDER
from support.schemas import complaints, schemas
from support.world import World, make_world

SCHEMA_OF = {
    "init": "init",
    "solve": "solve",
    "explain": "explain",
    "gate": "gate",
    "explain-numpy": "explain-package",
    "explain-torch": "explain-package",
    "explain-trainer": "explain-package",
    "explain-kernels": "explain-package",
    "diff": "diff",
    "images-show": "images-show",
    "conflicts-list": "conflicts-list",
    "conflicts-show": "conflicts-show",
    "index-info": "index-info",
    "inspect": "inspect",
    "inspect-lock-set": "inspect-lock-set",
}


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    return make_world(tmp_path, monkeypatch, capsys)


def test_each_expected_document_has_a_schema() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(SCHEMA_OF)


@pytest.mark.parametrize("name", SCHEMA_OF)
def test_document_is_valid(name: str) -> None:
    document = json.loads((FOLDER / f"{name}.json").read_text())

    assert complaints(SCHEMA_OF[name], document) == []


@pytest.mark.parametrize("name", sorted(schemas()))
def test_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schemas()[name])


@pytest.mark.parametrize("name", SCHEMA_OF)
def test_a_missing_key_is_noticed(name: str) -> None:
    document = json.loads((FOLDER / f"{name}.json").read_text())
    for key in sorted(document):
        less = {each: value for each, value in document.items() if each != key}

        assert complaints(SCHEMA_OF[name], less) == [f"$: '{key}' is a required property"]


@pytest.mark.parametrize(
    ("words", "schema"),
    [
        (["images", "list"], "images-list"),
        (["conflicts", "list"], "conflicts-list"),
        (["index", "info"], "index-info"),
        (["solve", "nexa_infer"], "solve"),
        (["explain", "nexa_infer"], "explain"),
        (["explain", "nexa_infer", "vllm"], "explain-package"),
        (["images", "show", "nexa_heavy"], "images-show"),
        (["images", "show", "nexa_hevy"], "error"),
        (["solve", "--no-such-option"], "error"),
    ],
)
def test_what_ships_gives_valid_documents(
    world: World, monkeypatch: pytest.MonkeyPatch, words: list[str], schema: str
) -> None:
    monkeypatch.undo()
    out = ["--out", str(world.folder)]
    if words[0] == "explain":
        world.run("solve", *words[1:2], *out)
    _, text, err = world.run(*words, *(out if words[0] in {"solve", "explain"} else []), "--json")

    assert err == ""
    assert complaints(schema, json.loads(text)) == []


def test_the_documentation_names_each_schema_once() -> None:
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")

    assert {name: page.count(f"[`{name}.json`]") for name in schemas()} == dict.fromkeys(
        schemas(), 1
    )
