"""The page about the validator lists every check, and its documents are what the schema says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support.schemas import complaints

from depcheck.validate.checks import CHECKS

if TYPE_CHECKING:
    from support.image import Image

PAGE = Path(__file__).parents[2] / "docs" / "validate.md"
GENERATED = re.compile(r"(<!-- made by [^\n]*-->\n).*(<!-- end -->)", re.DOTALL)


def tables() -> str:
    parts = []
    for check in CHECKS:
        stage = " Runs with `--stage`." if check.in_stage else ""
        parts.append(f"\n### `{check.name}`\n\nPasses where {check.summary}.{stage}\n\n")
        parts.append("| code | what | remedy |\n|---|---|---|\n")
        for code in check.codes:
            warning = " (warning)" if code.severity.value == "warning" else ""
            parts.append(f"| `{code.name}`{warning} | {code.meaning} | {code.remedy} |\n")
    return "".join(parts) + "\n"


def test_the_page_lists_every_check_and_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    expected = GENERATED.sub(lambda match: match[1] + tables() + match[2], text)
    if os.environ.get("UPDATE_EXPECTED"):
        PAGE.write_text(expected, encoding="utf-8")

    assert expected == PAGE.read_text(encoding="utf-8")


def test_codes_are_unique_and_kebab_case() -> None:
    codes = [code.name for check in CHECKS for code in check.codes]

    assert sorted(set(codes)) == sorted(codes)
    assert [code for code in codes if not re.fullmatch(r"[a-z]+(-[a-z]+)*", code)] == []


def test_the_list_names_every_check_and_code() -> None:
    command = [sys.executable, "-m", "depcheck.validate", "--list"]
    plain = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    document = json.loads(subprocess.check_output([*command, "--json"]))

    assert plain.splitlines() == [
        line
        for check in CHECKS
        for line in (
            f"{check.name}: {check.summary}",
            *(f"  {code.name}: {code.meaning}" for code in check.codes),
        )
    ]
    assert [
        (each["name"], [code["name"] for code in each["codes"]]) for each in document["checks"]
    ] == [(check.name, [code.name for code in check.codes]) for check in CHECKS]


def test_documents_are_what_the_schema_says(image: Image) -> None:
    """With passes, skips and findings, of one stage, and where the interpreter is missing."""
    other = image.validating(imports=("alpha", "no_such_module"))
    (image.packages / "beta.py").write_text("patched")

    assert complaints("validate", other.report()) == []
    assert complaints("validate", other.report("--stage", "torch")) == []
    image.python.unlink()
    assert complaints("validate", other.report()) == []


def test_errors_are_documents_too(image: Image) -> None:
    for arguments in (["--only", "nonsense"], ["--jobs", "0"], ["--nonsense"]):
        done = image.run("--json", *arguments)

        assert (done.returncode, done.stderr) == (2, "")
        assert complaints("error", json.loads(done.stdout)) == []
