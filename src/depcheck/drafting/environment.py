"""Read a running environment for a draft, from its ``.dist-info`` folders alone."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from depcheck.drafting.clues import Clues, Line, Note, Witness
from depcheck.sources.installed import read_installed


def read_environment(python: Path | None) -> Clues:
    """Return what an environment has: what nothing else needs is asked for, the rest observed.

    Raises:
        InputError: there is no environment there.
        EnvironmentFailure: its interpreter does not answer.
    """
    inventory = read_installed(python)
    label = inventory.source
    found = {
        each.name: PathDistribution(Path(each.origin))
        for each in inventory.packages
        if each.origin.endswith(".dist-info")
    }
    needed = {name for distribution in found.values() for name in _needs(distribution)}
    pins = {each.name: each.text for each in inventory.packages}
    return Clues(
        requirements=tuple(
            Line(text=text, origin=label) for name, text in pins.items() if name not in needed
        ),
        observed=tuple(
            Line(text=text, origin=label) for name, text in pins.items() if name in needed
        ),
        python=tuple(_python([each.origin for each in inventory.packages], label)),
        notes=tuple(
            Note(text=f"`{each.text}` is left out: {each.reason}") for each in inventory.skipped
        ),
    )


def _needs(distribution: Distribution) -> set[str]:
    """Return the packages that a distribution needs without any of its extras."""
    names: set[str] = set()
    for text in distribution.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or "extra" not in str(requirement.marker):
            names.add(canonicalize_name(requirement.name))
    return names


def _python(origins: list[str], label: str) -> list[Witness]:
    versions = {match[1] for each in origins if (match := re.search(r"/python(3\.\d+)/", each))}
    if len(versions) != 1:
        return []
    return [Witness(version=versions.pop(), why=f"the packages of `{label}` are in its folder")]
