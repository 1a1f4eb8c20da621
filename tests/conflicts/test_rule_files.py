"""A rule file is loaded whole, or all that is wrong with it is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.conflicts.loader import load_rules, merge_rules
from depcheck.conflicts.model import RuleKind
from depcheck.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
[[rule]]
id = "numpy2-torch"
kind = "require"
when = "torch<2.3"
then = ["numpy<2"]
reason = "compiled against the NumPy 1 ABI"
evidence = ["https://github.com/pytorch/pytorch/issues/132179"]
since = 2024-06-16
remedy = "keep numpy<2"
example = ["torch==2.2.2", "numpy==2.0.1"]
counterexample = ["torch==2.3.1", "numpy==2.0.1"]
""".lstrip()


def write(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text)
    return path


def failure(folder: Path, text: str) -> tuple[str, str | None]:
    """Return message, without the folder, and hint of the error that loading raises."""
    with pytest.raises(InputError) as caught:
        load_rules(write(folder, text))
    return caught.value.message.replace(f"{folder}/", ""), caught.value.hint


def test_good_rule_loads(tmp_path: Path) -> None:
    (rule,) = load_rules(write(tmp_path, GOOD))

    assert rule.kind is RuleKind.REQUIRE
    assert rule.steers
    assert str(rule.when) == "torch<2.3"
    assert [str(need) for need in rule.then] == ["numpy<2"]
    assert rule.origin == "rules.toml: rule[0]"


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (
            'reason = "compiled against the NumPy 1 ABI"\n',
            "",
            "rules.toml:1: rule[0]: key `reason` is missing",
            "add `reason = ...`",
        ),
        (
            'evidence = ["https://github.com/pytorch/pytorch/issues/132179"]\n',
            "",
            "rules.toml:1: rule[0]: key `evidence` is missing",
            "add `evidence = [...]`",
        ),
        (
            '["https://github.com/pytorch/pytorch/issues/132179"]',
            "[]",
            "rules.toml:7: rule[0].evidence: must not be empty",
            None,
        ),
        (
            "https://github.com/pytorch/pytorch/issues/132179",
            "somebody said so",
            "rules.toml:7: rule[0].evidence[0]: `somebody said so` is not evidence",
            (
                "give an https link, `metadata: name==version ...`, `sdist: ...`, `wheel: ...` or "
                "`experiment: ...`"
            ),
        ),
        (
            'remedy = "keep numpy<2"\n',
            "",
            "rules.toml:1: rule[0]: key `remedy` is missing",
            "add `remedy = ...`",
        ),
        (
            "since = 2024-06-16\n",
            "",
            "rules.toml:1: rule[0]: key `since` is missing",
            "add `since = ...`",
        ),
        (
            "2024-06-16",
            '"2024-06-16"',
            "rules.toml:8: rule[0].since: must be a date, not text",
            "write it without quotes, like `2024-06-16`",
        ),
        (
            '"require"',
            '"requires"',
            "rules.toml:3: rule[0].kind: `requires` is not a kind of rule",
            "did you mean `require`?",
        ),
        (
            "numpy2-torch",
            "NumPy 2",
            "rules.toml:2: rule[0].id: `NumPy 2` is not an id",
            "write it like `numpy2-torch-lt-2.3`",
        ),
        (
            "torch<2.3",
            "torch<2,>3",
            "rules.toml:4: rule[0].when: `torch<2,>3` allows no version",
            "mend the range",
        ),
        (
            "torch<2.3",
            "torch[extra]<2.3",
            "rules.toml:4: rule[0].when: `torch[extra]<2.3` has extras or a marker",
            "a scope is a package and versions: `torch<2.3`",
        ),
        (
            '["numpy<2"]',
            '["numpy<2,>2"]',
            "rules.toml:5: rule[0].then[0]: `numpy<2,>2` allows no version",
            "mend the range",
        ),
        (
            '["numpy<2"]',
            '["numpy"]',
            "rules.toml:5: rule[0].then[0]: `numpy` allows every version",
            "add a range, like `numpy<2`",
        ),
        (
            'then = ["numpy<2"]\n',
            "",
            "rules.toml:1: rule[0]: a rule of kind `require` needs `then`",
            "add `then`",
        ),
        (
            "remedy =",
            'drop = ["numpy"]\nremedy =',
            "rules.toml:9: rule[0].drop: is not for rules of kind `require`",
            "leave it out",
        ),
        (
            "reason =",
            'becuase = "x"\nreason =',
            "rules.toml:6: rule[0].becuase: unknown key",
            (
                "known here: `after`, `build`, `confidence`, `counterexample`, `drop`, `env`, "
                "`evidence`, `example`, `given`, `id`, `install`, `kind`, `reason`, "
                "`remedied`, `remedy`, `since`, `system`, `then`, `variants`, `when`"
            ),
        ),
        (
            '"numpy==2.0.1"]\ncounter',
            '"numpy==1.26.4"]\ncounter',
            "rules.toml:10: rule[0].example: the rule leaves this alone",
            "mend the rule or its example",
        ),
        (
            '["torch==2.3.1", "numpy==2.0.1"]',
            '["torch==2.1", "numpy==2.0.1"]',
            "rules.toml:11: rule[0].counterexample: the rule has something to say about this",
            "mend the rule or its example",
        ),
        (
            "since =",
            'confidence = "rumoured"\nsince =',
            "rules.toml:8: rule[0].confidence: `rumoured` is not a confidence",
            "one of `confirmed`, `reported`",
        ),
        (
            "since =",
            'remedied = ["torch==2.2.2", "numpy==2.1.0"]\nsince =',
            "rules.toml:8: rule[0].remedied: the rule has something to say about this",
            "mend the rule or its example",
        ),
        (
            "torch==2.3.1",
            "torch>=2.3.1",
            "rules.toml:11: rule[0].counterexample[0]: `torch>=2.3.1` is not one version",
            "write it like `torch==2.2.2`",
        ),
    ],
)
def test_wrong_rule_does_not_load(
    tmp_path: Path, old: str, new: str, message: str, hint: str | None
) -> None:
    assert old in GOOD

    assert (message, hint) == failure(tmp_path, GOOD.replace(old, new))


def test_only_what_is_required_can_be_installed(tmp_path: Path) -> None:
    text = GOOD.replace('"require"', '"forbid"').replace("since =", "install = true\nsince =")

    assert (
        "rules.toml:8: rule[0].install: is only for rules of kind `require`",
        "leave it out",
    ) == failure(tmp_path, text)


def test_a_build_that_needs_nothing_is_no_statement(tmp_path: Path) -> None:
    text = GOOD.replace('"require"', '"build"').replace('then = ["numpy<2"]', "build = {}")

    assert (
        "rules.toml:5: rule[0].build: must not be empty",
        "state `isolation`, `constraints` or `env`",
    ) == failure(tmp_path, text)


def test_remedied_pins_are_for_rules_about_pairs(tmp_path: Path) -> None:
    text = GOOD.replace('"require"', '"override"') + 'remedied = ["torch==2.2.2"]\n'

    assert failure(tmp_path, text) == (
        "rules.toml:12: rule[0].remedied: is only for rules of kind `require` and `forbid`",
        "leave it out",
    )


def test_all_problems_are_named_together(tmp_path: Path) -> None:
    text = GOOD.replace("2024-06-16", "true").replace('"require"', "3").replace("torch<2.3", "?")

    message, hint = failure(tmp_path, text)

    assert message == (
        "rules.toml: 3 problems\n"
        "  line 3: rule[0].kind: must be text, not a number; write it in quotes\n"
        "  line 4: rule[0].when: `?` is not a requirement: "
        "expected package name at the start of dependency specifier; "
        "write it like `torch==2.2.2` or `name @ git+https://host/repo@COMMIT`\n"
        "  line 8: rule[0].since: must be a date, not a boolean; "
        "write it without quotes, like `2024-06-16`"
    )
    assert hint is None


def test_second_rule_is_found_by_its_line(tmp_path: Path) -> None:
    message, hint = failure(tmp_path, GOOD + "\n" + GOOD.replace('"torch<2.3"', "1"))

    assert message == (
        "rules.toml: 2 problems\n"
        "  line 14: rule[1].id: `numpy2-torch` is taken; choose another id\n"
        "  line 16: rule[1].when: must be text, not a number; write it in quotes"
    )
    assert hint is None


def test_file_without_rules_does_not_load(tmp_path: Path) -> None:
    assert failure(tmp_path, "") == ("rules.toml: there is no rule", "add a table `[[rule]]`")


@pytest.mark.parametrize(
    ("kind", "payload", "missing"),
    [
        ("override", 'then = ["torch>=2.2"]', "then"),
        ("forbid", 'then = ["torch"]', "then"),
        ("metadata", "then = []", "then"),
        ("no-deps", "then = []", "then"),
        ("drop", 'drop = ["torchao"]', "drop"),
        ("order", 'after = ["torch"]', "after"),
        ("build", "build = { isolation = false }", "build"),
        ("env", 'env = { A = "1" }', "env"),
        ("system", 'system = ["libcuda.so.1"]', "system"),
        ("index", 'variants = ["cpu"]', "variants"),
    ],
)
def test_each_kind_needs_its_payload(tmp_path: Path, kind: str, payload: str, missing: str) -> None:
    bare = GOOD.replace('"require"', f'"{kind}"').replace('then = ["numpy<2"]\n', "")
    whole = bare.replace("reason =", f"{payload}\nreason =")
    if kind == "forbid":
        whole = whole.replace('"torch"', '"numpy"')

    assert len(load_rules(write(tmp_path, whole))) == 1
    assert failure(tmp_path, bare) == (
        f"rules.toml:1: rule[0]: a rule of kind `{kind}` needs `{missing}`",
        f"add `{missing}`",
    )


def test_two_files_may_not_share_an_id(tmp_path: Path) -> None:
    rules = load_rules(write(tmp_path, GOOD))

    with pytest.raises(InputError) as caught:
        merge_rules([*rules, *rules])

    assert caught.value.message == (
        "rule `numpy2-torch` is in rules.toml: rule[0] and in rules.toml: rule[0]"
    )
