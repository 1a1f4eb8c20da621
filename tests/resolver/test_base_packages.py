"""Packages that the base image already has: constraints, not pins."""

from __future__ import annotations

import sys

import pytest
from packaging.requirements import Requirement
from support.universe import Release, Universe, pins, solution

from depcheck.images.model import BasePackage
from depcheck.lockfiles.lockset import render
from depcheck.resolver.explanation import UnsatisfiableError
from depcheck.resolver.solution import ProvidedPackage, Shadowed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PATH = "/usr/lib/python3/dist-packages"
UNIVERSE: Universe = {
    "app": {"1.0": ["numpy", "tool"]},
    "tool": {"1.0": ["numpy<2"], "2.0": ["numpy>=2"]},
    "numpy": {"1.26.4": ["needed"], "2.0": [], "2.1": []},
    "needed": {"1.0": []},
}


def base(
    name: str, version: str, *, upgrade: bool = False, needs: tuple[str, ...] | None = None
) -> BasePackage:
    return BasePackage(
        name=name,
        version=version,
        path=PATH,
        upgrade=upgrade,
        requires_dist=None if needs is None else tuple(map(Requirement, needs)),
        origin="test.toml: base-packages[0]",
    )


def test_without_a_base_image_the_newest_is_pinned() -> None:
    assert {"app": "1.0", "numpy": "2.1", "tool": "2.0"} == pins(solution(UNIVERSE, "app"))


def test_what_the_base_image_has_narrows_others_and_is_not_pinned() -> None:
    """Its own dependencies count: `needed` is not in the base image."""
    found = solution(UNIVERSE, "app", base_packages=(base("numpy", "1.26.4"),))

    assert {"app": "1.0", "needed": "1.0", "tool": "1.0"} == pins(found)
    assert (
        ProvidedPackage(name="numpy", version="1.26.4", path=PATH, needed_by=("app", "tool")),
    ) == found.provided
    assert {"app": ("tool",), "needed": (), "tool": ()} == {
        pin.name: pin.requires for pin in found.pins
    }


def test_what_nobody_needs_of_the_base_image_is_not_spoken_of() -> None:
    found = solution(UNIVERSE, "needed", base_packages=(base("numpy", "1.26.4"),))

    assert ({"needed": "1.0"}, ()) == (pins(found), found.provided)


def test_a_version_that_no_index_has_states_what_it_needs() -> None:
    own = base("numpy", "1.99a0+vendor", needs=("needed", "other ; python_version < '3'"))
    found = solution(UNIVERSE, "app", base_packages=(own,))

    assert {"app": "1.0", "needed": "1.0", "tool": "1.0"} == pins(found)


def test_when_and_whether_it_was_uploaded_or_yanked_does_not_matter() -> None:
    late: Universe = {
        "app": {"1.0": ["numpy"]},
        "numpy": {"1.0": Release(uploaded=99_000, yanked=True)},
    }
    found = solution(late, "app", as_of=10_000, base_packages=(base("numpy", "1.0"),))

    assert {"app": "1.0"} == pins(found)


def test_a_package_may_be_upgraded_on_purpose() -> None:
    found = solution(UNIVERSE, "app", base_packages=(base("numpy", "1.26.4", upgrade=True),))

    assert {"app": "1.0", "numpy": "2.1", "tool": "2.0"} == pins(found)
    assert (Shadowed(name="numpy", version="1.26.4", path=PATH),) == found.shadowed


def test_a_conflict_with_the_base_image_names_it() -> None:
    with pytest.raises(UnsatisfiableError) as caught:
        solution(UNIVERSE, "numpy>=2", base_packages=(base("numpy", "1.26.4"),))

    assert "test.toml: base-packages[0]" in caught.value.message


def test_the_lock_set_leaves_it_out_and_says_so() -> None:
    packages = (base("numpy", "1.26.4"), base("tool", "0.9", upgrade=True))
    files = render(solution(UNIVERSE, "app", base_packages=packages))
    lock = tomllib.loads(files["pylock.toml"].decode())
    notes = [
        line
        for line in files["requirements.txt"].decode().splitlines()
        if line.startswith(("# the base", "# replaces"))
    ]

    assert ["app", "needed", "tool"] == [each["name"] for each in lock["packages"]]
    assert [
        {"name": "numpy", "version": "1.26.4", "path": PATH, "needed-by": ["app", "tool"]}
    ] == lock["tool"]["depcheck"]["base-packages"]
    assert [{"name": "tool", "version": "0.9", "path": PATH}] == lock["tool"]["depcheck"][
        "shadowed-packages"
    ]
    assert [
        f"# the base image has numpy==1.26.4 in {PATH}",
        f"# replaces the base image's tool==0.9 in {PATH}",
    ] == notes
    assert "numpy==" not in "".join(
        content.decode() for name, content in files.items() if name.startswith("stages/")
    )
