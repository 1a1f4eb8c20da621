"""What mkdocs must know of this repository: its start page, and where links that leave docs/ lead.

The documents are written to be read in the repository. On the site README, CONTRIBUTING and
CHANGELOG are pages as well, and other files that a page links to are copied below ``source/``.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_ROOT = Path(__file__).resolve().parent.parent
_PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "examples/README.md": "examples.md",
}
"""Pages that lie outside of docs/, by their paths in the repository."""
_LINK = re.compile(r"(!?\[(?:[^\]\\]|\\.)*\])\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put pages that the menu does not name at the end of its explanations."""
    named = yaml.dump(config.nav)
    rest = [path.name for path in sorted((_ROOT / "docs").glob("*.md")) if path.name not in named]
    for section in config.nav or ():
        section.get("Explanation", []).extend(rest)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside, and every file that a page links to."""
    for path, page in _PAGES.items():
        if (_ROOT / path).exists():
            text = (_ROOT / path).read_text(encoding="utf-8")
            files.append(File.generated(config, page, content=text))
    linked = {
        target
        for page in files.documentation_pages()
        for match in _LINK.finditer(page.content_string)
        if (target := _repository_path(page.src_uri, match[2])) and _is_source(target)
    }
    for target in sorted(linked):
        source = str(_ROOT / target)
        files.append(File.generated(config, f"source/{target}", abs_src_path=source))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the links of a page to where their targets are on the site."""
    del config, files
    parts, end = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [_with_links(markdown[end : fence.start()], page.file.src_uri), fence[0]]
        end = fence.end()
    return "".join([*parts, _with_links(markdown[end:], page.file.src_uri)])


def _with_links(text: str, page: str) -> str:
    return _LINK.sub(lambda match: _link(match, page), text)


def _link(match: re.Match[str], page: str) -> str:
    target = _repository_path(page, match[2])
    if (_ROOT / target).is_dir():
        return match[1].strip("[]")  # a folder is nothing that a browser can show
    place = _PAGES.get(target) or (
        f"source/{target}" if _is_source(target) else target.removeprefix("docs/")
    )
    relative = posixpath.relpath(place, posixpath.dirname(page) or ".")
    return f"{match[1]}({relative}{match[3] or ''})"


def _repository_path(page: str, link: str) -> str:
    """Return the path in the repository to which a link of a page leads."""
    outside = {there: path for path, there in _PAGES.items()}
    return posixpath.normpath(
        posixpath.join(posixpath.dirname(outside.get(page, f"docs/{page}")), link)
    )


def _is_source(target: str) -> bool:
    return not target.startswith("docs/") and target not in _PAGES and (_ROOT / target).is_file()
