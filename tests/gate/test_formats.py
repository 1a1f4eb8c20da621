"""Each format is what its published schema says, and points to the right lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from jsonschema import Draft4Validator
from support.expected import expected
from support.schemas import complaints
from support.world import LOCKS, World, make_world

from depcheck.gate.finding import Finding, Judged, Level, Location
from depcheck.gate.formats import junit
from depcheck.gate.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = Path(__file__).parent / "schemas"
HOSTILE = "\x1b[31m\x00 & <b>]]> | ::error::%0A\u202e"

FORMAT_HINT = "write `FORMAT=FILE`; the formats are json, sarif, junit, github, summary, gitlab"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    """Return a world with three things wrong, on lines that are known."""
    world = make_world(tmp_path, monkeypatch, capsys)
    world.solve("./demo.toml")
    for path, old, new in (
        ("requirements.txt", "numpy==1.26.4", "numpy==1.26.3"),
        ("install.sh", "set -euo pipefail", f"set -u # {HOSTILE}"),
        ("pylock.toml", 'requires-python = "==3.11.*"', 'requires-python = "==3.12.*"'),
    ):
        file = world.folder / LOCKS / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))
    return world


def report(world: World, name: str) -> str:
    code, out, err = world.gate("--output", f"{name}=-")

    assert (code, err) == (1, "")
    return out


def wrong_lines(world: World) -> list[tuple[str, int]]:
    """Return file and line of everything that the fixture spoilt."""
    marks = {"install.sh": "set -u", "requirements.txt": "1.26.3", "pylock.toml": "3.12.*"}
    return sorted(
        (f"{LOCKS}/{path}", number)
        for path, mark in marks.items()
        for number, line in enumerate((world.folder / LOCKS / path).read_text().split("\n"), 1)
        if mark in line
    )


def test_sarif_is_valid_and_opens_at_the_right_lines(world: World) -> None:
    log = json.loads(report(world, "sarif"))
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())

    assert [] == [each.message for each in Draft4Validator(schema).iter_errors(log)]
    assert wrong_lines(world) == sorted(place for place in places(log) if place[1] is not None)


def places(log: Any) -> Iterator[tuple[str, int | None]]:
    for result in log["runs"][0]["results"]:
        [location] = result["locations"]
        physical = location["physicalLocation"]
        yield physical["artifactLocation"]["uri"], physical.get("region", {}).get("startLine")


def test_junit_is_valid(world: World) -> None:
    text = report(world, "junit")

    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(text)


def test_the_document_is_valid_in_a_file_too(world: World) -> None:
    world.gate("--output", "json=gate.json", "-q")

    assert [] == complaints("gate", json.loads((world.folder / "gate.json").read_text()))


@pytest.mark.parametrize("name", ["sarif", "junit", "github", "summary", "gitlab"])
def test_format(world: World, name: str) -> None:
    out = report(world, name)

    assert expected(f"gate-{name}.txt", out) == out


def test_each_annotation_is_one_line(world: World) -> None:
    lines = report(world, "github").splitlines()

    assert [True] * len(lines) == [line.startswith("::error file=") for line in lines]


def test_several_at_once_beside_the_text(world: World) -> None:
    plain = world.gate()
    outputs = ["--output", "sarif=a.sarif", "--output", "junit=b.xml"]

    assert plain == world.gate(*outputs)
    assert report(world, "sarif") == (world.folder / "a.sarif").read_text()
    assert report(world, "junit") == (world.folder / "b.xml").read_text()


@pytest.mark.parametrize(
    ("stated", "problem", "hint"),
    [
        ("sarf=x", "there is no format `sarf`", "did you mean `sarif`?"),
        ("xyz=x", "there is no format `xyz`", FORMAT_HINT),
        ("sarif", "no file is named", FORMAT_HINT),
    ],
)
def test_an_output_that_is_none(world: World, stated: str, problem: str, hint: str) -> None:
    assert world.gate("--output", stated) == (
        2,
        "",
        f"error: --output {stated}: {problem} [bad-output]\n\nhint: {hint}\n",
    )


def test_a_file_that_cannot_be_written(world: World) -> None:
    code, out, _ = world.gate("--output", "sarif=missing/a.sarif")

    assert (code, out) == (3, "")


def test_junit_tells_what_passed_what_warns_and_what_belongs_to_no_lock_set() -> None:
    warning = Finding(
        code="contents-clash",
        level=Level.WARNING,
        subject="numpy",
        message="says \x1b[31m",
        location=Location(file="locks/a", line=3),
    )
    judged = Judged(image="a", variant="cpu", folder="locks/a", findings=(), full=False)
    text = junit.render(
        Report(lock_sets=(judged, judged._replace(findings=(warning,))), others=(warning,))
    )
    suites = ET.fromstring(text)  # noqa: S314 - our own output

    assert [
        ("a (cpu)", "1", "0", ["may be built"]),
        ("a (cpu)", "1", "0", ["contents-clash: numpy"]),
        ("beside the lock sets", "1", "0", ["contents-clash: numpy"]),
    ] == [
        (
            each.get("name"),
            each.get("tests"),
            each.get("failures"),
            [case.get("name") for case in each],
        )
        for each in suites
    ]
    assert r"locks/a:3: numpy: says \x1b[31m" == suites.findtext("testsuite[2]/testcase/system-out")
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(text)
