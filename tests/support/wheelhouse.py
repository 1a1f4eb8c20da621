"""Tiny real wheels and sdists, and a loopback index that serves them."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_MOMENT = (2024, 1, 1, 0, 0, 0)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def metadata_text(name: str, version: str, requires: Sequence[str] = ()) -> str:
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {requirement}" for requirement in requires), ""])


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
    files: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write a wheel with one module (named like the package) and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    texts: dict[str, str | bytes] = {
        **(files or {f"{module}.py": f"__version__ = {version!r}\n"}),
        f"{info}/METADATA": metadata_text(name, version, requires),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    contents = {k: text.encode() if isinstance(text, str) else text for k, text in texts.items()}
    lines = [f"{path},sha256={_record_hash(raw)},{len(raw)}\n" for path, raw in contents.items()]
    record = "".join([*lines, f"{info}/RECORD,,\n"]).encode()
    path = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, raw in {**contents, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(member, _MOMENT), raw)
    return path


def _record_hash(content: bytes) -> str:
    """Return a hash as RECORD spells it."""
    digest = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


BACKEND = '''\
"""A PEP 517 back end that needs nothing but an earlier stage (and the environment it names)."""
import os, zipfile
{preamble}
NAME, VERSION = {name!r}, {version!r}

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = f"{{NAME}}-{{VERSION}}.dist-info"
    files = {{
        f"{{NAME}}.py": f"BUILT_WITH = {{BUILT_WITH!r}}\\n",
        f"{{info}}/METADATA": f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n",
        f"{{info}}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    record = "".join(f"{{path}},,\\n" for path in [*files, f"{{info}}/RECORD"])
    filename = f"{{NAME}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
        for path, text in {{**files, f"{{info}}/RECORD": record}}.items():
            archive.writestr(path, text)
    return filename
'''


def backend_source(name: str, version: str, *, preamble: str = "BUILT_WITH = None") -> str:
    """Return an in-tree build back end; its preamble runs first and sets ``BUILT_WITH``."""
    return BACKEND.format(name=name.replace("-", "_"), version=version, preamble=preamble)


def sdist_files(
    name: str,
    version: str,
    *,
    preamble: str,
    build_requires: Sequence[str] = (),
    requires: Sequence[str] = (),
) -> dict[str, str]:
    """Return the source tree of a package that builds itself."""
    wanted = ", ".join(f'"{requirement}"' for requirement in build_requires)
    return {
        "PKG-INFO": metadata_text(name, version, requires),
        "backend.py": backend_source(name, version, preamble=preamble),
        "pyproject.toml": (
            f'[build-system]\nrequires = [{wanted}]\nbuild-backend = "backend"\n'
            'backend-path = ["."]\n'
        ),
    }


def make_sdist(
    folder: Path,
    name: str,
    version: str,
    *,
    preamble: str = "BUILT_WITH = None",
    build_requires: Sequence[str] = (),
    requires: Sequence[str] = (),
) -> Path:
    """Write an sdist that builds itself without the network, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}.tar.gz"
    files = sdist_files(
        name, version, preamble=preamble, build_requires=build_requires, requires=requires
    )
    with tarfile.open(path, "w:gz") as archive:
        for member, text in files.items():
            entry = tarfile.TarInfo(f"{stem}/{member}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def _project(filename: str) -> str:
    stem = filename.partition("-")[0] if filename.endswith(".whl") else filename.rpartition("-")[0]
    return re.sub(r"[-_.]+", "-", stem).lower()


def _page(files: Sequence[Path]) -> str:
    """Return a project page (PEP 503) with hashes and metadata files (PEP 658)."""
    links = []
    for path in files:
        url = f"../../files/{quote(path.name)}#sha256={sha256(path)}"
        core = f' data-core-metadata="sha256={_metadata_hash(path)}"' if _is_wheel(path) else ""
        links.append(f'<a href="{html.escape(url)}"{core}>{html.escape(path.name)}</a><br>')
    return "<!DOCTYPE html><html><body>\n" + "\n".join(links) + "\n</body></html>\n"


def _is_wheel(path: Path) -> bool:
    return path.suffix == ".whl"


def _metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(member)


def _metadata_hash(wheel: Path) -> str:
    return hashlib.sha256(_metadata(wheel)).hexdigest()


class Wheelhouse:
    """Serves folders of distributions: ``<url>/<name>/simple/`` for each folder by name."""

    def __init__(self, folders: Mapping[str, Path], url: str) -> None:
        self.folders = folders
        self.url = url
        self.requests: list[str] = []
        """Paths asked for, in order."""

    def index_url(self, name: str) -> str:
        return f"{self.url}/{name}/simple/"

    def file_url(self, name: str, filename: str) -> str:
        return f"{self.url}/{name}/files/{quote(filename)}"

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Return content type and body of a path, None where there is nothing."""
        match = re.fullmatch(r"/([^/]+)/(simple|files)/([^/]+)/?", unquote(path))
        if match is None or match[1] not in self.folders:
            return None
        folder, wanted = self.folders[match[1]], match[3]
        if match[2] == "simple":
            files = [file for file in sorted(folder.iterdir()) if _project(file.name) == wanted]
            return ("text/html; charset=utf-8", _page(files).encode()) if files else None
        file = folder / wanted
        if file.exists():
            return "application/octet-stream", file.read_bytes()
        wheel = folder / wanted.removesuffix(".metadata")
        return ("application/octet-stream", _metadata(wheel)) if wheel.exists() else None


@contextmanager
def serve(folders: Mapping[str, Path]) -> Iterator[Wheelhouse]:
    """Serve folders on a free loopback port until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    house = Wheelhouse(folders, f"http://127.0.0.1:{server.server_address[1]}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            house.requests.append(self.path)
            found = house.answer(self.path.partition("?")[0])
            kind, body = found or ("text/plain", b"not found\n")
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  # uv asks so for what a URL names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # inherited name
            """Keep the test output clean."""

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield house
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
