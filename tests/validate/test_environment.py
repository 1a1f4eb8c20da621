"""Scripts and environment variables."""

from __future__ import annotations

import errno
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.image import MINOR

from depcheck.validate.checks.scripts import CHECK
from depcheck.validate.context import Context, Options
from depcheck.validate.environment import probe
from depcheck.validate.findings import Finding
from depcheck.validate.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from support.image import Image

GOOD = "#!/bin/sh\necho hello\n"


def script(image: Image, content: str | bytes, *, mode: int = 0o755, name: str = "run.sh") -> Path:
    folder = image.folder / "scripts"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def judged(image: Image, *arguments: str) -> list[tuple[str, str]]:
    folder = str(image.folder / "scripts")
    found = image.validating(scripts=(folder,)).findings("--only", "scripts", *arguments)
    return [(code, message) for code, _, message in found]


def test_healthy_scripts_pass(image: Image) -> None:
    script(image, GOOD)
    script(image, "#!/usr/bin/env python3\n", name="tool")
    script(image, "no script", mode=0o644, name="notes.txt")
    script(image, b"\x7fELF\r\n", name="program")

    assert judged(image) == []


@pytest.mark.parametrize(
    ("content", "mode", "expected"),
    [
        (GOOD.replace("\n", "\r\n"), 0o755, [("script-crlf", "has Windows line ends")]),
        (GOOD, 0o644, [("script-not-executable", "has no run bit")]),
        ("echo hello\n", 0o755, [("shebang-missing", "has no `#!` line")]),
        ("\ufeff" + GOOD, 0o755, [("shebang-missing", "has a byte order mark before `#!`")]),
        (
            "#!/opt/gone/bin/python\n",
            0o755,
            [("shebang-wrong", "wants `/opt/gone/bin/python`, which is not there")],
        ),
        (
            "#!/usr/bin/env -S no-such-program -x\n",
            0o755,
            [("shebang-wrong", "wants `no-such-program`, which is not on PATH")],
        ),
        ("#!\n", 0o755, [("shebang-wrong", "its `#!` line names nothing")]),
    ],
)
def test_a_script_that_cannot_run_is_found(
    image: Image, content: str, mode: int, expected: list[tuple[str, str]]
) -> None:
    script(image, content, mode=mode)

    assert expected == judged(image)


def test_a_script_that_cannot_be_mended_is_a_finding_still(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is given up the file is as it was, and nothing lies beside it."""
    path = script(image, GOOD.replace("\n", "\r\n"))

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("os.replace", refuse)
    context = Context(
        manifest=replace(read_manifest(image.program), scripts=(str(path.parent),)),
        environment=replace(probe(image.python, MINOR), scripts=image.folder / "none"),
        options=Options(fix=True),
    )
    outcomes = [
        (each.code, each.message) for each in CHECK.run(context) if isinstance(each, Finding)
    ]

    assert outcomes == [("script-crlf", "cannot be mended: Read-only file system")]
    assert [(path, GOOD.replace("\n", "\r\n").encode())] == [
        (each, each.read_bytes()) for each in path.parent.iterdir()
    ]


def test_fix_mends_line_ends_and_run_bits_and_keeps_the_rest(image: Image) -> None:
    path = script(image, GOOD.replace("\n", "\r\n"), mode=0o640)
    other = image.validating(scripts=(str(image.folder / "scripts"),))
    report = other.report("--only", "scripts", "--fix")

    assert [
        ("pass", str(path), "line ends mended"),
        ("pass", str(path), "run bit set"),
    ] == [(each["status"], each["subject"], each["message"]) for each in report["results"]][:2]
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (GOOD, 0o750)
    assert judged(image) == []
    assert [path] == [*path.parent.iterdir()]


def test_a_folder_of_scripts_that_is_not_there_is_found(image: Image) -> None:
    assert judged(image) == [("script-folder-missing", "No such file or directory")]


def test_a_console_script_of_an_environment_that_was_moved_is_found(image: Image) -> None:
    tool = image.venv / "bin" / "tool"
    tool.write_text("#!/old/venv/bin/python\n")
    tool.chmod(0o755)

    assert image.findings("--only", "scripts") == [
        ("shebang-wrong", str(tool), "wants `/old/venv/bin/python`, which is not there")
    ]


def test_variables_that_are_missing_or_differ_are_found(image: Image) -> None:
    other = image.locked(env={"HF_HOME": "/cache", "NCCL": "{site-packages}/nccl", "SET": "1"})
    env = {"HF_HOME": "/elsewhere", "SET": "1"}

    assert other.findings("--only", "environment", env=env) == [
        ("variable-differs", "HF_HOME", "want `/cache`, found `/elsewhere`"),
        ("variable-missing", "NCCL", f"want `{image.packages}/nccl`, not set"),
    ]
    right = {"HF_HOME": "/cache", "NCCL": f"{image.packages}/nccl", "SET": "1"}
    assert other.findings("--only", "environment", env=right) == []
