"""The page of all rules says what the rule files say."""

from __future__ import annotations

import runpy

from support.tree import ROOT

from depcheck.conflicts.loader import load_builtin_rules


def test_page_is_up_to_date() -> None:
    """If not: ``python -m tools.rules_page``."""
    page = runpy.run_path(str(ROOT / "tools" / "rules_page.py"))["page"]

    assert page(load_builtin_rules()) == (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_rule_reads_like_this() -> None:
    page = runpy.run_path(str(ROOT / "tools" / "rules_page.py"))["page"]
    rules = [rule for rule in load_builtin_rules() if rule.id == "bitsandbytes-cu128"]

    assert page(rules).partition("## bitsandbytes.toml\n")[2] == (
        "\n"
        "### bitsandbytes-cu128\n"
        "\n"
        "**index** `bitsandbytes<0.45.3` in variant `cu128`\n"
        "\n"
        "- Why: it has no library for CUDA 12.8\n"
        "- Remedy: take bitsandbytes>=0.45.3, or another CUDA variant\n"
        "- Since: 2025-02-24\n"
        "- Bites on `bitsandbytes==0.45.2`, not on `bitsandbytes==0.45.3`\n"
        "- Evidence: wheel: bitsandbytes==0.45.3 is the first with libbitsandbytes\\_cuda128.so\n"
    )
