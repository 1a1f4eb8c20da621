"""The scenarios under ``tests/scenarios``: what the solver answers, as data.

A file has a title, an introduction and sentences; a sentence has scenarios that show it. The page
docs/semantics.md is made of the titles, introductions and sentences.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from depcheck.images.model import Formats, Override, RecordedMetadata, Target
from depcheck.index.model import DYNAMIC, INVALID
from support.universe import Release, problem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from depcheck.resolver.problem import Problem

FOLDER = Path(__file__).parents[1] / "scenarios"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One problem over a universe of its own, and the answer to it."""

    id: str
    universe: dict[str, dict[str, Any]]
    requires: list[str]
    constraints: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    metadata: list[dict[str, Any]] = field(default_factory=list)
    python: str = "3.11"
    platform: str = "manylinux_2_35_x86_64"
    prerelease: str = "if-necessary"
    as_of: int | None = None
    no_binary: list[str] = field(default_factory=list)
    only_binary: list[str] = field(default_factory=list)
    max_rounds: int = 2_000
    pins: dict[str, str] | None = None
    fails: str | None = None
    """Reference of the error."""
    files: dict[str, str] = field(default_factory=dict)
    """File names of some pins."""
    never: list[str] = field(default_factory=list)
    """``name==version`` whose metadata must not be read."""
    warnings: list[str] | None = None

    def releases(self) -> dict[str, dict[str, Any]]:
        """Return the universe as the index in memory takes it."""
        return {
            name: {version: _release(stated) for version, stated in versions.items()}
            for name, versions in self.universe.items()
        }

    def problem(self) -> Problem:
        """Return the problem that is posed."""
        return problem(
            *self.requires,
            constraints=self.constraints,
            as_of=self.as_of,
            max_rounds=self.max_rounds,
            target=Target(python=self.python, platform=self.platform),
            prerelease=self.prerelease,
            formats=Formats(no_binary=tuple(self.no_binary), only_binary=tuple(self.only_binary)),
            overrides=tuple(_override(each) for each in self.overrides),
            metadata=tuple(_metadata(**each) for each in self.metadata),
        )


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence of the page, and what shows it."""

    says: str
    scenario: list[Scenario]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One section of the page."""

    title: str
    intro: str
    sentence: list[Sentence]


def topics() -> list[Topic]:
    """Return all topics, in the order of their files; a key that is not known is an error."""
    return [_topic(**tomllib.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*"))]


def _topic(title: str, intro: str, sentence: list[dict[str, Any]]) -> Topic:
    return Topic(
        title=title,
        intro=intro,
        sentence=[
            Sentence(says=each["says"], scenario=[_scenario(one) for one in each["scenario"]])
            for each in sentence
        ],
    )


def _scenario(stated: dict[str, Any]) -> Scenario:
    return Scenario(**{key.replace("-", "_"): value for key, value in stated.items()})


def _release(stated: Any) -> Any:
    if isinstance(stated, dict):
        return _file(**{key.replace("-", "_"): value for key, value in stated.items()})
    if stated and isinstance(stated[0], dict):
        return [_release(each) for each in stated]
    return stated


def _file(
    *,
    requires: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    tags: str = "py3-none-any",
    sdist: bool = False,
    dynamic: bool = False,
    invalid: bool = False,
    undated: bool = False,
    **options: Any,
) -> Release:
    if undated:
        options["uploaded"] = None
    return Release(
        *requires,
        extras=tuple(extras),
        tags=None if sdist or dynamic else tags,
        state=DYNAMIC if dynamic else INVALID if invalid else None,
        **options,
    )


def _override(text: str) -> Override:
    stated = Requirement(text)
    return Override(requirement=stated, package=stated.name, reason="a test", origin="overrides")


def _metadata(
    *,
    name: str,
    version: str,
    requires: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    python: str | None = None,
) -> RecordedMetadata:
    return RecordedMetadata(
        name=name,
        version=version,
        requires_dist=tuple(Requirement(each) for each in requires),
        reason="a test",
        origin="metadata",
        extras=tuple(extras),
        requires_python=python,
    )
