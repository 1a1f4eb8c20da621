"""What a version asks for: its metadata, corrected by rules and by the spec."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from support.universe import MemoryIndex, Release, Universe, pins, problem, rule, solution

from depcheck.conflicts.model import RuleKind
from depcheck.images.model import BasePackage, Override, RecordedMetadata
from depcheck.index.model import DYNAMIC, INVALID, InvalidMetadataError
from depcheck.resolver.candidates import Candidate
from depcheck.resolver.search import Bench

if TYPE_CHECKING:
    from depcheck.conflicts.model import Rule
    from depcheck.index.model import CoreMetadata, Dist
    from depcheck.index.project import Project

URL = "https://files.example/b-1.0.tar.gz"
ELSEWHERE = "sys_platform == 'never'"
SDIST = Release(tags=None, state=DYNAMIC)
STATED = RecordedMetadata(
    name="a", version="1.0", requires_dist=(), reason="tested", origin="test.toml: metadata[0]"
)
OF_B = RecordedMetadata(
    name="b",
    version="1.0",
    requires_dist=(Requirement("c"),),
    extras=("x",),
    reason="tested",
    origin="test.toml: metadata[1]",
)


class CountingIndex(MemoryIndex):
    """Counts how often each version's metadata is read."""

    def __init__(self, universe: Universe) -> None:
        super().__init__(universe)
        self.reads: Counter[str] = Counter()

    def core_metadata(self, project: Project, dist: Dist) -> CoreMetadata | None:
        self.reads[project.name] += 1
        return super().core_metadata(project, dist)


def override(text: str, origin: str = "test.toml: overrides[0]") -> Override:
    stated = Requirement(text)
    return Override(requirement=stated, package=stated.name, reason="tested", origin=origin)


def bench(universe: Universe, *requirements: str, **options: Any) -> Bench:
    index = MemoryIndex(universe)
    return Bench(problem(*requirements, **options), lambda _: index)


def candidate(of: Bench, name: str, rank: int = 0, extra: str = "") -> Candidate:
    project = of.catalogue.project(name)
    assert project is not None
    dist = of.catalogue.choice(project, rank)
    assert not isinstance(dist, str)
    return Candidate(name, extra, project, rank, dist)


def asked(of: Bench, name: str, rank: int = 0, extra: str = "") -> list[tuple[str, str | None]]:
    """Return what a version asks for, each with the rule that says so."""
    wants = of.dependencies.wants(candidate(of, name, rank, extra))
    return [(str(want), want.rule) for want in wants]


def asked_by_a(
    *needs: str, extra: str = "", rules: tuple[Rule, ...] = (), **options: Any
) -> list[tuple[str, str | None]]:
    universe: Universe = {"a": {"1.0": Release(*needs, extras=("x",))}}
    return asked(bench(universe, rules=rules, **options), "a", extra=extra)


class TestWhatTheImageAsks:
    def roots(self, *requirements: str, **options: Any) -> list[tuple[str, bool, str | None]]:
        of = bench({}, *requirements, **options)
        return [(str(want), want.weak, want.origin) for want in of.dependencies.roots()]

    def test_is_its_requirements_then_its_constraints_then_the_base_image(self) -> None:
        base = BasePackage(name="d", version="1.0", path="/usr/lib", origin="base")

        assert [
            ("b>=1", False, "test.toml: requirements[0]"),
            ("b[y]>=1", False, "test.toml: requirements[0]"),
            ("c<2", True, "test.toml: constraints[0]"),
            ("d==1.0", True, "base"),
        ] == self.roots("B[Y]>=1", constraints=["C<2"], base_packages=(base,))

    def test_is_nothing_that_is_for_another_target(self) -> None:
        assert [
            ("c", False, "test.toml: requirements[1]"),
            ("c<2", True, "test.toml: constraints[1]"),
        ] == self.roots(f"b; {ELSEWHERE}", "c", constraints=[f"b<1; {ELSEWHERE}", "c<2"])

    def test_is_what_an_override_says_with_the_extras_that_were_asked_for(self) -> None:
        assert [
            ("b==2", False, "here"),
            ("b[x]==2", False, "here"),
            ("c", False, "test.toml: requirements[1]"),
        ] == self.roots("b[x]<2", "c", overrides=(override("b==2", "here"),))


class TestWhatAVersionAsks:
    def test_is_on_what_the_image_names_first(self) -> None:
        base = BasePackage(name="d", version="1.0", path="/usr/lib", origin="base")
        of = bench(
            {"a": {"1.0": ["e", "d", "c", "f", "b"]}},
            "a",
            "b",
            constraints=["c<2"],
            base_packages=(base,),
        )

        assert ["d", "c", "b", "e", "f"] == [text for text, _ in asked(of, "a")]

    def test_is_of_an_extra_its_own_needs_and_its_base_at_the_same_version(self) -> None:
        needs = ("b", "c; extra == 'x'", "d; extra == 'y'")

        assert [("b", None)] == asked_by_a(*needs)
        assert [("a", None), ("c", None)] == asked_by_a(*needs, extra="x")

    def test_is_of_a_rule_once_and_not_of_each_extra_again(self) -> None:
        rules = (rule(RuleKind.REQUIRE, "a", "b<2"),)

        assert [("b<2", "require-a")] == asked_by_a(rules=rules)
        assert [("a", None)] == asked_by_a(extra="x", rules=rules)

    def test_is_nothing_where_the_package_is_absent(self) -> None:
        of = bench({})
        absent = Candidate("a", "", None, -1, None)

        assert () == of.dependencies.wants(absent)
        assert () == of.dependencies.needs(absent).dependencies

    def test_is_read_once(self) -> None:
        index = CountingIndex({"a": {"1.0": Release("b", "c; extra == 'x'", extras=("x",))}})
        of = Bench(problem("a"), lambda _: index)
        for extra in ("", "x", ""):
            of.dependencies.wants(candidate(of, "a", extra=extra))

        assert {"a": 1} == index.reads

    @pytest.mark.parametrize("extra", ["", "x"])
    @pytest.mark.parametrize(
        ("release", "reason"),
        [
            (Release(state=INVALID), "its core metadata is invalid"),
            (SDIST, "its sdist cannot state its dependencies without being built"),
            (Release(metadata_python=">=3.12"), "it needs Python >=3.12"),
        ],
        ids=["invalid", "dynamic", "python"],
    )
    def test_is_impossible_where_it_cannot_be_used(
        self, release: Release, reason: str, extra: str
    ) -> None:
        """What rules say of it counts all the same, and says so first."""
        needed = rule(RuleKind.REQUIRE, "a", "b<2")
        of = bench({"a": {"1.0": release}}, rules=[needed])
        wants = of.dependencies.wants(candidate(of, "a", extra=extra))
        own = [("b", "b<2", None)] if not extra else []

        assert [*own, (f"a[{extra}]" if extra else "a", reason, reason)] == [
            (want.identifier, str(want), want.impossible) for want in wants
        ]

    @pytest.mark.parametrize("extra", ["", "x"])
    def test_is_impossible_where_it_brings_a_url_of_its_own(self, extra: str) -> None:
        marker = ' ; extra == "x"' if extra else ""
        reason = f"it needs `b @ {URL}{marker}`, a URL that the image spec does not list"
        of = bench({"a": {"1.0": Release(f"b @ {URL}{marker}", extras=("x",))}})
        *_, want = of.dependencies.wants(candidate(of, "a", extra=extra))

        assert (f"a[{extra}]" if extra else "a", reason) == (want.identifier, want.impossible)

    def test_is_any_version_of_a_package_from_the_same_url_as_the_image_has_it(self) -> None:
        universe: Universe = {"a": {"1.0": [f"b[x] @ {URL}"]}}
        of = bench(universe, "a", f"b @ {URL}", metadata=(OF_B,))

        assert [("b", None), ("b[x]", None)] == asked(of, "a")
        assert [("c", None)] == asked(of, "b")

    def test_is_so_too_where_the_spec_says_that_it_comes_from_there(self) -> None:
        of = bench(
            {"a": {"1.0": ["b[x]<1"]}},
            "a",
            f"b @ {URL}",
            metadata=(OF_B,),
            overrides=(override(f"b @ {URL}", "here"),),
        )

        assert [("b", "here"), ("b[x]", "here")] == asked(of, "a")


class TestWhatRulesChange:
    def test_replaced_dropped_and_added_needs_name_their_rule(self) -> None:
        rules = (
            rule(RuleKind.OVERRIDE, "a", "c<3", "b<2"),
            rule(RuleKind.DROP, "a>=1", drop=("d", "e")),
        )

        assert [
            ("b<2", "override-a"),
            ("b[y]<2", "override-a"),
            ("c<3", "override-a"),
            ("f", None),
        ] == asked_by_a("b[y]==1", "c", "d", "e", "f", rules=rules)

    def test_no_deps_leaves_only_what_the_rule_states(self) -> None:
        alone = rule(RuleKind.NO_DEPS, "a", "g", "h>1")

        assert [("g", "no-deps-a"), ("h>1", "no-deps-a")] == asked_by_a("b", "c", rules=(alone,))

    def test_the_spec_has_the_last_word(self) -> None:
        rules = (
            rule(RuleKind.NO_DEPS, "a", "g"),
            rule(RuleKind.OVERRIDE, "a", "b<2"),
            rule(RuleKind.DROP, "a", drop=("b",)),
        )
        overrides = (override("b==7", "here"),)

        assert [("b==7", "here"), ("g", "no-deps-a")] == asked_by_a(
            "b==1", "c", rules=rules, overrides=overrides
        )

    def test_what_nobody_declared_says_how_it_counts(self) -> None:
        rules = (
            rule(RuleKind.DROP, "a", drop=("z",)),
            rule(RuleKind.FORBID, "a", "b>=2"),
            rule(RuleKind.ORDER, "a", after=("z",)),
            rule(RuleKind.REQUIRE, "a", f"c<1; {ELSEWHERE}", "d<2"),
            rule(RuleKind.REQUIRE, "a>0", "e<2", install=True),
        )
        of = bench({"a": {"1.0": ["f"]}}, rules=rules)
        wants = of.dependencies.wants(candidate(of, "a"))

        assert [
            ("f", False, False, True, None),
            ("not b>=2", True, True, False, "forbid-a"),
            ("d<2", True, False, False, "require-a"),
            ("e<2", False, False, False, "require-a>0"),
        ] == [(str(want), want.weak, want.forbidden, want.declared, want.rule) for want in wants]

    def test_holds_for_the_versions_of_the_rule_alone(self) -> None:
        newest = rule(RuleKind.REQUIRE, "a>=3", "b")
        oldest = rule(RuleKind.REQUIRE, "a<2", "c")
        of = bench({"a": {each: [] for each in ("1", "2", "3")}}, rules=[newest, oldest])

        assert [[("c", "require-a<2")], [], [("b", "require-a>=3")]] == [
            asked(of, "a", rank) for rank in range(3)
        ]


class TestWhoSaysSo:
    """A rule, then the spec, speaks for an sdist; a wheel speaks for itself."""

    BY_RULE = rule(RuleKind.METADATA, "a==1.0", "c; extra == 'x'", "d")
    BY_SPEC = replace(STATED, requires_dist=(Requirement("e"),))

    @pytest.mark.parametrize(
        ("release", "rules", "metadata", "source", "needs"),
        [
            (Release("b"), (BY_RULE,), (BY_SPEC,), "wheel", ["b"]),
            (Release("b", tags=None), (), (), "sdist", ["b"]),
            (Release("b", tags=None), (BY_RULE,), (BY_SPEC,), "rule:metadata-a==1.0", ["d"]),
            (SDIST, (), (BY_SPEC,), "spec", ["e"]),
            (SDIST, (), (OF_B, BY_SPEC), "spec", ["e"]),
            (Release("b", tags=None), (), (OF_B,), "sdist", ["b"]),
            (Release("b", tags=None), (), (replace(BY_SPEC, version="2.0"),), "sdist", ["b"]),
        ],
        ids=[
            "a wheel",
            "an sdist",
            "a rule",
            "the spec",
            "the spec among others",
            "the spec of another package",
            "the spec of another version",
        ],
    )
    def test_of_a_version(
        self,
        release: Release,
        rules: tuple[Rule, ...],
        metadata: tuple[RecordedMetadata, ...],
        source: str,
        needs: list[str],
    ) -> None:
        of = bench({"a": {"1.0": release}}, rules=rules, metadata=metadata)

        assert needs == [text for text, _ in asked(of, "a")]
        assert source == of.dependencies.needs(candidate(of, "a")).source

    @pytest.mark.parametrize(
        ("rules", "metadata"),
        [
            ((BY_RULE,), ()),
            ((), (replace(STATED, requires_dist=BY_RULE.then),)),
            ((), (replace(STATED, extras=("x",)),)),
        ],
        ids=["a rule", "the spec", "the spec, which states extras"],
    )
    def test_says_which_extras_there_are(
        self, rules: tuple[Rule, ...], metadata: tuple[RecordedMetadata, ...]
    ) -> None:
        of = bench({"a": {"1.0": SDIST}}, rules=rules, metadata=metadata)

        assert ("x",) == of.dependencies.needs(candidate(of, "a")).extras

    def test_says_for_which_pythons_it_is(self) -> None:
        of = bench({"a": {"1.0": SDIST}}, metadata=(replace(STATED, requires_python=">=4"),))

        assert "it needs Python >=4" == of.dependencies.needs(candidate(of, "a")).impossible

    def test_of_what_comes_from_a_url(self) -> None:
        of = bench({}, f"b @ {URL}", metadata=(OF_B,))

        assert "spec" == of.dependencies.needs(candidate(of, "b")).source

    @pytest.mark.parametrize(
        ("rules", "metadata"),
        [((BY_RULE,), ()), ((), (replace(BY_SPEC, requires_dist=BY_RULE.then),))],
    )
    def test_an_extra_that_has_needs_is_known(
        self, rules: tuple[Rule, ...], metadata: tuple[RecordedMetadata, ...]
    ) -> None:
        universe: Universe = {"a": {"1.0": SDIST}, "c": {"1.0": []}, "d": {"1.0": []}}
        options: dict[str, Any] = {"rules": rules, "metadata": metadata, "allow_build": ("a",)}
        known = solution(universe, "a[x]", **options)
        unknown = solution(universe, "a[y]", **options)

        assert {"a": "1.0", "c": "1.0", "d": "1.0"} == pins(known)
        assert () == known.warnings
        assert ("`a==1.0` has no extra `y` (it has: x)",) == unknown.warnings

    @pytest.mark.parametrize(
        ("bare", "hint"),
        [
            (
                False,
                (
                    "state them: `[[variants.cu121.metadata]]` with "
                    '`name = "a"`, `version = "1.0"`, `requires-dist` and `reason`, '
                    "or a rule of kind `metadata`"
                ),
            ),
            (
                True,
                (
                    "ask for another version of `a`, one with a wheel, or state the dependencies "
                    'in a rule of kind `metadata` with `when = "a==1.0"`, and name its '
                    "file by `--rules`"
                ),
            ),
        ],
        ids=["an image spec can", "only rules can"],
    )
    def test_nobody_is_an_error_that_says_who_could(self, hint: str, *, bare: bool) -> None:
        index = MemoryIndex({"a": {"1.0": SDIST}})
        of = Bench(replace(problem("a"), bare=bare), lambda _: index)
        of.dependencies.needs(candidate(of, "a"))
        error = of.dependencies.unknown["a", 0]

        assert ("dynamic-metadata", hint) == (error.reference, error.hint)

    def test_invalid_metadata_says_what_is_wrong_with_it(self) -> None:
        class Broken(MemoryIndex):
            def core_metadata(self, project: Project, dist: Dist) -> CoreMetadata | None:
                raise InvalidMetadataError(f"{project.name} at {dist.position}")

        index = Broken({"a": {"1.0": []}})
        of = Bench(problem("a"), lambda _: index)

        assert [("its core metadata is invalid: a at 0", None)] == asked(of, "a")


class TestDeviations:
    def deviations(self, *needs: str, **options: Any) -> list[tuple[str, str | None, str, str]]:
        of = bench({"a": {"1.0": list(needs)}}, **options)
        return [
            (
                str(each.published),
                None if each.replacement is None else str(each.replacement),
                each.rule,
                each.reason,
            )
            for each in of.dependencies.needs(candidate(of, "a")).deviations
        ]

    def test_by_rules(self) -> None:
        rules = [
            rule(RuleKind.OVERRIDE, "a", "b<2", reason="one"),
            rule(RuleKind.DROP, "a", drop=("c",), reason="two"),
        ]

        assert [("b==1", "b<2", "override-a", "one"), ("c", None, "drop-a", "two")] == (
            self.deviations("b==1", "c", "d", rules=rules)
        )

    def test_by_a_rule_that_leaves_nothing(self) -> None:
        alone = rule(RuleKind.NO_DEPS, "a", reason="three")

        assert [("b==1", None, "no-deps-a", "three"), ("c", None, "no-deps-a", "three")] == (
            self.deviations("b==1", "c", rules=[alone])
        )

    def test_by_the_spec(self) -> None:
        overrides = (
            override("b==2"),
            override(f"c==2; {ELSEWHERE}"),
            override(f"d @ {URL}"),
            Override(requirement=None, package="e", reason="tested", origin="exclusions[0]"),
        )
        needs = ("b==1", "c", "d", "e", "f")

        assert [
            ("b==1", "b==2", "test.toml: overrides[0]", "tested"),
            ("c", None, "test.toml: overrides[0]", "tested"),
            ("d", f"d @ {URL}", "test.toml: overrides[0]", "tested"),
            ("e", None, "exclusions[0]", "tested"),
        ] == self.deviations(*needs, overrides=overrides)


class TestIsStated:
    """Whether a file need be read at all."""

    @pytest.mark.parametrize(
        ("release", "rules", "metadata", "expected"),
        [
            (SDIST, (), (), False),
            (SDIST, (rule(RuleKind.METADATA, "a==1.0", "b"),), (), True),
            (SDIST, (rule(RuleKind.METADATA, "a==2.0", "b"),), (), False),
            (SDIST, (rule(RuleKind.REQUIRE, "a", "b"),), (), False),
            (SDIST, (), (STATED,), True),
            (SDIST, (), (OF_B,), False),
            (Release(), (rule(RuleKind.METADATA, "a==1.0", "b"),), (STATED,), False),
        ],
        ids=[
            "by nobody",
            "by a rule",
            "by a rule about another version",
            "by a rule of another kind",
            "by the spec",
            "by the spec for another package",
            "by a wheel itself",
        ],
    )
    def test_of_a_version(
        self,
        release: Release,
        rules: tuple[Rule, ...],
        metadata: tuple[RecordedMetadata, ...],
        *,
        expected: bool,
    ) -> None:
        of = bench({"a": {"1.0": release}}, rules=rules, metadata=metadata)

        assert expected == of.dependencies.is_stated(candidate(of, "a"))

    def test_of_what_comes_from_a_url_and_of_what_is_absent(self) -> None:
        of = bench({}, f"b @ {URL}", metadata=(OF_B,))

        assert of.dependencies.is_stated(candidate(of, "b"))
        assert not of.dependencies.is_stated(Candidate("a", "", None, -1, None))
