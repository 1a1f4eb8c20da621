"""Import one module and tell how that went."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from typing import Any


def attempt(name: str) -> dict[str, Any]:
    """Import a module; return its version, or what went wrong."""
    try:
        module = importlib.import_module(name)
    except SystemExit as end:
        return {"exit": str(end.code)}
    except BaseException as error:  # noqa: BLE001  # whatever it is, the parent judges it
        return {
            "error": type(error).__name__,
            "message": str(error),
            "missing": error.name if isinstance(error, ModuleNotFoundError) else None,
            "traceback": traceback.format_exc(),
        }
    top = sys.modules.get(name.partition(".")[0])
    version = getattr(module, "__version__", None) or getattr(top, "__version__", None)
    return {"version": version if isinstance(version, str) else ""}


def main() -> None:
    """Write the answer to the descriptor that the parent named."""
    descriptor = int(os.environ.pop("DEPCHECK_ANSWER"))
    name = sys.argv.pop()
    sys.path[:] = [entry for entry in sys.path if entry]  # the working directory is no package
    answer = attempt(name)
    with os.fdopen(descriptor, "w") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main()
