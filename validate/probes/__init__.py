"""Programs that run under the checked interpreter, each as `python -c SOURCE`; they stand alone."""

from __future__ import annotations

import pkgutil


def source(name: str) -> str:
    """Return the text of one of the programs."""
    data = pkgutil.get_data(__name__, f"{name}.py")
    if data is None:
        raise AssertionError(name)
    return data.decode("utf-8")
