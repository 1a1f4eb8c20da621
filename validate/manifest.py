"""What the lock promises, read from the manifest that the lock set carries."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, TypeVar

from depcheck.validate.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
"""Raised by every change that an older validator would misread."""
MEMBER = "manifest.json"
"""Name of the manifest inside the packed file."""
PACKED = "validate_dependencies"
"""Name of the packed file inside a lock set."""
_AGAIN = "solve the image again with `depcheck solve`"

T = TypeVar("T")


@dataclass(frozen=True)
class Pin:
    """One distribution that must be installed."""

    name: str
    version: str
    stage: str
    extras: tuple[str, ...]
    source: str
    """Commit or hash of the direct reference; empty for a file of an index."""
    url: str
    """Where the archive of a direct reference is; empty for others."""
    recorded: bool
    """Its metadata was recorded, not read from the wheel that is installed."""


@dataclass(frozen=True)
class Stage:
    """A group of pins installed by one command."""

    name: str
    builds: bool


@dataclass(frozen=True)
class Waiver:
    """One published requirement that need not hold."""

    package: str
    requirement: str
    replacement: str | None
    rule: str


@dataclass(frozen=True)
class StderrSign:
    """Text on stderr that means an import failed although it ended well."""

    text: str
    meaning: str
    remedy: str


@dataclass(frozen=True)
class OptionalFiles:
    """Extension modules that may lack a library, since their package does without them."""

    pattern: str
    """Shell pattern of the path as RECORD states it."""
    reason: str


@dataclass(frozen=True)
class Cuda:
    """What the pins need of the NVIDIA driver."""

    version: str
    """CUDA version that they were built with: ``12.1``."""
    minimum_driver: str
    """Oldest driver that runs anything of this CUDA major version."""
    toolkit_driver: str
    """Driver from which on everything works, PTX included."""


@dataclass(frozen=True)
class Manifest:
    """The promise of one lock set."""

    image: str
    variant: str
    input_digest: str
    python: str
    platform: str
    capabilities: tuple[str, ...]
    pins: tuple[Pin, ...]
    stages: tuple[Stage, ...]
    waivers: tuple[Waiver, ...]
    env: Mapping[str, str]
    """Variables that the image must set."""
    tolerated: tuple[str, ...]
    """Distributions that may be there although the lock does not hold them."""
    self_contained: bool
    imports: tuple[str, ...]
    import_env: Mapping[str, str]
    stderr_signs: tuple[StderrSign, ...]
    optional_files: tuple[OptionalFiles, ...]
    scripts: tuple[str, ...]
    """Folders whose scripts must be runnable."""
    cuda: Cuda | None
    accelerated: bool | None
    """Whether torch is a CUDA build; None without torch or where that is not known."""
    gpu_memory: int | None
    """Bytes that some GPU must have."""
    driver_libraries: tuple[str, ...]
    """Shared libraries that come with the NVIDIA driver and never with a package."""
    onnxruntime_provider: str
    """Provider that onnxruntime must really use; empty without onnxruntime."""

    @property
    def needs_gpu(self) -> bool:
        """Whether some pin computes on a GPU."""
        return self.cuda is not None


def read_manifest(place: Path) -> Manifest:
    """Read a manifest: a JSON file, a packed validator, or the lock set folder that holds one.

    Raises:
        InvalidInputError: there is none, or it is damaged or of another format.
    """
    path = place / PACKED if os.path.isdir(place) else place  # noqa: PTH112  # never raises
    try:
        raw = _member(path) if zipfile.is_zipfile(path) else path.read_bytes()
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise InvalidInputError(
            "manifest-unreadable",
            f"`{path}` holds no manifest that can be read: {_reason(error)}",
            "name the folder of a lock set, its `validate_dependencies` or a manifest by "
            "`--manifest`",
        ) from error
    return parse_manifest(raw, str(path))


def _member(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(MEMBER)


def _reason(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error).strip("'\"")
    return reason[:1].lower() + reason[1:]


def parse_manifest(raw: bytes, place: str) -> Manifest:
    """Return the manifest in some bytes; ``place`` names them in messages.

    Raises:
        InvalidInputError: the bytes are no manifest of this format.
    """
    try:
        content = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(
            "manifest-damaged",
            f"the manifest of `{place}` is cut short or damaged: {error}",
            _AGAIN,
        ) from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT or isinstance(found, bool):
        raise InvalidInputError(
            "manifest-format",
            f"the manifest of `{place}` has format {found!r}, this validator reads {FORMAT}",
            f"use the validator that came with the lock set, or {_AGAIN}",
        )
    try:
        return _manifest(_Object(content, ""))
    except _WrongValueError as error:
        raise InvalidInputError(
            "manifest-damaged", f"the manifest of `{place}` is damaged: {error}", _AGAIN
        ) from error


class _WrongValueError(ValueError):
    pass


class _Object:
    """A JSON object whose members are taken with their types."""

    def __init__(self, content: object, where: str) -> None:
        if not isinstance(content, dict):
            raise _WrongValueError(f"`{where}` is no object")
        self._content: dict[str, Any] = content
        self._where = where

    def take(self, name: str, kind: tuple[type, ...]) -> Any:
        """Return a member of one of some types."""
        place = f"{self._where}.{name}" if self._where else name
        if name not in self._content:
            raise _WrongValueError(f"`{place}` is missing")
        value = self._content[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
            raise _WrongValueError(f"`{place}` has a wrong type")
        return value

    def text(self, name: str) -> str:
        return str(self.take(name, (str,)))

    def flag(self, name: str) -> bool:
        return bool(self.take(name, (bool,)))

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.take(name, (list,))
        if not all(isinstance(each, str) for each in found):
            raise _WrongValueError(f"`{name}` holds something else than text")
        return tuple(found)

    def mapping(self, name: str) -> dict[str, str]:
        found = self.take(name, (dict,))
        if not all(isinstance(each, str) for each in found.values()):
            raise _WrongValueError(f"`{name}` holds something else than text")
        return dict(found)

    def objects(self, name: str) -> list[_Object]:
        return [_Object(each, f"{name}[{place}]") for place, each in enumerate(self._list(name))]

    def object(self, name: str) -> _Object | None:
        found = self.take(name, (dict, type(None)))
        return None if found is None else _Object(found, name)

    def _list(self, name: str) -> list[Any]:
        return list(self.take(name, (list,)))


def _manifest(top: _Object) -> Manifest:
    return Manifest(
        image=top.text("image"),
        variant=top.text("variant"),
        input_digest=top.text("input-digest"),
        python=top.text("python"),
        platform=top.text("platform"),
        capabilities=top.texts("compute-capabilities"),
        pins=tuple(_pin(each) for each in top.objects("pins")),
        stages=tuple(
            Stage(name=each.text("name"), builds=each.flag("builds"))
            for each in top.objects("stages")
        ),
        waivers=tuple(_waiver(each) for each in top.objects("waivers")),
        env=top.mapping("env"),
        tolerated=top.texts("tolerated"),
        self_contained=top.flag("self-contained"),
        imports=top.texts("imports"),
        import_env=top.mapping("import-env"),
        stderr_signs=tuple(
            StderrSign(each.text("text"), each.text("meaning"), each.text("remedy"))
            for each in top.objects("stderr-signs")
        ),
        optional_files=tuple(
            OptionalFiles(each.text("pattern"), each.text("reason"))
            for each in top.objects("optional-files")
        ),
        scripts=top.texts("scripts"),
        cuda=_cuda(top.object("cuda")),
        accelerated=top.take("accelerated", (bool, type(None))),
        gpu_memory=top.take("gpu-memory", (int, type(None))),
        driver_libraries=top.texts("driver-libraries"),
        onnxruntime_provider=top.text("onnxruntime-provider"),
    )


def _pin(entry: _Object) -> Pin:
    return Pin(
        name=entry.text("name"),
        version=entry.text("version"),
        stage=entry.text("stage"),
        extras=entry.texts("extras"),
        source=entry.text("source"),
        url=entry.text("url"),
        recorded=entry.flag("recorded"),
    )


def _waiver(entry: _Object) -> Waiver:
    return Waiver(
        package=entry.text("package"),
        requirement=entry.text("requirement"),
        replacement=entry.take("replacement", (str, type(None))),
        rule=entry.text("rule"),
    )


def _cuda(entry: _Object | None) -> Cuda | None:
    if entry is None:
        return None
    return Cuda(
        version=entry.text("version"),
        minimum_driver=entry.text("minimum-driver"),
        toolkit_driver=entry.text("toolkit-driver"),
    )
