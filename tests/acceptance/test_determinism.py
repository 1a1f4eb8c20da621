"""Same inputs, same bytes: whatever their order in the files, and whatever Python's hash seed."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support.images import NEXA

from depcheck.images.loader import find_spec

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


def solved_files(spec: Path, seed: int) -> dict[str, bytes]:
    """Return the lock set that the command writes of a spec, rules shuffled, hashes seeded."""
    subprocess.run(
        [sys.executable, "-c", SOLVE, str(seed), "solve", f"./{spec.name}", "-q"],
        cwd=spec.parent,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        check=True,
        capture_output=True,
    )
    folder = spec.parent / "locks" / spec.stem / "cu121"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def without_spec_digests(record: bytes) -> dict[str, Any]:
    """Return what the gate compares with, without the digests of the spec's own files.

    The record's own digest is over these too.
    """
    content: dict[str, Any] = json.loads(record)
    assert content.pop("digest")
    assert content["spec"].pop("files")
    return content


@pytest.mark.parametrize("image", NEXA)
def test_order_of_inputs_and_hash_seed_do_not_show(tmp_path: Path, image: str) -> None:
    original = find_spec(image).path.read_text(encoding="utf-8")
    texts = [original, shuffled_spec(image, 1), shuffled_spec(image, 2)]
    first, *others = (
        solved_files(_written(tmp_path / str(seed) / f"{image}.toml", text), seed)
        for seed, text in enumerate(texts)
    )

    assert len(set(texts)) == len(texts)
    for other in others:
        assert without_spec_digests(first["gate.json"]) == without_spec_digests(other["gate.json"])
        assert {**first, "gate.json": b""} == {**other, "gate.json": b""}


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path
