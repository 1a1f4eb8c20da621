"""What `compile` makes of requirements, by a recording and by live indexes."""

from __future__ import annotations

import json
import os
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.recording import record
from support.schemas import complaints
from support.universe import Release
from support.wheelhouse import make_wheel, serve, sha256
from support.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.wheelhouse import Wheelhouse

TARGET = ("--python-version", "3.11", "--platform", "manylinux_2_35_x86_64")
SNAPSHOT = ("--snapshot", "recorded.sqlite")
TORCH = "--package-index=torch=https://index.example/whl/cu121"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    return make_world(tmp_path, monkeypatch, capsys)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wheelhouse]:
    """Serve two indexes: the first has `app`, `lib` and `solo`, the second another `lib`."""
    main, other = tmp_path / "main", tmp_path / "other"
    make_wheel(main, "lib", "1.0")
    make_wheel(main, "lib", "2.0")
    make_wheel(main, "app", "1.0", requires=["lib<2", "extra-lib; extra == 'more'"])
    make_wheel(main, "solo", "1.0", requires=["lib"])
    make_wheel(other, "lib", "9.0")
    monkeypatch.setattr("depcheck.index.live.live_index.default_cache", lambda: tmp_path / "cache")
    with serve({"main": main, "other": other}) as wheelhouse:
        yield wheelhouse


def compiled(world: World, *words: str) -> tuple[int, str, str]:
    """Run ``compile`` by the recording, for the target of all these tests."""
    return world.run("compile", *words, *TARGET, *SNAPSHOT)


def pins(text: str) -> list[str]:
    """Return the lines that are pins."""
    return [line for line in text.splitlines() if line[:1].isalpha()]


def test_pins_with_who_asked_and_what_steered(world: World) -> None:
    Path("requirements.in").write_text("torch==2.2.2\ntrainer<1.1  # not yet\nnumpy\n")
    code, out, err = compiled(world, "requirements.in", TORCH, "-o", "requirements.txt")

    assert (code, out) == (0, "")
    assert (
        """\
rule numpy2-torch: numpy==1.26.4, torch==2.2.2+cu121: torch below 2.3 was compiled against the \
NumPy 1 ABI; it imports and then fails
warning: the as-of moment could not be applied to files whose index states no upload times: torch
3 pins for python 3.11, manylinux_2_35_x86_64, requirements.txt written
"""
        == err
    )
    assert """\
#
# locked by depcheck for requirements.in, python 3.11, manylinux_2_35_x86_64:
#
#    depcheck compile requirements.in --output=requirements.txt \
--package-index=torch=https://index.example/whl/cu121 --platform=manylinux_2_35_x86_64 \
--python-version=3.11 --snapshot=recorded.sqlite
#
# complete: install it with --no-deps
#
# from https://index.example/whl/cu121 and nowhere else: torch
numpy==1.26.4
    # via
    #   -r requirements.in
    #   torch
torch==2.2.2+cu121
    # via
    #   -r requirements.in
    #   trainer
trainer==1.0
    # via -r requirements.in
""" == Path("requirements.txt").read_text()


def test_rules_count_only_where_they_are_wanted(world: World) -> None:
    Path("r.in").write_text("torch==2.2.2\nnumpy\n")
    _, out, _ = compiled(world, "r.in", TORCH, "--no-rules")

    assert ["numpy==2.2.0", "torch==2.2.2+cu121"] == pins(out)


def test_a_file_that_says_the_same_is_left_alone(world: World) -> None:
    Path("r.in").write_text("numpy\n")
    compiled(world, "r.in", "-o", "r.txt")
    os.utime("r.txt", ns=(0, 0))
    _, _, err = compiled(world, "r.in", "-o", "r.txt")

    assert "1 pin for python 3.11, manylinux_2_35_x86_64, r.txt unchanged\n" == err
    assert 0 == Path("r.txt").stat().st_mtime_ns


def test_nothing_is_written_where_there_is_no_solution(world: World) -> None:
    Path("r.in").write_text("numpy>=3\n")
    Path("r.txt").write_text("as before\n")
    code, out, err = compiled(world, "r.in", "-o", "r.txt")

    assert (1, "", "as before\n") == (code, out, Path("r.txt").read_text())
    assert (
        """\
error: `r.in` has no solution, because these cannot all hold: [unsatisfiable]
  - r.in:1 asks for `numpy>=3`
  - no version of `numpy` matches `>=3`; the newest known is 2.2.0

hint: one of these solves it (each was tried):
  - ask for `numpy==2.2.0` instead of `numpy>=3` (r.in:1)
"""
        == err
    )


def test_hashes_are_written_when_they_are_asked_for_or_given(world: World) -> None:
    digest = "0" * 64
    Path("plain.in").write_text("numpy\n")
    Path("hashed.in").write_text(f"numpy --hash=sha256:{digest}\n")

    for words in (["plain.in", "--generate-hashes"], ["hashed.in"]):
        assert [f"numpy==2.2.0 --hash=sha256:{digest}"] == pins(compiled(world, *words)[1])


def test_all_files_that_the_target_could_install_are_hashed(world: World, tmp_path: Path) -> None:
    tags = ("py3-none-any", "cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-win_amd64", None)
    files = [Release(tags=tag, sha256=digit * 64) for digit, tag in zip("1234", tags, strict=True)]
    record(tmp_path / "files.sqlite", {"default": {"lib": {"1.0": files}}})
    Path("any.in").write_text("lib\n")
    Path("some.in").write_text(f"lib --hash=sha256:{'4' * 64} --hash=sha256:{'2' * 64}\n")
    words = (*TARGET, "--snapshot", "files.sqlite", "--generate-hashes")
    _, any_file, _ = world.run("compile", "any.in", *words)
    _, some_files, _ = world.run("compile", "some.in", *words)

    assert [
        ["lib==1.0", *(f"--hash=sha256:{digit * 64}" for digit in "214")],
        ["lib==1.0", *(f"--hash=sha256:{digit * 64}" for digit in "24")],
    ] == [pins(text)[0].split() for text in (any_file, some_files)]


def test_a_hash_that_is_not_that_of_the_file_is_an_error(world: World) -> None:
    Path("r.in").write_text(f"trainer<1.1\nnumpy --hash=sha256:{'f' * 64}\n")
    code, _, err = compiled(world, "r.in", TORCH)

    assert 2 == code
    assert (
        f"""\
error: r.in:2: none of its hashes is that of `numpy-2.2.0-py3-none-any.whl`, the file for the \
target [hash-mismatch]

hint: check that the index is the right one; its hash is sha256:{"0" * 64}
"""
        == err
    )


def test_constraints_and_overrides(world: World) -> None:
    Path("r.in").write_text("trainer==1.1\n")
    Path("limits.txt").write_text("numpy<2\n")
    Path("over.txt").write_text("torch==2.2.2\ntelemetry ; python_version < '3'\n")
    _, out, err = compiled(
        world, "r.in", TORCH, "-c", "limits.txt", "--override", "over.txt", "--no-rules"
    )

    assert [
        "kernels==3.0",
        "nccl-loader==1.0",
        "numpy==1.26.4",
        "torch==2.2.2+cu121",
        "trainer==1.1",
    ] == pins(out)
    assert (
        """\
waived: trainer==1.1 needs telemetry>=2: dropped (over.txt:2)
warning: the as-of moment could not be applied to files whose index states no upload times: torch
warning: `kernels==3.0` is built from source
5 pins for python 3.11, manylinux_2_35_x86_64
"""
        == err
    )


def test_standard_input_and_several_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("more").mkdir()
    Path("more/limits.txt").write_text("numpy<2.1\n")
    Path("more/base.in").write_text("-c limits.txt\nnccl-loader\n")
    monkeypatch.setattr(sys, "stdin", StringIO("numpy\n-r more/base.in\n"))
    Path("b.in").write_text("telemetry\n")
    _, out, _ = compiled(world, "-", "b.in")

    assert """\
nccl-loader==1.0
    # via -r more/base.in
numpy==2.0.0
    # via
    #   -c more/limits.txt
    #   -r -
telemetry==2.0
    # via -r b.in
""" == out.partition("--no-deps\n")[2]


def test_a_project_with_extras_and_groups(world: World) -> None:
    Path("pyproject.toml").write_text(
        """\
[project]
name = "mine"
requires-python = ">=3.12"
dependencies = ["numpy"]

[project.optional-dependencies]
all = ["Mine[fast]", "telemetry"]
fast = ["nccl-loader"]
other = ["nowhere"]

[dependency-groups]
test = [{ include-group = "base" }]
base = ["numpy<2.1"]
"""
    )
    words = ("pyproject.toml", "--extra", "all", "--group", "test")
    _, out, err = compiled(world, *words)

    assert """\
nccl-loader==1.0
    # via pyproject.toml: project.optional-dependencies.fast
numpy==2.0.0
    # via
    #   pyproject.toml: dependency-groups.test
    #   pyproject.toml: project.dependencies
telemetry==2.0
    # via pyproject.toml: project.optional-dependencies.all
""" == out.partition("--no-deps\n")[2]
    assert (
        """\
warning: pyproject.toml: requires-python = `>=3.12` leaves out Python 3.11, which is locked for
3 pins for python 3.11, manylinux_2_35_x86_64
"""
        == err
    )


def test_pylock_by_the_name_of_the_output(world: World) -> None:
    Path("r.in").write_text("numpy\n")
    code, _, _ = compiled(world, "r.in", "-o", "pylock.dev.toml")
    _, out, _ = compiled(world, "r.in", "--format", "pylock")

    assert 0 == code
    assert 'lock-version = "1.0"' == out.splitlines()[0]
    assert out == world.scrubbed(Path("pylock.dev.toml").read_text())


def test_result_as_a_document(world: World) -> None:
    Path("r.in").write_text("numpy\n")
    code, out, err = compiled(world, "r.in", "--json")
    document = json.loads(out)

    assert (0, "") == (code, err)
    assert [] == complaints("compile", document)
    assert {"numpy": "2.2.0"} == document["pins"]
    assert ["numpy==2.2.0"] == pins(document["content"])


REFUSED = {
    "a ; sys_platform ~= 'linux'": (
        'r.in:1: the marker of `a; sys_platform ~= "linux"` cannot be judged'
    ),
    "a ; 'x' in extras": """r.in:1: the marker of `a; "x" in extras` cannot be judged""",
    "-e .": "r.in:1: `-e .`: an editable install cannot be locked",
    "./here": "r.in:1: `./here`: a local path cannot be locked",
    "a @ file:///b/a-1-py3-none-any.whl": (
        "r.in:1: `a @ file:///b/a-1-py3-none-any.whl`: a local path cannot be locked"
    ),
    "https://h.example/a.zip": (
        "r.in:1: `https://h.example/a.zip`: a URL without a name cannot be locked"
    ),
    "a @ https://u:p@h.example/a.zip": (
        "r.in:1: `https://h.example/a.zip` is no wheel, and only a build could tell what it needs"
    ),
    "a @ git+https://h.example/a": (
        "r.in:1: `git+https://h.example/a` is no wheel, and only a build could tell what it needs"
    ),
    "a --hash=sha512:00": "r.in:1: none of its hashes is a SHA-256, which indexes state",
    "--find-links wheels": "r.in:1: there is no folder `wheels`",
    "--find-links https://h.example/links": (
        "r.in:1: `--find-links https://h.example/links` is no folder, and no index vouches for it"
    ),
    "--no-index": "r.in:1: `--no-index` leaves nothing to lock from",
    "--prefer-binary": "r.in:1: `--prefer-binary` depends on which wheels exist today",
    "--extra-index-url https://h.example/simple": (
        "r.in:1: `--extra-index-url` lets any of several indexes answer for any name, so that a "
        "stranger's package of the same name may be installed (dependency confusion)"
    ),
    "-r https://h.example/r.txt": (
        "r.in:1: an included URL is not fetched: `https://h.example/r.txt`"
    ),
    "numpy==": (
        "r.in:1: `numpy==`: Expected semicolon (after name with no version specifier) or end"
    ),
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_locked_is_refused_with_its_place(world: World, line: str) -> None:
    Path("r.in").write_text(f"{line}\n")
    code, out, err = compiled(world, "r.in")

    assert (2, "") == (code, out)
    assert f"error: {REFUSED[line]} [not-lockable]" == err.splitlines()[0]
    assert err.splitlines()[2].startswith("hint: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["r.in", "--extra", "x"],
            "`--extra` needs a pyproject.toml among the inputs [no-project]",
        ),
        (["r.in", "--as-of", "now"], "--as-of: `now` is no date [usage]"),
        (
            ["r.in", "--package-index", "numpy"],
            "`--package-index numpy` names no index [usage]",
        ),
        (
            ["r.in", "--format", "pylock", "-o", "lock.toml"],
            "`lock.toml` is no name that installers take for a pylock file [pylock-name]",
        ),
        (["r.in", "-o", "no/r.txt"], "there is no folder `no` [no-output-file]"),
        (["r.in", "-o", "."], "`.` is a folder [no-output-file]"),
        (
            ["r.in", "-c", "none.txt"],
            "`none.txt` cannot be read: no such file or directory [requirements-unreadable]",
        ),
    ],
)
def test_wrong_options_are_named(world: World, words: list[str], message: str) -> None:
    Path("r.in").write_text("numpy\n")
    code, out, err = compiled(world, *words)

    assert (2, "", f"error: {message}") == (code, out, err.splitlines()[0])


def test_a_live_index_that_a_file_names(world: World, house: Wheelhouse) -> None:
    Path("r.in").write_text(f"--index-url {house.index_url('main')}\napp\n")
    code, out, _ = world.run("compile", "r.in", *TARGET, "--no-rules")

    assert (0, ["app==1.0", "lib==1.0"]) == (code, pins(out))


def test_a_package_comes_from_the_index_that_it_is_pinned_to(
    world: World, house: Wheelhouse
) -> None:
    Path("r.in").write_text("solo\n")
    code, out, _ = world.run(
        "compile",
        "r.in",
        *TARGET,
        f"--index-url={house.index_url('main')}",
        f"--package-index=lib={house.index_url('other')}",
    )

    assert (0, ["lib==9.0", "solo==1.0"]) == (code, pins(out))


def test_a_wheel_by_its_url(
    world: World, house: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = house.file_url("main", "app-1.0-py3-none-any.whl")
    monkeypatch.setenv("SOMEWHERE", url)
    Path("r.in").write_text("app @ ${SOMEWHERE}\n")
    words = (*TARGET, "--index-url", house.index_url("main"), "--generate-hashes")
    code, out, _ = world.run("compile", "r.in", *words)
    wheel = sha256(world.folder / "main" / "app-1.0-py3-none-any.whl")

    assert 0 == code
    assert f"app @ {url} --hash=sha256:{wheel}" == pins(out)[0]
    assert ["lib==1.0"] == [line.split()[0] for line in pins(out)[1:]]


def test_credentials_are_not_written_down(
    world: World, house: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t")
    secret = house.index_url("main").replace("://", "://me:${TOKEN}@")
    Path("r.in").write_text(f"--index-url {secret}\nlib\n")
    code, out, err = world.run("compile", "r.in", *TARGET, "--format", "pylock")

    assert (0, False) == (code, "s3cr3t" in out + err)
