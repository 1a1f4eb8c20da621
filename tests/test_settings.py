"""Own rules and rules switched off, from pyproject.toml and the command line."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from depcheck.errors import InputError
from depcheck.settings import RuleSet, chosen_rules

RULE = """
[[rule]]
id = "ours"
kind = "require"
when = "torch<2.3"
then = ["pillow<10"]
reason = "our thumbnails"
evidence = ["https://example.com/1"]
since = 2024-01-01
remedy = "keep pillow<10"
example = ["torch==2.2.2", "pillow==10.0"]
counterexample = ["torch==2.2.2", "pillow==9.0"]
"""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ours.toml").write_text(RULE)


def chosen(*, rules: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> RuleSet:
    return chosen_rules(Namespace(rules=list(rules) or None, ignore_rule=list(ignore) or None))


def ids(found: RuleSet) -> set[str]:
    return {rule.id for rule in found.rules}


def off(found: RuleSet) -> list[tuple[str, str]]:
    return [(each.rule.id, each.reason) for each in found.switched_off]


def test_without_settings_the_built_in_rules_hold() -> None:
    assert "numpy2-torch-lt-2.3" in ids(chosen())
    assert [] == off(chosen())


def test_own_rules_join_the_built_in_ones() -> None:
    Path("pyproject.toml").write_text('[tool.depcheck]\nrules = ["ours.toml"]\n')

    assert {"ours"} == ids(chosen()) - ids(chosen(ignore=("ours=x",)))
    assert ids(chosen()) == ids(chosen(rules=("ours.toml",)))


def test_rules_are_switched_off_with_a_reason() -> None:
    Path("pyproject.toml").write_text(
        '[tool.depcheck]\nignore-rules = [{ id = "triton-setuptools", reason = "image has it" }]\n'
    )
    found = chosen(ignore=("numpy2-torch-lt-2.3=torch is our own build = for NumPy 2",))

    assert [
        ("numpy2-torch-lt-2.3", "torch is our own build = for NumPy 2"),
        ("triton-setuptools", "image has it"),
    ] == off(found)
    assert not {"numpy2-torch-lt-2.3", "triton-setuptools"} & ids(found)


def test_other_tools_settings_are_none_of_ours() -> None:
    Path("pyproject.toml").write_text('[project]\nname = "x"\n[tool.ruff]\nline-length = 100\n')

    assert ids(chosen(rules=("ours.toml",))) > {"ours"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("rule = []", "pyproject.toml:2: tool.depcheck.rule: unknown key"),
        ("rules = 3", "pyproject.toml:2: tool.depcheck.rules: must be a list, not a number"),
        (
            'ignore-rules = [{ id = "ours" }]',
            "pyproject.toml:2: tool.depcheck.ignore-rules[0]: key `reason` is missing",
        ),
        (
            'ignore-rules = [{ id = "ours", reason = " " }]',
            "pyproject.toml:2: tool.depcheck.ignore-rules[0].reason: must not be empty",
        ),
        (
            'ignore-rules = [{ id = "numpy2-torch", reason = "x" }]',
            "pyproject.toml: tool.depcheck.ignore-rules[0].id: there is no rule `numpy2-torch`",
        ),
        ('rules = ["gone.toml"]', "gone.toml: cannot be read: no such file or directory"),
    ],
)
def test_wrong_settings_are_named(content: str, message: str) -> None:
    Path("pyproject.toml").write_text(f"[tool.depcheck]\n{content}\n")

    with pytest.raises(InputError) as caught:
        chosen()

    assert message == caught.value.message


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("triton-setuptools", "`--ignore-rule triton-setuptools` gives no reason"),
        ("triton-setuptools= ", "`--ignore-rule triton-setuptools= ` gives no reason"),
        ("triton=x", "--ignore-rule: there is no rule `triton`"),
    ],
)
def test_wrong_options_are_named(stated: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        chosen(ignore=(stated,))

    assert message == caught.value.message


def test_an_id_that_is_taken() -> None:
    Path("twice.toml").write_text(RULE)

    with pytest.raises(InputError) as caught:
        chosen(rules=("ours.toml", "twice.toml"))

    assert caught.value.message == "rule `ours` is in ours.toml: rule[0] and in twice.toml: rule[0]"
