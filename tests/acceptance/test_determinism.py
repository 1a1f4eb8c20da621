"""Same inputs, same bytes: whatever their order in the files, and whatever Python's hash seed."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.images import NEXA, solved

from depcheck.images.loader import find_spec
from depcheck.lockfiles.lockset import render

if TYPE_CHECKING:
    from pathlib import Path

SOLVE = """
import random, sys
from depcheck.conflicts import loader
rules = list(loader.load_builtin_rules())
random.Random(int(sys.argv[1])).shuffle(rules)
import depcheck.settings as settings
settings.load_builtin_rules = lambda: tuple(rules)
settings.merge_rules = tuple  # it would sort them again
from depcheck.cli import main
sys.exit(main(sys.argv[2:]))
"""
REQUIREMENTS = re.compile(r"(?<=\nrequirements = \[\n)(.*?)(?=\n\])", re.DOTALL)
ITEM = re.compile(r'^  "[^"\n]+",$', re.MULTILINE)


def shuffled_spec(image: str, seed: int) -> str:
    """Return an image's spec with its requirements in another order, without their comments."""
    text = find_spec(image).path.read_text(encoding="utf-8")
    block = REQUIREMENTS.search(text)
    assert block is not None
    items = ITEM.findall(block[0])
    random.Random(seed).shuffle(items)  # noqa: S311 - not a secret
    return text[: block.start()] + "\n".join(items) + text[block.end() :]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("image", NEXA)
def test_order_of_inputs_and_hash_seed_do_not_show(tmp_path: Path, image: str, seed: int) -> None:
    spec = tmp_path / f"{image}.toml"
    spec.write_text(shuffled_spec(image, seed), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", SOLVE, str(seed), "solve", str(spec), "-q", "--out", tmp_path],
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        check=True,
        capture_output=True,
    )
    folder = tmp_path / image / "cu121"
    written = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }

    command = f"depcheck solve ./{image}.toml --variant cu121"
    expected = render(solved(image), command=command)
    assert spec.read_text() != find_spec(image).path.read_text()
    assert [name for name in written if written[name] != expected.get(name)] == []
    assert sorted(written) == sorted(expected)
