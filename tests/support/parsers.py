"""Every reader of ours that takes text or bytes from outside, for the tests of hostile input.

A reader may refuse its input by the errors that it declares, and by no other exception.
"""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from depcheck.artifacts.architectures import parse_architecture
from depcheck.artifacts.lockset import read_lock_set as read_artifacts
from depcheck.artifacts.record import check_record, parse_record
from depcheck.artifacts.scripts import console_scripts, unsafe_scripts
from depcheck.artifacts.wheel import read_wheel
from depcheck.conflicts.loader import load_rules
from depcheck.drafting.dockerfile import read_dockerfile
from depcheck.drafting.project import read_project
from depcheck.drafting.requirements_files import read_file
from depcheck.errors import DepcheckError
from depcheck.gate.dockerfile import dockerfile_findings
from depcheck.gate.lock import UnreadableLockError, parse_lock
from depcheck.gate.lockset import read_lock_set as read_gated
from depcheck.gate.policy import read_policy
from depcheck.images.loader import load_spec
from depcheck.index.compiled import decode_file, decode_listing, decode_project
from depcheck.index.live.core_metadata import parse_metadata, parse_sdist_metadata
from depcheck.index.live.http import Answer
from depcheck.index.live.listing import ListedProject, file_record
from depcheck.index.live.pages import fetch_page
from depcheck.index.model import InvalidMetadataError
from depcheck.limits import objection
from depcheck.lockfiles.explanation import read_explanation
from depcheck.lockfiles.stored import read_lock_set as read_stored
from depcheck.settings import read_settings
from depcheck.sources.choice import read_source
from depcheck.sources.inputs import read_inputs
from depcheck.sources.pyproject import read_pyproject
from depcheck.tomllines import line_of
from depcheck.validate.elf import ForeignElfError, MalformedElfError, read_elf
from depcheck.validate.errors import InvalidInputError
from depcheck.validate.manifest import parse_manifest
from depcheck.validate.requirements import marker_holds, parse_requirement
from depcheck.validate.versions import contains, parse_version
from support.artifacts import FILENAME, wheel_bytes
from support.elf import Elf, fatbin_of
from support.tree import ROOT
from support.world import RULES, SPEC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DOCKERFILE = b"""\
FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04 AS base
ARG V=2.2.2
RUN apt-get update && pip install --index-url https://download.pytorch.org/whl/cu121 \\
    "torch==${V}" 'numpy<2' && rm -rf /tmp/*
COPY --from=base /a /b
RUN ["pip", "install", "scipy"]
"""
REQUIREMENTS = b"""\
--index-url https://index.example/simple
--no-binary :all:
torch==2.2.2 ; python_version >= "3.8" and sys_platform == "linux"  # comment
numpy[extra]>=1,<2 --hash=sha256:%s
demo @ https://files.example/demo-1.0-py3-none-any.whl
name \\
    ==1.0
""" % (b"0" * 64)
PYPROJECT = b"""\
[project]
name = "demo"
version = "1"
requires-python = ">=3.10"
dependencies = ["torch==2.2.2", "numpy<2; python_version > '3.8'"]
[project.optional-dependencies]
dev = ["demo[docs]", "pytest"]
docs = ["sphinx"]
[dependency-groups]
test = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
[tool.depcheck]
rules = ["rules.toml"]
[[tool.depcheck.ignore-rules]]
id = "numpy2-torch"
reason = "known"
[tool.depcheck.gate.levels]
pin-unasked = "warning"
[[tool.depcheck.gate.ignore]]
code = "pin-unasked"
until = 2030-01-01
reason = "known"
"""
PYLOCK = b"""\
lock-version = "1.0"
created-by = "depcheck"
[[packages]]
name = "numpy"
version = "1.26.4"
index = "https://index.example/simple"
[[packages.wheels]]
name = "numpy-1.26.4-py3-none-any.whl"
url = "https://files.example/numpy-1.26.4-py3-none-any.whl"
hashes = {sha256 = "%s"}
[tool.depcheck]
image = "demo"
""" % (b"0" * 64)
UV_LOCK = b"""\
version = 1
[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://index.example/simple" }
[[package]]
name = "demo"
source = { virtual = "." }
"""
POETRY_LOCK = b"""\
[[package]]
name = "numpy"
version = "1.26.4"
optional = false
groups = ["main"]
markers = "python_version >= '3.8'"
[metadata]
lock-version = "2.1"
"""
CONDA = b"""\
name: demo
channels: [conda-forge]
dependencies:
  - python=3.11
  - pytorch=2.2.2=py3.11_cuda12.1
  - pip:
      - numpy<2
"""
PAGE_JSON = json.dumps(
    {
        "meta": {"api-version": "1.1"},
        "name": "demo",
        "versions": ["1.0"],
        "files": [
            {
                "filename": "demo-1.0-py3-none-any.whl",
                "url": "https://files.example/demo-1.0-py3-none-any.whl",
                "hashes": {"sha256": "0" * 64},
                "requires-python": ">=3.8",
                "yanked": "bad",
                "core-metadata": {"sha256": "1" * 64},
                "size": 5,
                "upload-time": "2024-01-01T00:00:00Z",
            }
        ],
    }
).encode()
PAGE_HTML = b"""\
<!DOCTYPE html><html><head><title>Links for demo</title></head><body>
<a href="../../demo-1.0-py3-none-any.whl#sha256=%s" data-requires-python="&gt;=3.8"
 data-core-metadata="sha256=00" data-yanked="x">demo-1.0-py3-none-any.whl</a>
<a href="demo-1.0.tar.gz">demo-1.0.tar.gz</a></body></html>
""" % (b"0" * 64)
METADATA = b"""\
Metadata-Version: 2.2
Name: demo
Version: 1.0
Dynamic: Description
Requires-Python: >=3.8
Provides-Extra: dev
Requires-Dist: numpy<2; extra == "dev" and python_version >= "3.8"
Requires-Dist: other @ https://files.example/other.whl

text
"""
COMPILED = "\n".join(
    map(
        json.dumps,
        [
            {
                "versions": ["1.0", "2.0rc1"],
                "pre": [1, 2],
                "kinds": [["py3-none-any", "", ">=3.8", False], [None, "", None, True]],
                "specifiers": {">=1": [0, 2]},
                "rows": [2, 1, 1],
            },
            [0, 0, 0, 1700000000],
            [1, 1, -1, None],
            [[0], ["dev"], None],
            ["numpy", [], "<2", None, None],
        ],
    )
).encode()
MARKER = b"""(python_version >= "3.8" or extra == 'dev') and 'linux' in sys_platform"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """One reader, with what it may be given."""

    read: Callable[[bytes], Any]
    seeds: tuple[bytes, ...]
    refuses: tuple[type[Exception], ...] = (DepcheckError,)

    def accepts(self, content: bytes) -> bool:
        """Whether some input is taken; every error but a refusal goes through."""
        try:
            self.read(content)
        except self.refuses:
            return False
        return True


@cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="depcheck-parsers-"))


def _file(name: str, content: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(content)
    return path


def _from_file(name: str, read: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    return lambda content: read(_file(name, content))


def _source(name: str) -> Callable[[bytes], Any]:
    return _from_file(name, lambda path: read_source(str(path), "3.11"))


class _Canned:
    """An HTTP session that has one answer."""

    def __init__(self, body: bytes, kind: str) -> None:
        self.answer = Answer(
            url="https://index.example/simple/demo/",
            status=200,
            headers={"Content-Type": kind},
            body=body,
        )

    def get(self, url: str, *_: Any, **__: Any) -> Answer | None:
        return self.answer if url.endswith("/demo/") else None


def _page(kind: str) -> Callable[[bytes], Any]:
    root = "https://index.example/simple/"

    def read(body: bytes) -> None:
        found = fetch_page(_Canned(body, kind), root, "demo")  # type: ignore[arg-type]
        listing = found and found.listing
        if listing:
            project = ListedProject("demo", root, listing)
            for rank in range(len(project.versions)):
                for dist in project.dists(rank):
                    file_record(listing, root, dist.position)

    return read


def _compiled(content: bytes) -> None:
    project = decode_project("demo", "default", zlib.compress(content, 1))
    for rank in range(len(project.versions)):
        for dist in project.dists(rank):
            if dist.metadata >= 0:
                project.metadata[dist.metadata]
    project.masks()


def _listing(content: bytes) -> None:
    lines = decode_listing(zlib.compress(content, 1))
    for position in range(len(lines)):
        decode_file(lines, bytes(64), position)


def _lock_set_with(name: str, read: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    def with_content(content: bytes) -> None:
        folder = _folder() / f"set-{name}"
        folder.mkdir(exist_ok=True)
        for each, raw in _lock_set().items():
            (folder / each).parent.mkdir(exist_ok=True)
            (folder / each).write_bytes(raw)
        (folder / name).write_bytes(content)
        read(folder)

    return with_content


@cache
def _lock_set() -> Mapping[str, bytes]:
    """Return the lock set of the small image as it is written."""
    from support.small import written_lock_set  # noqa: PLC0415 - solves

    return written_lock_set(_folder())


def _record(content: bytes) -> None:
    lines = parse_record(content)
    list(check_record(lines or {}, {}))


def _lines(content: bytes) -> None:
    if objection(content):
        return
    text = content.decode(errors="replace")
    line_of(text, ("variants", "cu121", "indexes", 0, "name"), "pytorch")


def _scripts(content: bytes) -> None:
    text = content.decode(errors="replace")
    console_scripts(text)
    list(unsafe_scripts(text, ()))


class _NothingReadError(Exception):
    """A text is neither a version nor a requirement nor a marker."""


def _validator_text(content: bytes) -> None:
    text = content.decode(errors="replace")
    first, _, second = text.partition("\n")
    environment = {"python_version": "3.11", "sys_platform": "linux", "extra": ""}
    taken = (
        parse_version(first),
        contains(second, first) if second else None,
        parse_requirement(text),
        marker_holds(text, environment),
    )
    if all(each is None for each in taken):
        raise _NothingReadError


def parsers() -> Mapping[str, Parser]:
    """Return every reader by its name."""
    return dict(_parsers())


def _parsers() -> Iterator[tuple[str, Parser]]:
    elf = Elf(
        needed=("libc.so.6",),
        sections={".nv_fatbin": fatbin_of("sm_80 compute_90")},
        versions={"libc.so.6": ("GLIBC_2.17",)},
    ).build()
    wheel = wheel_bytes(
        {"demo/__init__.py": b"", "demo/lib.so": elf},
        entry_points="[console_scripts]\nrun = demo:main\n",
    )
    specs = tuple(
        path.read_bytes() for path in sorted((ROOT / "images/data").glob("nexa_[hil]*.toml"))
    )
    yield "spec", Parser(read=_from_file("spec.toml", load_spec), seeds=(SPEC.encode(), *specs))
    yield "rules", Parser(read=_from_file("rules.toml", load_rules), seeds=(RULES.encode(),))
    yield "toml-lines", Parser(read=_lines, seeds=(SPEC.encode(),))
    yield "settings", Parser(read=_from_file("settings.toml", read_settings), seeds=(PYPROJECT,))
    yield "policy", Parser(read=_from_file("policy.toml", read_policy), seeds=(PYPROJECT,))
    yield "dockerfile", Parser(read=_from_file("Dockerfile", read_dockerfile), seeds=(DOCKERFILE,))
    yield (
        "gate-dockerfile",
        Parser(read=lambda raw: list(dockerfile_findings(raw, "Dockerfile")), seeds=(DOCKERFILE,)),
    )
    yield "draft-project", Parser(read=_from_file("p.toml", read_project), seeds=(PYPROJECT,))
    yield (
        "draft-requirements",
        Parser(read=_from_file("draft.txt", read_file), seeds=(REQUIREMENTS,)),
    )
    yield (
        "compile-requirements",
        Parser(
            read=_from_file("compile.txt", lambda path: read_inputs([str(path)])),
            seeds=(REQUIREMENTS,),
        ),
    )
    yield (
        "compile-pyproject",
        Parser(
            read=_from_file(
                "pyproject.toml",
                lambda path: read_pyproject(path, extras=["dev"], groups=["test"]),
            ),
            seeds=(PYPROJECT,),
        ),
    )
    yield "requirements", Parser(read=_source("requirements.txt"), seeds=(REQUIREMENTS,))
    yield "pylock", Parser(read=_source("pylock.toml"), seeds=(PYLOCK,))
    yield "uv-lock", Parser(read=_source("uv.lock"), seeds=(UV_LOCK,))
    yield "poetry-lock", Parser(read=_source("poetry.lock"), seeds=(POETRY_LOCK,))
    yield "conda", Parser(read=_source("environment.yml"), seeds=(CONDA,))
    yield (
        "gate-pylock",
        Parser(
            read=lambda raw: parse_lock(raw, "pylock.toml"),
            seeds=(PYLOCK,),
            refuses=(UnreadableLockError,),
        ),
    )
    for name, read in (
        ("gate.json", lambda folder: read_gated(str(folder))),
        ("explain.json", lambda path: read_explanation(path, remedy="solve")),
        ("pylock.toml", read_stored),
    ):
        yield (
            f"lock-set-{name}",
            Parser(read=_lock_set_with(name, read), seeds=(_lock_set()[name],)),
        )
    yield (
        "inspect-lock-set",
        Parser(
            read=_lock_set_with("pylock.toml", read_artifacts), seeds=(_lock_set()["pylock.toml"],)
        ),
    )
    for kind, body in (("html", PAGE_HTML), ("json", PAGE_JSON)):
        yield (
            f"page-{kind}",
            Parser(read=_page(f"application/vnd.pypi.simple.v1+{kind}"), seeds=(body,)),
        )
    refusal = (InvalidMetadataError,)
    yield "metadata", Parser(read=parse_metadata, seeds=(METADATA,), refuses=refusal)
    yield "pkg-info", Parser(read=parse_sdist_metadata, seeds=(METADATA,), refuses=refusal)
    yield "compiled-project", Parser(read=_compiled, seeds=(COMPILED,))
    yield (
        "compiled-listing",
        Parser(read=_listing, seeds=(b"a-1.whl\t5\t\t\nb-1.tar.gz\t\t?\thttps://x/b\t?",)),
    )
    yield (
        "wheel",
        Parser(read=lambda raw: read_wheel(io.BytesIO(raw), FILENAME, whole=True), seeds=(wheel,)),
    )
    yield (
        "elf",
        Parser(
            read=lambda raw: read_wheel(
                io.BytesIO(wheel_bytes({"demo/lib.so": raw})), FILENAME, whole=False
            ),
            seeds=(elf,),
        ),
    )
    yield "record", Parser(read=_record, seeds=(b'a/b.py,sha256=abc,5\n"q,",,\n',))
    yield (
        "entry-points",
        Parser(read=_scripts, seeds=(b"[console_scripts]\na-b = demo:main [x]\n",)),
    )
    yield (
        "architecture",
        Parser(
            read=lambda raw: parse_architecture(raw.decode(errors="replace")),
            seeds=(b"sm_90a", b"compute_120f"),
            refuses=(ValueError,),
        ),
    )
    yield (
        "validator-elf",
        Parser(
            read=_from_file("lib.so", lambda path: read_elf(path, "PyInit_x")),
            seeds=(elf,),
            refuses=(MalformedElfError, ForeignElfError),
        ),
    )
    yield (
        "validator-manifest",
        Parser(
            read=lambda raw: parse_manifest(raw, "manifest"),
            seeds=(_manifest(),),
            refuses=(InvalidInputError,),
        ),
    )
    yield (
        "validator-text",
        Parser(
            read=_validator_text,
            seeds=(b"1.0rc1+x\n>=1,<2", MARKER),
            refuses=(_NothingReadError,),
        ),
    )


def _manifest() -> bytes:
    import zipfile  # noqa: PLC0415 - only here

    with zipfile.ZipFile(io.BytesIO(_lock_set()["validate_dependencies"])) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".json"))
        return archive.read(name)
