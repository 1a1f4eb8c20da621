"""A stand-in for torch in test environments: it computes on the CPU, whatever the device.

What it says of itself, and how it fails, is set by ``SIMULATED_TORCH`` (JSON).
"""

from __future__ import annotations

import json
import os
import random
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__version__ = "2.2.2+cu121"
_WISH: dict[str, Any] = {
    "cuda": "12.1",
    "architectures": ["sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90"],
    "devices": 1,
    "bf16": True,
    "nccl": [2, 19, 3],
    "factor": 1.0,
    "error": "",
    "crash": "",
    **json.loads(os.environ.get("SIMULATED_TORCH", "{}")),
}
float32, float16, bfloat16 = "float32", "float16", "bfloat16"


class Tensor:
    """Numbers, and the device that they pretend to be on."""

    def __init__(self, values: Iterable[Any], device: str = "cpu") -> None:
        self.values, self.device = list(values), device

    def _with(self, other: Any, operation: Callable[[Any, Any], Any]) -> Tensor:
        theirs = other.values if isinstance(other, Tensor) else [other] * len(self.values)
        return _computed(
            [operation(a, b) for a, b in zip(self.values, theirs, strict=True)], self.device
        )

    def __add__(self, other: Any) -> Tensor:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Tensor) -> Tensor:
        return Tensor([a - b for a, b in zip(self.values, other.values, strict=True)])

    def __mul__(self, other: Any) -> Tensor:
        return self._with(other, lambda a, b: a * b)

    __matmul__ = __mul__

    def __truediv__(self, number: float) -> Tensor:
        return Tensor([a / number for a in self.values], self.device)

    def to(self, device: str, _: object = None) -> Tensor:
        return Tensor(self.values, device)

    def float(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return Tensor(self.values)

    def abs(self) -> Tensor:
        return Tensor(map(abs, self.values))

    def max(self) -> Tensor:
        return Tensor([max(self.values)])

    def item(self) -> Any:
        return self.values[0]


def _computed(values: Iterable[Any], device: str) -> Tensor:
    if device == "cpu":
        return Tensor(values)
    if _WISH["crash"]:
        os.kill(os.getpid(), int(_WISH["crash"]))
    if _WISH["error"]:
        raise RuntimeError(_WISH["error"])
    return Tensor([value * _WISH["factor"] for value in values], device)


def manual_seed(number: int) -> None:
    random.seed(number)


def rand(*_: int) -> Tensor:
    return Tensor([random.random() for _ in range(16)])  # noqa: S311  # not a secret


def _first(*tensors: Tensor) -> Tensor:
    return _computed(tensors[0].values, tensors[0].device)


def _module(name: str, **content: Any) -> types.ModuleType:
    module = types.ModuleType("torch." + name)
    module.__dict__.update(content)
    sys.modules["torch." + name] = module
    return module


_C = _module("_C", _cuda_getArchFlags=lambda: " ".join(_WISH["architectures"]))
version = _module("version", cuda=_WISH["cuda"])
cuda = _module(
    "cuda",
    device_count=lambda: _WISH["devices"],
    is_bf16_supported=lambda: _WISH["bf16"],
    nccl=_module("cuda.nccl", version=lambda: tuple(_WISH["nccl"])),
)
backends = _module("backends", cudnn=_module("backends.cudnn", is_available=lambda: True))
nn = _module(
    "nn",
    functional=_module("nn.functional", conv2d=_first, scaled_dot_product_attention=_first),
)
distributed = _module(
    "distributed", is_available=lambda: True, is_nccl_available=lambda: bool(_WISH["nccl"])
)
