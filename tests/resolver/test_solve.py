"""What a solve answers, on small universes."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

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
    solved,
)

from depcheck.conflicts.model import Confidence, RuleKind
from depcheck.errors import InputError
from depcheck.images.loader import load_builtin
from depcheck.images.model import IndexSpec, Override, RecordedMetadata
from depcheck.index.model import DYNAMIC, INVALID, UNRECORDED, NotRecordedError
from depcheck.resolver.explanation import UnsatisfiableError
from depcheck.resolver.problem import build_problem
from depcheck.resolver.search import SearchLimitError
from depcheck.resolver.solve import UnhashedFileError, solve

CU121 = "https://torch.example/whl/cu121"
TORCH_ONLY = IndexSpec(name="pytorch", url=CU121, packages=("torch",))


def test_newest_version_that_all_requirements_allow() -> None:
    universe: Universe = {"a": {"1.0": [], "2.0": [], "10.0": []}, "b": {"1.0": ["a<10"]}}

    assert {"a": "2.0", "b": "1.0"} == solved(universe, "a", "b")


def test_backtracks_to_an_older_version() -> None:
    universe: Universe = {
        "a": {"1.0": ["c<2"], "2.0": ["c>=2"]},
        "b": {"1.0": ["c<2"]},
        "c": {"1.0": [], "2.0": []},
    }

    assert {"a": "1.0", "b": "1.0", "c": "1.0"} == solved(universe, "a", "b")


def test_pin_without_local_label_accepts_a_build_with_one() -> None:
    universe: Universe = {"torch": {"2.2.2+cu121": []}}

    assert {"torch": "2.2.2+cu121"} == solved(universe, "torch==2.2.2")


def test_extra_is_not_looked_up_at_versions_that_the_image_rules_out() -> None:
    universe: Universe = {
        "a": {"1.0": ["web[all]>=1"]},
        "web": {
            "1.0": Release("c ; extra == 'all'", extras=("all",)),
            "2.0": Release(state=UNRECORDED),
        },
        "c": {"1.0": []},
    }

    assert {"a": "1.0", "c": "1.0", "web": "1.0"} == solved(universe, "a", "web==1.0")


def test_versions_that_a_constraint_rules_out_are_not_looked_up() -> None:
    index = MemoryIndex({"a": {"1.0": [], "2.0": []}}, unrecorded=lambda _, v: v == "2.0")
    constrained = problem("a", constraints=["a<2"])

    assert pins(solve(constrained, lambda _: index)) == {"a": "1.0"}


def test_dependency_cycle_is_solved() -> None:
    universe: Universe = {"a": {"1.0": ["b"]}, "b": {"1.0": ["c"]}, "c": {"1.0": ["a"]}}

    assert {"a": "1.0", "b": "1.0", "c": "1.0"} == solved(universe, "a")


def test_packages_left_behind_by_backtracking_are_not_pinned() -> None:
    universe: Universe = {
        "a": {"1.0": [], "2.0": ["lost", "c>=2"]},
        "b": {"1.0": ["c<2"]},
        "c": {"1.0": [], "2.0": []},
        "lost": {"1.0": []},
    }

    assert {"a": "1.0", "b": "1.0", "c": "1.0"} == solved(universe, "a", "b")


class TestMarkersAndExtras:
    def test_marker_of_another_platform_counts_for_nothing(self) -> None:
        universe: Universe = {"a": {"1.0": ["w; sys_platform == 'win32'"]}}

        assert {"a": "1.0"} == solved(universe, "a")

    def test_markers_see_the_target_not_the_machine(self) -> None:
        universe: Universe = {
            "a": {"1.0": ["b; python_version == '3.11' and platform_machine == 'x86_64'"]},
            "b": {"1.0": []},
        }

        assert {"a": "1.0", "b": "1.0"} == solved(universe, "a")

    def test_extra_brings_its_dependencies(self) -> None:
        needs = Release("b; extra == 'fast'", "c", extras=("fast",))
        universe: Universe = {"a": {"1.0": needs}, "b": {"1.0": []}, "c": {"1.0": []}}

        assert {"a": "1.0", "c": "1.0"} == solved(universe, "a")
        assert {"a": "1.0", "b": "1.0", "c": "1.0"} == solved(universe, "a[fast]")

    def test_extra_holds_its_base_at_the_same_version(self) -> None:
        universe: Universe = {
            "a": {
                "1.0": Release("b; extra == 'x'", extras=("x",)),
                "2.0": Release("b>=2; extra == 'x'", extras=("x",)),
            },
            "b": {"1.0": []},
        }

        assert {"a": "1.0", "b": "1.0"} == solved(universe, "a", "a[x]")

    def test_extra_that_asks_for_another_extra_of_its_own_package(self) -> None:
        needs = Release("a[y]; extra == 'x'", "b; extra == 'y'", extras=("x", "y"))
        universe: Universe = {"a": {"1.0": needs}, "b": {"1.0": []}}

        assert {"a": "1.0", "b": "1.0"} == solved(universe, "a[x]")

    def test_unknown_extra_is_a_warning_that_names_the_known_ones(self) -> None:
        universe: Universe = {"a": {"1.0": Release(extras=("fast",))}}

        found = solution(universe, "a[fsat]")

        assert ("`a==1.0` has no extra `fsat` (it has: fast)",) == found.warnings


class TestFiles:
    def test_wheel_for_the_target_wins_over_sdist_and_pure_wheel(self) -> None:
        files = [
            Release(tags=None),
            Release(),
            Release(tags="cp311-cp311-manylinux_2_17_x86_64"),
            Release(tags="cp310-cp310-manylinux_2_17_x86_64"),
        ]

        found = solution({"a": {"1.0": files}}, "a")

        assert found.pins[0].file is not None
        assert "a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl" == found.pins[0].file.filename

    def test_higher_build_tag_wins_between_equal_tags(self) -> None:
        files = [Release(tags=f"{build}-{'py3-none-any'}") for build in ("2", "10", "1")]

        found = solution({"a": {"1.0": files}}, "a")

        assert found.pins[0].file is not None
        assert "a-1.0-10-py3-none-any.whl" == found.pins[0].file.filename

    def test_version_with_wheels_for_other_platforms_only_is_passed_over(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": Release(tags="cp311-cp311-win_amd64")}}

        assert {"a": "1.0"} == solved(universe, "a")

    def test_wheel_of_a_newer_glibc_than_the_base_image_is_passed_over(self) -> None:
        universe: Universe = {
            "a": {"1.0": [], "2.0": Release(tags="cp311-cp311-manylinux_2_39_x86_64")}
        }

        assert {"a": "1.0"} == solved(universe, "a")

    def test_requires_python_upper_bound_counts(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": Release(python=">=3.8,<3.11")}}

        assert {"a": "1.0"} == solved(universe, "a")

    def test_requires_python_that_only_the_metadata_states_counts(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": Release(metadata_python=">=3.12")}}

        assert {"a": "1.0"} == solved(universe, "a")

    def test_metadata_is_read_per_wheel(self) -> None:
        files = [
            Release("old", tags="cp310-cp310-manylinux_2_17_x86_64"),
            Release("new", tags="cp311-cp311-manylinux_2_17_x86_64"),
        ]
        universe: Universe = {"a": {"1.0": files}, "old": {"1.0": []}, "new": {"1.0": []}}

        assert {"a": "1.0", "new": "1.0"} == solved(universe, "a")

    def test_invalid_metadata_passes_the_version_over(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": Release(state=INVALID)}}

        assert {"a": "1.0"} == solved(universe, "a")

    def test_file_without_hash_is_refused(self) -> None:
        with pytest.raises(UnhashedFileError) as caught:
            solved({"a": {"1.0": Release(sha256=None)}}, "a")

        assert (
            "index `default` states no SHA-256 for `a-1.0-py3-none-any.whl`, "
            "and a lock without it would prove nothing"
        ) == str(caught.value)


class TestTimeAndYanks:
    def test_uploads_at_or_after_the_as_of_moment_do_not_exist(self) -> None:
        universe: Universe = {"a": {"1.0": Release(uploaded=99), "2.0": Release(uploaded=100)}}

        assert {"a": "1.0"} == solved(universe, "a", as_of=100)

    def test_undated_files_pass_only_on_an_explicit_index(self) -> None:
        undated = {"1.0": Release(uploaded=None)}
        labelled = {"1.0+cu121": Release(uploaded=None)}
        universe: Universe = {"default": {"a": {**undated, "0.9": []}}, CU121: {"torch": labelled}}

        found = solution(universe, "a", "torch", as_of=10_000, indexes=(TORCH_ONLY,))

        assert {"a": "0.9", "torch": "1.0+cu121"} == pins(found)
        assert (
            (
                "the as-of moment could not be applied to files whose index states no upload "
                "times: torch"
            ),
        ) == found.warnings

    def test_dated_files_of_an_explicit_index_meet_the_as_of_moment(self) -> None:
        dated = {"1.0": Release(uploaded=99), "2.0": Release(uploaded=100)}
        universe: Universe = {"default": {}, CU121: {"torch": dated}}

        assert {"torch": "1.0"} == solved(universe, "torch", as_of=100, indexes=(TORCH_ONLY,))

    def test_a_build_for_another_variant_is_a_warning(self) -> None:
        universe: Universe = {"torch": {"1.0": []}, "nvidia-nccl-cu11": {"2.0": []}}

        found = solution(universe, "torch", "nvidia-nccl-cu11")

        assert (
            (
                "`torch==1.0`: the version does not say that it is the build for cu121 "
                "[missing-label]"
            ),
            (
                "`nvidia-nccl-cu11==2.0`: for another CUDA than the variant cu121, "
                "which has CUDA 12 [mixed-cuda]"
            ),
        ) == found.warnings

    def test_yanked_release_needs_a_pin_by_the_user(self) -> None:
        universe: Universe = {
            "a": {"1.0": [], "2.0": Release(yanked=True)},
            "b": {"1.0": ["a==2.0"]},
        }

        assert {"a": "1.0"} == solved(universe, "a")
        assert {"a": "2.0"} == solved(universe, "a==2.0")
        assert {"a": "2.0"} == solved(universe, "A==2.0")
        with pytest.raises(UnsatisfiableError):
            solved(universe, "b")


class TestPrereleases:
    UNIVERSE: ClassVar[Universe] = {"a": {"1.0": [], "2.0rc1": []}, "b": {"1.0a1": []}}

    def test_stable_versions_come_first(self) -> None:
        assert {"a": "1.0"} == solved(self.UNIVERSE, "a")

    def test_if_necessary_takes_a_prerelease_where_nothing_else_is_left(self) -> None:
        assert {"b": "1.0a1"} == solved(self.UNIVERSE, "b")

    def test_explicit_takes_one_only_where_the_image_names_one(self) -> None:
        assert {"a": "2.0rc1"} == solved(self.UNIVERSE, "a>=2.0rc1", prerelease="explicit")
        with pytest.raises(UnsatisfiableError):
            solved(self.UNIVERSE, "b", prerelease="explicit")

    @pytest.mark.parametrize("policy", ["allow", "if-necessary"])
    def test_an_extra_of_one_brings_what_it_asks_for(self, policy: str) -> None:
        universe: Universe = {
            "a": {"1.0a1": Release("c; extra == 'x'", extras=("x",))},
            "c": {"1.0": []},
        }

        assert {"a": "1.0a1", "c": "1.0"} == solved(universe, "a[x]", prerelease=policy)

    def test_if_necessary_takes_none_that_is_not_asked_for(self) -> None:
        universe: Universe = {
            "a": {"1.0a1": [], "1.0a2": [], "1.0b1": []},
            "b": {"1.0": ["a<1.0b1"]},
        }

        assert {"a": "1.0a2", "b": "1.0"} == solved(universe, "a", "b")
        assert {"a": "1.0a1"} == solved(universe, "a!=1.0a2,!=1.0b1")

    def test_allow_treats_them_as_any_other(self) -> None:
        assert {"a": "2.0rc1"} == solved(self.UNIVERSE, "a", prerelease="allow")


class TestExplicitIndexes:
    def test_higher_version_on_the_default_index_is_never_taken(self) -> None:
        universe: Universe = {
            "default": {"torch": {"9.9": []}},
            CU121: {"torch": {"2.2.2+cu121": []}},
        }

        found = solution(universe, "torch", indexes=(TORCH_ONLY,))

        assert {"torch": "2.2.2+cu121"} == pins(found)
        assert "pytorch" == found.pins[0].index

    def test_dependencies_of_an_explicit_package_come_from_the_default_index(self) -> None:
        universe: Universe = {
            "default": {"numpy": {"1.0": []}},
            CU121: {"torch": {"2.2.2+cu121": ["numpy"]}, "numpy": {"9.9": []}},
        }

        assert {"numpy": "1.0", "torch": "2.2.2+cu121"} == solved(
            universe, "torch", indexes=(TORCH_ONLY,)
        )


class TestConstraintsAndOverrides:
    def test_constraint_narrows_without_installing(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": []}, "b": {"1.0": []}}

        assert {"a": "1.0"} == solved(universe, "a", constraints=["a<2", "b<1", "unheard-of<1"])

    def test_override_replaces_every_requirement_on_its_name(self) -> None:
        universe: Universe = {"a": {"1.0": ["b==1.0"]}, "b": {"1.0": [], "2.0": []}}
        override = Override(
            requirement=Requirement("b==2.0"), package="b", reason="tested", origin="overrides[0]"
        )

        found = solution(universe, "a", "b<2", overrides=(override,))

        assert {"a": "1.0", "b": "2.0"} == pins(found)
        assert [("a", "b==1.0", "b==2.0", "overrides[0]")] == [
            (each.package, each.requirement, each.replacement, each.rule) for each in found.waivers
        ]

    def test_exclusion_removes_every_requirement_on_its_name(self) -> None:
        universe: Universe = {"a": {"1.0": ["b"]}, "b": {"1.0": []}}
        override = Override(requirement=None, package="b", reason="tested", origin="overrides[0]")

        assert {"a": "1.0"} == solved(universe, "a", "b", overrides=(override,))


class TestRules:
    UNIVERSE: ClassVar[Universe] = {
        "torch": {"2.2": [], "2.3": []},
        "numpy": {"1.26": [], "2.0": []},
        "tool": {"1.0": ["numpy"]},
    }
    ABI = rule(RuleKind.REQUIRE, "torch<2.3", "numpy<2")

    def test_require_narrows_a_present_package(self) -> None:
        found = solution(self.UNIVERSE, "torch==2.2", "tool", rules=[self.ABI])

        assert {"numpy": "1.26", "tool": "1.0", "torch": "2.2"} == pins(found)
        assert [("require-torch<2.3", ("numpy==1.26", "torch==2.2"))] == [
            (each.id, each.subjects) for each in found.rules
        ]
        assert ("torch", "numpy<2", "require-torch<2.3") in [
            (via.source, via.requirement, via.rule) for via in found.pins[0].via
        ]

    def test_require_does_not_install_an_absent_package(self) -> None:
        found = solution(self.UNIVERSE, "torch==2.2", rules=[self.ABI])

        assert {"torch": "2.2"} == pins(found)
        assert () == found.rules

    def test_require_out_of_scope_has_no_say(self) -> None:
        found = solved(self.UNIVERSE, "torch", "tool", rules=[self.ABI])

        assert {"numpy": "2.0", "tool": "1.0", "torch": "2.3"} == found

    def test_require_with_install_adds_the_package(self) -> None:
        needed = rule(RuleKind.REQUIRE, "torch<2.3", "numpy<2", install=True)

        assert {"numpy": "1.26", "torch": "2.2"} == solved(
            self.UNIVERSE, "torch==2.2", rules=[needed]
        )

    def test_forbid_keeps_a_pair_apart(self) -> None:
        pair = rule(RuleKind.FORBID, "torch<2.3", "numpy>=2")

        assert {"numpy": "1.26", "tool": "1.0", "torch": "2.2"} == solved(
            self.UNIVERSE, "torch==2.2", "tool", rules=[pair]
        )

    def test_violated_rule_is_named_with_its_remedy(self) -> None:
        with pytest.raises(UnsatisfiableError) as caught:
            solved(self.UNIVERSE, "torch==2.2", "numpy==2.0", rules=[self.ABI])

        assert (
            "`test` (cu121) has no solution, because these cannot all hold:\n"
            "  - test.toml: requirements[0] asks for `torch==2.2`\n"
            "  - test.toml: requirements[1] asks for `numpy==2.0`\n"
            "  - `torch==2.2` allows only `numpy<2` (rule `require-torch<2.3`)"
        ) == str(caught.value)
        assert (
            "one of these solves it (each was tried):\n"
            "  - ask for `torch==2.3` instead of `torch==2.2` (test.toml: requirements[0])\n"
            "  - ask for `numpy==1.26` instead of `numpy==2.0` (test.toml: requirements[1])\n"
            "  - leave out the requirement `torch==2.2` (test.toml: requirements[0])\n"
            "  - leave out the requirement `numpy==2.0` (test.toml: requirements[1])\n"
            "what the rules advise:\n"
            "  - choose other versions [require-torch<2.3]"
        ) == caught.value.hint

    def test_override_and_drop_leave_waivers(self) -> None:
        universe: Universe = {
            "axolotl": {"0.5.2": ["torch==2.5", "kernel", "kept"]},
            "torch": {"2.2": [], "2.5": []},
            "kernel": {"1.0": ["torch>=2.3"]},
            "kept": {"1.0": []},
        }
        rules = [
            rule(RuleKind.OVERRIDE, "axolotl==0.5.2", "torch>=2.2"),
            rule(RuleKind.DROP, "axolotl==0.5.2", drop=("kernel",)),
        ]

        found = solution(universe, "axolotl", "torch==2.2", rules=rules)

        assert {"axolotl": "0.5.2", "kept": "1.0", "torch": "2.2"} == pins(found)
        assert [
            ("kernel", None, "drop-axolotl==0.5.2"),
            ("torch==2.5", "torch>=2.2", "override-axolotl==0.5.2"),
        ] == [(each.requirement, each.replacement, each.rule) for each in found.waivers]

    def test_override_that_nothing_needed_leaves_no_waiver(self) -> None:
        universe: Universe = {"a": {"1.0": ["b==1.0"]}, "b": {"1.0": []}}
        loose = rule(RuleKind.OVERRIDE, "a", "b>=1")

        assert () == solution(universe, "a", rules=[loose]).waivers

    def test_no_deps_keeps_only_the_dependencies_that_matter(self) -> None:
        universe: Universe = {"a": {"1.0": ["b", "c"]}, "b": {"1.0": []}, "c": {"1.0": []}}
        alone = rule(RuleKind.NO_DEPS, "a", "b")

        found = solution(universe, "a", rules=[alone])

        assert {"a": "1.0", "b": "1.0"} == pins(found)
        assert ["c"] == [each.requirement for each in found.waivers]

    def test_metadata_speaks_for_an_sdist_that_cannot(self) -> None:
        universe: Universe = {"a": {"1.0": Release(tags=None, state=DYNAMIC)}, "b": {"1.0": []}}
        stated = rule(RuleKind.METADATA, "a==1.0", "b")

        found = solution(universe, "a", rules=[stated], allow_build=("a",))

        assert {"a": "1.0", "b": "1.0"} == pins(found)
        assert "rule:metadata-a==1.0" == found.pins[0].metadata_from

    def test_a_need_for_another_target_neither_steers_nor_counts_as_applied(self) -> None:
        elsewhere = rule(RuleKind.REQUIRE, "torch", "numpy<2; python_version < '3.11'")

        found = solution(self.UNIVERSE, "torch==2.3", "numpy", rules=[elsewhere])

        assert {"numpy": "2.0", "torch": "2.3"} == pins(found)
        assert () == found.rules

    def test_index_rule_bars_a_version(self) -> None:
        barred = rule(RuleKind.INDEX, "Torch==2.3")

        assert {"torch": "2.2"} == solved(self.UNIVERSE, "torch", rules=[barred])

    def test_two_index_rules_about_one_package_both_bar(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": [], "3.0": []}}
        rules = [rule(RuleKind.INDEX, "a<2"), rule(RuleKind.INDEX, "a>2.5")]

        assert {"a": "2.0"} == solved(universe, "a", rules=rules)

    def test_env_system_order_and_build_reach_the_solution(self) -> None:
        universe: Universe = {"a": {"1.0": Release(tags=None)}, "b": {"1.0": []}}
        rules = [
            rule(RuleKind.ENV, "a", env={"KEY": "1"}),
            rule(RuleKind.SYSTEM, "a", system=("libx.so.1",)),
            rule(RuleKind.ORDER, "a", after=("b", "unheard-of")),
        ]

        found = solution(universe, "a", "b", rules=rules, allow_build=("a",))

        assert {"KEY": "1"} == found.env
        assert ("libx.so.1",) == found.system
        assert (("a", "b"),) == found.after


class TestDirectReferences:
    URL = "git+https://example.org/axolotl@" + "c" * 40
    STATED = RecordedMetadata(
        name="axolotl",
        version="0.4.1",
        requires_dist=(Requirement("b<2"),),
        reason="read at the commit",
        origin="test.toml: metadata[0]",
    )

    def test_recorded_metadata_solves_like_any_other(self) -> None:
        universe: Universe = {"b": {"1.0": [], "2.0": []}, "c": {"1.0": ["axolotl>=0.4"]}}

        found = solution(universe, f"axolotl @ {self.URL}", "c", metadata=(self.STATED,))

        assert {"axolotl": "0.4.1", "b": "1.0", "c": "1.0"} == pins(found)
        direct = found.pins[0].direct
        assert direct is not None
        assert ("https://example.org/axolotl", "git", "c" * 40) == (
            direct.url,
            direct.vcs,
            direct.commit,
        )

    def test_without_recorded_metadata_the_remedy_is_named(self) -> None:
        with pytest.raises(InputError) as caught:
            solved({}, f"axolotl @ {self.URL}")

        assert (
            "test.toml: requirements[0]: `axolotl` comes from a URL, "
            "and its core metadata is not stated"
        ) == str(caught.value)

    def test_a_package_may_not_bring_a_url_of_its_own(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": ["b @ https://evil.example/b.zip"]}}

        assert {"a": "1.0"} == solved(universe, "a")


class TestWhatIsNotKnown:
    def test_unrecorded_project_is_neither_absent_nor_empty(self) -> None:
        index = MemoryIndex({"a": {"1.0": ["b"]}}, strict=True)

        with pytest.raises(NotRecordedError, match="`b` is not in the recording"):
            solve(problem("a"), lambda _: index)

    def test_unrecorded_metadata_stops_the_solve(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": Release(state=UNRECORDED)}}

        with pytest.raises(NotRecordedError, match=r"core metadata of `a-2\.0-py3-none-any\.whl`"):
            solved(universe, "a")

    def test_unrecorded_version_stops_the_solve(self) -> None:
        index = MemoryIndex({"a": {"1.0": [], "2.0": []}}, unrecorded=lambda _, v: v == "2.0")

        with pytest.raises(NotRecordedError, match=r"`a==2\.0` is not in the recording"):
            solve(problem("a"), lambda _: index)

    def test_sdist_that_only_a_build_could_read_is_an_error_with_a_remedy(self) -> None:
        universe: Universe = {"a": {"1.0": [], "2.0": Release(tags=None, state=DYNAMIC)}}

        with pytest.raises(InputError) as caught:
            solved(universe, "a")

        assert (
            "`a==2.0` has no wheel for the target, and its sdist cannot state its dependencies "
            "without being built"
        ) == str(caught.value)

    def test_sdist_that_matters_to_nobody_is_passed_over(self) -> None:
        dynamic = Release(tags=None, state=DYNAMIC)
        universe: Universe = {
            "a": {"1.0": dynamic, "2.0": [], "3.0": dynamic},
            "b": {"1.0": ["a<3"], "2.0": ["a==1.0", "c"]},
            "c": {"1.0": ["a==2.0"]},
        }

        assert {"a": "2.0", "b": "1.0"} == solved(universe, "a", "b<2")

    def test_sdist_that_the_failure_hangs_on_is_no_proof(self) -> None:
        universe: Universe = {
            "a": {"1.0": Release(tags=None, state=DYNAMIC), "2.0": ["b<1"]},
            "b": {"1.0": []},
        }

        with pytest.raises(InputError, match=r"`a==1\.0` has no wheel for the target"):
            solved(universe, "a")

    def test_sdist_that_was_met_and_not_taken_is_passed_over(self) -> None:
        """Nobody needs it in the end, or everybody allows a newer one."""
        universe: Universe = {
            "a": {"1.0": Release(tags=None, state=DYNAMIC), "2.0": []},
            "b": {"1.0": [], "2.0": ["a<2"]},
            "c": {"1.0": ["a"], "2.0": ["a==1.0"]},
        }

        assert {"b": "1.0"} == solved(universe, "b")
        assert {"a": "2.0", "c": "1.0"} == solved(universe, "c")

    def test_failure_that_rules_alone_explain_is_one(self) -> None:
        universe: Universe = {
            "a": {"1.0": Release(tags=None, state=DYNAMIC)},
            "b": {"1.0": []},
        }

        with pytest.raises(UnsatisfiableError):
            solved(universe, "a", "b", rules=[rule(RuleKind.FORBID, "a", "b")])

    def test_failure_that_does_not_hang_on_it_is_one(self) -> None:
        universe: Universe = {
            "a": {"1.0": Release(tags=None, state=DYNAMIC), "2.0": ["b<1"]},
            "b": {"1.0": []},
        }

        with pytest.raises(UnsatisfiableError):
            solved(universe, "a==2.0")


class TestFailure:
    def test_unknown_project_is_said(self) -> None:
        with pytest.raises(UnsatisfiableError) as caught:
            solved({"a": {"1.0": ["nope>=1"]}}, "a")

        assert (
            "`test` (cu121) has no solution, because these cannot all hold:\n"
            "  - test.toml: requirements[0] asks for `a`\n"
            "  - `a==1.0` needs `nope>=1`\n"
            "  - index `default` has no project `nope`"
        ) == str(caught.value)

    def test_version_that_does_not_exist_is_said(self) -> None:
        with pytest.raises(UnsatisfiableError) as caught:
            solved({"a": {"1.0": []}}, "a>=2")

        assert (
            "`test` (cu121) has no solution, because these cannot all hold:\n"
            "  - test.toml: requirements[0] asks for `a>=2`\n"
            "  - no version of `a` matches `>=2`; the newest known is 1.0"
        ) == str(caught.value)

    def test_build_that_an_explicit_index_does_not_have_is_said_with_the_advice(self) -> None:
        universe: dict[str, Universe] = {CU121: {"torch": {"2.2.2+cu121": []}}}
        absent = rule(RuleKind.INDEX, "torch<2.1", variants=("cu121",))
        asked = problem("torch==2.0.1", indexes=(TORCH_ONLY,), rules=[absent])

        with pytest.raises(UnsatisfiableError) as caught:
            solve(asked, indexes({"default": {}, **universe}))

        assert (
            "`test` (cu121) has no solution, because these cannot all hold:\n"
            "  - test.toml: requirements[0] asks for `torch==2.0.1`\n"
            f"  - no version of `torch` on index `{CU121}` matches `==2.0.1`; "
            "the newest known is 2.2.2+cu121"
        ) == str(caught.value)
        assert caught.value.hint == (
            "one of these solves it (each was tried):\n"
            "  - ask for `torch==2.2.2+cu121` instead of `torch==2.0.1` "
            "(test.toml: requirements[0])\n"
            "what the rules advise:\n"
            "  - choose other versions [index-torch<2.1]"
        )

    def test_search_limit_is_never_called_unsatisfiable(self) -> None:
        universe: Universe = {"a": {"1.0": ["b"]}, "b": {"1.0": []}}

        with pytest.raises(SearchLimitError, match="neither solved nor proved unsatisfiable"):
            solve(problem("a", max_rounds=1), indexes(universe))


class TestOrderOfInputs:
    def test_reasons_for_passing_over_newer_versions(self) -> None:
        universe: Universe = {
            "a": {"1.0": [], "2.0": Release(python="<3"), "3.0": [], "4.0": ["b>=2"], "5.0a1": []},
            "b": {"1.0": []},
        }

        found = solution(universe, "a!=3.0", "b")

        assert [
            ("5.0a1", "it is a pre-release"),
            ("4.0", "it needs `b>=2`, but `test.toml: requirements` needs `b`"),
            ("3.0", "test.toml: requirements needs a!=3.0"),
            ("2.0", "it needs Python <3"),
        ] == [(each.versions[0], each.reason) for each in found.pins[0].passed_over]

    def test_digest_follows_every_input(self) -> None:
        digests = {
            problem("a").digest([("default", "1")]),
            problem("a").digest([("default", "2")]),
            problem("a", "b").digest([("default", "1")]),
            problem("a", max_rounds=7).digest([("default", "1")]),
            problem("a", rules=[TestRules.ABI]).digest([("default", "1")]),
        }

        assert 5 == len(digests)


class TestReported:
    """A rule that is only reported warns about the pins, and decides nothing."""

    UNIVERSE: ClassVar[Universe] = {
        "torch": {"2.2.2": ["triton"]},
        "numpy": {"1.26.4": [], "2.0.1": []},
        "triton": {"2.2.0": []},
    }
    RULE = rule(RuleKind.REQUIRE, "torch<2.3", "numpy<2", confidence=Confidence.REPORTED)

    def test_it_warns_where_the_pins_meet_it(self) -> None:
        found = solution(self.UNIVERSE, "torch", "numpy", reported=[self.RULE], name="gpu")

        assert {"numpy": "2.0.1", "torch": "2.2.2", "triton": "2.2.0"} == pins(found)
        assert (
            (
                "reported of `torch==2.2.2`: because of the test; choose other versions "
                "[require-torch<2.3]"
            ),
        ) == found.warnings
        assert () == found.rules

    def test_it_is_silent_elsewhere(self) -> None:
        found = solution(self.UNIVERSE, "torch", reported=[self.RULE], name="gpu")

        assert () == found.warnings

    def test_it_waives_nothing(self) -> None:
        dropping = rule(RuleKind.DROP, "torch", drop=("triton",), confidence=Confidence.REPORTED)
        found = solution(self.UNIVERSE, "torch", reported=[dropping])

        assert {"torch": "2.2.2", "triton": "2.2.0"} == pins(found)
        assert () == found.waivers

    def test_a_spec_puts_it_aside_from_those_that_steer(self) -> None:
        steering = rule(RuleKind.FORBID, "torch", "numpy")
        spec = load_builtin("nexa_light")
        found = build_problem(spec, spec.variants["cu121"], [self.RULE, steering])

        assert (steering,) == found.rules
        assert (self.RULE,) == found.reported


class TestOverrides:
    UNIVERSE: ClassVar[Universe] = {"a": {"1.0": ["b==1.0"]}, "b": {"1.0": [], "2.0": []}}

    @staticmethod
    def override(text: str) -> Override:
        stated = Requirement(text)
        return Override(
            requirement=stated,
            package=stated.name,
            reason="known",
            origin="test.toml: overrides[0]",
        )

    def test_marker_that_does_not_hold_drops_the_dependency(self) -> None:
        never = self.override("b==2.0; sys_platform == 'never'")

        assert {"a": "1.0"} == solved(self.UNIVERSE, "a", overrides=(never,))
        assert {} == solved(self.UNIVERSE, "b", overrides=(never,))

    def test_direct_requirement_that_does_not_apply_stays_out(self) -> None:
        newer = self.override("b==2.0")

        assert {} == solved(self.UNIVERSE, "b==1.0; sys_platform == 'never'", overrides=(newer,))
        assert {"a": "1.0", "b": "2.0"} == solved(self.UNIVERSE, "a", overrides=(newer,))


class TestPrereleasesOfTheIndex:
    def test_package_with_stable_versions_never_falls_back_to_pre_releases(self) -> None:
        universe: Universe = {
            "a": {"1.0": ["b>=2"], "2.0": ["b>=3.0a1"]},
            "b": {"2.0": [], "3.0b1": []},
        }

        assert {"a": "1.0", "b": "2.0"} == solved(universe, "a")

    def test_stable_versions_after_the_cut_off_do_not_count(self) -> None:
        universe: Universe = {
            "a": {"1.0b1": Release(uploaded=100), "1.0": Release(uploaded=10_000)},
        }

        assert {"a": "1.0b1"} == solved(universe, "a", as_of=5_000)


class TestVersionsOfAnEarlierLock:
    universe: ClassVar[Universe] = {
        "a": {"1.0": ["b<2"], "2.0": ["b"], "3.0": ["b"]},
        "b": {"1.0": [], "1.5": [], "2.0": []},
    }

    @pytest.mark.parametrize(
        ("preferred", "expected"),
        [
            ({}, {"a": "3.0", "b": "2.0"}),
            ({"a": "2.0", "b": "1.5"}, {"a": "2.0", "b": "1.5"}),
            ({"b": "1.5"}, {"a": "3.0", "b": "1.5"}),
            ({"a": "1.0"}, {"a": "1.0", "b": "1.5"}),
            ({"a": "9.0", "gone": "1.0"}, {"a": "3.0", "b": "2.0"}),
        ],
        ids=["none", "all", "all but one", "what it needs follows", "no longer there"],
    )
    def test_are_tried_first(self, preferred: dict[str, str], expected: dict[str, str]) -> None:
        given = replace(problem("a"), preferred=preferred)

        assert expected == pins(solve(given, indexes(self.universe)))

    def test_give_way_where_they_do_not_fit(self) -> None:
        given = replace(problem("a", "b>=2"), preferred={"a": "1.0", "b": "1.0"})

        assert {"a": "3.0", "b": "2.0"} == pins(solve(given, indexes(self.universe)))

    def test_a_local_label_belongs_to_the_version(self) -> None:
        universe: Universe = {"torch": {"2.2.2+cu121": [], "2.3.0+cu121": []}}
        given = replace(problem("torch"), preferred={"torch": "2.2.2+cu121"})

        assert {"torch": "2.2.2+cu121"} == pins(solve(given, indexes(universe)))

    def test_are_the_reason_why_newer_ones_are_passed_over(self) -> None:
        given = replace(problem("a"), preferred={"b": "1.5"})
        [pin] = [each for each in solve(given, indexes(self.universe)).pins if each.name == "b"]

        assert [(("2.0",), "an earlier lock, or another image, has this version")] == [
            (group.versions, group.reason) for group in pin.passed_over
        ]

    def test_are_no_part_of_what_an_answer_must_meet(self) -> None:
        plain, given = problem("a"), replace(problem("a"), preferred={"a": "1.0"})

        assert plain.digest([]) == given.digest([])
