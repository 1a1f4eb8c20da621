"""Project pages in HTML (PEP 503)."""

from __future__ import annotations

from email.message import Message
from typing import Any

from bs4 import ParserRejectedMarkup
from pypi_simple import DistributionPackage, ProjectPage, UnsupportedRepoVersionError

_MOST_OPEN_TAGS = 20


def html_files(body: bytes, url: str, content_type: str, name: str) -> list[dict[str, Any]]:
    """Return the files of a page in HTML, as PEP 691 has them.

    Raises:
        ValueError: it is no project page.
    """
    if any(each.count(b"<") > _MOST_OPEN_TAGS for each in body.split(b">")):
        raise ValueError("its tags do not end")  # the parser would read again from each
    stated = Message()
    stated["Content-Type"] = content_type
    try:
        page = ProjectPage.from_html(name, body, url, stated.get_content_charset())
    except UnsupportedRepoVersionError as error:
        raise ValueError("its Simple API version is not known") from error
    except ParserRejectedMarkup as error:
        raise ValueError("it is no HTML") from error
    named = [each for each in page.packages if each.filename]
    if not any(each.project for each in named) and b"links for " not in body.lower():
        raise ValueError("it lists no distribution")
    return [_file(each) for each in named]


def _file(package: DistributionPackage) -> dict[str, Any]:
    return {
        "filename": package.filename,
        "url": package.url,
        "hashes": {key.lower(): value for key, value in package.digests.items()},
        "requires-python": package.requires_python,
        "yanked": package.is_yanked,
        "core-metadata": package.metadata_digests or package.has_metadata,
    }
