"""What the page of a lock set shows, as values: no markup, no geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depcheck.artifacts.coverage import DriverNeed
    from depcheck.artifacts.model import Finding
    from depcheck.page.comparison import Comparison
    from depcheck.page.drawing import Picture
    from depcheck.page.matrix import CoverageRow, FileMatrix
    from depcheck.resolver.solution import PassedOver, Waiver


@frozen
class Extent:
    """A sum of sizes of which some may not be known."""

    known: int = 0
    """Bytes."""
    unknown: int = 0
    """How many sizes are not known: the sum is at least ``known``."""

    @classmethod
    def of(cls, sizes: tuple[int | None, ...]) -> Extent:
        """Return the sum of sizes."""
        known = [size for size in sizes if size is not None]
        return cls(known=sum(known), unknown=len(sizes) - len(known))


@frozen
class StageRow:
    """One install stage: bytes on disk, of it and after it."""

    number: int
    name: str
    pins: int
    download: Extent
    installed: Extent
    after: int
    """On disk when it is done and nothing is cached."""
    peak: int
    """While it is installed, where nothing is cached."""
    after_cached: int
    peak_cached: int
    """While it is installed, where every wheel stays in the cache."""
    sure: bool
    """No size so far is unknown; otherwise the last four are lower bounds."""


@frozen
class Asker:
    """Who asked for a pin, in which words."""

    name: str
    requirement: str
    is_pin: bool
    rule: str | None
    """Id of the rule that stated or replaced the requirement."""


@frozen
class PinRow:
    """One pin."""

    name: str
    version: str
    stage: str
    stage_number: int
    file: str
    """Name of the file, or the direct reference."""
    download: int | None
    installed: int | None
    askers: tuple[Asker, ...]
    needs: tuple[str, ...]
    """Names of pins, sorted."""
    rules: tuple[str, ...]
    passed_over: tuple[PassedOver, ...]
    """Newer versions, and why they were not taken."""


@frozen
class Evidence:
    """What shows that a rule is right."""

    text: str
    is_link: bool
    """Only addresses on the web are."""


@frozen
class RuleRow:
    """One rule that holds in the lock set."""

    id: str
    kind: str
    reason: str
    remedy: str
    pins: tuple[str, ...]
    """Names of the pins in its scope."""
    waivers: tuple[Waiver, ...]
    evidence: tuple[Evidence, ...]


@frozen
class Page:
    """Everything on the page."""

    image: str
    variant: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    """Target and settings, in words."""
    warnings: tuple[str, ...]
    pins: tuple[PinRow, ...]
    """Sorted by name."""
    stages: tuple[StageRow, ...]
    budget: int | None
    """Bytes."""
    driver: DriverNeed | None
    capabilities: tuple[str, ...]
    coverage: tuple[CoverageRow, ...]
    """Packages with kernels, or of which that is not known."""
    files: FileMatrix
    findings: tuple[Finding, ...]
    """Errors first."""
    rules: tuple[RuleRow, ...]
    """Those that waive something first."""
    stated: tuple[Waiver, ...]
    """Waivers that the image spec states itself, without a rule."""
    comparison: Comparison | None

    maps: Mapping[str, tuple[Picture, ...]]
    """Treemaps by quantity, one for each width of screen."""
    curves: tuple[Picture, ...]
    graph: Mapping[str, Any]
    """What the script follows dependencies by, as plain data."""

    @property
    def download(self) -> Extent:
        """Bytes to download."""
        return Extent.of(tuple(pin.download for pin in self.pins))

    @property
    def installed(self) -> Extent:
        """Bytes on disk after the installation."""
        return Extent.of(tuple(pin.installed for pin in self.pins))

    @property
    def waivers(self) -> int:
        """How many published requirements it departs from."""
        return len(self.stated) + sum(len(rule.waivers) for rule in self.rules)

    @property
    def worst(self) -> StageRow | None:
        """The stage that needs most disk while it is installed, without a cache."""
        return max(self.stages, key=lambda stage: stage.peak, default=None)
