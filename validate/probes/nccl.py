"""Tell which NCCL torch has."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any


def main() -> None:
    """Write the answer to the descriptor that the parent named."""
    descriptor = int(os.environ.pop("DEPCHECK_ANSWER"))
    sys.path[:] = [entry for entry in sys.path if entry]
    torch: Any = import_module("torch")
    import_module("torch.distributed")

    available = torch.distributed.is_available() and torch.distributed.is_nccl_available()
    version = torch.cuda.nccl.version() if available else ()
    parts = version if isinstance(version, tuple) else (version,)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"version": ".".join(map(str, parts))}, file)


if __name__ == "__main__":
    main()
