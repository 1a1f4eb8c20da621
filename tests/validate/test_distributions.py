"""What is read of installed distributions, and what is said where it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.validate.distributions import Distribution, RecordEntry, read_folders

if TYPE_CHECKING:
    from pathlib import Path

METADATA = "Name: Demo.Thing\nVersion: 1.0\n"
DEEP = '{"archive_info":' + "[" * 100_000 + "]" * 100_000 + "}"


def installed(folder: Path, files: dict[str, str]) -> Distribution:
    """Return the one distribution of a folder with these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    [found] = read_folders((str(folder),), ()).all()
    return found


@pytest.mark.parametrize(
    "files",
    [
        {"demo-1.0.dist-info/METADATA": METADATA},
        {"demo.egg-info/PKG-INFO": METADATA},
        {"demo-1.0.egg-info": METADATA},
    ],
)
def test_wheels_and_eggs_are_read(tmp_path: Path, files: dict[str, str]) -> None:
    assert installed(tmp_path, files).label == "demo-thing==1.0"


def test_headers_may_be_folded_and_end_where_the_description_begins(tmp_path: Path) -> None:
    text = (
        "  stray\r\nName: demo\r\nVersion: 1.0\r\nRequires-Python: >=3.8\r\nno field\r\n"
        "Requires-Dist: one>=1,\r\n\t<2\r\nrequires-dist: two\r\n\r\nRequires-Dist: three\r\n"
    )
    path = tmp_path / "demo-1.0.dist-info"

    assert installed(tmp_path, {"demo-1.0.dist-info/METADATA": text}) == Distribution(
        name="demo",
        version="1.0",
        info=path,
        requires=("one>=1, <2", "two"),
        requires_python=">=3.8",
    )


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"INSTALLER": "pip"}, "it has no METADATA"),
        ({"METADATA": "Name: demo\n"}, "its METADATA states no name or no version"),
        ({"METADATA": "\n" + METADATA}, "its METADATA states no name or no version"),
        ({"METADATA/x": ""}, "Is a directory"),
        (
            {"METADATA": METADATA, "direct_url.json": "[]"},
            "direct_url.json holds no object",
        ),
        (
            {"METADATA": METADATA, "direct_url.json": '{"vcs_info": "git"}'},
            "`vcs_info` of direct_url.json is no object",
        ),
        (
            {"METADATA": METADATA, "direct_url.json": '{"archive_info": {"hashes": ["a"]}}'},
            "`hashes` of direct_url.json is no object",
        ),
        (
            {"METADATA": METADATA, "direct_url.json": "{"},
            ("Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ),
    ],
)
def test_metadata_that_cannot_be_used_is_told(
    tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    files = {f"demo-1.0.dist-info/{name}": text for name, text in files.items()}

    assert installed(tmp_path, files) == Distribution(
        name="", version="", info=tmp_path / "demo-1.0.dist-info", problem=problem
    )


def test_a_direct_reference_nested_without_end_spoils_nothing_else(tmp_path: Path) -> None:
    files = {"a-1.dist-info/METADATA": METADATA, "a-1.dist-info/direct_url.json": DEEP}

    assert installed(tmp_path, files).problem != ""


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ('{"vcs_info": {"commit_id": "badcafe"}, "url": "https://x"}', ("badcafe",)),
        ('{"archive_info": {"hash": null, "hashes": null}, "url": "https://x#y"}', ("https://x",)),
        ('{"archive_info": {"hash": "sha256=a", "hashes": {"sha256": "a"}}}', ("a", "a")),
        ("{}", ("",)),
    ],
)
def test_where_a_distribution_came_from_is_proven_or_named(
    tmp_path: Path, text: str, origins: tuple[str, ...]
) -> None:
    files = {"a-1.dist-info/METADATA": METADATA, "a-1.dist-info/direct_url.json": text}

    assert origins == installed(tmp_path, files).origins


def test_the_record_is_read_with_absolute_paths(tmp_path: Path) -> None:
    record = (
        "demo.py,sha256=abc,12\n../../bin/demo,md5=,x\n/etc/demo,sha256=d\n\n,sha256=e,1\n"
        '"a,b.py",,\n'
    )
    files = {"site/a-1.dist-info/METADATA": METADATA, "site/a-1.dist-info/RECORD": record}
    folder = tmp_path / "site"
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = installed(folder, {}).record()

    assert found == (
        RecordEntry(f"{folder}/demo.py", "demo.py", "sha256", "abc", 12),
        RecordEntry(f"{tmp_path.parent}/bin/demo", "../../bin/demo", "", "", None),
        RecordEntry("/etc/demo", "/etc/demo", "sha256", "d", None),
        RecordEntry(f"{folder}/a,b.py", "a,b.py", "", "", None),
    )


@pytest.mark.parametrize("name", ["demo.egg-info/PKG-INFO", "demo-1.0.egg-info"])
def test_an_egg_keeps_no_record(tmp_path: Path, name: str) -> None:
    assert () == installed(tmp_path, {name: METADATA}).record()


def test_a_record_that_is_no_table_is_refused(tmp_path: Path) -> None:
    files = {"a-1.dist-info/METADATA": METADATA, "a-1.dist-info/RECORD": "x" * 200_000}
    found = installed(tmp_path, files)

    with pytest.raises(ValueError, match=r"\Afield larger than field limit \(131072\)\Z"):
        found.record()
