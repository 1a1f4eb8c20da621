"""What the page shows of a lock set, before it is markup."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from support.pages import artifact, measured
from support.solutions import heavy, pin

from depcheck.images.model import Target
from depcheck.page.comparison import PinDifference
from depcheck.page.content import page_of
from depcheck.page.matrix import CoverageCell, CoverageRow, FileGroup, FileMatrix, FileRow
from depcheck.page.model import Asker, Extent
from depcheck.resolver.solution import PassedOver, Via

if TYPE_CHECKING:
    from pathlib import Path

TARGET = Target(
    python="3.11",
    platform="manylinux_2_35_x86_64",
    compute_capabilities=("8.0", "8.9"),
    disk_budget=14_000_000_000,
)


def test_unknown_sizes_make_lower_bounds(tmp_path: Path) -> None:
    page = page_of(measured(tmp_path, heavy(), {"torchvision": artifact("torchvision", 5000)}))

    assert (Extent(known=166_005_000, unknown=3), Extent(known=5000, unknown=9)) == (
        page.download,
        page.installed,
    )


def test_stages_add_up(tmp_path: Path) -> None:
    facts = {name: artifact(name, 5000) for name in ("torch", "torchvision", "nvidia-nccl-cu12")}
    page = page_of(measured(tmp_path, heavy(), facts))

    assert [
        ("torch", 10_000, 11_000, False),
        ("torch-runtime", 15_000, 166_017_000, False),
    ] == [(each.name, each.after, each.peak, each.sure) for each in page.stages[:2]]


def test_a_pin_says_who_asked_in_which_words(tmp_path: Path) -> None:
    pins = {each.name: each for each in page_of(measured(tmp_path, heavy())).pins}

    assert (
        (
            Asker(name="torch", requirement="filelock", is_pin=True, rule=None),
            Asker(name="transformers", requirement="filelock", is_pin=True, rule=None),
        ),
        (Asker(name="numpy2", requirement="numpy<2", is_pin=False, rule="numpy2"),),
        ("numpy", "torch"),
    ) == (pins["filelock"].askers, pins["numpy"].askers, pins["torchvision"].needs)


def test_the_graph_has_the_words_of_each_dependency(tmp_path: Path) -> None:
    page = page_of(measured(tmp_path, heavy()))

    assert {
        "version": "4.46.3",
        "stage": "packages",
        "file": "transformers-4.46.3-py3-none-any.whl",
        "download": 1000,
        "installed": None,
        "askers": [["spec.toml: requirements[0]", "transformers", False]],
        "needs": [["filelock", "filelock"], ["numpy", ""]],
        "rules": [],
        "passed": [],
    } == page.graph["transformers"]


def test_versions_passed_over_are_told_with_the_reason(tmp_path: Path) -> None:
    groups = (
        PassedOver(versions=("2.4", "2.3", "2.2", "2.1"), reason="too new"),
        PassedOver(versions=("2.0",), reason="yanked"),
    )
    page = page_of(measured(tmp_path, heavy(pins=(pin("a", passed_over=groups),))))

    assert [["2.4 \u2026 2.1 (4)", "too new"], ["2.0", "yanked"]] == page.graph["a"]["passed"]


def test_a_waiver_without_a_rule_is_the_image_spec_s_own(tmp_path: Path) -> None:
    [waiver] = heavy().waivers
    ruled = replace(waiver, rule="numpy2")
    found = page_of(measured(tmp_path / "a", heavy()))
    other = page_of(measured(tmp_path / "b", heavy(waivers=(ruled,))))

    assert ((waiver,), [()], 1) == (found.stated, [r.waivers for r in found.rules], found.waivers)
    assert ((), [(ruled,)], 1) == (other.stated, [r.waivers for r in other.rules], other.waivers)


def test_only_addresses_on_the_web_are_links(tmp_path: Path) -> None:
    [rule] = heavy().rules
    evidence = ("https://example.org/1", "metadata: a==1", "javascript:alert(1)")
    page = page_of(measured(tmp_path, heavy(rules=(replace(rule, evidence=evidence),))))

    assert [True, False, False] == [each.is_link for each in page.rules[0].evidence]


def test_kernels_by_package_and_by_file(tmp_path: Path) -> None:
    kernels = {"a.so": ("sm_80", "sm_90", "compute_90"), "b.so": ("sm_90a", "compute_80")}
    facts = {"torch": artifact("torch", 1, kernels), "numpy": artifact("numpy", 1)}
    page = page_of(measured(tmp_path, heavy(target=TARGET), facts))
    by_ptx = "PTX JIT from compute_80 (needs a driver that knows its PTX)"

    assert (
        CoverageRow(
            name="torch",
            version="2.2.2+cu121",
            basis="measured",
            cells=(
                CoverageCell(kind="ptx-jit", text="PTX compute_80", title=by_ptx),
                CoverageCell(kind="ptx-jit", text="PTX compute_80", title=by_ptx),
            ),
        ),
    ) == page.coverage
    assert (
        FileMatrix(
            architectures=("8.0", "9.0", "9.0a"),
            groups=(
                FileGroup(
                    name="torch",
                    files=(
                        FileRow(path="a.so", cells=("cubin", "cubin and PTX", "")),
                        FileRow(path="b.so", cells=("PTX", "", "cubin")),
                    ),
                ),
            ),
        )
        == page.files
    )


def test_errors_come_before_what_is_less(tmp_path: Path) -> None:
    """The wheel serves 8.0 by one of its files and 8.9 by none; others are not measured."""
    facts = {"numpy": artifact("numpy", 1, {"a.so": ("sm_80a",), "b.so": ("sm_70",)})}
    page = page_of(measured(tmp_path, heavy(target=TARGET), facts))

    assert [
        ("error", "uncovered-capability"),
        ("warning", "uncovered-file"),
        ("info", "not-measured"),
    ] == [(each.severity.value, each.code) for each in page.findings]


def test_another_lock_set_beside(tmp_path: Path) -> None:
    asked = (Via(source="spec", requirement="x", is_package=False),)
    before = heavy(variant="cu118", pins=(pin("a", "1.0"), pin("b", "1.0"), pin("same", via=asked)))
    after = heavy(pins=(pin("a", "2.0"), pin("c", "1.0"), pin("same", via=asked)))
    found = page_of(
        measured(tmp_path / "after", after, {"a": artifact("a", 700), "c": artifact("c", 9)}),
        measured(tmp_path / "before", before, {"a": artifact("a", 500)}),
    ).comparison

    assert found is not None
    assert ("heavy (cu118)", 1) == (found.title, found.same)
    assert (
        PinDifference(
            name="a", change="upgraded", before="1.0", after="2.0", download=0, installed=200
        ),
        PinDifference(
            name="c", change="added", before=None, after="1.0", download=1000, installed=9
        ),
        PinDifference(
            name="b", change="removed", before="1.0", after=None, download=-1000, installed=None
        ),
    ) == found.pins
    assert ("Packages", 3, 3) == found.totals[0]
