"""A solution made by hand: torch from an index of its own, builds, direct references, waivers."""

from __future__ import annotations

from packaging.requirements import Requirement

from depcheck.conflicts.model import BuildNeeds
from depcheck.images.model import StageHint, Target
from depcheck.resolver.solution import (
    AppliedRule,
    DirectSource,
    IndexUse,
    LockedFile,
    PassedOver,
    Pin,
    Solution,
    Via,
    Waiver,
)

DEFAULT = IndexUse(
    name="default",
    url="https://index.example/simple/",
    digest="d" * 64,
    moment="2026-11-22T00:00:00Z",
)
PYTORCH = IndexUse(
    name="pytorch-cu121",
    url="https://download.pytorch.org/whl/cu121",
    packages=("torch", "torchvision"),
)
COMMIT = "47e19164847c0000000000000000000000000000"


def wheel(
    name: str, version: str, *, size: int | None = 1000, tag: str = "py3-none-any"
) -> LockedFile:
    filename = f"{name.replace('-', '_')}-{version}-{tag}.whl"
    return LockedFile(
        filename=filename,
        url=f"https://files.example/{filename.replace('+', '%2B')}",
        sha256=f"{len(name + version) % 16:x}" * 64,
        size=size,
        uploaded=1700000000,
    )


def sdist(name: str, version: str) -> LockedFile:
    filename = f"{name}-{version}.tar.gz"
    return LockedFile(
        filename=filename,
        url=f"https://files.example/{filename}",
        sha256="5" * 64,
        size=500,
        uploaded=1700000000,
    )


def pin(name: str, version: str = "1.0", *, requires: tuple[str, ...] = (), **other: object) -> Pin:
    values: dict[str, object] = {
        "index": "default",
        "file": wheel(name, version),
        "requires": requires,
        "via": (Via(source="spec.toml: requirements[0]", requirement=name, is_package=False),),
    }
    return Pin(name=name, version=version, **{**values, **other})  # type: ignore[arg-type]


def torch_pins() -> tuple[Pin, ...]:
    return (
        pin(
            "torch",
            "2.2.2+cu121",
            requires=("filelock", "nvidia-nccl-cu12"),
            index="pytorch-cu121",
            file=wheel("torch", "2.2.2+cu121", size=None, tag="cp311-cp311-linux_x86_64"),
        ),
        pin(
            "torchvision",
            "0.17.2+cu121",
            requires=("numpy", "torch"),
            index="pytorch-cu121",
            file=wheel("torchvision", "0.17.2+cu121", tag="cp311-cp311-linux_x86_64"),
        ),
        pin(
            "filelock",
            "3.16.1",
            via=(
                Via(source="torch", requirement="filelock", is_package=True),
                Via(source="transformers", requirement="filelock", is_package=True),
            ),
        ),
        pin(
            "nvidia-nccl-cu12", "2.19.3", file=wheel("nvidia-nccl-cu12", "2.19.3", size=166_000_000)
        ),
        pin(
            "numpy",
            "1.26.4",
            via=(Via(source="numpy2", requirement="numpy<2", is_package=False, rule="numpy2"),),
            passed_over=(PassedOver(versions=("2.1.3",), reason="rule `numpy2`: numpy<2"),),
        ),
    )


def other_pins() -> tuple[Pin, ...]:
    return (
        pin("transformers", "4.46.3", requires=("filelock", "numpy"), requires_python=">=3.8"),
        pin(
            "deepspeed",
            "0.15.4",
            file=sdist("deepspeed", "0.15.4"),
            build=BuildNeeds(
                constraints=(Requirement("setuptools<82"),), env={"DS_BUILD_OPS": "0"}
            ),
            metadata_from="rule:deepspeed-metadata",
        ),
        pin(
            "flash-attn",
            "2.7.0.post2",
            file=sdist("flash_attn", "2.7.0.post2"),
            build=BuildNeeds(isolation=False),
        ),
        pin(
            "axolotl",
            "0.4.1",
            index=None,
            file=None,
            direct=DirectSource(
                url="https://github.com/axolotl-ai-cloud/axolotl", vcs="git", commit=COMMIT
            ),
            metadata_from="spec",
        ),
        pin(
            "archived",
            "2.0",
            index=None,
            file=None,
            direct=DirectSource(
                url="https://files.example/archived-2.0.zip", sha256="a" * 64, subdirectory="src"
            ),
        ),
    )


def heavy(pins: tuple[Pin, ...] | None = None, **other: object) -> Solution:
    """Return the solution of an image much like nexa_heavy."""
    values: dict[str, object] = {
        "image": "heavy",
        "variant": "cu121",
        "summary": "an image like nexa_heavy",
        "target": Target(python="3.11", platform="manylinux_2_35_x86_64"),
        "as_of": "2024-11-26T00:00:00Z",
        "input_digest": "1" * 64,
        "pins": pins if pins is not None else (*torch_pins(), *other_pins()),
        "waivers": (
            Waiver(
                package="axolotl",
                version="0.4.1",
                requirement="liger-kernel==0.4.0",
                replacement=None,
                rule="axolotl-liger",
                reason="needs triton>=2.3",
            ),
        ),
        "rules": (
            AppliedRule(
                id="numpy2",
                kind="require",
                reason="compiled against NumPy 1",
                remedy="keep numpy<2",
                evidence=("https://github.com/pytorch/pytorch/issues/132179",),
                subjects=("torch==2.2.2+cu121",),
            ),
        ),
        "indexes": (DEFAULT, PYTORCH),
        "stages": (StageHint(name="torch", packages=("torch", "torchvision", "torchaudio")),),
        "env": {"NCCL_PATH": "{site-packages}/nvidia/libnccl.so.2", "HF_HUB_OFFLINE": "1"},
        "system": ("libgomp1",),
        "warnings": ("files of `pytorch-cu121` have no upload time",),
    }
    return Solution(**{**values, **other})  # type: ignore[arg-type]
