"""Validation against the JSON Schemas that ship with depcheck."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource


@lru_cache(maxsize=1)
def schemas() -> dict[str, Any]:
    """Return the shipped schemas by name."""
    folder = files("depcheck") / "schemas"
    return {
        each.name.removesuffix(".json"): json.loads(each.read_text(encoding="utf-8"))
        for each in folder.iterdir()
    }


def complaints(name: str, document: Any) -> list[str]:
    """Return what is wrong with a document by a schema, formats included."""
    registry: Registry[Any] = Registry().with_resources(
        (f"{each}.json", Resource.from_contents(schema)) for each, schema in schemas().items()
    )
    validator = Draft202012Validator(
        {"$ref": f"{name}.json"},
        registry=registry,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
