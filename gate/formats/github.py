"""Workflow commands that GitHub turns into annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.gate.finding import Level
from depcheck.gate.report import details, printable

if TYPE_CHECKING:
    from depcheck.gate.finding import Finding
    from depcheck.gate.report import Report

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice"}


def render(report: Report) -> str:
    """Return one line per finding."""
    return "".join(f"{_annotation(found)}\n" for found in report.findings)


def _annotation(found: Finding) -> str:
    properties = {"file": found.location.file, "line": found.location.line, "title": found.code}
    stated = ",".join(
        f"{name}={_property(printable(str(value)))}"
        for name, value in properties.items()
        if value is not None
    )
    return f"::{_COMMANDS[found.level]} {stated}::{_data(details(found))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
