"""Parsers of values that only image specs have; each raises ``BadValueError`` with the remedy."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone

from depcheck.tomlfile import BadValueError, did_you_mean, kind_of
from depcheck.tomlvalues import address, text

PRERELEASE_WORDS = ("allow", "disallow", "explicit", "if-necessary")
_UNITS = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_SIZE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>[A-Za-z]+)")
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


def image_name(value: object) -> str:
    """Return the name of an image, a variant, an index or a stage."""
    name = text(value)
    if not _NAME.fullmatch(name):
        raise BadValueError(
            f"`{name}` is not a name", "lower-case letters and digits, joined by `_`, `-` or `.`"
        )
    return name


def python_version(value: object) -> str:
    """Return ``3.11`` or ``3.11.9``."""
    found = text(value)
    if not re.fullmatch(r"3\.[0-9]+(?:\.[0-9]+)?", found):
        raise BadValueError(
            f"`{found}` is not a Python version", "write it like `3.11` or `3.11.9`"
        )
    return found


def platform_tag(value: object) -> str:
    """Return a platform tag that says the newest glibc."""
    found = text(value)
    if not re.fullmatch(r"manylinux_2_[0-9]+_(?:x86_64|aarch64)", found):
        raise BadValueError(
            f"`{found}` is not a platform tag that depcheck solves for",
            "write it like `manylinux_2_35_x86_64`: `ldd --version` in the base image says 2.35",
        )
    return found


def capability(value: object) -> tuple[int, int]:
    """Return a compute capability as (major, minor)."""
    found = text(value)
    if not re.fullmatch(r"[1-9][0-9]?\.[0-9]", found):
        raise BadValueError(
            f"`{found}` is not a compute capability", "write sm_89 as `8.9`: major, dot, minor"
        )
    major, minor = found.split(".")
    return int(major), int(minor)


def size(value: object) -> int:
    """Return a size in bytes; ``GB`` counts in thousands, ``GiB`` in powers of two."""
    found = text(value)
    match = _SIZE.fullmatch(found)
    if match is None or match["unit"] not in _UNITS:
        raise BadValueError(f"`{found}` is not a size", "write it like `14 GB` or `12.5 GiB`")
    whole, _, part = match["number"].partition(".")
    amount = int(whole + part) * _UNITS[match["unit"]] // int(10 ** len(part))
    if amount == 0:
        raise BadValueError(f"`{found}` leaves no room", "write it like `14 GB` or `12.5 GiB`")
    return amount


def as_of(value: object) -> datetime:
    """Return the first instant (UTC) that is too late: a date counts with its whole day."""
    try:
        return _instant(value)
    except OverflowError as error:
        raise BadValueError(f"`{value}` is not in the range of dates") from error


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadValueError(
                f"`{value.isoformat()}` has no offset from UTC", "end it with `Z` or an offset"
            )
        return value.astimezone(timezone.utc)
    if isinstance(value, date):
        return datetime.combine(value, time(), timezone.utc) + timedelta(days=1)
    raise BadValueError(
        f"must be a date, not {kind_of(value)}", "write it without quotes, like `2024-11-25`"
    )


def absolute_path(value: object) -> str:
    """Return a path inside the image that starts at its root, without a slash at its end."""
    found = text(value)
    if not found.startswith("/") or not found.isprintable():
        raise BadValueError(
            f"`{found}` is not a path inside the image",
            "write it like `/usr/local/lib/python3.11/dist-packages`",
        )
    return found.rstrip("/") or "/"


def index_url(value: object) -> str:
    """Return the address of a Simple API root, without a slash at its end."""
    found = text(value)
    parts = address(found)
    known = parts.scheme in {"https", "http", "file"} and (parts.netloc or parts.path)
    if not known or not found.isprintable() or " " in found:
        raise BadValueError(
            f"`{found}` is not the address of an index",
            "write it like `https://download.pytorch.org/whl/cu121`",
        )
    return found.rstrip("/")


def folder(value: object) -> str:
    """Return the absolute path of a folder inside the image."""
    found = text(value)
    if not found.startswith("/") or not found.isprintable():
        raise BadValueError(
            f"`{found}` is not an absolute path", "write it as it is inside the image: `/opt/app`"
        )
    return found


def prerelease_word(value: object) -> str:
    """Return one of ``PRERELEASE_WORDS``."""
    found = text(value)
    if found not in PRERELEASE_WORDS:
        remedy = did_you_mean(found, PRERELEASE_WORDS)
        known = ", ".join(f"`{word}`" for word in PRERELEASE_WORDS)
        raise BadValueError(f"`{found}` is not a pre-release policy", remedy or f"one of {known}")
    return found
