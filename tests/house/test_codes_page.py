"""The catalogue of codes says what the code says; every code is in it."""

from __future__ import annotations

import ast
import runpy
from importlib.resources import files
from typing import Any

from support.tree import ROOT

from depcheck.gate.codes import CODES
from depcheck.tomlfile import read_toml

TOOL = runpy.run_path(str(ROOT / "tools" / "codes_page.py"))
WITHOUT_EXAMPLE = 5
"""Codes that no test makes as a whole program would."""


def test_page_is_up_to_date() -> None:
    """If not: ``python -m tools.codes_page``."""
    assert TOOL["page"]() == (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")


def test_every_code_of_the_gate_has_cause_and_remedy() -> None:
    assert list(CODES) == list(data("depcheck.gate"))


def test_every_code_of_inspect_has_meaning_cause_and_remedy() -> None:
    made = {
        code
        for path in (ROOT / "artifacts").glob("*.py")
        for code in codes_made(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert sorted(made) == sorted(data("depcheck.artifacts"))


def codes_made(tree: ast.AST) -> set[str]:
    """Return the codes that a module gives to findings: ``code=...`` and the first argument."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = node.args[:1] if node.func.id in {"_finding", "_error", "_warning"} else []
            named = [each.value for each in node.keywords if each.arg == "code"]
            for value in (*first, *named):
                found |= {
                    each.value
                    for each in ast.walk(value)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return found


def test_nearly_every_code_has_an_example() -> None:
    text = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8").partition("## Errors")[0]
    sections = [part for part in text.split("\n#### ") for part in part.split("\n### ")]
    without = [part for part in sections if "- Remedy: " in part and "```text" not in part]

    assert WITHOUT_EXAMPLE >= len(without)


def data(package: str) -> dict[str, Any]:
    path = files(package) / "data" / "codes.toml"
    return read_toml(ROOT / str(path), reference="invalid-codes").document
