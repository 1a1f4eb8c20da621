"""How a spec is laid over its baseline, and a variant over its image."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depcheck.errors import InputError
from depcheck.images.draft import VariantDraft
from depcheck.images.loader import load_spec
from depcheck.images.model import ValidateSpec
from depcheck.images.values import as_of, capability, size

if TYPE_CHECKING:
    from pathlib import Path

BASE = """
name = "base"
abstract = true
summary = "the baseline"
default-variant = "cpu"

[target]
python = "3.10"
platform = "manylinux_2_35_x86_64"
compute-capabilities = ["8.0"]

[variants.cpu]
as-of = 2024-01-01
requirements = ["torch==2.2.2"]
allow-build = ["fire"]
prerelease = "allow"
env = { A = "base", B = "base" }

[[stages]]
name = "torch"
packages = ["torch"]

[validate]
imports = ["torch"]
"""
OWN = """
extends = "./base.toml"
name = "own"

[target]
python = "3.11"

[variants.cpu]
requirements = ["numpy"]
env = { B = "own", C = "own" }
target = { compute-capabilities = ["9.0"] }

[variants.cu121]
requirements = ["torch==2.3.1"]

[validate]
imports = ["numpy", "torch"]
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_spec_is_laid_over_its_baseline(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", BASE)
    spec = load_spec(write(tmp_path, "own.toml", OWN))
    cpu, cu121 = spec.variants["cpu"], spec.variants["cu121"]

    assert (spec.name, spec.summary, spec.default_variant) == ("own", "the baseline", "cpu")
    assert [str(found.requirement) for found in cpu.requirements] == ["torch==2.2.2", "numpy"]
    assert [found.origin for found in cpu.requirements] == [
        "base.toml: variants.cpu.requirements[0]",
        "own.toml: variants.cpu.requirements[0]",
    ]
    assert cpu.as_of == datetime(2024, 1, 2, tzinfo=timezone.utc)
    assert cpu.prerelease == "allow"
    assert cpu.allow_build == ("fire",)
    assert cpu.env == {"A": "base", "B": "own", "C": "own"}
    assert (cpu.target.python, cpu.target.compute_capabilities) == ("3.11", ("9.0",))
    assert (cu121.target.python, cu121.target.compute_capabilities) == ("3.11", ("8.0",))
    assert cu121.as_of is None
    assert cu121.prerelease == "if-necessary"
    assert cu121.validate.imports == ("torch", "numpy")
    assert [stage.name for stage in cu121.stages] == ["torch"]


def test_what_a_file_says_of_all_variants_comes_first(tmp_path: Path) -> None:
    text = OWN.replace('name = "own"', 'name = "own"\nas-of = 2024-05-01\nrequirements = ["six"]')
    write(tmp_path, "base.toml", BASE)
    spec = load_spec(write(tmp_path, "own.toml", text))
    cpu, cu121 = spec.variants["cpu"], spec.variants["cu121"]

    assert [each.origin for each in cpu.requirements] == [
        "own.toml: requirements[0]",
        "base.toml: variants.cpu.requirements[0]",
        "own.toml: variants.cpu.requirements[0]",
    ]
    assert cpu.as_of == datetime(2024, 1, 2, tzinfo=timezone.utc)
    assert [str(each.requirement) for each in cu121.requirements] == ["six", "torch==2.3.1"]
    assert cu121.as_of == datetime(2024, 5, 2, tzinfo=timezone.utc)


def test_variant_may_not_repeat_what_holds_for_all(tmp_path: Path) -> None:
    text = OWN.replace('name = "own"', 'name = "own"\nrequirements = ["numpy<2"]')
    write(tmp_path, "base.toml", BASE)
    own = write(tmp_path, "own.toml", text)

    with pytest.raises(InputError) as caught:
        load_spec(own)

    assert caught.value.message == (
        f"{own}:10: variants.cpu.requirements: `numpy` repeats `numpy<2` "
        "(own.toml: requirements[0])"
    )


def test_digest_covers_the_baseline(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", BASE)
    own = write(tmp_path, "own.toml", OWN)
    before = load_spec(own).digest
    write(tmp_path, "base.toml", BASE + "# a comment\n")

    assert before != load_spec(own).digest


def test_requirement_of_the_baseline_may_not_be_repeated(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", BASE)
    own = write(tmp_path, "own.toml", OWN.replace('["numpy"]', '["torch==2.3.1"]'))

    with pytest.raises(InputError) as caught:
        load_spec(own)

    assert caught.value.message == (
        f"{own}:9: variants.cpu.requirements: `torch==2.3.1` repeats `torch==2.2.2` "
        "(base.toml: variants.cpu.requirements[0])"
    )


def test_wrong_baseline_is_named_by_its_own_file(tmp_path: Path) -> None:
    base = write(tmp_path, "base.toml", BASE.replace('"3.10"', "3.10"))

    with pytest.raises(InputError) as caught:
        load_spec(write(tmp_path, "own.toml", OWN))

    assert caught.value.message == f"{base}:8: target.python: must be text, not a number"


def test_specs_may_not_extend_each_other(tmp_path: Path) -> None:
    base = write(tmp_path, "base.toml", BASE.replace("abstract", 'extends = "own.toml"\nabstract'))

    with pytest.raises(InputError) as caught:
        load_spec(write(tmp_path, "own.toml", OWN))

    assert caught.value.message == f"{base}:3: extends: `own.toml` extends this file in turn"


NAMES = st.tuples(*[st.sampled_from("abc")] * 2)
DRAFTS = st.builds(
    VariantDraft,
    as_of=st.none() | st.datetimes(timezones=st.just(timezone.utc)),
    prerelease=st.none() | st.sampled_from(["allow", "disallow"]),
    allow_build=NAMES,
    env=st.dictionaries(st.sampled_from("XYZ"), st.sampled_from("12")),
    validate=st.builds(
        ValidateSpec,
        imports=NAMES,
        env=st.dictionaries(st.sampled_from("XYZ"), st.sampled_from("12")),
        scripts=NAMES,
        allow_extra=NAMES,
        gpu_memory=st.none() | st.sampled_from([1, 2]),
        self_contained=st.booleans(),
    ),
)


@given(top=DRAFTS, middle=DRAFTS, bottom=DRAFTS)
def test_laying_over_is_associative(
    top: VariantDraft, middle: VariantDraft, bottom: VariantDraft
) -> None:
    assert top.over(middle).over(bottom) == top.over(middle.over(bottom))


@given(draft=DRAFTS)
def test_nothing_changes_over_or_under_an_empty_draft(draft: VariantDraft) -> None:
    unique = VariantDraft().over(draft)

    assert VariantDraft().over(unique) == unique
    assert unique.over(VariantDraft()) == unique


@given(day=st.dates(max_value=datetime(9999, 1, 1).date()))  # noqa: DTZ001 - only its day counts
def test_date_counts_with_its_whole_day(day: object) -> None:
    end = as_of(day)

    assert (end - timedelta(microseconds=1)).date() == day
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    assert end.tzinfo is timezone.utc


def test_instant_with_an_offset_is_taken_as_it_is() -> None:
    moment = datetime(2024, 7, 15, 12, tzinfo=timezone(timedelta(hours=2)))

    assert as_of(moment) == datetime(2024, 7, 15, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14 GB", 14_000_000_000),
        ("14GB", 14_000_000_000),
        ("12.5 GiB", 13_421_772_800),
        ("500 MB", 500_000_000),
        ("1 KiB", 1024),
        ("7 B", 7),
    ],
)
def test_sizes_are_decimal_unless_they_say_otherwise(text: str, expected: int) -> None:
    assert size(text) == expected


@given(major=st.integers(1, 99), minor=st.integers(0, 9))
def test_capability_is_read_back(major: int, minor: int) -> None:
    assert capability(f"{major}.{minor}") == (major, minor)


def test_variant_that_only_the_baseline_names_and_nobody_fills_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(
        'name = "base"\nabstract = true\ndefault-variant = "cpu"\n'
        '[target]\npython = "3.11"\nplatform = "manylinux_2_35_x86_64"\n'
        "[variants.cpu]\nas-of = 2024-01-01\n[variants.cu121]\nas-of = 2024-01-01\n"
    )
    own = tmp_path / "own.toml"
    own.write_text(
        'extends = "./base.toml"\nname = "own"\nsummary = "s"\n'
        '[variants.cpu]\nrequirements = ["a"]\n'
    )

    assert ["cpu"] == list(load_spec(own).variants)
