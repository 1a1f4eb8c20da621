"""SARIF 2.1.0 (OASIS), which code hosts show beside the line that is wrong."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from depcheck import __version__, gate
from depcheck.gate.codes import CODES
from depcheck.gate.finding import Level
from depcheck.gate.report import details

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.gate.finding import Finding
    from depcheck.gate.report import Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}


def render(report: Report) -> str:
    """Return the report as one run."""
    findings = report.findings
    codes = sorted({found.code for found in findings})
    told = tomllib.loads((files(gate) / "data" / "codes.toml").read_text(encoding="utf-8"))
    run = {
        "tool": {
            "driver": {
                "name": "depcheck",
                "semanticVersion": __version__,
                "rules": [_rule(code, told[code]) for code in codes],
            }
        },
        "results": [_result(found, codes.index(found.code)) for found in findings],
        "columnKind": "unicodeCodePoints",
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(code: str, told: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": CODES[code].summary},
        "help": {"text": f"Cause: {told['cause']}. Remedy: {told['remedy']}."},
        "defaultConfiguration": {"level": _LEVELS[CODES[code].level]},
    }


def _result(found: Finding, rule: int) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(found.location.file)}}
    if found.location.line is not None:
        location["region"] = {"startLine": found.location.line}
    return {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": _LEVELS[found.level],
        "message": {"text": details(found)},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"depcheck/v1": fingerprint(found)},
    }


def _uri(file: str) -> str:
    path = PurePosixPath(file)
    return path.as_uri() if path.is_absolute() else quote(file)


def fingerprint(found: Finding) -> str:
    """Return what stays the same of a finding while lines move."""
    parts = [found.code, found.subject, found.location.file, found.message]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
