"""The packed file as a program: interpreters, options, reports, manifests."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from support.image import CLEAN, Image, copied
from support.solutions import heavy

from depcheck.cli import main
from depcheck.lockfiles.lockset import render, write
from depcheck.lockfiles.manifest import FORMAT
from depcheck.lockfiles.stages import plan_stages
from depcheck.lockfiles.validator import pack, validate_dependencies
from depcheck.validate import manifest

if TYPE_CHECKING:
    from collections.abc import Callable

VERSIONS = Path.home() / ".pyenv" / "versions"
PYTHONS = sorted(VERSIONS.glob("3.*/bin/python")) or [Path(sys.executable)]


def minor(python: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", python.parent.parent.name)[:2])


NEW = [path for path in PYTHONS if minor(path) >= (3, 8) or path == Path(sys.executable)]
OLD = [path for path in VERSIONS.glob("*/bin/python") if minor(path) < (3, 8)]


@pytest.mark.parametrize("runner", NEW, ids=lambda path: path.parent.parent.name)
def test_every_supported_python_runs_it_without_its_site_packages(
    healthy: Image, runner: Path
) -> None:
    done = subprocess.run(
        [runner, "-I", "-S", "-W", "error", healthy.program, "--python", healthy.python],
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize("python", NEW, ids=lambda path: path.parent.parent.name)
def test_every_supported_python_can_be_judged(healthy: Image, python: Path) -> None:
    """Each probe runs under the interpreter that is judged, and each check reads its answer."""
    report = healthy.report(python=python)
    statuses = {each["check"]: each["status"] for each in report["results"]}
    same = report["python-version"].startswith(f"{healthy.solution.target.python}.")

    assert statuses["interpreter"] == ("pass" if same else "fail")
    assert "error" not in statuses.values()
    assert (statuses["driver"], statuses["scripts"], statuses["torch"]) == ("skip", "pass", "fail")


@pytest.mark.parametrize("runner", OLD, ids=lambda path: path.parent.parent.name)
def test_an_older_python_is_told_so(healthy: Image, runner: Path) -> None:
    version = ".".join(map(str, minor(runner)))
    done = healthy.run(runner=runner)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: validate_dependencies needs Python 3.8 or later, this is "
        f"{version} [old-python]\n\n"
        "hint: run it with a newer interpreter; --python names the one to check\n"
    )


def test_lines_say_time_status_check_and_what(image: Image) -> None:
    done = image.locked(waivers=()).run("--only", "metadata")
    lines = [
        re.sub(r"^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\]", "[time]", line)
        for line in done.stdout.splitlines()
    ]

    assert done.returncode == 1
    assert lines[0] == (
        "[time] FAIL metadata beta==1.5: requires gamma<1, found 1.0 [requirement-unmet]"
    )
    assert lines[1].startswith("    hint: run `install.sh` of the lock set; ")
    assert re.fullmatch(
        r"\[time\] FAILED 0 passed, 1 error, 0 warnings, 0 skipped \(\d\.\d s\)", lines[2]
    )


def test_quiet_says_findings_only(healthy: Image) -> None:
    done = healthy.run("--only", "installed", "--quiet")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_junit_has_a_suite_for_each_check(image: Image) -> None:
    path = image.folder / "report.xml"
    done = image.locked(waivers=()).run(
        "--only", "installed", "--only", "metadata", "--junit", str(path)
    )
    top = ET.parse(path).getroot()  # noqa: S314  # our own file

    assert done.returncode == 1
    assert (top.attrib["name"], top.attrib["tests"], top.attrib["failures"]) == (
        "small (cu121)",
        "2",
        "1",
    )
    assert [(suite.attrib["name"], suite.attrib["failures"]) for suite in top] == [
        ("installed", "0"),
        ("metadata", "1"),
    ]
    assert [failure.attrib for failure in top.iter("failure")] == [
        {"type": "requirement-unmet", "message": "requires gamma<1, found 1.0"}
    ]


def test_a_report_that_cannot_be_written_is_an_environment_failure(healthy: Image) -> None:
    done = healthy.run("--only", "installed", "-q", "--junit", "/nowhere/report.xml")

    assert done.returncode == 3
    assert done.stderr == (
        "error: cannot write `/nowhere/report.xml`: No such file or directory "
        "[report-not-written]\n\nhint: check permissions and free disk space\n"
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["--only", "instaled"],
            "there is no check `instaled` [unknown-check]\n\nhint: did you mean `installed`?",
        ),
        (
            ["--stage", "torhc"],
            "there is no stage `torhc` [unknown-stage]\n\nhint: did you mean `torch`?",
        ),
        (
            ["--stage", "torch", "--only", "metadata"],
            (
                "check `metadata` judges the whole environment, not one stage "
                "[check-not-for-stage]\n\nhint: leave out `--stage`, or the check"
            ),
        ),
        (
            ["--jobs", "0"],
            (
                "argument --jobs: `0` is no number of jobs [usage]\n\n"
                "hint: see `validate_dependencies --help`"
            ),
        ),
        (
            ["--jobs", "two"],
            (
                "argument --jobs: `two` is no number of jobs [usage]\n\n"
                "hint: see `validate_dependencies --help`"
            ),
        ),
        (
            ["--timeout", "-1"],
            (
                "argument --timeout: `-1` is no number of seconds [usage]\n\n"
                "hint: see `validate_dependencies --help`"
            ),
        ),
        (
            ["--manifest", "a" * 450],
            (
                f"`{'a' * 450}` holds no manifest that can be read: file name too long "
                "[manifest-unreadable]\n\nhint: name the folder of a lock set, its "
                "`validate_dependencies` or a manifest by `--manifest`"
            ),
        ),
    ],
)
def test_wrong_use_ends_with_2(healthy: Image, arguments: list[str], error: str) -> None:
    done = healthy.run(*arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {error}\n")


def spoiled(image: Image, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(image.program) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    image.program.write_bytes(pack({**members, "manifest.json": change(members["manifest.json"])}))


@pytest.mark.parametrize(
    ("change", "reference", "message"),
    [
        (lambda raw: raw[:1000], "manifest-damaged", r"is cut short or damaged: .*"),
        (lambda _: b"\xff", "manifest-damaged", r"is cut short or damaged: .*"),
        (lambda _: b"[]", "manifest-format", r"has format None, this validator reads 1"),
        (
            lambda raw: raw.replace(b'"format": 1', b'"format": 2'),
            "manifest-format",
            r"has format 2, this validator reads 1",
        ),
        (
            lambda raw: raw.replace(b'"format": 1', b'"format": true'),
            "manifest-format",
            r"has format True, this validator reads 1",
        ),
        (
            lambda raw: raw.replace(b'"pins"', b'"pinz"'),
            "manifest-damaged",
            r"is damaged: `pins` is missing",
        ),
        (
            lambda raw: raw.replace(b'"version": "1.5"', b'"version": 1.5'),
            "manifest-damaged",
            r"is damaged: `pins\[1\].version` has a wrong type",
        ),
        (
            lambda raw: raw.replace(b'"self-contained": false', b'"self-contained": 0'),
            "manifest-damaged",
            r"is damaged: `self-contained` has a wrong type",
        ),
        (
            lambda raw: raw.replace(b'"stages": [', b'"stages": [1,'),
            "manifest-damaged",
            r"is damaged: `stages\[0\]` is no object",
        ),
        (
            lambda raw: raw.replace(b'"imports": [', b'"imports": [1'),
            "manifest-damaged",
            r"is damaged: `imports` holds something else than text",
        ),
        (
            lambda raw: raw.replace(b'"import-env": {', b'"import-env": {"A": 1'),
            "manifest-damaged",
            r"is damaged: `import-env` holds something else than text",
        ),
    ],
)
def test_a_manifest_that_cannot_be_used_is_an_input_error(
    image: Image, change: Callable[[bytes], bytes], reference: str, message: str
) -> None:
    spoiled(image, change)
    done = image.run("--json")
    error = json.loads(done.stdout)["error"]

    assert (done.returncode, error["reference"]) == (2, reference)
    assert re.fullmatch(rf"the manifest of `{image.program}` {message}", error["message"])


def test_the_writer_and_the_reader_of_manifests_agree() -> None:
    packed = validate_dependencies(heavy(), plan_stages(heavy()))

    assert FORMAT == manifest.FORMAT
    assert zipfile.is_zipfile(__import__("io").BytesIO(packed))


def test_equal_solutions_give_equal_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from support.solutions import heavy\n"
        "from depcheck.lockfiles.stages import plan_stages\n"
        "from depcheck.lockfiles.validator import validate_dependencies\n"
        f"open({str(tmp_path / 'packed')!r}, 'wb').write("
        "validate_dependencies(heavy(), plan_stages(heavy())))"
    )
    root = Path(__file__).parents[2]
    packed = set()
    for seed in ("0", "1"):
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={**CLEAN, "PYTHONHASHSEED": seed},
            check=True,
        )
        packed.add((tmp_path / "packed").read_bytes())

    assert packed == {validate_dependencies(heavy(), plan_stages(heavy()))}


def test_the_lock_set_holds_it_and_it_can_be_run(healthy: Image, tmp_path: Path) -> None:
    write(render(healthy.solution), tmp_path / "locks")
    program = tmp_path / "locks" / "validate_dependencies"
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        [program, "--python", healthy.python, "--quiet"], env={**CLEAN, "PATH": path}, check=False
    )

    assert done.returncode == 0


def test_the_installed_program_takes_its_manifest_from_a_lock_set(
    healthy: Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(render(healthy.solution), tmp_path / "locks")
    arguments = ["validate", "--python", str(healthy.python), "--only", "installed", "--quiet"]

    assert main([*arguments, "--manifest", str(tmp_path / "locks")]) == 0
    assert main([*arguments, "--manifest", str(tmp_path)]) == 2
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("error: ") == 2


def test_virtual_env_names_the_environment(healthy: Image) -> None:
    done = subprocess.run(
        [sys.executable, healthy.program, "--only", "installed", "--json"],
        env={**CLEAN, "VIRTUAL_ENV": str(healthy.venv)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert json.loads(done.stdout)["python"] == str(healthy.python)


def test_what_a_package_names_itself_cannot_write_to_the_terminal(image: Image) -> None:
    info = image.packages / "gamma-1.0.dist-info"
    (info / "METADATA").write_text("Name: gamma\nVersion: \x1b[31m1\u202e\n")
    done = image.run("--only", "installed", "-q")

    assert "want 1.0, found \\x1b[31m1\\u202e" in done.stdout


def test_a_mistake_in_a_check_is_told_and_hides_nothing(image: Image, tmp_path: Path) -> None:
    other = copied(image, tmp_path / "other")
    with zipfile.ZipFile(other.program) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "depcheck/validate/checks/files.py"
    members[name] = members[name].replace(b"    records, found =", b"    1 / 0; records, found =")
    other.program.write_bytes(pack(members))
    report = other.report("--only", "installed", "--only", "files", "--only", "metadata")

    assert [(each["check"], each["status"]) for each in report["results"]] == [
        ("installed", "pass"),
        ("files", "error"),
        ("metadata", "pass"),
    ]
    assert report["exit-code"] == 3
    assert replace(other, folder=image.folder).findings("--only", "files") == []
