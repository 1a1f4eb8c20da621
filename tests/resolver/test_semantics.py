"""Each sentence of docs/semantics.md, by its scenarios."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING

import pytest
from support.scenarios import topics
from support.tree import ROOT
from support.universe import MemoryIndex, pins

from depcheck.errors import DepcheckError
from depcheck.resolver.solve import solve

if TYPE_CHECKING:
    from support.scenarios import Scenario

    from depcheck.resolver.solution import Solution

TOPICS = topics()
SCENARIOS = [
    scenario for topic in TOPICS for sentence in topic.sentence for scenario in sentence.scenario
]


def outcome(scenario: Scenario, index: MemoryIndex) -> Solution | str:
    try:
        return solve(scenario.problem(), lambda _: index)
    except DepcheckError as error:
        return error.reference


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_scenario(scenario: Scenario) -> None:
    index = MemoryIndex(scenario.releases())
    answer = outcome(scenario, index)

    if isinstance(answer, str):
        assert scenario.fails == answer
    else:
        assert scenario.pins == pins(answer)
        assert scenario.files == {
            pin.name: pin.file.filename
            for pin in answer.pins
            if pin.file and pin.name in scenario.files
        }
        assert scenario.warnings in (None, list(answer.warnings))
    assert set() == index.visited & set(scenario.never)


def test_each_scenario_has_a_name_of_its_own_and_one_answer() -> None:
    names = [scenario.id for scenario in SCENARIOS]

    assert sorted(set(names)) == sorted(names)
    assert [] == [each.id for each in SCENARIOS if (each.pins is None) == (each.fails is None)]


def test_the_page_says_what_the_scenarios_show() -> None:
    """If not: ``python -m tools.semantics_page``."""
    page = runpy.run_path(str(ROOT / "tools" / "semantics_page.py"))["page"]

    assert page(TOPICS) == (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
