"""Tell what the installed torch is built for and which devices it sees."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any


def architectures(torch: Any) -> list[str]:
    """Return the architectures of torch's own kernels, whether or not there is a device."""
    flags = getattr(torch._C, "_cuda_getArchFlags", None)  # noqa: SLF001  # public one wants a GPU
    found = flags() if flags is not None else None
    return found.split() if found else list(torch.cuda.get_arch_list())


def main() -> None:
    """Write the answer to the descriptor that the parent named."""
    descriptor = int(os.environ.pop("DEPCHECK_ANSWER"))
    sys.path[:] = [entry for entry in sys.path if entry]
    torch: Any = import_module("torch")

    answer = {
        "version": str(torch.__version__),
        "cuda": torch.version.cuda,
        "architectures": architectures(torch) if torch.version.cuda else [],
        "devices": torch.cuda.device_count() if torch.version.cuda else 0,
    }
    with os.fdopen(descriptor, "w") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main()
