"""Who we are to which host: user names and passwords from URLs, ``.netrc`` and ``keyring``.

Credentials belong to one origin (scheme, host and port) and are sent nowhere else. A URL that was
learned goes on without them, so that nothing that is shown or kept can hold them.
"""

from __future__ import annotations

import os
import threading
from typing import TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

Pair: TypeAlias = tuple[str, str]
_KEYRING_SECONDS = 20


class Credentials:
    """User name and password by origin; each is looked for once."""

    def __init__(self) -> None:
        self._by_origin: dict[str, Pair | None] = {}
        self._turn = threading.Lock()

    def learn(self, url: str) -> str:
        """Keep the credentials in a URL for its origin, and return the URL without them."""
        if "@" not in url:
            return url
        parts = urlsplit(url)
        bare = redacted(url)
        if parts.username is None:
            return bare
        user, password = unquote(parts.username), parts.password
        with self._turn:
            origin = _origin(bare)
            if password is not None:
                self._by_origin[origin] = (user, unquote(password))
            elif origin not in self._by_origin:
                found = _from_keyring(origin, user)
                self._by_origin[origin] = (user, "" if found is None else found)
        return bare

    def of(self, url: str) -> Pair | None:
        """Return what to send with a request, None for nothing."""
        origin = _origin(url)
        with self._turn:
            if origin not in self._by_origin:
                self._by_origin[origin] = _from_netrc(url)
            return self._by_origin[origin]


def redacted(url: str) -> str:
    """Return a URL as it may be shown and kept: without user name and password."""
    if "@" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}".lower()


def _from_netrc(url: str) -> Pair | None:
    stated = os.environ.get("NETRC")
    places = [stated] if stated else ["~/.netrc", "~/_netrc"]
    # Unlike pathlib, this raises nothing for a user without a home.
    if not any(os.path.exists(os.path.expanduser(each)) for each in places):  # noqa: PTH110, PTH111
        return None
    from requests.utils import get_netrc_auth  # noqa: PLC0415 - slow to import

    return get_netrc_auth(url)


def _from_keyring(origin: str, user: str) -> str | None:
    """Return the password that the ``keyring`` program has for a user, None without either."""
    import shutil  # noqa: PLC0415 - few have user names without passwords
    import subprocess  # noqa: PLC0415

    program = shutil.which("keyring")
    if program is None:
        return None
    try:
        ran = subprocess.run(
            [program, "get", origin, user],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_KEYRING_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.strip("\r\n") if ran.returncode == 0 and ran.stdout.strip() else None
