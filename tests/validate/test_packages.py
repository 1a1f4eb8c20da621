"""Faults in the installed set, its files and its metadata, each put into a real environment."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.image import WAIVER, Image, install
from support.solutions import pin
from support.wheelhouse import make_wheel

from depcheck.resolver.solution import DirectSource

if TYPE_CHECKING:
    from pathlib import Path

OTHER_URL = "https://y.example/gamma-1.0.zip"
CHECKS = ("--only", "installed", "--only", "files", "--only", "metadata")


def test_a_healthy_environment_has_no_finding(healthy: Image) -> None:
    report = healthy.report(*CHECKS)

    assert [
        ("installed", "pass", "4 distributions", "as locked"),
        ("files", "pass", "32 files", "as installed, 28 of them hashed"),
        ("metadata", "pass", "2 requirements", "hold or are waived (1)"),
    ] == [
        tuple(each[k] for k in ("check", "status", "subject", "message"))
        for each in report["results"]
    ]
    assert report["exit-code"] == 0


def wheels(image: Image) -> Path:
    return image.folder / "more-wheels"


def test_a_missing_distribution_is_found(image: Image) -> None:
    shutil.rmtree(image.packages / "gamma-1.0.dist-info")

    assert ("distribution-missing", "gamma", "want 1.0, not installed") in image.findings(*CHECKS)


def test_a_wrong_version_is_found(image: Image) -> None:
    install(image, make_wheel(wheels(image), "gamma", "1.1"))

    assert image.findings(*CHECKS) == [("version-differs", "gamma", "want 1.0, found 1.1")]


def test_another_build_of_the_version_is_found(image: Image) -> None:
    install(image, make_wheel(wheels(image), "torch", "2.2.2"))

    assert image.findings(*CHECKS) == [
        ("local-label-differs", "torch", "want 2.2.2+cu121, found 2.2.2")
    ]


def test_another_spelling_of_the_version_is_none(image: Image) -> None:
    install(image, make_wheel(wheels(image), "gamma", "1.0.0"))

    assert image.findings(*CHECKS) == []


def test_an_extra_distribution_is_found(image: Image) -> None:
    install(image, make_wheel(wheels(image), "Stray.Thing", "3.0"))

    assert image.findings(*CHECKS) == [
        ("distribution-extra", "stray-thing", "3.0 is installed, the lock does not hold it")
    ]


@pytest.mark.parametrize("name", ["pip", "our-tool"])
def test_what_may_be_there_is_no_finding(image: Image, name: str) -> None:
    install(image, make_wheel(wheels(image), name, "3.0"))

    assert image.validating(allow_extra=("our-tool",)).findings(*CHECKS) == []


def test_an_edited_file_is_found_by_its_size(image: Image) -> None:
    (image.packages / "beta.py").write_text("patched = True\n")

    assert image.findings(*CHECKS) == [("file-edited", "beta==1.5", "beta.py has 15 bytes, was 20")]


def test_an_edited_file_of_the_same_size_is_found_by_its_hash(image: Image) -> None:
    (image.packages / "beta.py").write_text("__version__ = '6.6'\n")

    assert image.findings(*CHECKS) == [
        ("file-edited", "beta==1.5", "beta.py has another content than was installed")
    ]


def test_an_old_edit_among_many_files_is_found_by_hashing_all(image: Image) -> None:
    files = {f"many/m{number:03}.py": f"N = {number:03}\n" for number in range(200)}
    install(image, make_wheel(wheels(image), "gamma", "1.0", files=files))
    path = image.packages / "many" / "m101.py"
    record = (image.packages / "gamma-1.0.dist-info" / "RECORD").stat()
    path.write_text("N = 666\n")
    os.utime(path, (record.st_atime, record.st_mtime))

    assert image.findings(*CHECKS) == []
    assert image.findings(*CHECKS, "--full") == [
        ("file-edited", "gamma==1.0", "many/m101.py has another content than was installed")
    ]


def test_byte_code_that_a_wheel_brought_may_be_compiled_anew(image: Image) -> None:
    """As numpy 1.26 does: pip overwrites it, and RECORD keeps the hash of the wheel's."""
    files = {"gamma.py": "", "__pycache__/gamma.pyc": "old", "alone.pyc": "old"}
    install(image, make_wheel(wheels(image), "gamma", "1.0", files=files))
    (image.packages / "__pycache__/gamma.pyc").write_text("compiled anew")

    assert image.findings(*CHECKS, "--full") == []

    (image.packages / "alone.pyc").write_text("bad")

    assert image.findings(*CHECKS, "--full") == [
        ("file-edited", "gamma==1.0", "alone.pyc has another content than was installed")
    ]


def recorded(image: Image, *lines: str) -> None:
    """Add lines to what RECORD of beta says."""
    path = image.packages / "beta-1.5.dist-info" / "RECORD"
    path.write_text(path.read_text() + "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gone/__pycache__/beta.pyc,sha256=x,1", []),
        ("gone.py,,", [("file-missing", "beta==1.5", "gone.py is not there")]),
        (
            "beta.py/part.py,sha256=x,1",
            [("record-unreadable", "beta==1.5", "beta.py/part.py: Not a directory")],
        ),
        (
            "alpha-1.0.dist-info,sha256=x,",
            [("record-unreadable", "beta==1.5", "alpha-1.0.dist-info: Is a directory")],
        ),
        ("large.bin,sha256=x,300000", []),
        (
            "large.bin,sha256=x,1",
            [("file-edited", "beta==1.5", "large.bin has 300000 bytes, was 1")],
        ),
        ("beta-1.5.dist-info/INSTALLER,rot13=x,", []),
    ],
)
def test_what_record_states_is_judged_as_far_as_it_can_be(
    image: Image, line: str, expected: list[tuple[str, str, str]]
) -> None:
    """Byte code may go; large old files, and hashes of unknown kinds, are not compared."""
    (image.packages / "large.bin").write_bytes(bytes(300_000))
    recorded(image, line)

    assert expected == image.findings("--only", "files")


def test_a_record_that_is_no_table_is_found(image: Image) -> None:
    recorded(image, "x" * 200_000)

    assert image.findings("--only", "files", "--only", "libraries") == [
        ("record-unreadable", "beta==1.5", "RECORD: field larger than field limit (131072)")
    ]


def test_a_damaged_direct_reference_is_found_and_hides_nothing(image: Image) -> None:
    (image.packages / "gamma-1.0.dist-info" / "direct_url.json").write_text('{"vcs_info": 1}')

    assert image.findings("--only", "installed") == [
        ("distribution-missing", "gamma", "want 1.0, not installed"),
        (
            "metadata-broken",
            "gamma-1.0.dist-info",
            "`vcs_info` of direct_url.json is no object",
        ),
    ]


def test_a_python_that_a_distribution_does_not_take_is_found(image: Image) -> None:
    info = image.packages / "gamma-1.0.dist-info"
    (info / "METADATA").write_text("Name: gamma\nVersion: 1.0\nRequires-Python: <3\n")

    assert image.findings("--only", "metadata") == [
        (
            "requires-python-unmet",
            "gamma==1.0",
            f"requires Python <3, this is {platform.python_version()}",
        )
    ]


def test_a_deleted_file_is_found(image: Image) -> None:
    (image.packages / "beta.py").unlink()

    assert image.findings(*CHECKS) == [("file-missing", "beta==1.5", "beta.py is not there")]


def test_a_distribution_without_its_list_of_files_is_found(image: Image) -> None:
    (image.packages / "beta-1.5.dist-info" / "RECORD").unlink()

    assert image.findings(*CHECKS) == [
        ("record-unreadable", "beta==1.5", "RECORD: No such file or directory")
    ]


def test_a_list_of_files_that_no_installer_completed_is_found(image: Image) -> None:
    """As `kill -9` leaves it when pip has unpacked a wheel and written no console script yet."""
    record = image.packages / "beta-1.5.dist-info" / "RECORD"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(line for line in lines if "INSTALLER" not in line))

    assert image.findings(*CHECKS) == [
        (
            "install-unfinished",
            "beta==1.5",
            "RECORD is as it came in the wheel: its installer was stopped before the end",
        )
    ]


def test_a_file_with_two_owners_is_found_once(image: Image) -> None:
    """As opencv-python and opencv-python-headless share cv2."""
    files = {"gamma.py": "mine = 1\n", "beta.py": "__version__ = 'beta of gamma'\n"}
    install(image, make_wheel(wheels(image), "gamma", "1.0", files=files))

    assert image.findings(*CHECKS) == [
        (
            "file-owned-twice",
            "beta==1.5",
            "shares 1 file with gamma==1.0, each with another content",
        )
    ]


def test_an_equal_file_with_two_owners_is_none(image: Image) -> None:
    """As every nvidia wheel holds the same empty nvidia/__init__.py."""
    for name in ("beta", "gamma"):
        version = "1.5" if name == "beta" else "1.0"
        requires = ["gamma<1"] if name == "beta" else []
        files = {f"{name}.py": "", "nvidia/__init__.py": ""}
        install(image, make_wheel(wheels(image), name, version, files=files, requires=requires))

    assert image.findings(*CHECKS) == []


def test_tests_with_two_owners_are_a_warning(image: Image) -> None:
    files = {"gamma.py": "", "tests/__init__.py": "gamma"}
    install(image, make_wheel(wheels(image), "gamma", "1.0", files=files))
    files = {"alpha.py": "", "tests/__init__.py": "alpha"}
    install(image, make_wheel(wheels(image), "alpha", "1.0", files=files))
    report = image.report(*CHECKS)

    assert ["clutter-owned-twice"] == [
        each["code"] for each in report["results"] if each["status"] == "warn"
    ]
    assert report["exit-code"] == 0


def test_two_metadata_directories_of_one_distribution_are_found(image: Image) -> None:
    old = image.packages / "gamma-0.9.dist-info"
    shutil.copytree(image.packages / "gamma-1.0.dist-info", old)
    text = (old / "METADATA").read_text().replace("Version: 1.0", "Version: 0.9")
    (old / "METADATA").write_text(text)

    assert (
        "distribution-duplicate",
        "gamma",
        "has 2 metadata directories: 0.9, 1.0",
    ) in image.findings(*CHECKS)


def test_what_a_broken_installation_left_is_found(image: Image) -> None:
    (image.packages / "~amma-1.0.dist-info").mkdir()

    assert image.findings(*CHECKS) == [
        ("metadata-broken", "~amma-1.0.dist-info", "it has no METADATA")
    ]


def test_packages_that_cannot_be_listed_are_found_and_nothing_else(image: Image) -> None:
    shutil.rmtree(image.packages)
    image.packages.symlink_to(image.packages)

    assert image.findings("--only", "installed") == [
        ("packages-unreadable", str(image.packages), "Too many levels of symbolic links")
    ]


def test_a_requirement_that_nobody_waived_is_found(image: Image) -> None:
    unwaived = image.locked(waivers=())

    assert unwaived.findings(*CHECKS) == [
        ("requirement-unmet", "beta==1.5", "requires gamma<1, found 1.0")
    ]


def test_a_waiver_of_another_requirement_does_not_count(image: Image) -> None:
    other = image.locked(waivers=(replace(WAIVER, requirement="gamma<0.5"),))

    assert [(code, subject) for code, subject, _ in other.findings(*CHECKS)] == [
        ("requirement-unmet", "beta==1.5"),
        ("waiver-stale", "beta"),
    ]


def test_waivers_of_a_built_distribution_count_by_name(image: Image) -> None:
    pins = tuple(
        replace(each, metadata_from="rule:x") if each.name == "beta" else each
        for each in image.solution.pins
    )
    other = image.locked(waivers=(replace(WAIVER, requirement="gamma<0.5"),), pins=pins)

    assert other.findings(*CHECKS) == []


def test_a_stale_waiver_is_found(image: Image) -> None:
    stale = replace(WAIVER, package="alpha", version="1.0", requirement="beta>=1")
    other = image.locked(waivers=(WAIVER, stale))

    assert other.findings(*CHECKS) == [
        ("waiver-stale", "alpha", "does not need the waiver of beta>=1 (rule `beta-gamma`)")
    ]


def test_what_replaces_a_waived_requirement_must_hold(image: Image) -> None:
    other = image.locked(waivers=(replace(WAIVER, replacement="gamma>=7"),))

    assert other.findings(*CHECKS) == [
        (
            "replacement-unmet",
            "beta==1.5",
            "requires gamma>=7 by rule `beta-gamma`, found 1.0",
        )
    ]


def test_requirements_of_the_extras_that_are_locked_count(image: Image) -> None:
    pins = tuple(
        replace(each, extras=("more",)) if each.name == "alpha" else each
        for each in image.solution.pins
    )

    assert image.locked(pins=pins).findings(*CHECKS) == [
        ("requirement-missing", "alpha==1.0", "requires absent; extra == 'more', not installed")
    ]


def test_another_commit_is_found(image: Image) -> None:
    source = DirectSource(url="https://git.example/x", vcs="git", commit="c" * 40)
    pins = tuple(
        pin("gamma", index=None, file=None, direct=source) if each.name == "gamma" else each
        for each in image.solution.pins
    )
    direct = image.packages / "gamma-1.0.dist-info" / "direct_url.json"
    direct.write_text('{"vcs_info": {"vcs": "git", "commit_id": "badcafe"}}')
    other = image.locked(pins=pins)

    assert other.findings("--only", "installed") == [
        ("source-differs", "gamma", f"want {'c' * 40}, installed from badcafe")
    ]
    direct.write_text(direct.read_text().replace("badcafe", "c" * 40))

    assert other.findings("--only", "installed") == []


@pytest.mark.parametrize(
    ("installed", "message"),
    [
        ('{"archive_info": {"hashes": {"sha256": "%s"}}}' % ("a" * 64), None),
        ('{"archive_info": {"hash": "sha256=%s"}}' % ("a" * 64), None),
        ('{"archive_info": {}, "url": "https://x.example/gamma-1.0.zip"}', None),
        ('{"archive_info": {}, "url": "https://x.example/gamma-1.0.zip#egg=gamma"}', None),
        ('{"archive_info": {}, "url": "https://y.example/gamma-1.0.zip"}', OTHER_URL),
        (
            '{"archive_info": {"hash": "sha256=b"}, "url": "https://x.example/gamma-1.0.zip"}',
            "b",
        ),
        ('{"archive_info": {}}', "elsewhere"),
    ],
)
def test_another_archive_is_found(image: Image, installed: str, message: str | None) -> None:
    """By its hash; by its URL where the installer, as uv does, has recorded no hash."""
    source = DirectSource(url="https://x.example/gamma-1.0.zip", sha256="a" * 64)
    pins = tuple(
        pin("gamma", index=None, file=None, direct=source) if each.name == "gamma" else each
        for each in image.solution.pins
    )
    (image.packages / "gamma-1.0.dist-info" / "direct_url.json").write_text(installed)
    found = image.locked(pins=pins).findings("--only", "installed")
    want = f"want {'a' * 64}, installed from {message}"

    assert ([("source-differs", "gamma", want)] if message else []) == found


def test_one_stage_is_judged_alone(image: Image) -> None:
    for name in ("alpha-1.0", "beta-1.5", "gamma-1.0"):
        shutil.rmtree(image.packages / f"{name}.dist-info")
    install(image, make_wheel(wheels(image), "of-another-stage", "1.0"))

    assert image.findings("--stage", "torch") == []
    assert image.findings("--stage", "packages", "--only", "installed") == [
        ("distribution-missing", name, f"want {version}, not installed")
        for name, version in (("alpha", "1.0"), ("beta", "1.5"), ("gamma", "1.0"))
    ]
