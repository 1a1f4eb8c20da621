"""Reports with every kind of outcome, whole."""

from __future__ import annotations

import io

import pytest

from depcheck.validate.findings import Broken, Finding, Outcome, Passed, Severity, Skipped
from depcheck.validate.reports.junit import junit
from depcheck.validate.reports.text import TextReport
from depcheck.validate.runner import Report, Result

LONG = "\n".join(f"line {number}" for number in range(14))
OUTCOMES: list[tuple[str, Outcome]] = [
    ("driver", Skipped("", "no NVIDIA driver")),
    ("libraries", Skipped("native.so", "it is optional", minor=True)),
    ("imports", Passed("torch", "2.2.2", 1.25)),
    ("metadata", Passed("2 requirements", "hold", minor=True)),
    (
        "files",
        Finding(
            code="file-edited",
            severity=Severity.ERROR,
            subject="beta==1.5",
            message="b.py\nhas 1 byte",
            remedy="install it again",
            evidence=LONG,
            location="/venv/b.py",
        ),
    ),
    (
        "interpreter",
        Finding(
            code="headers-missing",
            severity=Severity.WARNING,
            subject="/venv/bin/python",
            message="no \x1b[31mPython.h",
            remedy="install the headers",
        ),
    ),
    ("nccl", Broken("nccl", "the check itself failed: KeyError: 'version'", "Traceback\nKeyError")),
]
REPORT = Report(results=tuple(Result(*each) for each in OUTCOMES), seconds=2.5)


def written(report: Report, *, verbose: bool = False, quiet: bool = False) -> str:
    out = io.StringIO()
    text = TextReport(out, lambda: "now", verbose=verbose, quiet=quiet)
    for result in report.results:
        text.add(result)
    text.finish(report)
    return out.getvalue()


def lines(first: int) -> str:
    return "".join(f"    line {number}\n" for number in range(first, 14))


CUT = f"    [2 lines more with --verbose]\n{lines(2)}    hint: install it again\n"
FINDINGS = """\
[now] WARN interpreter /venv/bin/python: no \\x1b[31mPython.h [headers-missing]
    hint: install the headers
[now] ERROR nccl nccl: the check itself failed: KeyError: 'version'
    Traceback
    KeyError
"""


def test_lines_leave_out_minor_outcomes_and_the_start_of_long_evidence() -> None:
    assert written(REPORT) == (
        "[now] SKIP driver skipped: no NVIDIA driver\n"
        "[now] PASS imports torch 2.2.2 (1.2 s)\n"
        "[now] FAIL files beta==1.5: b.py has 1 byte [file-edited]\n"
        f"{CUT}{FINDINGS}"
        "[now] FAILED 2 passed, 1 error, 1 warning, 2 skipped, 1 not judged (2.5 s)\n"
    )


def test_verbose_says_everything_and_where() -> None:
    assert written(REPORT, verbose=True) == (
        "[now] SKIP driver skipped: no NVIDIA driver\n"
        "[now] SKIP libraries native.so skipped: it is optional\n"
        "[now] PASS imports torch 2.2.2 (1.2 s)\n"
        "[now] PASS metadata 2 requirements hold\n"
        "[now] FAIL files beta==1.5: b.py has 1 byte [file-edited]\n"
        f"{lines(0)}    at /venv/b.py\n    hint: install it again\n{FINDINGS}"
        "[now] FAILED 2 passed, 1 error, 1 warning, 2 skipped, 1 not judged (2.5 s)\n"
    )


def test_quiet_says_findings_alone() -> None:
    assert written(REPORT, quiet=True) == (
        f"[now] FAIL files beta==1.5: b.py has 1 byte [file-edited]\n{CUT}{FINDINGS}"
    )


@pytest.mark.parametrize(
    ("chosen", "code", "summary"),
    [
        (slice(0, 4), 0, "OK 2 passed, 0 errors, 0 warnings, 2 skipped"),
        (slice(5, 6), 0, "OK 0 passed, 0 errors, 1 warning, 0 skipped"),
        (slice(6, 7), 3, "ERROR 0 passed, 0 errors, 0 warnings, 0 skipped, 1 not judged"),
    ],
)
def test_a_check_that_failed_itself_is_no_failure_of_the_image(
    chosen: slice, code: int, summary: str
) -> None:
    report = Report(results=REPORT.results[chosen], seconds=0)

    assert (code, f"[now] {summary} (0.0 s)") == (
        report.exit_code,
        written(report).splitlines()[-1],
    )


def test_junit_tells_failures_errors_and_skips_apart_and_keeps_warnings_as_output() -> None:
    assert junit(REPORT, "small (cu121)").decode().replace("><", ">\n<") == (
        '<testsuites name="small (cu121)" time="2.500" tests="7" failures="1" errors="1" '
        'skipped="2">\n'
        '<testsuite name="driver" tests="1" failures="0" errors="0" skipped="1">\n'
        '<testcase classname="driver" name="driver">\n'
        '<skipped message="no NVIDIA driver" />\n</testcase>\n</testsuite>\n'
        '<testsuite name="libraries" tests="1" failures="0" errors="0" skipped="1">\n'
        '<testcase classname="libraries" name="native.so">\n'
        '<skipped message="it is optional" />\n</testcase>\n</testsuite>\n'
        '<testsuite name="imports" tests="1" failures="0" errors="0" skipped="0">\n'
        '<testcase classname="imports" name="torch" time="1.250" />\n</testsuite>\n'
        '<testsuite name="metadata" tests="1" failures="0" errors="0" skipped="0">\n'
        '<testcase classname="metadata" name="2 requirements" time="0.000" />\n</testsuite>\n'
        '<testsuite name="files" tests="1" failures="1" errors="0" skipped="0">\n'
        '<testcase classname="files" name="beta==1.5 [file-edited]">\n'
        '<failure type="file-edited" message="b.py&#10;has 1 byte">'
        f"{LONG}\nhint: install it again</failure>\n</testcase>\n</testsuite>\n"
        '<testsuite name="interpreter" tests="1" failures="0" errors="0" skipped="0">\n'
        '<testcase classname="interpreter" name="/venv/bin/python [headers-missing]">\n'
        "<system-out>warning: no \\x1b[31mPython.h\n\nhint: install the headers</system-out>\n"
        "</testcase>\n</testsuite>\n"
        '<testsuite name="nccl" tests="1" failures="0" errors="1" skipped="0">\n'
        '<testcase classname="nccl" name="nccl">\n'
        "<error message=\"the check itself failed: KeyError: 'version'\">Traceback\nKeyError"
        "</error>\n</testcase>\n</testsuite>\n</testsuites>\n"
    )
