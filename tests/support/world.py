"""A small world for the command line: an image spec, two recorded indexes, two rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pip._internal.models.index import PyPI

from depcheck.cli import main
from depcheck.conflicts.loader import load_rules
from support.recording import record
from support.universe import Release

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SPEC = """\
name = "demo"
summary = "A small image, like the large ones"
default-variant = "cu121"

[target]
python = "3.11"
platform = "manylinux_2_35_x86_64"
base-image = "nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04"
compute-capabilities = ["8.9"]
disk-budget = "14 GB"

[variants.cu121]
as-of = 2023-01-01
requirements = ["torch==2.2.2", "trainer", "numpy"]
allow-build = ["kernels"]
env = { HF_HOME = "/cache" }

[[variants.cu121.indexes]]
name = "pytorch-cu121"
url = "https://index.example/whl/cu121"
packages = ["torch"]

[[variants.cu121.overrides]]
exclude = "telemetry"
reason = "the image must not phone home"

[[stages]]
name = "torch"
packages = ["torch"]
"""
RULES = """\
[[rule]]
id = "numpy2-torch"
kind = "require"
when = "torch<2.3"
then = ["numpy<2"]
reason = "torch below 2.3 was compiled against the NumPy 1 ABI; it imports and then fails"
evidence = ["https://github.com/pytorch/pytorch/issues/132179"]
since = 2024-06-16
remedy = "keep numpy<2, or move to torch>=2.3"
example = ["torch==2.2.2", "numpy==2.0.1"]
counterexample = ["torch==2.2.2", "numpy==1.26.4"]

[[rule]]
id = "trainer-nccl"
kind = "drop"
when = "trainer==1.1"
drop = ["nccl-loader"]
reason = "nccl-loader downloads a library while it is built"
evidence = ["https://github.com/vllm-project/vllm/issues/4360"]
since = 2024-05-01
remedy = "set NCCL_PATH"
example = ["trainer==1.1", "nccl-loader==1.0"]
counterexample = ["trainer==1.0", "nccl-loader==1.0"]

[[rule]]
id = "kernels-metadata"
kind = "metadata"
when = "kernels==3.0"
then = ["numpy>=1.20"]
reason = "setup.py imports torch"
evidence = ["sdist: kernels==3.0, setup.py line 3"]
since = 2024-05-01
remedy = "take kernels>=4, which states its dependencies"
example = ["kernels==3.0"]
counterexample = ["kernels==4.0"]
"""
LOCKS = "locks/demo/cu121"
"""Where the lock set of the demo is."""
LATE = 1_690_000_000
UNIVERSE: dict[str, dict[str, Any]] = {
    "default": {
        "numpy": {"1.26.4": [], "2.0.0": [], "2.1.0": [], "2.2.0": Release(uploaded=LATE)},
        "trainer": {
            "1.0": ["torch"],
            "1.1": ["torch", "numpy>=1.20", "kernels", "nccl-loader==1.0", "telemetry>=2"],
        },
        "kernels": {"3.0": Release(tags=None)},
        "nccl-loader": {"1.0": []},
        "telemetry": {"2.0": []},
    },
    "https://index.example/whl/cu121": {
        "torch": {
            "2.2.2+cu121": Release(tags="cp311-cp311-linux_x86_64", uploaded=None),
            "2.3.1+cu121": Release(tags="cp311-cp311-linux_x86_64", uploaded=None),
        },
    },
}


class World:
    """A folder with a spec and a snapshot, and the command line run in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.spec = folder / "demo.toml"
        self.spec.write_text(SPEC)
        self.snapshot = record(folder / "recorded.sqlite", UNIVERSE)

    def run(self, *words: str) -> tuple[int, str, str]:
        """Return exit code, standard output and standard error of a command."""
        self.capsys.readouterr()
        code = main(words)
        out, err = self.capsys.readouterr()
        return code, self.scrubbed(out), self.scrubbed(err)

    def scrubbed(self, text: str) -> str:
        """Return text without what differs: time, digest of the inputs, host of the index."""
        text = text.replace(PyPI.file_storage_domain, "files.example")
        text = re.sub(r'(?<="input-digest": ")[0-9a-f]{64}', "0" * 64, text)
        return re.sub(r"solved in \d+\.\d\d s", "solved in N s", text)

    def solve(self, *words: str) -> tuple[int, str, str]:
        """Run ``solve`` against the snapshot."""
        return self.run("solve", *words, "--snapshot", "recorded.sqlite")

    def gate(self, *words: str) -> tuple[int, str, str]:
        """Run ``gate`` against the snapshot."""
        return self.run("gate", *words, "--snapshot", "recorded.sqlite")


def make_world(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    """Make the small world in a folder, and stand in it."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    rules = folder / "rules.toml"
    rules.write_text(RULES)
    monkeypatch.setattr("depcheck.settings.load_builtin_rules", lambda: load_rules(rules))
    return World(folder, capsys)
