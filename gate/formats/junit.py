"""JUnit XML: one suite per lock set, one case per finding, or one that passed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from depcheck.gate.finding import Level
from depcheck.gate.report import details, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depcheck.gate.finding import Finding
    from depcheck.gate.report import Report


def render(report: Report) -> str:
    """Return the report as ``<testsuites>``; only errors are failures."""
    root = ET.Element("testsuites", name="depcheck gate")
    for judged in report.lock_sets:
        _suite(root, f"{judged.image} ({judged.variant})", judged.findings)
    if report.others:
        _suite(root, "beside the lock sets", report.others)
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(root: ET.Element, name: str, findings: Sequence[Finding]) -> None:
    failures = sum(found.level is Level.ERROR for found in findings)
    counts = {"tests": str(max(len(findings), 1)), "failures": str(failures), "errors": "0"}
    suite = ET.SubElement(root, "testsuite", {"name": printable(name), **counts})
    if not findings:
        ET.SubElement(suite, "testcase", classname=printable(name), name="may be built")
    for found in findings:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=printable(name),
            name=printable(f"{found.code}: {found.subject}"),
        )
        text = f"{printable(str(found.location))}: {details(found)}"
        if found.level is Level.ERROR:
            ET.SubElement(
                case, "failure", message=printable(found.message), type=found.code
            ).text = text
        else:
            ET.SubElement(case, "system-out").text = text
