"""The report as JUnit XML: one suite per check, one case per result."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from depcheck.validate.findings import Broken, Finding, Passed, Skipped
from depcheck.validate.reports.escaping import escape

if TYPE_CHECKING:
    from depcheck.validate.runner import Report, Result


def junit(report: Report, name: str) -> bytes:
    """Return the report as an XML document; ``name`` names the image and variant."""
    top = ET.Element("testsuites", name=escape(name), time=f"{report.seconds:.3f}")
    by_check: dict[str, list[Result]] = {}
    for result in report.results:
        by_check.setdefault(result.check, []).append(result)
    for check, results in by_check.items():
        suite = ET.SubElement(top, "testsuite", name=check)
        _count(suite, results)
        for result in results:
            _case(suite, check, result)
    _count(top, report.results)
    return bytes(ET.tostring(top, encoding="utf-8")) + b"\n"


def _count(element: ET.Element, results: list[Result] | tuple[Result, ...]) -> None:
    statuses = [result.status for result in results]
    element.set("tests", str(len(statuses)))
    element.set("failures", str(statuses.count("FAIL")))
    element.set("errors", str(statuses.count("ERROR")))
    element.set("skipped", str(statuses.count("SKIP")))


def _case(suite: ET.Element, check: str, result: Result) -> None:
    outcome = result.outcome
    code = f" [{outcome.code}]" if isinstance(outcome, Finding) else ""
    name = escape(f"{outcome.subject or check}{code}")
    case = ET.SubElement(suite, "testcase", classname=check, name=name)
    if isinstance(outcome, Passed):
        case.set("time", f"{outcome.seconds or 0:.3f}")
    elif isinstance(outcome, Skipped):
        ET.SubElement(case, "skipped", message=escape(outcome.reason))
    elif isinstance(outcome, Broken):
        _text(ET.SubElement(case, "error"), outcome.message, outcome.evidence)
    elif result.status == "FAIL":
        failure = ET.SubElement(case, "failure", type=outcome.code)
        _text(failure, outcome.message, f"{outcome.evidence}\nhint: {outcome.remedy}")
    else:  # JUnit knows no warning: the case passes, and says so
        told = f"warning: {outcome.message}\n{outcome.evidence}\nhint: {outcome.remedy}"
        ET.SubElement(case, "system-out").text = escape(told)


def _text(element: ET.Element, message: str, text: str) -> None:
    element.set("message", escape(message))
    element.text = escape(text.strip())
