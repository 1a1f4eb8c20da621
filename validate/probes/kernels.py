"""Compute on a device what the CPU computes too, and compare; one line of JSON for each kernel.

Arguments: the devices (``cuda:0``).
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any, Callable, TextIO

SIZE = 64
TOLERANCE = {"float32": 2e-3, "float16": 1e-2, "bfloat16": 3e-2}
"""Largest difference that rounding explains (TF32 counts as fp32), as a share of the result."""


def elementwise(torch: Any, device: str, dtype: Any) -> tuple[Any, Any]:
    """Return a sum of products, element by element, on the device and on the CPU."""
    one, two = torch.rand(SIZE, SIZE), torch.rand(SIZE, SIZE)
    return one.to(device, dtype) * two.to(device, dtype) + 1, one * two + 1


def matmul(torch: Any, device: str, dtype: Any) -> tuple[Any, Any]:
    """Return a matrix product, scaled to about 1."""
    one, two = torch.rand(SIZE, SIZE), torch.rand(SIZE, SIZE) / SIZE
    return one.to(device, dtype) @ two.to(device, dtype), one @ two


def convolution(torch: Any, device: str, dtype: Any) -> tuple[Any, Any]:
    """Return a convolution, which cuDNN computes."""
    image, kernel = torch.rand(1, 3, 32, 32), torch.rand(4, 3, 3, 3) / 27
    function = torch.nn.functional.conv2d
    return function(image.to(device, dtype), kernel.to(device, dtype)), function(image, kernel)


def attention(torch: Any, device: str, dtype: Any) -> tuple[Any, Any]:
    """Return scaled dot product attention, by whichever kernel torch chooses."""
    function = torch.nn.functional.scaled_dot_product_attention
    query = torch.rand(1, 2, 16, 64)
    moved = query.to(device, dtype)
    return function(moved, moved, moved), function(query, query, query)


KERNELS: tuple[tuple[str, Callable[..., tuple[Any, Any]], str], ...] = (
    ("elementwise fp32", elementwise, "float32"),
    ("matmul fp32", matmul, "float32"),
    ("matmul fp16", matmul, "float16"),
    ("matmul bf16", matmul, "bfloat16"),
    ("cuDNN convolution", convolution, "float32"),
    ("attention fp16", attention, "float16"),
)


def judged(torch: Any, device: str, function: Callable[..., Any], dtype: str) -> dict[str, Any]:
    """Return the largest difference of a kernel from the CPU, as a share, or why it did not run."""
    if function is attention and not hasattr(torch.nn.functional, "scaled_dot_product_attention"):
        return {"skipped": "this torch has no scaled_dot_product_attention"}
    if dtype == "bfloat16" and device != "cpu" and not torch.cuda.is_bf16_supported():
        return {"skipped": "this GPU does not compute in bfloat16"}
    if function is convolution and device != "cpu" and not torch.backends.cudnn.is_available():
        return {"error": "cuDNN is not available"}
    try:
        found, expected = function(torch, device, getattr(torch, dtype))
        difference = (found.float().cpu() - expected).abs().max().item()
        difference /= expected.abs().max().item()
    except Exception as error:  # noqa: BLE001  # the parent judges it
        return {"error": f"{type(error).__name__}: {error}"}
    return {"difference": difference, "tolerance": TOLERANCE[dtype]}


def say(file: TextIO, content: dict[str, Any]) -> None:
    """Write one line at once: the next kernel may kill the process."""
    file.write(json.dumps(content) + "\n")
    file.flush()


def main() -> None:
    """Write the answers to the descriptor that the parent named."""
    descriptor = int(os.environ.pop("DEPCHECK_ANSWER"))
    devices = sys.argv[1:]
    sys.path[:] = [entry for entry in sys.path if entry]
    torch: Any = import_module("torch")

    torch.manual_seed(0)
    with os.fdopen(descriptor, "w") as file:
        for device in devices:
            for name, function, dtype in KERNELS:
                title = f"{name} on {device}"
                say(file, {"kernel": title})
                say(file, {"kernel": title, **judged(torch, device, function, dtype)})


if __name__ == "__main__":
    main()
