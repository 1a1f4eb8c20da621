"""From the options of ``compile`` to a problem and the indexes to solve it against."""

from __future__ import annotations

import platform
import re
import sys
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import canonicalize_name

from depcheck.commands.index_choice import chosen_snapshot
from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.images.model import IndexSpec, Target, ValidateSpec, Variant
from depcheck.images.values import (
    as_of,
    image_name,
    index_url,
    platform_tag,
    prerelease_word,
    python_version,
)
from depcheck.paths import is_folder
from depcheck.resolver.problem import DEFAULT_INDEX, bare_problem
from depcheck.resolver.target import TargetEnvironment
from depcheck.settings import RuleSet, chosen_rules
from depcheck.sources.inputs import (
    DEPENDENCY_CONFUSION,
    PINNED_TO_INDEX,
    FormatWords,
    read_inputs,
)
from depcheck.tomlfile import BadValueError
from depcheck.tomlvalues import package_name

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from depcheck.images.model import RecordedMetadata
    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.problem import Problem
    from depcheck.sources.inputs import Inputs

T = TypeVar("T")
_LEGACY = {"manylinux2014": "manylinux_2_17", "manylinux2010": "manylinux_2_12"}


@frozen
class Request:
    """What one call of ``compile`` asks for."""

    problem: Problem
    indexes: Callable[[str], PackageIndex]
    inputs: Inputs
    warnings: tuple[str, ...]


def read_request(options: Namespace) -> Request:
    """Return what the options and the files that they name ask for.

    Raises:
        InputError: an option or a file is wrong, or asks for what cannot be locked.
    """
    if options.extra_index_url:
        raise InputError(
            "extra-index-url",
            f"`--extra-index-url` {DEPENDENCY_CONFUSION}",
            hint=PINNED_TO_INDEX,
        )
    target = _target(options)
    formats = FormatWords()
    inputs = _inputs(options, formats)
    requirements = inputs.requirements
    metadata: tuple[RecordedMetadata, ...] = ()
    if any(each.requirement.url for each in requirements):
        from depcheck.sources.wheel_urls import describe_wheels  # noqa: PLC0415 - needs HTTP

        requirements, metadata = describe_wheels(requirements, TargetEnvironment(target))
    places = _Places(options, inputs)
    variant = Variant(
        name=_parsed("--variant", image_name, options.variant) if options.variant else "",
        as_of=places.as_of,
        requirements=requirements,
        constraints=inputs.constraints,
        overrides=inputs.overrides,
        metadata=metadata,
        indexes=places.explicit,
        prerelease=_prerelease(options, inputs),
        formats=formats.formats(),
        env={},
        target=target,
        validate=ValidateSpec(env={}),
    )
    rules = RuleSet(rules=()) if options.no_rules else chosen_rules(options)
    label = ", ".join(options.files)
    return Request(
        problem=bare_problem(label, variant, rules.rules, rules.switched_off),
        indexes=places.look_up,
        inputs=inputs,
        warnings=tuple(_python_warnings(inputs, target)),
    )


def _inputs(options: Namespace, formats: FormatWords) -> Inputs:
    inputs = read_inputs(
        options.files,
        constraints=options.constraint,
        overrides=options.override,
        extras=options.extra,
        groups=options.group,
        formats=formats,
    )
    for option in ("no_binary", "only_binary"):
        for value in getattr(options, option):
            formats.take(option, value)
    return inputs


def _parsed(option: str, parse: Callable[[object], T], value: object) -> T:
    try:
        return parse(value)
    except BadValueError as error:
        raise InputError("usage", f"{option}: {error.message}", hint=error.remedy) from error


def _target(options: Namespace) -> Target:
    return Target(
        python=_parsed(
            "--python-version", python_version, options.python_version or platform.python_version()
        ),
        platform=_parsed("--platform", platform_tag, _platform(options.platform)),
    )


def _platform(stated: str | None) -> str:
    """Return a platform tag by its newest name, this machine's where none is stated.

    Raises:
        InputError: none is stated, and this machine is none that locks are made for.
    """
    if stated is not None:
        legacy, _, machine = stated.partition("_")
        return f"{_LEGACY[legacy]}_{machine}" if legacy in _LEGACY else stated
    library, version = platform.libc_ver()
    if sys.platform != "linux" or library != "glibc":
        raise InputError(
            "usage",
            "this machine has no glibc, so the platform must be named",
            hint="give it: `--platform manylinux_2_35_x86_64` for Ubuntu 22.04",
        )
    return f"manylinux_{version.replace('.', '_')}_{platform.machine()}"


def _prerelease(options: Namespace, inputs: Inputs) -> str:
    if options.prerelease:
        return _parsed("--prerelease", prerelease_word, options.prerelease)
    return "allow" if inputs.prereleases else "if-necessary"


def _python_warnings(inputs: Inputs, target: Target) -> list[str]:
    environment = TargetEnvironment(target)
    return [
        f"{origin} = `{specifier}` leaves out Python {target.python}, which is locked for"
        for specifier, origin in inputs.requires_python
        if not environment.accepts_python(specifier)
    ]


class _Places:
    """Where packages come from, and up to which moment."""

    def __init__(self, options: Namespace, inputs: Inputs) -> None:
        stated = options.index_url or inputs.index_url
        url = _parsed("--index-url", _address, stated) if stated else DEFAULT_INDEX
        self._default = _without_credentials(url)
        self._roots = {self._default: url} if self._default != url else {}
        pinned = tuple(self._explicit(each) for each in options.package_index)
        self.explicit = (*pinned, *_linked((*options.find_links, *inputs.find_links), pinned))
        self.as_of = _parsed("--as-of", _moment, options.as_of) if options.as_of else None
        self._quiet = bool(options.quiet)
        self._to_hash = [
            _parsed("--hash-by-download", package_name, each) for each in options.hash_by_download
        ]
        self._look_up = self._indexes(options.snapshot)

    def look_up(self, location: str) -> PackageIndex:
        """Return an index by its location; the default one may have been replaced."""
        return self._look_up(self._default if location == DEFAULT_INDEX else location)

    def _indexes(self, snapshot: str | None) -> Callable[[str], PackageIndex]:
        if snapshot is None:
            from depcheck.index.live.live_index import live_indexes  # noqa: PLC0415 - needs HTTP
            from depcheck.waiting import Waiting  # noqa: PLC0415

            return live_indexes(
                roots=self._roots,
                waiting=None if self._quiet else Waiting(),
                to_hash=self._to_hash,
            )
        if self._to_hash:
            raise InputError(
                "usage",
                "`--hash-by-download` asks an index for files, and a recording has none",
                hint="leave out `--snapshot`",
            )
        recording = chosen_snapshot(snapshot)
        if self.as_of is None:
            # A recording answers for what was uploaded before it ends, and for nothing later.
            ends = [info.horizon for info in recording.infos() if info.location == self._default]
            if ends and ends[0] is not None:
                self.as_of = datetime.fromtimestamp(ends[0], timezone.utc)
        return recording.index

    def _explicit(self, stated: str) -> IndexSpec:
        names, _, address = stated.partition("=")
        option = f"--package-index {stated}"
        if not address:
            raise InputError("usage", f"`{option}` names no index", hint=PINNED_TO_INDEX)
        url = _parsed(option, _address, address)
        location = _without_credentials(url)
        if location != url:
            self._roots[location] = url
        packages = {_parsed(option, package_name, each) for each in names.split(",")}
        return IndexSpec(
            name=_index_name(location),
            url=location,
            packages=tuple(sorted(canonicalize_name(each) for each in packages)),
        )


def _linked(folders: Sequence[str | Path], pinned: Iterable[IndexSpec]) -> Iterator[IndexSpec]:
    """Yield the folders of ``--find-links``: each is the index of those whose files lie in it.

    Whoever has an index already keeps it; of two folders the first counts.
    """
    if not folders:
        return
    from depcheck.index.live.local_files import projects_in  # noqa: PLC0415 - needs HTTP

    taken = {name for index in pinned for name in index.packages}
    for folder in folders:
        location = _parsed("--find-links", _folder, folder)
        names = projects_in(Path(folder)) - taken
        taken |= names
        if names:
            yield IndexSpec(name=_index_name(location), url=location, packages=tuple(sorted(names)))


def _folder(value: object) -> str:
    if not is_folder(str(value)):
        raise BadValueError(f"there is no folder `{value}`", "name a folder of distributions")
    return Path(str(value)).resolve().as_uri()


def _folder_at(path: str) -> Path:
    from urllib.request import url2pathname  # noqa: PLC0415 - takes HTTP and TLS with it

    return Path(url2pathname(path))


def _address(value: object) -> str:
    """Return the address of an index; the path of a folder becomes one."""
    stated = str(value)
    if "://" not in stated and is_folder(stated):
        return Path(stated).resolve().as_uri()
    url = index_url(stated)
    parts = urlsplit(url)
    if parts.scheme == "file" and (parts.netloc or not is_folder(_folder_at(parts.path))):
        raise BadValueError(
            f"there is no folder `{stated}`",
            "name a folder of distributions, or one with a folder per project",
        )
    return url


def _index_name(url: str) -> str:
    """Return a short name that no other URL has: host and path as one word."""
    parts = urlsplit(url)
    return re.sub(r"[^a-z0-9]+", "-", f"{parts.netloc}{parts.path}".lower()).strip("-")


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _moment(value: object) -> datetime:
    """Return the moment of ``2024-11-25`` or ``2024-11-25T12:00:00Z``."""
    text = str(value)
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00")) if "T" in text else None
        return as_of(found or date.fromisoformat(text))
    except ValueError as error:
        if isinstance(error, BadValueError):
            raise
        raise BadValueError(
            f"`{text}` is no date", "write it like `2024-11-25` or `2024-11-25T12:00:00Z`"
        ) from error
