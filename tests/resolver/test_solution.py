"""All that a solution says of its pins, and of what rules did to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from packaging.requirements import Requirement
from support.universe import (
    MemoryIndex,
    Release,
    Universe,
    indexes,
    pins,
    problem,
    rule,
    solution,
)

from depcheck.conflicts.model import BuildNeeds, RuleKind, SwitchedOff
from depcheck.images.model import IndexSpec, Override, RecordedMetadata, StageHint, ValidateSpec
from depcheck.index.default import absolute_url, canonical_default_index
from depcheck.index.model import FileRecord, IndexInfo
from depcheck.resolver.problem import MAX_ROUNDS, Problem
from depcheck.resolver.solution import (
    AppliedRule,
    DirectSource,
    IgnoredRule,
    IndexUse,
    LockedFile,
    PassedOver,
    Pin,
    Via,
    Waiver,
)
from depcheck.resolver.solve import UnhashedFileError, solve

EXPLICIT = IndexSpec(name="near", url="https://near.example/simple/", packages=("a", "z"))
UNUSED = IndexSpec(name="far", url="https://far.example/simple/", packages=("nobody",))
URL = "https://files.example/d-1.0.tar.gz#sha256=" + "a" * 64
STATED = RecordedMetadata(
    name="d",
    version="1.0",
    requires_dist=(Requirement("b>=1"), Requirement("e ; extra == 'x'")),
    reason="read from the archive",
    origin="test.toml: metadata[0]",
)
HASH = "0" * 64


def locked(filename: str, location: str = "default", uploaded: int | None = 1_000) -> LockedFile:
    return LockedFile(
        filename=filename,
        url=absolute_url(f"files/{filename}", location),
        sha256=HASH,
        size=1_000,
        uploaded=uploaded,
    )


def by_name(found: tuple[Pin, ...]) -> dict[str, Pin]:
    return {pin.name: pin for pin in found}


class TestPins:
    UNIVERSE: ClassVar[dict[str, Universe]] = {
        "default": {
            "b": {
                "1.0": Release("a[y]>=1", "c<2", "b[z]", python=">=3.8"),
                "2.0": Release(python="<3"),
                "3.0a1": [],
            },
            "c": {"1.0": Release(tags=None), "2.0": []},
            "e": {"1.0": []},
        },
        EXPLICIT.url: {
            "a": {"1.0": Release("e; extra == 'y'", "c", extras=("y",), uploaded=None)},
        },
    }

    def found(self) -> dict[str, Pin]:
        return by_name(
            solution(
                self.UNIVERSE,
                "b",
                "a",
                f"d[x] @ {URL}",
                constraints=["c<5"],
                indexes=(EXPLICIT, UNUSED),
                metadata=(STATED,),
                rules=[
                    rule(RuleKind.REQUIRE, "a", "c!=0.5"),
                    rule(RuleKind.BUILD, "c", build=BuildNeeds(isolation=False)),
                    rule(RuleKind.BUILD, "b", build=BuildNeeds(isolation=False)),
                ],
            ).pins
        )

    def test_of_an_explicit_index_with_an_extra(self) -> None:
        expected = Pin(
            name="a",
            version="1.0",
            index="near",
            file=locked("a-1.0-py3-none-any.whl", EXPLICIT.url, None),
            extras=("y",),
            requires=("c", "e"),
            via=(
                Via(source="b", requirement="a>=1", is_package=True),
                Via(source="b", requirement="a[y]>=1", is_package=True),
                Via(source="test.toml: requirements", requirement="a", is_package=False),
            ),
        )

        assert expected == self.found()["a"]

    def test_of_the_default_index_with_what_was_passed_over(self) -> None:
        expected = Pin(
            name="b",
            version="1.0",
            index="default",
            file=locked("b-1.0-py3-none-any.whl"),
            extras=("z",),
            requires=("a", "c"),
            requires_python=">=3.8",
            via=(
                Via(source="d", requirement="b>=1", is_package=True),
                Via(source="test.toml: requirements", requirement="b", is_package=False),
            ),
            passed_over=(
                PassedOver(versions=("3.0a1",), reason="it is a pre-release"),
                PassedOver(versions=("2.0",), reason="it needs Python <3"),
            ),
        )

        assert expected == self.found()["b"]

    def test_of_an_sdist_with_how_it_is_built(self) -> None:
        expected = Pin(
            name="c",
            version="1.0",
            index="default",
            file=locked("c-1.0.tar.gz"),
            via=(
                Via(source="a", requirement="c", is_package=True),
                Via(source="a", requirement="c!=0.5", is_package=True, rule="require-a"),
                Via(source="b", requirement="c<2", is_package=True),
                Via(source="test.toml: constraints", requirement="c<5", is_package=False),
            ),
            metadata_from="sdist",
            passed_over=(PassedOver(versions=("2.0",), reason="b==1.0 needs c<2"),),
            build=BuildNeeds(isolation=False),
        )

        assert expected == self.found()["c"]

    def test_of_a_url(self) -> None:
        expected = Pin(
            name="d",
            version="1.0",
            index=None,
            file=None,
            direct=DirectSource(url="https://files.example/d-1.0.tar.gz", sha256="a" * 64),
            extras=("x",),
            requires=("b", "e"),
            via=(
                Via(source="test.toml: requirements", requirement="d", is_package=False),
                Via(source="test.toml: requirements", requirement="d[x]", is_package=False),
            ),
            metadata_from="spec",
        )

        assert expected == self.found()["d"]

    def test_name_the_rule_and_the_place_that_narrowed_them(self) -> None:
        """Of what no longer counts nothing is said."""
        universe: Universe = {
            "a": {"1.0": ["c"], "2.0": ["c", "d>=2"]},
            "b": {"1.0": ["c<3"]},
            "c": {"1.0": [], "2.0": [], "3.0": []},
            "d": {"1.0": []},
        }
        found = solution(universe, "a", "b", rules=[rule(RuleKind.FORBID, "b", "c>1.5")])

        assert (
            Via(source="a", requirement="c", is_package=True),
            Via(source="b", requirement="c<3", is_package=True),
            Via(source="b", requirement="not c>1.5", is_package=True, rule="forbid-b"),
        ) == by_name(found.pins)["c"].via

    def test_do_not_name_who_was_left_behind(self) -> None:
        """``lost`` and ``found`` still need each other when ``a`` gives way to what ``b`` needs."""
        universe: Universe = {
            "a": {"1": [], "2": ["lost==1"]},
            "b": {"1": ["a<2"]},
            "c": {"1": []},
            "found": {"1": ["lost==1", "c"]},
            "lost": {"1": ["found==1", "c"]},
        }
        found = solution(universe, "a", "b", "c")

        assert {"a": "1", "b": "1", "c": "1"} == pins(found)
        assert (
            Via(source="test.toml: requirements", requirement="c", is_package=False),
        ) == by_name(found.pins)["c"].via

    @pytest.mark.parametrize(
        ("url", "builds"),
        [(URL, True), (f"git+https://example.org/d@{'c' * 40}", True), (f"{URL}.whl", False)],
    )
    def test_of_a_url_are_built_as_rules_say(self, url: str, *, builds: bool) -> None:
        url = url.replace(".tar.gz#sha256=" + "a" * 64 + ".whl", "-py3-none-any.whl")
        needs = BuildNeeds(isolation=False)
        [pin] = solution(
            {},
            f"d @ {url}",
            metadata=(replace(STATED, requires_dist=()),),
            rules=[rule(RuleKind.BUILD, "d", build=needs)],
        ).pins

        assert (needs if builds else None) == pin.build

    def test_without_a_hash_are_refused(self) -> None:
        with pytest.raises(UnhashedFileError) as caught:
            solution({"a": {"1.0": Release(sha256=None)}}, "a")

        assert (
            "unhashed-file",
            (
                "pin another version of `a`, or ask the indexes themselves and "
                "let the hash be computed from a download: `--hash-by-download a`"
            ),
        ) == (caught.value.reference, caught.value.hint)

    def test_have_the_other_files_where_there_is_no_image(self) -> None:
        class Hashed(MemoryIndex):
            def file(self, project: Any, dist: Any) -> FileRecord:
                return replace(super().file(project, dist), sha256=f"{dist.position:064}")

        files = [Release(), Release(tags=None), Release(tags="cp311-cp311-win_amd64")]
        made = {EXPLICIT.url: Hashed({"a": {"1.0": files}}, EXPLICIT.url), "default": Hashed({})}
        plain = problem("a", indexes=(EXPLICIT,))
        bare = replace(plain, bare=True)

        assert [(), (f"{2:064}",)] == [
            pin.other_sha256 for each in (plain, bare) for pin in solve(each, made.__getitem__).pins
        ]


class TestIndexes:
    INFO = IndexInfo(
        location="default",
        moment="2024-11-26T00:00:00Z",
        horizon=None,
        projects=1,
        versions=1,
        files=1,
        described=1,
        digest="d1",
    )

    def uses(self, *requirements: str) -> tuple[IndexUse, ...]:
        made = {
            "default": MemoryIndex({"b": {"1.0": []}}, info=self.INFO),
            EXPLICIT.url: MemoryIndex({"a": {"1.0": []}, "z": {"1.0": []}}, EXPLICIT.url),
            UNUSED.url: MemoryIndex({"nobody": {"1.0": []}}, UNUSED.url),
        }
        stated = problem(*requirements, indexes=(EXPLICIT, UNUSED))
        return solve(stated, made.__getitem__).indexes

    NEAR = IndexUse(name="near", url=EXPLICIT.url, packages=("a", "z"))
    FAR = IndexUse(name="far", url=UNUSED.url, packages=("nobody",))

    def test_are_those_that_pins_came_from(self) -> None:
        default = IndexUse(
            name="default",
            url=canonical_default_index(),
            digest="d1",
            moment="2024-11-26T00:00:00Z",
        )

        assert (default,) == self.uses("b")
        assert (self.NEAR,) == self.uses("a")
        assert (default, self.FAR, self.NEAR) == self.uses("z", "nobody", "b")


class TestWhatTheSpecSays:
    def test_is_handed_on(self) -> None:
        stage = StageHint(name="first", packages=("a",))
        validate = ValidateSpec(imports=("a",))
        stated = problem("a", as_of=1_732_579_200, stages=(stage,), validate=validate)
        off = SwitchedOff(rule=rule(RuleKind.FORBID, "a", "b"), reason="not here")
        index = indexes({"a": {"1.0": []}})
        found = solve(replace(stated, switched_off=(off,)), index)

        assert (
            "test",
            "cu121",
            "a test image",
            stated.variant.target,
            "2024-11-26T00:00:00Z",
            (stage,),
            validate,
            (IgnoredRule(id="forbid-a", reason="not here"),),
            1,
        ) == (
            found.image,
            found.variant,
            found.summary,
            found.target,
            found.as_of,
            found.stages,
            found.validate,
            found.switched_off,
            found.rounds,
        )

    def test_digest_is_that_of_the_problem_and_the_recordings(self) -> None:
        index = MemoryIndex({"a": {"1.0": []}}, info=TestIndexes.INFO)
        stated = problem("a")

        assert stated.digest([("default", "d1")]) == solve(stated, lambda _: index).input_digest

    def test_rounds_are_bounded_unless_it_says_otherwise(self) -> None:
        stated = problem("a")

        assert 20_000 == MAX_ROUNDS
        assert (
            MAX_ROUNDS
            == Problem(image="a", summary="", variant=stated.variant, rules=()).max_rounds
        )


class TestWaivers:
    UNIVERSE: ClassVar[Universe] = {
        "newer": {"1.0": ["b==2.0"]},
        "a": {
            "1.0": Release(
                "b==1.0", "c; extra == 'x'", "d<1; sys_platform == 'never'", extras=("x",)
            )
        },
        "b": {"1.0": [], "2.0": []},
        "c": {"1.0": []},
    }

    @pytest.mark.parametrize(
        ("asked", "rules", "expected"),
        [
            (
                ["a", "b==2.0"],
                [rule(RuleKind.OVERRIDE, "a", "b>=1")],
                [("b==1.0", "b>=1", "override-a")],
            ),
            (["a", "b==1.0"], [rule(RuleKind.OVERRIDE, "a", "b>=1")], []),
            (["newer"], [rule(RuleKind.OVERRIDE, "newer", "b>=1")], []),
            (["a"], [rule(RuleKind.DROP, "a", drop=("b", "c", "d"))], [("b==1.0", None, "drop-a")]),
            (
                ["a[x]"],
                [rule(RuleKind.DROP, "a", drop=("c", "b"))],
                [("b==1.0", None, "drop-a"), ('c; extra == "x"', None, "drop-a")],
            ),
            (["a"], [rule(RuleKind.DROP, "a<1", drop=("b",))], []),
        ],
        ids=[
            "not met",
            "met all the same",
            "met by a newer",
            "dropped",
            "of an extra",
            "out of scope",
        ],
    )
    def test_are_what_is_published_and_not_met(
        self, asked: list[str], rules: list[Any], expected: list[tuple[str, str | None, str]]
    ) -> None:
        found = solution(self.UNIVERSE, *asked, rules=rules)

        assert (
            tuple(
                Waiver(
                    package="a",
                    version="1.0",
                    requirement=requirement,
                    replacement=replacement,
                    rule=name,
                    reason="because of the test",
                )
                for requirement, replacement, name in expected
            )
            == found.waivers
        )

    def test_are_sorted_and_name_the_spec(self) -> None:
        universe: Universe = {
            "a": {"1.0": ["c", "b<1"]},
            "z": {"1.0": ["b<1"]},
            "b": {"2.0": []},
            "root": {"1.0": ["z", "a"]},
        }
        overrides = (
            Override(requirement=Requirement("b"), package="b", reason="one", origin="spec[0]"),
            Override(requirement=None, package="c", reason="two", origin="spec[1]"),
        )
        found = solution(universe, "root", overrides=overrides)

        assert (
            Waiver(
                package="a",
                version="1.0",
                requirement="b<1",
                replacement="b",
                rule="spec[0]",
                reason="one",
            ),
            Waiver(
                package="a",
                version="1.0",
                requirement="c",
                replacement=None,
                rule="spec[1]",
                reason="two",
            ),
            Waiver(
                package="z",
                version="1.0",
                requirement="b<1",
                replacement="b",
                rule="spec[0]",
                reason="one",
            ),
        ) == found.waivers


class TestRules:
    UNIVERSE: ClassVar[Universe] = {
        "a": {"1.0": Release("b", "c; extra == 'x'", extras=("x",)), "2.0": ["nope"]},
        "b": {"1.0": []},
        "c": {"1.0": []},
    }

    def subjects(self, *rules: Any) -> list[tuple[str, tuple[str, ...]]]:
        found = solution(self.UNIVERSE, "a[x]", rules=rules)
        return [(each.id, each.subjects) for each in found.rules]

    def test_are_said_with_all_that_is_known_of_them(self) -> None:
        found = solution(self.UNIVERSE, "a", rules=[rule(RuleKind.REQUIRE, "a", "b<2")])

        assert (
            AppliedRule(
                id="require-a",
                kind="require",
                reason="because of the test",
                remedy="choose other versions",
                evidence=("https://example.org/1",),
                subjects=("a==1.0", "b==1.0"),
            ),
        ) == found.rules

    def test_are_those_with_a_pin_in_scope(self) -> None:
        rules = [
            rule(RuleKind.ENV, "b", env={"K": "1"}),
            rule(RuleKind.ENV, "a<1", env={"K": "2"}),
            rule(RuleKind.FORBID, "a", "c>1", "b>1", "unheard-of"),
            rule(RuleKind.FORBID, "b", "unheard-of"),
            rule(RuleKind.REQUIRE, "c", "b<2; sys_platform == 'never'"),
            rule(RuleKind.NO_DEPS, "c", "b"),
        ]

        assert [
            ("env-b", ("b==1.0",)),
            ("forbid-a", ("a==1.0", "b==1.0", "c==1.0")),
            ("no-deps-c", ("c==1.0",)),
        ] == self.subjects(*rules)

    def test_say_what_the_image_must_have(self) -> None:
        rules = [
            rule(RuleKind.ENV, "a", env={"K": "rule", "Z": "1"}),
            rule(RuleKind.ENV, "c", env={"B": "2"}),
            rule(RuleKind.ENV, "a>1", env={"OTHER": "2"}),
            rule(RuleKind.SYSTEM, "a", system=("libz.so.1", "libb.so.1")),
            rule(RuleKind.SYSTEM, "b", system=("libb.so.1", "liba.so.1")),
            rule(RuleKind.ORDER, "a", after=("b", "unheard-of")),
            rule(RuleKind.ORDER, "c", after=("a", "b")),
        ]
        found = solution(self.UNIVERSE, "a[x]", rules=rules, env={"K": "spec"})

        assert [("B", "2"), ("K", "spec"), ("Z", "1")] == list(found.env.items())
        assert ("liba.so.1", "libb.so.1", "libz.so.1") == found.system
        assert (("a", "b"), ("c", "a"), ("c", "b")) == found.after

    @pytest.mark.parametrize("release", [Release(), Release(tags=None)])
    def test_say_how_to_build_what_is_built(self, release: Release) -> None:
        needs = BuildNeeds(constraints=(Requirement("setuptools<82"),))
        rules = [
            rule(RuleKind.ENV, "a", env={"K": "1"}),
            rule(RuleKind.BUILD, "a", build=needs),
            rule(RuleKind.BUILD, "a>1", build=BuildNeeds()),
        ]
        [pin] = solution({"a": {"1.0": release}}, "a", rules=rules).pins

        assert (needs if release.tags is None else None) == pin.build


class TestWarnings:
    def test_of_a_build_from_source_that_was_not_allowed(self) -> None:
        universe: Universe = {"a": {"1.0": Release(tags=None)}}
        stated = problem("a")
        index = indexes(universe)

        assert [
            ("`a==1.0` is built from source, and `allow-build` does not list it",),
            ("`a==1.0` is built from source",),
            (),
        ] == [
            solve(stated, index).warnings,
            solve(replace(stated, bare=True), index).warnings,
            solution(universe, "a", allow_build=("a",)).warnings,
        ]

    def test_of_hashes_that_no_index_states(self) -> None:
        class Downloading(MemoryIndex):
            def file(self, project: Any, dist: Any) -> FileRecord:
                return replace(super().file(project, dist), downloaded=project.name == "a")

        index = Downloading({"a": {"1.0": []}, "b": {"1.0": []}})
        found = solve(problem("a", "b"), lambda _: index)

        assert (
            "the hash of `a-1.0-py3-none-any.whl` was computed by download: its index states none",
        ) == found.warnings
        assert [True, False] == [pin.file.downloaded for pin in found.pins if pin.file]

    def test_of_what_the_as_of_moment_could_not_be_applied_to(self) -> None:
        undated = {"1.0": Release(uploaded=None)}
        universe: Universe = {
            "default": {"b": {"1.0": []}},
            EXPLICIT.url: {"a": undated, "z": undated},
        }

        assert [
            (),
            (
                (
                    "the as-of moment could not be applied to files whose index states no upload "
                    "times: a, z"
                ),
            ),
        ] == [
            solution(universe, "z", "a", "b", indexes=(EXPLICIT,), as_of=as_of).warnings
            for as_of in (None, 2_000)
        ]

    def test_of_extras_that_a_version_does_not_have(self) -> None:
        universe: Universe = {"a": {"1.0": Release(extras=("z", "y"))}, "b": {"1.0": []}}
        found = solution(universe, "a[x,y]", "b[q]")

        assert {"a": "1.0", "b": "1.0"} == pins(found)
        assert (
            "`a==1.0` has no extra `x` (it has: y, z)",
            "`b==1.0` has no extra `q` (it has: none)",
        ) == found.warnings
