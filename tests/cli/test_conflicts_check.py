"""``depcheck conflicts check``: whole outputs and exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from support.schemas import complaints

from depcheck.cli import main

RULES = """
[[rule]]
id = "torch-numpy"
kind = "require"
when = "torch-like<2.3"
then = ["numpy-like<2"]
reason = "compiled against the NumPy 1 ABI"
evidence = ["https://example.com/issues/1"]
since = 2024-06-16
remedy = "keep numpy-like<2"
example = ["torch-like==2.2.2", "numpy-like==2.0.1"]
counterexample = ["torch-like==2.2.2", "numpy-like==1.26.4"]

[[rule]]
id = "torch-env"
kind = "env"
when = "torch-like"
env = { NO_CUMEM = "0" }
reason = "it hangs"
evidence = ["https://example.com/issues/2"]
since = 2024-06-16
remedy = "set NO_CUMEM=0"
example = ["torch-like==2.2.2"]
counterexample = ["numpy-like==1.0"]
"""

VIOLATED = """\
r.txt (requirements): 2 packages

violated
  torch-numpy
    found     torch-like==2.2.2  (r.txt:1)
    found     numpy-like==2.0.1  (r.txt:2)
    reason    compiled against the NumPy 1 ABI
    remedy    keep numpy-like<2
    evidence  https://example.com/issues/1

advice
  torch-env
    found     torch-like==2.2.2  (r.txt:1)
    reason    it hangs
    remedy    set NO_CUMEM=0
    sets      NO_CUMEM=0
    evidence  https://example.com/issues/2

2 rules apply: 1 violated, 1 advise, 0 possible, 0 satisfied
"""

POSSIBLE = """\
- (requirements): 1 packages

advice
  torch-env
    found     torch-like==2.2.2  (-:1)
    reason    it hangs
    remedy    set NO_CUMEM=0
    sets      NO_CUMEM=0
    evidence  https://example.com/issues/2

possible: it depends on what is left open
  torch-numpy
    found       torch-like==2.2.2  (-:1)
    not stated  numpy-like
    reason      compiled against the NumPy 1 ABI
    remedy      keep numpy-like<2
    evidence    https://example.com/issues/1

2 rules apply: 0 violated, 1 advise, 1 possible, 0 satisfied
"""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.toml").write_text(RULES)


def check(*words: str) -> int:
    return main(["conflicts", "check", *words, "--rules", "rules.toml"])


def test_a_violated_rule_is_the_answer_no(capsys: pytest.CaptureFixture[str]) -> None:
    Path("r.txt").write_text("torch-like==2.2.2\nnumpy-like==2.0.1\n")
    code = check("r.txt")

    assert (1, VIOLATED) == (code, capsys.readouterr().out)


def test_what_is_left_open_is_possible(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("torch-like==2.2.2\n"))
    code = check("-")

    assert (0, POSSIBLE) == (code, capsys.readouterr().out)


def test_a_rule_that_is_switched_off_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("r.txt").write_text("torch-like==2.2.2\nnumpy-like==2.0.1\n")
    code = check("r.txt", "--ignore-rule", "torch-numpy=our own build", "--json")
    document = json.loads(capsys.readouterr().out)

    assert (0, [{"id": "torch-numpy", "reason": "our own build"}], ["torch-env"]) == (
        code,
        document["switched-off"],
        [each["rule"] for each in document["verdicts"]],
    )


def test_json_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    Path("r.txt").write_text("torch-like==2.2.2\nnumpy-like>=1\n./local\n")
    code = check("r.txt", "--json", "--variant", "cu121", "--ignore-rule", "torch-env=x")
    numpy = {"name": "numpy-like", "stated": "numpy-like>=1", "origin": "r.txt:2"}
    torch = {"name": "torch-like", "stated": "torch-like==2.2.2", "origin": "r.txt:1"}

    document = json.loads(capsys.readouterr().out)

    assert (0, []) == (code, complaints("conflicts-check", document))
    assert {
        "source": "r.txt",
        "format": "requirements",
        "packages": 2,
        "complete": False,
        "variant": "cu121",
        "verdicts": [
            {
                "rule": "torch-numpy",
                "kind": "require",
                "status": "possible",
                "subjects": [
                    {**torch, "certain": True},
                    {**numpy, "certain": True},
                ],
                "not-stated": [],
                "reason": "compiled against the NumPy 1 ABI",
                "remedy": "keep numpy-like<2",
                "evidence": ["https://example.com/issues/1"],
            }
        ],
        "mixtures": [],
        "skipped": [
            {"text": "./local", "origin": "r.txt:3", "reason": "a path or URL without a name"}
        ],
        "switched-off": [{"id": "torch-env", "reason": "x"}],
    } == document


def test_mixed_builds_are_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    Path("r.txt").write_text("torchvision==0.17.2+cpu\ntorchaudio==2.2.2+cu121\n")
    code = check("r.txt")

    assert (
        0,
        (
            "warning: torchaudio==2.2.2+cu121, torchvision==0.17.2+cpu: "
            "the torch family comes from several builds: cpu, cu121 [mixed-labels]\n"
        ),
    ) == (code, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["r.txt"],
            (
                "error: `r.txt` cannot be read: no such file or directory "
                "[requirements-unreadable]\n\n"
                "hint: check that it is a file of text and that its path is right\n"
            ),
        ),
        (
            [],
            (
                "error: nothing to check was named [no-source]\n\n"
                "hint: name a requirements or lock file, `-` for the output of `pip freeze`, "
                "or `--installed`\n"
            ),
        ),
        (
            ["r.txt", "--python", "/usr/bin/python3"],
            (
                "error: `--python` is for `--installed` [wrong-option]\n\n"
                "hint: leave it out, or drop the file\n"
            ),
        ),
        (
            ["r.txt", "--python-version", "3"],
            (
                "error: `--python-version`: `3` is not a Python version [invalid-option]\n\n"
                "hint: write it like `3.11` or `3.11.9`\n"
            ),
        ),
        (
            ["r.txt", "--ignore-rule", "torch-env"],
            (
                "error: `--ignore-rule torch-env` gives no reason [missing-reason]\n\n"
                'hint: write `--ignore-rule "torch-env=why it does not hold here"`\n'
            ),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input(words: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = check(*words)

    assert (2, error) == (code, capsys.readouterr().err)


def test_list_of_the_rules_that_speak_of_a_package(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["conflicts", "list", "--package", "NumPy_like", "--rules", "rules.toml"])

    assert (0, "torch-numpy  require  torch-like<2.3: numpy-like<2\n") == (
        code,
        capsys.readouterr().out,
    )
