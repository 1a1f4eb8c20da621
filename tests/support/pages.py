"""Lock sets with what is known of their wheels, as the report page takes them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from depcheck.artifacts.architectures import KernelImage, parse_architecture
from depcheck.artifacts.cuda import load_cuda_facts
from depcheck.artifacts.declared import load_declared
from depcheck.artifacts.libraries import load_library_facts
from depcheck.artifacts.locked import Knowledge, judge_lock_set
from depcheck.artifacts.lockset import read_lock_set as read_wheels
from depcheck.artifacts.model import Artifact, Member, SharedObject
from depcheck.lockfiles.lockset import render, write
from depcheck.lockfiles.stored import read_lock_set
from depcheck.page.content import Measured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depcheck.resolver.solution import Solution

ALONE = {"meta", "input", "br", "rect", "link", "option", "polyline"}
"""Elements that the page does not close, or closes itself."""


def measured(
    folder: Path, solution: Solution, artifacts: Mapping[str, Artifact] | None = None
) -> Measured:
    """Write a lock set and read it back, with what its wheels hold."""
    write(render(solution), folder / "lock")
    stored = read_lock_set(folder / "lock")
    knowledge = Knowledge(
        cuda=load_cuda_facts(), libraries=load_library_facts(), declared=load_declared()
    )
    report = judge_lock_set(
        read_wheels(folder / "lock"),
        artifacts or {},
        stored.target.compute_capabilities,
        knowledge,
    )
    return Measured(stored=stored, report=report)


def artifact(
    name: str, size: int, kernels: Mapping[str, tuple[str, ...]] | None = None
) -> Artifact:
    """Return a wheel that takes so many bytes, with kernels by file."""
    return Artifact(
        name=name,
        version="1",
        members=(Member(path=f"{name}/__init__.py", size=size),),
        objects=tuple(
            SharedObject(
                path=path,
                machine="x86_64",
                kernels=tuple(
                    KernelImage(architecture=parse_architecture(each), count=1) for each in names
                ),
            )
            for path, names in (kernels or {}).items()
        ),
    )


class Markup(HTMLParser):
    """What a page holds; every element must be closed in turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in ALONE:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name in {"src", "srcset", "data", "action", "style"} or name.startswith("on"):
                self.loaded.append(f"{name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if tag not in ALONE:
            assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
