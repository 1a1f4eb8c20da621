"""The default index, and how file locations are written relative to an index.

No host name is written down: the canonical addresses are pip's own constants.
"""

from __future__ import annotations

import json
import os
import re
import sys
from itertools import chain
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import pip
from pip._internal.models.index import PyPI

from depcheck.cache import remembered

DEFAULT = "default"
"""Location of the default index, whatever its address."""
_PLACES = ("HOME", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME")
"""Variables that say where pip's configuration is."""
_INDEX_OPTION = re.compile(rb"(?<!extra[-_])index[-_]url", re.IGNORECASE)
HASHED_PATH = re.compile(r"/(packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/[^/?#]+)$")


def canonical_default_index() -> str:
    """Return the Simple API root that pip uses when nothing is configured."""
    return f"{PyPI.simple_url}/"


def configured_default_index() -> str:
    """Return the Simple API root that the user's uv or pip would ask, ending in a slash."""
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if stated := os.environ.get(variable):
            return _root(_with_credentials(stated) if _is_named(stated) else stated)
    return _root(_stated_to_pip()) if _may_be_stated() else canonical_default_index()


def _stated_to_pip() -> str:
    from pip._internal.configuration import Configuration  # noqa: PLC0415 - takes 0.1 s
    from pip._internal.exceptions import ConfigurationError  # noqa: PLC0415

    configuration = Configuration(isolated=False)
    try:
        configuration.load()
        return str(configuration.get_value("global.index-url"))
    except ConfigurationError:  # pip's way to say that nothing is set
        return canonical_default_index()


def _may_be_stated() -> bool:
    """Tell whether some file of pip's configuration may name an index: it spares loading them.

    Only where the files are is remembered, nothing of what they say: credentials, for one.
    """
    if "PIP_CONFIG_FILE" in os.environ:
        return True
    places = {name: os.environ.get(name) for name in _PLACES}
    sources = (Path(pip.__file__), Path(__file__))
    what = json.dumps(["pip's configuration files", sys.prefix, places])
    return any(map(_names_an_index, map(Path, remembered(what, sources, _ask_pip))))


def _ask_pip() -> list[str]:
    from pip._internal.configuration import get_configuration_files  # noqa: PLC0415 - takes 0.1 s

    return list(chain.from_iterable(get_configuration_files().values()))


def _names_an_index(path: Path) -> bool:
    try:
        return _INDEX_OPTION.search(path.read_bytes()) is not None
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _is_named(stated: str) -> bool:
    """Tell uv's ``name=url`` from a URL."""
    name, separator, _ = stated.partition("=")
    return bool(separator) and "/" not in name


def _with_credentials(stated: str) -> str:
    """Return the URL of uv's ``name=url``, with what its variables for that name say."""
    name, _, url = stated.partition("=")
    prefix = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', name.upper())}"
    user = os.environ.get(f"{prefix}_USERNAME")
    if user is None or "@" in urlsplit(url).netloc:
        return url
    pair = f"{quote(user, safe='')}:{quote(os.environ.get(f'{prefix}_PASSWORD', ''), safe='')}"
    return url.replace("://", f"://{pair}@", 1)


def _root(url: str) -> str:
    return url.rstrip("/") + "/"


def relative_location(url: str, index: str) -> str:
    """Return a file's location as it is stored: independent of the host where that is possible.

    Credentials are no part of it.

    Args:
        url: Absolute URL of the file.
        index: Location of the index, ``default`` or its URL.
    """
    parts = urlsplit(url)
    parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    bare = urlunsplit(parts)
    if index == DEFAULT:
        match = HASHED_PATH.search(parts.path)
        return match[1] if match else bare
    root = urlsplit(index)
    host = root.netloc.rpartition("@")[2]
    return parts.path if (parts.scheme, parts.netloc) == (root.scheme, host) else bare


def absolute_url(location: str, index: str) -> str:
    """Return the URL of a stored location; the reverse of `relative_location`."""
    storage = f"https://{PyPI.file_storage_domain}/"
    if index == DEFAULT and HASHED_PATH.match(f"/{location}"):  # nearly all: nothing to work out
        return storage + location
    if urlsplit(location).scheme:
        return location
    return urljoin(storage if index == DEFAULT else index, location)
