"""What is known of base images by their tags, and of the builds of the PyTorch index."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from depcheck.frozen import frozen
from depcheck.tomlfile import read_toml
from depcheck.tomlvalues import package_name, text

if TYPE_CHECKING:
    from depcheck.tomlfile import Table


@frozen
class BaseImage:
    """What a tag says."""

    reference: str
    name: str
    glibc: str | None
    os: str | None
    python: str | None
    """What its Python is, where the tag says so or the image is known for it."""
    os_python: str | None
    """What the packages of its operating system install."""
    cuda: str | None
    torch: str | None
    note: str | None
    unusable: str | None


@frozen
class Build:
    """One folder of the PyTorch index."""

    name: str
    cuda: Version
    torch: SpecifierSet


@frozen
class Knowledge:
    """The data file, read."""

    images: tuple[tuple[re.Pattern[str], Table], ...]
    systems: dict[str, tuple[str, str]]
    """(glibc, Python) by name."""
    pytorch_url: str
    pytorch_packages: tuple[str, ...]
    builds: tuple[Build, ...]
    tools: tuple[str, ...]

    def image(self, reference: str) -> BaseImage | None:
        """Return what is known of a base image by its reference, None for an unknown one."""
        plain = reference.partition("@")[0]
        for pattern, table in self.images:
            if match := pattern.fullmatch(plain):
                return self._image(reference, match.groupdict(), table)
        return None

    def _image(self, reference: str, said: dict[str, str | None], table: Table) -> BaseImage:
        os = said.get("os") or table.optional("os", text, None)
        glibc, os_python = self.systems.get(os or "", (None, None))
        return BaseImage(
            reference=reference,
            name=table.required("name", text, ""),
            glibc=glibc,
            os=os,
            python=said.get("python") or table.optional("python", text, None),
            os_python=os_python,
            cuda=said.get("cuda"),
            torch=said.get("torch"),
            note=table.optional("note", text, None),
            unusable=table.optional("unusable", text, None),
        )

    def build_named(self, name: str) -> Build | None:
        """Return a build by its name, ``cu121``."""
        return next((each for each in self.builds if each.name == name), None)

    def build_for(self, cuda: str, torch: SpecifierSet) -> Build | None:
        """Return the newest build that runs on this CUDA and has such a torch."""
        fitting = [
            each
            for each in self.builds
            if each.cuda <= Version(cuda) and not (each.torch & torch).is_unsatisfiable()
        ]
        return max(fitting, key=lambda each: each.cuda, default=None)


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """Return the data file that depcheck ships."""
    path = Path(str(files("depcheck.drafting") / "base_images.toml"))
    file = read_toml(path, reference="invalid-base-images")
    pytorch = file.root.table("pytorch")
    found = Knowledge(
        images=tuple(
            (re.compile(each.required("pattern", text, "")), each)
            for each in file.root.tables("image")
        ),
        systems={
            name: (each.required("glibc", text, ""), each.required("python", text, ""))
            for each in file.root.tables("os")
            for name in each.values("names", text)
        },
        pytorch_url=pytorch.required("url", text, ""),
        pytorch_packages=pytorch.values("packages", package_name),
        builds=tuple(_build(each) for each in pytorch.tables("builds")),
        tools=file.root.table("tools").values("packages", package_name),
    )
    file.check()
    return found


def _build(table: Table) -> Build:
    return Build(
        name=table.required("name", text, ""),
        cuda=Version(table.required("cuda", text, "0")),
        torch=SpecifierSet(table.required("torch", text, "")),
    )
