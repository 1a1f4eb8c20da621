from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from packaging.pylock import Pylock
from packaging.tags import compatible_tags, cpython_tags
from support.solutions import COMMIT, heavy, pin

from depcheck.errors import InputError
from depcheck.images.model import Target
from depcheck.lockfiles.pylock import pylock_document, pylock_toml
from depcheck.lockfiles.stages import plan_stages
from depcheck.resolver.solution import DirectSource

if TYPE_CHECKING:
    from depcheck.resolver.solution import Solution

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def written(solution: Solution) -> dict[str, object]:
    return tomllib.loads(pylock_toml(solution, plan_stages(solution)).decode())


def test_the_file_reads_back_as_the_document() -> None:
    solution = heavy()

    assert written(solution) == pylock_document(solution, plan_stages(solution))


def test_the_target_environment_selects_every_file() -> None:
    solution = heavy()
    platforms = ["manylinux_2_35_x86_64", "linux_x86_64"]
    environment = {
        "implementation_name": "cpython",
        "python_version": "3.11",
        "python_full_version": "3.11.9",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    tags = [
        *cpython_tags((3, 11), ["cp311"], platforms),
        *compatible_tags((3, 11), "cp311", platforms),
    ]
    lock = Pylock.from_dict(written(solution))
    chosen = lock.select(environment=environment, tags=tags)  # type: ignore[arg-type]

    assert [package.name for package, _ in chosen] == sorted(pin.name for pin in solution.pins)


def test_a_wheel_states_its_index_time_size_and_hash() -> None:
    solution = heavy(pins=(pin("rich", requires=("numpy",), requires_python=">=3.8"),))

    assert pylock_toml(solution, plan_stages(solution)).decode().split("\n\n")[1] == (
        '[[packages]]\nname = "rich"\nversion = "1.0"\nrequires-python = ">=3.8"\n'
        'index = "https://index.example/simple/"\ndependencies = [{name = "numpy"}]\n'
        'wheels = [{name = "rich-1.0-py3-none-any.whl", upload-time = 2023-11-14T22:13:20Z, '
        'url = "https://files.example/rich-1.0-py3-none-any.whl", size = 1000, '
        f'hashes = {{sha256 = "{"7" * 64}"}}}}]'
    )


def test_direct_references_state_commit_or_hash() -> None:
    packages = {package["name"]: package for package in pylock_document(heavy(), ())["packages"]}

    assert packages["axolotl"] == {
        "name": "axolotl",
        "version": "0.4.1",
        "vcs": {
            "type": "git",
            "url": "https://github.com/axolotl-ai-cloud/axolotl",
            "commit-id": COMMIT,
        },
    }
    assert packages["archived"]["archive"] == {
        "url": "https://files.example/archived-2.0.zip",
        "hashes": {"sha256": "a" * 64},
        "subdirectory": "src",
    }


def test_the_tool_table_holds_what_the_standard_has_no_field_for() -> None:
    solution = heavy()
    table = pylock_document(solution, plan_stages(solution))["tool"]["depcheck"]

    assert list(table) == [
        "image",
        "variant",
        "input-digest",
        "as-of",
        "warnings",
        "system",
        "target",
        "env",
        "indexes",
        "stages",
        "waivers",
        "rules",
    ]
    assert table["waivers"] == [
        {
            "package": "axolotl",
            "version": "0.4.1",
            "requirement": "liger-kernel==0.4.0",
            "rule": "axolotl-liger",
            "reason": "needs triton>=2.3",
        }
    ]
    assert table["stages"][3] == {
        "name": "build-isolated",
        "file": "stages/04-build-isolated.txt",
        "index": "default",
        "pins": 1,
        "hashed": True,
        "builds": True,
        "isolation": True,
        "build-constraints": ["setuptools<82"],
        "env": {"DS_BUILD_OPS": "0"},
    }


@pytest.mark.parametrize(
    ("platform", "clauses"),
    [
        ("manylinux_2_28_aarch64", "sys_platform == 'linux' and platform_machine == 'aarch64'"),
        ("manylinux2014_x86_64", "sys_platform == 'linux' and platform_machine == 'x86_64'"),
        ("linux_x86_64", "sys_platform == 'linux' and platform_machine == 'x86_64'"),
    ],
)
def test_the_environment_marker_says_what_the_lock_is_for(platform: str, clauses: str) -> None:
    document = pylock_document(heavy(target=Target(python="3.10.4", platform=platform)), ())

    assert document["requires-python"] == "==3.10.*"
    assert document["environments"] == [
        f"implementation_name == 'cpython' and python_version == '3.10' and {clauses}"
    ]


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (
            {"file": None, "direct": DirectSource(url="https://files.example/rich.whl")},
            "Missing required value in 'packages[0].archive.hashes'",
        ),
        (
            {"requires_python": ">=3.6.*"},
            "Invalid specifier: '>=3.6.*' in 'packages[0].requires-python'",
        ),
    ],
)
def test_what_pep_751_cannot_express_is_refused(wrong: dict[str, Any], cause: str) -> None:
    with pytest.raises(InputError) as caught:
        pylock_toml(heavy(pins=(replace(pin("rich"), **wrong),)), ())

    assert (caught.value.reference, str(caught.value)) == (
        "lock-not-expressible",
        f"PEP 751 cannot express the lock of `heavy` (cu121): {cause}",
    )
