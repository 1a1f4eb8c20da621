"""Project pages in HTML (PEP 503)."""

from __future__ import annotations

from email.message import Message

from bs4 import ParserRejectedMarkup
from pypi_simple import DistributionPackage, ProjectPage, UnsupportedRepoVersionError

from depcheck.index.live.credentials import redacted
from depcheck.index.live.listing import Link

_MOST_OPEN_TAGS = 20


def html_links(body: bytes, url: str, content_type: str, name: str) -> list[Link]:
    """Return the files of a page in HTML.

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
    return [_link(each) for each in named]


def _link(package: DistributionPackage) -> Link:
    core: dict[str, str] | bool | None = package.has_metadata
    return Link(
        redacted(package.url),
        {key.lower(): value for key, value in package.digests.items()},
        package.requires_python,
        package.is_yanked,
        core_metadata=package.metadata_digests or core,
    )
