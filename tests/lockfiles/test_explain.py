from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.solutions import heavy

from depcheck.errors import InputError
from depcheck.lockfiles.explain import explain_json, read_explain
from depcheck.lockfiles.stages import plan_stages

if TYPE_CHECKING:
    from pathlib import Path


def explanation() -> bytes:
    solution = heavy()
    return explain_json(solution, plan_stages(solution))


def test_every_pin_says_why_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "explain.json").write_bytes(explanation())
    pins = read_explain(tmp_path)["pins"]

    assert sorted(pins) == sorted(pin.name for pin in heavy().pins)
    assert pins["numpy"] == {
        "version": "1.26.4",
        "extras": [],
        "stage": "torch-runtime",
        "index": "default",
        "file": {
            "filename": "numpy-1.26.4-py3-none-any.whl",
            "url": "https://files.example/numpy-1.26.4-py3-none-any.whl",
            "sha256": "b" * 64,
            "size": 1000,
            "uploaded": 1700000000,
        },
        "direct": None,
        "metadata-from": "wheel",
        "requires": [],
        "via": [
            {"source": "numpy2", "requirement": "numpy<2", "is-package": False, "rule": "numpy2"}
        ],
        "passed-over": [{"versions": ["2.1.3"], "reason": "rule `numpy2`: numpy<2"}],
        "rules": [],
        "waivers": [],
    }
    assert pins["torch"]["rules"] == ["numpy2"]
    assert pins["axolotl"]["direct"]["vcs"] == "git"
    assert [waiver["rule"] for waiver in pins["axolotl"]["waivers"]] == ["axolotl-liger"]


def test_keys_are_sorted_at_every_level() -> None:
    text = explanation()

    assert json.dumps(json.loads(text), indent=1, sort_keys=True).encode() + b"\n" == text


@pytest.mark.parametrize(
    ("content", "reference"),
    [
        (None, "no-lock-set"),
        ("{", "explanation-unreadable"),
        ("[]", "explanation-unreadable"),
        ('{"schema": 99}', "explanation-unreadable"),
    ],
)
def test_an_explanation_that_cannot_be_read_is_an_input_error(
    tmp_path: Path, content: str | None, reference: str
) -> None:
    if content is not None:
        (tmp_path / "explain.json").write_text(content)
    with pytest.raises(InputError) as caught:
        read_explain(tmp_path)

    assert caught.value.reference == reference
    assert caught.value.hint is not None
