"""A whole lock set, judged by what its wheels hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from depcheck.artifacts.architectures import KernelImage, parse_architecture
from depcheck.artifacts.cuda import load_cuda_facts
from depcheck.artifacts.declared import load_declared
from depcheck.artifacts.libraries import load_library_facts
from depcheck.artifacts.locked import Knowledge, LockReport, judge_lock_set
from depcheck.artifacts.lockset import LockedPackage, LockSet
from depcheck.artifacts.model import Artifact, Member, SharedObject

KNOWLEDGE = Knowledge(
    cuda=load_cuda_facts(), libraries=load_library_facts(), declared=load_declared()
)
LOCK = LockSet(
    image="demo",
    variant="cu121",
    python="3.11",
    platform="manylinux_2_35_x86_64",
    capabilities=("8.9",),
    base_image="nvidia/cuda:12.1.1-runtime-ubuntu22.04",
    disk_budget=None,
    system=("libGL.so.1 (from the package libgl1)",),
    packages=(),
    stages=(),
)


def lib(path: str, kernels: str = "", **fields: Any) -> SharedObject:
    images = tuple(
        KernelImage(architecture=parse_architecture(name), count=1) for name in kernels.split()
    )
    return SharedObject(path=path, machine="x86_64", kernels=images, **fields)


def wheel(*objects: SharedObject, files: dict[str, int] | None = None, **fields: Any) -> Artifact:
    sizes = {**dict.fromkeys((each.path for each in objects), 100), **(files or {})}
    members = tuple(Member(path=path, size=size) for path, size in sorted(sizes.items()))
    return Artifact(name=None, version=None, members=members, objects=objects, **fields)


def judged(lock: LockSet = LOCK, *capabilities: str, **artifacts: Artifact | None) -> LockReport:
    """Judge a lock set of these packages at version 1.0; None for one that nobody has read."""
    packages = lock.packages or tuple(
        LockedPackage(
            name=name, version="1.0", filename=f"{name}.whl", url=None, sha256=None, size=10
        )
        for name in artifacts
    )
    known = {name: artifact for name, artifact in artifacts.items() if artifact is not None}
    lock = replace(lock, packages=packages)
    return judge_lock_set(lock, known, capabilities or lock.capabilities, KNOWLEDGE)


def findings(report: LockReport) -> list[tuple[str, str, str]]:
    return [(each.severity.value, each.code, each.subject) for each in report.findings]


def verdicts(report: LockReport) -> dict[str, list[str]]:
    return {each.package.name: [str(v) for v in each.verdicts] for each in report.packages}


def test_sound_lock_set_has_no_findings() -> None:
    report = judged(
        runtime=wheel(lib("nvidia/lib/libcudart.so.12", soname="libcudart.so.12")),
        kernels=wheel(
            lib("k/k.so", "sm_80", needed=("libcudart.so.12", "libc.so.6", "libcuda.so.1")),
            lib("k/gl.so", needed=("libGL.so.1", "libstdc++.so.6"), floors={"GLIBC": "2.35"}),
        ),
        plain=wheel(files={"plain.py": 1}),
    )

    assert [] == findings(report)
    assert {
        "runtime": ["no kernels"],
        "kernels": ["binary-compatible (sm_80)"],
        "plain": ["no kernels"],
    } == verdicts(report)
    assert report.driver is not None
    assert "NVIDIA_REQUIRE_CUDA=cuda>=12.0" == report.driver.require_line


def test_package_without_kernels_for_a_capability_is_an_error() -> None:
    report = judged(LOCK, "8.9", "12.0", a=wheel(lib("a.so", "sm_80")))

    assert [("error", "uncovered-capability", "a==1.0")] == findings(report)
    assert {"a": ["binary-compatible (sm_80)", "none"]} == verdicts(report)


def test_package_that_compiles_at_run_time_is_covered() -> None:
    with_tools = wheel(lib("triton/profiler.so", "sm_50"))

    assert {"triton": ["compiled at run time"]} == verdicts(judged(triton=wheel()))
    assert {"triton": ["compiled at run time"]} == verdicts(judged(triton=with_tools))


def test_what_is_declared_is_judged_and_called_declared() -> None:
    torch = LockedPackage(
        name="torch", version="2.2.2+cu121", filename="t.whl", url=None, sha256=None, size=None
    )
    report = judged(replace(LOCK, packages=(torch,)), "8.9", "12.0")

    assert {"torch": ["binary-compatible (sm_86)", "none"]} == verdicts(report)
    assert ["declared"] == [each.basis and each.basis.value for each in report.packages]
    assert report.driver is not None
    assert ("525.60.13", "is built with CUDA 12.1") == (report.driver.driver, report.driver.reason)
    assert [("error", "uncovered-capability", "torch==2.2.2+cu121")] == findings(report)


def test_measured_goes_before_declared() -> None:
    torch = LockedPackage(
        name="torch", version="2.2.2+cu121", filename="t.whl", url=None, sha256=None, size=None
    )
    report = judged(replace(LOCK, packages=(torch,)), "8.9", torch=wheel(lib("t.so", "sm_89")))

    assert {"torch": ["native"]} == verdicts(report)
    assert ["measured"] == [each.basis and each.basis.value for each in report.packages]


def test_what_nobody_read_is_unknown_and_said() -> None:
    report = judged(a=None, b=wheel())

    assert {"a": ["unknown"], "b": ["no kernels"]} == verdicts(report)
    assert [("info", "not-measured", "")] == findings(report)


def test_files_for_another_cuda_version_do_not_count() -> None:
    report = judged(
        a=wheel(
            lib("a/cuda11.so", "sm_50", needed=("libcudart.so.11.0",)),
            lib("a/cuda12.so", "sm_89", needed=("libcudart.so.12",)),
        )
    )

    assert [("info", "other-cuda-version", "a==1.0")] == findings(report)
    assert {"a": ["native"]} == verdicts(report)


def test_package_for_another_cuda_version_only_is_an_error() -> None:
    report = judged(a=wheel(lib("a.so", "sm_89", needed=("libcudart.so.11.0",))))

    assert [("error", "wrong-cuda-version", "a==1.0")] == findings(report)


def test_without_any_known_cuda_version_every_file_counts() -> None:
    lock = replace(LOCK, base_image=None)
    report = judged(lock, a=wheel(lib("a.so", "sm_89", needed=("libcudart.so.11.0",))))

    assert [("warning", "unprovided-library", "libcudart.so.11.0")] == findings(report)


@pytest.mark.parametrize(
    ("floors", "expected"),
    [
        ({"GLIBC": "2.35"}, []),
        ({"GLIBC": "2.36"}, [("error", "library-too-old", "manylinux_2_35_x86_64")]),
        ({"GLIBC": "2.4"}, []),
        ({"GLIBCXX": "3.4.30"}, []),
        ({"GLIBCXX": "3.4.31"}, [("error", "library-too-old", "manylinux_2_35_x86_64")]),
        ({"CXXABI": "1.3.14"}, [("error", "library-too-old", "manylinux_2_35_x86_64")]),
    ],
)
def test_libraries_of_the_base_image_must_be_new_enough(
    floors: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    assert expected == findings(judged(a=wheel(lib("a.so", floors=floors))))


def test_a_platform_without_glibc_sets_no_floor() -> None:
    report = judged(
        replace(LOCK, platform="linux_x86_64"), a=wheel(lib("a.so", floors={"GLIBC": "2.99"}))
    )

    assert [] == findings(report)


def test_library_that_nobody_brings_is_named_with_who_needs_it() -> None:
    report = judged(a=wheel(lib("a.so", needed=("libtbb.so.12",))), b=None)

    assert [
        ("libtbb.so.12", "nothing is known to bring it; `b==1.0` was not read and may"),
        ("", "1 package was not looked into"),
    ] == [(each.subject, each.message) for each in report.findings]
    assert ("a==1.0 a.so",) == report.findings[0].evidence


def test_library_is_brought_by_its_file_name_or_its_own_name() -> None:
    report = judged(
        a=wheel(lib("a.so", needed=("libx.so.1", "liby-1234.so.2"))),
        b=wheel(lib("b.libs/libx-abcd.so.1", soname="libx.so.1"), lib("b.libs/liby-1234.so.2")),
    )

    assert [] == findings(report)


def test_libraries_of_torch_are_known_though_nobody_read_it() -> None:
    torch = LockedPackage(
        name="torch", version="2.2.2+cu121", filename="t.whl", url=None, sha256=None, size=None
    )
    user = replace(torch, name="user", version="1.0")
    report = judged(
        replace(LOCK, packages=(torch, user)),
        user=wheel(lib("u.so", needed=("libc10.so", "libtorch.so"))),
    )

    assert [] == findings(report)


def test_an_abi_that_a_measured_file_offers_counts_as_the_declared_ones_do() -> None:
    needs = lib("user.so", requires_abi=("torch-cxx11-abi",))
    offer = {
        abi: lib("libc10.so", provides_abi=(abi,))
        for abi in ("torch-cxx11-abi", "torch-pre-cxx11-abi")
    }

    assert [[], [("error", "abi-mismatch", "torch-cxx11-abi")]] == [
        findings(judged(mine=wheel(each), user=wheel(needs))) for each in offer.values()
    ]


@pytest.mark.parametrize(
    ("torch", "needs", "expected"),
    [
        ("2.2.2+cu121", "torch-pre-cxx11-abi", []),
        ("2.2.2+cu121", "torch-cxx11-abi", [("error", "abi-mismatch", "torch-cxx11-abi")]),
        ("2.7.1+cu128", "torch-pre-cxx11-abi", [("error", "abi-mismatch", "torch-pre-cxx11-abi")]),
        ("2.7.1+cu128", "torch-cxx11-abi", []),
    ],
)
def test_extension_for_a_torch_of_another_cpp_abi_is_an_error(
    torch: str, needs: str, expected: list[tuple[str, str, str]]
) -> None:
    pin = LockedPackage(
        name="torch", version=torch, filename="t.whl", url=None, sha256=None, size=None
    )
    lock = replace(LOCK, packages=(pin, replace(pin, name="user", version="1.0")))

    assert expected == findings(judged(lock, user=wheel(lib("u.so", requires_abi=(needs,)))))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"x/a.py": 5}, {"x/b.py": 5}, []),
        ({"x/__init__.py": 0}, {"x/__init__.py": 0}, [("info", "file-collision", "a + b")]),
        ({"x/a.py": 5}, {"x/a.py": 5}, [("warning", "file-collision", "a + b")]),
        ({"x/a.py": 5}, {"x/a.py": 6}, [("error", "file-collision", "a + b")]),
        ({"x/a.txt": 5}, {"x/a.txt": 6}, [("warning", "file-collision", "a + b")]),
        ({"tests/a.py": 5}, {"tests/a.py": 6}, [("warning", "file-collision", "a + b")]),
        ({"a-1.dist-info/x": 5}, {"a-1.dist-info/x": 6}, []),
        ({"{prefix}/bin/x": 5}, {"{prefix}/bin/x": 6}, [("warning", "file-collision", "a + b")]),
    ],
)
def test_packages_that_write_the_same_file(
    first: dict[str, int], second: dict[str, int], expected: list[tuple[str, str, str]]
) -> None:
    assert expected == findings(judged(a=wheel(files=first), b=wheel(files=second)))


def test_programs_of_the_same_name_collide() -> None:
    report = judged(a=wheel(entry_points=("tool",)), b=wheel(files={"{prefix}/bin/tool": 9}))

    assert ("{prefix}/bin/tool (0 or 9 bytes)",) == report.findings[0].evidence


def test_peak_of_a_stage_is_what_lies_on_disk_while_it_is_installed() -> None:
    lock = replace(LOCK, stages=(("first", ("a", "b")), ("second", ("c",)), ("third", ("d",))))
    report = judged(
        lock,
        a=wheel(files={"a": 100}),
        b=wheel(files={"b": 200}),
        c=wheel(files={"c": 50}),
        d=None,
    )

    assert [
        # installed + cached + being downloaded
        ("first", 20, 300, 300 + 20 + 20, 300 + 20, True),
        ("second", 10, 50, 350 + 30 + 10, 350 + 10, True),
        ("third", 10, 0, 350 + 40 + 10, 350 + 10, False),
    ] == [
        (s.name, s.download, s.installed, s.peak, s.peak_uncached, s.peak_known)
        for s in report.stages
    ]


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (330, []),
        (325, [("warning", "over-disk-budget", "stage only")]),
        (319, [("error", "over-disk-budget", "stage only")]),
    ],
)
def test_disk_budget_is_held_against_the_peak(
    budget: int, expected: list[tuple[str, str, str]]
) -> None:
    lock = replace(LOCK, stages=(("only", ("a",)),), disk_budget=budget)

    assert expected == findings(judged(lock, a=wheel(files={"a": 310})))
