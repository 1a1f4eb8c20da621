"""Which GPUs a build computes on: never string equality.

A cubin ``sm_86`` runs on compute capability 8.6 and later 8.x, so also on 8.9; PTX ``compute_90``
is compiled by the driver for 9.0 and everything newer. ``sm_90a`` runs on 9.0 alone, ``sm_100f`` on
its family. https://docs.nvidia.com/cuda/ada-compatibility-guide section 1.2,
https://docs.nvidia.com/cuda/blackwell-compatibility-guide
"""

from __future__ import annotations

import re
from typing import Sequence

_ARCHITECTURE = re.compile(r"(sm|compute)_(\d+)(\d)([af]?)")


def coverage(capability: str, architectures: Sequence[str]) -> str:
    """Return ``cubin`` or ``ptx``, whichever serves a capability, empty where neither does."""
    wanted = _numbers(capability)
    served = {
        "cubin" if match[1] == "sm" else "ptx"
        for match in filter(None, map(_ARCHITECTURE.fullmatch, architectures))
        if _serves(match, wanted)
    }
    return min(served, default="")


def _serves(match: re.Match[str], wanted: tuple[int, int]) -> bool:
    built = (int(match[2]), int(match[3]))
    if match[4] == "a":
        return built == wanted
    same_major = built[0] == wanted[0] and wanted[1] >= built[1]
    if match[1] == "sm" or match[4] == "f":
        return same_major
    return wanted >= built


def _numbers(capability: str) -> tuple[int, int]:
    major, _, minor = capability.partition(".")
    return int(major), int(minor)
