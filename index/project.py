"""A project compiled for solving: versions as ranks, specifiers as sets of ranks.

Ranks number a project's versions from 0 (oldest) upwards; a set of ranks is an ``int`` whose bit
*n* stands for rank *n*, so that requirements are intersected with ``&``. `packaging` decides what a
specifier means; its verdict is kept per specifier text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from depcheck.index.model import (
    UNRECORDED,
    CoreMetadata,
    CorruptIndexError,
    Dist,
    NotRecordedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.specifiers import Specifier
    from packaging.version import Version

RawRelease = list[int | None]
"""Position of the first file, then kind, metadata id and upload time of each file."""
RawKind = tuple[str | None, str, str | None, bool]
"""Tags, build tag, Requires-Python and yanked, as in `Dist`."""


class Project:
    """All versions of one project on one index."""

    __slots__ = (
        "_dists",
        "_kinds",
        "_masks",
        "_parsed",
        "_releases",
        "_runs",
        "everything",
        "index",
        "metadata",
        "name",
        "prereleases",
        "versions",
    )

    def __init__(
        self,
        name: str,
        *,
        index: str,
        versions: Sequence[str],
        prereleases: int,
        kinds: Sequence[RawKind],
        releases: Sequence[RawRelease | None],
        metadata: Mapping[int, CoreMetadata],
        specifiers: Mapping[str, Sequence[int]],
    ) -> None:
        self.name = name
        self.index = index
        self.versions = versions
        """Ascending; the position is the rank."""
        self.prereleases = prereleases
        self.metadata = metadata
        """Distinct core metadata, by `Dist.metadata`."""
        self._kinds = kinds
        self._releases = releases
        self._runs = specifiers
        self._masks: dict[str, int] = {}
        self.everything = (1 << len(versions)) - 1
        """The set of all ranks."""
        self._dists: dict[int, tuple[Dist, ...]] = {}
        self._parsed = _Parsed(versions)

    def __repr__(self) -> str:
        return f"<Project {self.name}: {len(self.versions)} versions>"

    def mask(self, specifier: str) -> int:
        """Return the ranks that a specifier set allows, pre-releases included (PEP 440).

        Raises:
            packaging.specifiers.InvalidSpecifier: the text is no specifier set.
        """
        if not specifier:
            return self.everything
        found = self._masks.get(specifier)
        if found is None:
            known = specifier in self._runs
            found = self._known(specifier) if known else allowed(self._parsed, specifier)
            self._masks[specifier] = found
        return found

    def masks(self) -> dict[str, int]:
        """Return the verdicts known so far, by specifier text."""
        return {**{text: self._known(text) for text in self._runs}, **self._masks}

    def _known(self, specifier: str) -> int:
        try:
            return from_runs(self._runs[specifier], len(self.versions))
        except (ValueError, TypeError) as error:
            raise CorruptIndexError(
                "corrupt-project",
                f"the recording of `{self.name}` on index `{self.index}` cannot be read: {error}",
                hint="record the index again, or install `depcheck-toolkit` again",
            ) from error

    def is_recorded(self, rank: int) -> bool:
        """Tell whether the files of this version are known."""
        return self._releases[rank] is not None

    def tags_if_after(self, rank: int, moment: int) -> list[str | None] | None:
        """Return the tags of a version's files, None if not all were uploaded from a moment on.

        It is told without a `Dist` for each: after an as-of moment there are many.
        """
        raw = self._releases[rank] or []
        try:
            uploads = [each for each in raw[3::3] if each is not None]
            if uploads and min(uploads) >= moment and len(uploads) * 3 == len(raw) - 1:
                return [self._kinds[kind or 0][0] for kind in raw[1::3]]
        except (LookupError, TypeError):
            pass  # `dists` says what is wrong.
        return None

    def dists(self, rank: int) -> tuple[Dist, ...]:
        """Return the files of one version, in the listing's order.

        Raises:
            NotRecordedError: the recording knows that the version exists, and no more.
            CorruptIndexError: the recording is not what `compile_page` wrote.
        """
        found = self._dists.get(rank)
        if found is None:
            found = self._dists[rank] = self._expanded(rank)
        return found

    def _expanded(self, rank: int) -> tuple[Dist, ...]:
        try:
            return tuple(self._expand(rank))
        except (LookupError, TypeError, ValueError) as error:
            raise CorruptIndexError(
                "corrupt-release",
                f"the recording of `{self.name}=={self.versions[rank]}` on index `{self.index}` "
                "cannot be read",
                hint="record the index again, or install `depcheck-toolkit` again",
            ) from error

    def _expand(self, rank: int) -> Iterator[Dist]:
        raw = self._releases[rank]
        if raw is None:
            raise NotRecordedError(f"`{self.name}=={self.versions[rank]}`", index=self.index)
        files = zip(raw[1::3], raw[2::3], raw[3::3], strict=True)
        for position, (kind, metadata, uploaded) in enumerate(files, raw[0] or 0):
            if metadata is not None and not isinstance(metadata, int):
                raise TypeError(metadata)
            known = UNRECORDED if metadata is None else metadata
            # Keyword arguments would take most of the time.
            yield Dist._make((*self._kinds[kind or 0], uploaded, known, position))


class _Parsed(Sequence["Version"]):
    """Versions, each parsed when it is looked at: most solves never need one."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._known: dict[int, Version] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, at: Any) -> Any:
        found = self._known.get(at)
        if found is None:
            from packaging.version import Version  # noqa: PLC0415 - most solves never need it

            found = self._known[at] = Version(self._texts[at])
        return found


def allowed(versions: Sequence[Version], specifier: str) -> int:
    """Return the ranks that `packaging` lets through, pre-releases included."""
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415

    mask = (1 << len(versions)) - 1
    for each in SpecifierSet(specifier):
        mask &= _bounded(versions, each) if _is_bound(each) else _filtered(versions, each)
    return mask


def _is_bound(specifier: Specifier) -> bool:
    """Tell whether a specifier lets through all from a version on, or all up to one.

    With a pre-release or a post-release as its bound, it makes exceptions.
    """
    from packaging.version import Version  # noqa: PLC0415

    if specifier.operator not in {">=", "<=", "<", ">"}:
        return False
    bound = Version(specifier.version)
    return not (bound.is_prerelease or bound.is_postrelease or bound.local)


def _bounded(versions: Sequence[Version], specifier: Specifier) -> int:
    upwards = specifier.operator.startswith(">")

    def is_past(rank: int) -> bool:
        return specifier.contains(versions[rank], prereleases=True) == upwards

    place = bisect_left(range(len(versions)), True, key=is_past)  # noqa: FBT003 - what is_past says
    below = (1 << place) - 1
    return ((1 << len(versions)) - 1) ^ below if upwards else below


def _filtered(versions: Sequence[Version], specifier: Specifier) -> int:
    mask = 0
    chosen = specifier.filter(range(len(versions)), prereleases=True, key=versions.__getitem__)
    for rank in chosen:
        mask |= 1 << rank
    return mask


def newest_first(mask: int) -> Iterator[int]:
    """Yield the ranks of a set from the newest to the oldest."""
    while mask:
        rank = mask.bit_length() - 1
        yield rank
        mask ^= 1 << rank


def runs(mask: int) -> list[int]:
    """Return a set of ranks as its runs: first, one past the last, first, ..."""
    bounds: list[int] = []
    position = 0
    while mask:
        skip = (mask & -mask).bit_length() - 1
        mask >>= skip
        length = (~mask & (mask + 1)).bit_length() - 1
        bounds += [position + skip, position + skip + length]
        mask >>= length
        position += skip + length
    return bounds


def from_runs(bounds: Sequence[int], ranks: int) -> int:
    """Return the set of ranks that `runs` wrote down.

    Raises:
        ValueError: some of them are no ranks, of which there are so many.
    """
    mask = 0
    for first, end in zip(bounds[::2], bounds[1::2], strict=True):
        if not 0 <= first <= end <= ranks:
            raise ValueError(f"{first} to {end} is no run of {ranks} ranks")
        mask |= ((1 << (end - first)) - 1) << first
    return mask
