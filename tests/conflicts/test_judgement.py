"""What rules say of packages whose versions may be open."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.ranges import VersionRange
from packaging.requirements import Requirement
from packaging.version import Version

from depcheck.conflicts.inventory import Inventory, Stated, merged, specifier_range
from depcheck.conflicts.judgement import Status, judge
from depcheck.conflicts.matching import triggers
from depcheck.conflicts.model import Confidence, Rule, RuleKind


def rule(
    when: str, *then: str, kind: RuleKind = RuleKind.REQUIRE, install: bool = False, **more: object
) -> Rule:
    values: dict[str, object] = {
        "id": "some-rule",
        "kind": kind,
        "when": Requirement(when),
        "then": tuple(map(Requirement, then)),
        "install": install,
        "reason": "r",
        "evidence": ("https://example.com/1",),
        "remedy": "m",
        "since": date(2024, 1, 1),
    }
    return Rule(**{**values, **more})  # type: ignore[arg-type]


def stated(text: str, *, certain: bool = True) -> Stated:
    requirement = Requirement(text.removeprefix("?"))
    return Stated(
        name=requirement.name,
        versions=specifier_range(str(requirement.specifier)),
        text=text,
        origin="file:1",
        certain=certain and not text.startswith("?"),
    )


def inventory(*texts: str, complete: bool = False) -> Inventory:
    """Return an inventory; a question mark before a package says that it may be absent."""
    packages = merged(map(stated, texts), alternatives=False)
    return Inventory(source="file", format="requirements", packages=packages, complete=complete)


NUMPY = rule("torch<2.3", "numpy<2")
SETUPTOOLS = rule("triton<3.3", "setuptools", install=True)
TWO = rule("opencv-python", "opencv-python-headless", kind=RuleKind.FORBID)
REPORTED = rule("torch<2.3", "numpy<2", confidence=Confidence.REPORTED)
ENV = rule("nvidia-nccl-cu12", kind=RuleKind.ENV)
NO_BUILD = rule("torch==1.12.1", kind=RuleKind.INDEX, variants=("cu117",))


@pytest.mark.parametrize(
    ("found", "texts", "expected"),
    [
        (NUMPY, ["torch==2.2.2", "numpy==2.0.1"], Status.VIOLATED),
        (NUMPY, ["torch==2.2.2+cu121", "numpy>=2,<3"], Status.VIOLATED),
        (NUMPY, ["torch>=2.0,<2.3", "numpy~=2.1"], Status.VIOLATED),
        (NUMPY, ["torch==2.2.2", "numpy>=1.20"], Status.POSSIBLE),
        (NUMPY, ["torch>=2", "numpy==2.0.1"], Status.POSSIBLE),
        (NUMPY, ["torch==2.2.2", "?numpy==2.0.1"], Status.POSSIBLE),
        (NUMPY, ["?torch==2.2.2", "numpy==2.0.1"], Status.POSSIBLE),
        (NUMPY, ["torch==2.2.2"], Status.POSSIBLE),
        (NUMPY, ["torch==2.2.2", "numpy==1.26.4"], Status.SATISFIED),
        (NUMPY, ["torch==2.2.2", "numpy<2"], Status.SATISFIED),
        (NUMPY, ["torch>=2", "numpy<2"], None),
        (NUMPY, ["torch>=2"], None),
        (NUMPY, ["torch>=2.3", "numpy==2.0.1"], None),
        (NUMPY, ["numpy==2.0.1"], None),
        (REPORTED, ["torch==2.2.2", "numpy==2.0.1"], Status.ADVISES),
        (REPORTED, ["torch==2.2.2", "numpy==1.26.4"], Status.SATISFIED),
        (SETUPTOOLS, ["triton==2.2.0"], Status.POSSIBLE),
        (SETUPTOOLS, ["triton==2.2.0", "setuptools"], Status.SATISFIED),
        (SETUPTOOLS, ["triton==2.2.0", "?setuptools"], Status.SATISFIED),
        (TWO, ["opencv-python==4.10", "opencv-python-headless"], Status.VIOLATED),
        (TWO, ["opencv-python", "?opencv-python-headless"], Status.POSSIBLE),
        (TWO, ["opencv-python"], Status.SATISFIED),
        (ENV, ["nvidia-nccl-cu12==2.19.3"], Status.ADVISES),
        (ENV, ["?nvidia-nccl-cu12"], Status.POSSIBLE),
        (rule("a", "b<2", kind=RuleKind.METADATA), ["a==1", "b==2"], None),
        (rule("a", "b<2", given=(Requirement("c<2"),)), ["a==1", "b==2", "c==1"], Status.VIOLATED),
        (rule("a", "b<2", given=(Requirement("c<2"),)), ["a==1", "b==2", "c"], Status.POSSIBLE),
        (rule("a", "b<2", given=(Requirement("c<2"),)), ["a==1", "b==2"], None),
    ],
)
def test_status(found: Rule, texts: list[str], expected: Status | None) -> None:
    statuses = [each.status for each in judge([found], inventory(*texts), None)]

    assert ([] if expected is None else [expected]) == statuses


def test_what_a_complete_source_does_not_state_is_absent() -> None:
    missing = judge([SETUPTOOLS], inventory("triton==2.2.0", complete=True), None)
    alone = judge([NUMPY], inventory("torch==2.2.2", complete=True), None)

    assert [Status.VIOLATED, Status.SATISFIED] == [missing[0].status, alone[0].status]


@pytest.mark.parametrize(
    ("variant", "expected"), [("cu117", [Status.VIOLATED]), ("cu116", []), (None, [])]
)
def test_a_rule_for_variants_counts_for_them_alone(
    variant: str | None, expected: list[Status]
) -> None:
    verdicts = judge([NO_BUILD], inventory("torch==1.12.1"), variant)

    assert expected == [each.status for each in verdicts]


def test_verdicts_name_what_is_concerned_and_what_is_not_stated() -> None:
    (verdict,) = judge([SETUPTOOLS], inventory("triton==2.2.0", "numpy"), None)

    assert (["triton==2.2.0"], ("setuptools",)) == (
        [each.text for each in verdict.subjects],
        verdict.missing,
    )


def test_violations_come_first() -> None:
    rules = [ENV, NUMPY, TWO]
    verdicts = judge(
        rules, inventory("nvidia-nccl-cu12", "torch==2.2", "numpy==2.1", "opencv-python"), None
    )

    assert [Status.VIOLATED, Status.ADVISES, Status.SATISFIED] == [e.status for e in verdicts]


def test_forks_of_a_lock_are_alternatives() -> None:
    """A rule is violated where every fork violates it, possible where one does."""
    one, other = stated("numpy==2.0.1"), stated("numpy==1.26.4")
    both = merged([one, other, stated("torch==2.2.2")], alternatives=True)
    worse = merged([one, stated("numpy==2.1"), stated("torch==2.2.2")], alternatives=True)
    statuses = [
        judge(
            [NUMPY],
            Inventory(source="uv.lock", format="uv-lock", packages=packages, complete=True),
            None,
        )[0].status
        for packages in (both, worse)
    ]

    assert [Status.POSSIBLE, Status.VIOLATED] == statuses


RELEASES = st.tuples(*[st.integers(0, 2)] * 2).map(lambda parts: ".".join(map(str, parts)))
OPERATORS = st.sampled_from(["<", "<=", "==", "!=", ">", ">="])


@given(
    when=st.tuples(OPERATORS, RELEASES),
    then=st.lists(st.tuples(st.sampled_from("bc"), OPERATORS, RELEASES), min_size=1, max_size=2),
    pins=st.dictionaries(st.sampled_from("abc"), RELEASES.map(Version)),
    kind=st.sampled_from([RuleKind.REQUIRE, RuleKind.FORBID]),
    install=st.booleans(),
)
def test_pins_are_judged_as_the_solver_judges_them(
    when: tuple[str, str],
    then: list[tuple[str, str, str]],
    pins: dict[str, Version],
    kind: RuleKind,
    install: bool,  # noqa: FBT001 - generated
) -> None:
    found = rule("a" + "".join(when), *("".join(each) for each in then), kind=kind, install=install)
    packages = tuple(
        Stated(name=n, versions=VersionRange.singleton(v), text=f"{n}=={v}", origin="", version=v)
        for n, v in sorted(pins.items())
    )
    whole = Inventory(source="", format="installed", packages=packages, complete=True)
    violated = [each.status is Status.VIOLATED for each in judge([found], whole, None)]

    assert triggers(found, pins) is (violated == [True])


@given(
    allowed=st.tuples(OPERATORS, RELEASES),
    bound=st.tuples(OPERATORS, RELEASES),
    version=RELEASES,
)
def test_what_is_violated_is_violated_by_every_version_allowed(
    allowed: tuple[str, str], bound: tuple[str, str], version: str
) -> None:
    found = rule("torch", "numpy" + "".join(bound))
    open_range = "numpy" + "".join(allowed)
    (verdict,) = judge([found], inventory("torch==1", open_range), None) or (None,)
    if verdict is None or not Requirement(open_range).specifier.contains(version):
        return
    pinned = triggers(found, {"torch": Version("1"), "numpy": Version(version)})

    assert {
        Status.VIOLATED: True,
        Status.SATISFIED: False,
        Status.POSSIBLE: pinned,
    }[verdict.status] is pinned
