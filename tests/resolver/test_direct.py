"""Direct references as projects of one version."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.requirements import Requirement
from support.universe import problem

from depcheck.errors import InputError
from depcheck.images.model import BasePackage, RecordedMetadata
from depcheck.index.model import CoreMetadata, Dependency
from depcheck.resolver.direct import DirectProject, as_dependency, direct_projects
from depcheck.resolver.solution import DirectSource
from depcheck.resolver.target import TargetEnvironment

COMMIT = "c" * 40
URL = f"git+https://example.org/a@{COMMIT}"


def stated(name: str = "a", **options: Any) -> RecordedMetadata:
    return RecordedMetadata(
        name=name, version="1.2", reason="read", origin="here", **{"requires_dist": (), **options}
    )


def projects(*requirements: str, **options: Any) -> dict[str, DirectProject]:
    posed = problem(*requirements, **options)
    return direct_projects(posed, TargetEnvironment(posed.variant.target))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A_b", Dependency("a-b", (), "", None, None)),
        ("a[Y.z,x]>=1,<2", Dependency("a", ("x", "y-z"), "<2,>=1", None, None)),
        ("a; python_version > '3'", Dependency("a", (), "", 'python_version > "3"', None)),
        ("a @ https://e.org/a.whl", Dependency("a", (), "", None, "https://e.org/a.whl")),
    ],
)
def test_requirement_as_core_metadata_has_it(text: str, expected: Dependency) -> None:
    assert expected == as_dependency(Requirement(text))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, DirectSource(url="https://example.org/a", vcs="git", commit=COMMIT)),
        (
            f"{URL}#subdirectory=python&egg=a",
            DirectSource(
                url="https://example.org/a", vcs="git", commit=COMMIT, subdirectory="python"
            ),
        ),
        (
            f"git+https://example.org/a+b@{COMMIT}",
            DirectSource(url="https://example.org/a+b", vcs="git", commit=COMMIT),
        ),
        (
            "git+ssh://git@example.org/a.git",
            DirectSource(url="ssh://git@example.org/a.git", vcs="git"),
        ),
        (
            "https://example.org/@user/a+b.tar.gz?k=1#sha256=ab",
            DirectSource(url="https://example.org/@user/a+b.tar.gz?k=1", sha256="ab"),
        ),
        (
            "https://example.org/a-1.0-py3-none-any.whl",
            DirectSource(url="https://example.org/a-1.0-py3-none-any.whl"),
        ),
    ],
)
def test_url_is_taken_apart(url: str, expected: DirectSource) -> None:
    found = projects(f"a @ {url}", metadata=(stated(),))

    assert (expected, url) == (found["a"].source, found["a"].url)


def test_metadata_is_what_the_spec_states() -> None:
    metadata = stated(requires_dist=(Requirement("b<2"),), extras=("x",), requires_python=">=3.9")
    [(name, found)] = projects(f"A @ {URL}", "b", metadata=(stated("b"), metadata)).items()
    [dist] = found.project.dists(0)

    assert ("a", "a", URL, ["1.2"], 0, 1) == (
        name,
        found.project.name,
        found.project.index,
        list(found.project.versions),
        found.project.prereleases,
        found.project.everything,
    )
    assert (
        CoreMetadata((Dependency("b", (), "<2", None, None),), ("x",), ">=3.9")
        == (found.project.metadata[dist.metadata])
    )
    assert (None, "", None, False) == (
        dist.tags,
        dist.build,
        dist.requires_python,
        dist.yanked,
    )


def test_package_of_the_base_image_is_one_where_its_needs_are_stated() -> None:
    def base(name: str, needs: tuple[Requirement, ...] | None) -> BasePackage:
        return BasePackage(
            name=name, version="2.0+local", path="/usr/lib", requires_dist=needs, origin="base"
        )

    found = projects("a", base_packages=(base("b", (Requirement("c"),)), base("d", None)))

    assert [("b", "b")] == [(name, each.project.name) for name, each in found.items()]
    assert (DirectSource(url="/usr/lib"), "/usr/lib", ["2.0+local"], "/usr/lib") == (
        found["b"].source,
        found["b"].url,
        list(found["b"].project.versions),
        found["b"].project.index,
    )
    assert (Dependency("c", (), "", None, None),) == found["b"].project.metadata[0].dependencies


class TestReferences:
    OTHER = "https://example.org/a.zip"

    def test_for_another_target_do_not_count(self) -> None:
        assert {} == projects("b", f"a @ {URL} ; sys_platform == 'never'")

    def test_come_after_those_for_another_target(self) -> None:
        found = projects(
            f"a @ {self.OTHER} ; sys_platform == 'never'", f"a @ {URL}", metadata=(stated(),)
        )

        assert {"a": URL} == {name: each.url for name, each in found.items()}

    def test_may_be_made_twice_to_the_same_url(self) -> None:
        found = projects(f"a @ {URL}", f"a[x] @ {URL}", metadata=(stated(),))

        assert ["a"] == list(found)

    def test_to_two_urls_contradict_each_other(self) -> None:
        with pytest.raises(InputError) as caught:
            projects(f"a @ {URL}", f"A @ {self.OTHER}", metadata=(stated(),))

        assert (
            "conflicting-urls",
            (
                f"test.toml: requirements[1]: `A @ {self.OTHER}` contradicts `a @ {URL}` "
                "(test.toml: requirements[0]): a package comes from one URL"
            ),
            "leave out one of the two",
        ) == (caught.value.reference, caught.value.message, caught.value.hint)

    def test_need_metadata_that_the_spec_states(self) -> None:
        with pytest.raises(InputError) as caught:
            projects(f"A @ {URL}", metadata=(stated("b"),))

        assert (
            "unknown-metadata",
            "test.toml: requirements[0]: `a` comes from a URL, and its core metadata is not stated",
            (
                'add `[[variants.cu121.metadata]]` with `name = "a"`, `version`, `requires-dist` '
                "and `reason`"
            ),
        ) == (caught.value.reference, caught.value.message, caught.value.hint)
