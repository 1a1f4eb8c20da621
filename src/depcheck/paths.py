"""Ask what lies at a path that somebody wrote, whatever the text is.

The methods of ``Path`` raise for what no file system takes: a name that is too long, or one with
NUL. For whoever asks here, nothing is there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def is_there(path: str | Path) -> bool:
    """Whether a file, a folder or anything else is there."""
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: str | Path) -> bool:
    """Whether a file is there."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: str | Path) -> bool:
    """Whether a folder is there."""
    return os.path.isdir(path)  # noqa: PTH112
