"""Read a ``pylock.toml`` as it stands, with the line of every pin."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from packaging.pylock import Pylock, PylockValidationError

from depcheck.frozen import frozen
from depcheck.gate.finding import Location
from depcheck.gate.lines import pin_lines
from depcheck.images.model import StageHint
from depcheck.limits import objection

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnreadableLockError(ValueError):
    """The text is no lock; the message says why."""


@frozen
class LockedPin:
    """One package of the lock, as it is stated there."""

    name: str
    version: str
    index: str | None
    """Root of the index's Simple API; None for a direct reference."""
    filename: str | None
    """None for a direct reference."""
    url: str | None
    sha256: str | None
    size: int | None
    location: Location

    @property
    def is_direct(self) -> bool:
        """Whether it comes from a URL instead of an index."""
        return self.filename is None

    def __str__(self) -> str:
        """``name==version``."""
        return f"{self.name}=={self.version}"


@frozen
class Lock:
    """One lock, as it is stated."""

    text: str
    document: Mapping[str, Any]
    pins: Mapping[str, LockedPin]
    file: str

    @property
    def tool(self) -> Mapping[str, Any]:
        """What depcheck itself wrote into it, empty where somebody took it out."""
        tool = self.document.get("tool")
        found = tool.get("depcheck") if isinstance(tool, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def shared(self) -> tuple[StageHint, ...]:
        """Its shared stages; one of another form than ours holds nothing, which no plan takes."""
        stated = self.tool.get("shared-stages", [])
        tables = stated if isinstance(stated, list) else [stated]
        return tuple(_hint(each if isinstance(each, dict) else {}) for each in tables)


def parse_lock(raw: bytes, file: str) -> Lock:
    """Return the lock that the bytes of a file state.

    Raises:
        UnreadableLockError: it is no TOML, breaks PEP 751, or is not of the kind that depcheck
            writes (one file per package, each package once).
    """
    if why := objection(raw):
        raise UnreadableLockError(why)
    try:
        text = raw.decode()
        document = tomllib.loads(text)
        Pylock.from_dict(document)
    except (ValueError, RecursionError, PylockValidationError) as error:
        raise UnreadableLockError(str(error)) from error
    lines = pin_lines(text)
    pins: dict[str, LockedPin] = {}
    for package in document["packages"]:
        pin = _pin(package, Location(file=file, line=lines.get(package["name"])))
        if pin.name in pins:
            raise UnreadableLockError(f"`{pin.name}` is pinned twice")
        pins[pin.name] = pin
    return Lock(text=text, document=document, pins=pins, file=file)


def _hint(table: Mapping[str, Any]) -> StageHint:
    names = table.get("packages")
    return StageHint(
        name=str(table.get("name")),
        packages=tuple(map(str, names)) if isinstance(names, list) else (),
    )


def _pin(package: Mapping[str, Any], location: Location) -> LockedPin:
    name = package["name"]
    if "version" not in package:
        raise UnreadableLockError(f"`{name}` has no version")
    direct = package.get("archive") or package.get("vcs") or {}
    wheels = package.get("wheels", [])
    if len(wheels) + ("sdist" in package) + bool(direct) != 1:
        raise UnreadableLockError(f"`{name}` must have exactly one file")
    file = wheels[0] if wheels else package.get("sdist", direct)
    url = file.get("url")
    return LockedPin(
        name=name,
        version=package["version"],
        index=package.get("index"),
        filename=None if direct else file.get("name") or (url or "").rpartition("/")[2],
        url=url,
        sha256=file.get("hashes", {}).get("sha256"),
        size=file.get("size"),
        location=location,
    )
