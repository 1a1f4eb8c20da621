"""Turn gathered facts about the PyTorch index into a snapshot, where that index cannot be reached.

Each input file is one variant: ``{"base": URL, "packages": {name: {version: {"requires_python",
"requires_dist", "files": [{"filename", "url_path", "sha256", "size"}]}}}}``. A null hash or a null
list of dependencies stays unknown. Use::

    python -m tools.pytorch_recording FOLDER --moment 2026-11-22T00:00:00Z -o pytorch.sqlite
    depcheck index record --all --reuse pytorch.sqlite --snapshot index/data/embedded.sqlite
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depcheck.index.compiled import compile_page
from depcheck.index.model import UNRECORDED, CoreMetadata, PageFile, ProjectPage
from depcheck.index.snapshot import write_snapshot
from depcheck.resolver.direct import as_dependency
from depcheck.resolver.target import is_of_use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depcheck.index.compiled import CompiledProject

_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def main() -> None:
    """Read the folder, write the snapshot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--moment", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    variants = [json.loads(path.read_bytes()) for path in sorted(options.folder.glob("*.json"))]
    recordings = [
        (variant["base"].rstrip("/"), options.moment, None, list(_projects(variant["packages"])))
        for variant in variants
        if "packages" in variant
    ]
    write_snapshot(options.output, recordings)


def _projects(packages: dict[str, Any]) -> Iterator[CompiledProject]:
    for name, versions in sorted(packages.items()):
        files: list[PageFile] = []
        described: dict[str, CoreMetadata | int] = {}
        for release in versions.values():
            for stated in release["files"]:
                file = _file(stated, release["requires_python"])
                files.append(file)
                described[file.filename] = _metadata(release)
        yield compile_page(
            ProjectPage(name=canonicalize_name(name), files=tuple(files)),
            describe=lambda file, described=described: described[file.filename],  # type: ignore[misc]
            keep=is_of_use,
        )


def _file(stated: dict[str, Any], requires_python: str | None) -> PageFile:
    return PageFile(
        filename=stated["filename"],
        location=stated["url_path"],
        sha256=stated["sha256"],
        size=stated["size"],
        requires_python=requires_python,
        yanked=False,
        uploaded=None,
    )


def _metadata(release: dict[str, Any]) -> CoreMetadata | int:
    stated = release["requires_dist"]
    if stated is None:
        return UNRECORDED
    extras = sorted({canonicalize_name(name) for text in stated for name in _EXTRA.findall(text)})
    return CoreMetadata(
        tuple(as_dependency(Requirement(text)) for text in stated),
        tuple(extras),
        release["requires_python"],
    )


if __name__ == "__main__":
    main()
