"""From a lock set and what its wheels hold to the page's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depcheck.artifacts.model import Severity
from depcheck.frozen import frozen
from depcheck.lockfiles.stored import size_of
from depcheck.page.comparison import comparison
from depcheck.page.curve import curve
from depcheck.page.drawing import canvases
from depcheck.page.matrix import coverage_rows, file_matrix
from depcheck.page.model import Asker, Evidence, Extent, Page, PinRow, RuleRow, StageRow
from depcheck.page.treemap import Weight, treemap
from depcheck.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depcheck.artifacts.locked import LockReport
    from depcheck.lockfiles.explanation import ExplainedPin
    from depcheck.lockfiles.stored import StoredLockSet
    from depcheck.page.comparison import Comparison, Sizes

_SHOWN = 3
"""Versions; of longer lists the page shows the ends."""


@frozen
class Measured:
    """A lock set, and what its wheels hold."""

    stored: StoredLockSet
    report: LockReport

    @property
    def sizes(self) -> Mapping[str, Sizes]:
        """Bytes to download and on disk by name of the pin."""
        return {
            each.package.name: (
                each.package.size,
                each.artifact.installed_size if each.artifact else None,
            )
            for each in self.report.packages
        }


def page_of(here: Measured, against: Measured | None = None) -> Page:
    """Return what the page of a lock set shows.

    Args:
        here: The lock set.
        against: Another one that it is compared with: an earlier one, or another variant.
    """
    stored, report = here.stored, here.report
    pins = tuple(_pins(here))
    stages = tuple(_stages(here))
    budget = stored.target.disk_budget
    rules = tuple(sorted(_rules(stored), key=lambda rule: not rule.waivers))
    return Page(
        image=stored.explanation.image,
        variant=stored.explanation.variant,
        summary=stored.explanation.summary,
        facts=tuple(_facts(stored)),
        warnings=stored.explanation.warnings,
        pins=pins,
        stages=stages,
        budget=budget,
        driver=report.driver,
        capabilities=report.capabilities,
        coverage=coverage_rows(report.packages),
        files=file_matrix(report.packages),
        findings=tuple(
            sorted(report.findings, key=lambda found: list(Severity).index(found.severity))
        ),
        rules=rules,
        stated=tuple(
            waiver
            for waiver in stored.explanation.waivers
            if waiver.rule not in stored.explanation.rules
        ),
        comparison=_comparison(against, here) if against else None,
        maps={
            quantity: tuple(
                treemap(tuple(_weights(pins, quantity)), canvas) for canvas in canvases("map")
            )
            for quantity in ("download", "installed")
        },
        curves=tuple(curve(stages, budget, canvas) for canvas in canvases("curve") if stages),
        graph=_graph(pins),
    )


def _facts(stored: StoredLockSet) -> Iterator[tuple[str, str]]:
    target = stored.target
    yield "Python", target.python
    yield "Platform", target.platform
    yield "Base image", target.base_image or "not stated"
    yield "Compute capabilities", ", ".join(target.compute_capabilities) or "not stated"
    yield "As of", stored.explanation.as_of or "not stated"
    for index in stored.indexes:
        yield f"Index {index.name}", index.url
    for key, value in sorted(stored.env.items()):
        yield "Variable", f"{key}={value}"
    for need in stored.system:
        yield "The image must have", need


def _stages(here: Measured) -> Iterator[StageRow]:
    sizes = here.sizes
    installed = cached = 0
    for stage, judged in zip(here.stored.stages, here.report.stages, strict=True):
        of_pins = [sizes[each.pin.name] for each in stage.pins]
        installed += judged.installed
        cached += judged.download
        yield StageRow(
            number=stage.number,
            name=stage.name,
            pins=len(stage.pins),
            download=Extent.of(tuple(download for download, _ in of_pins)),
            installed=Extent.of(tuple(unpacked for _, unpacked in of_pins)),
            after=installed,
            peak=judged.peak_uncached,
            after_cached=installed + cached,
            peak_cached=judged.peak,
            sure=judged.peak_known,
        )


def _pins(here: Measured) -> Iterator[PinRow]:
    sizes = here.sizes
    numbers = {stage.name: stage.number for stage in here.stored.stages}
    for name, each in here.stored.pins.items():
        download, installed = sizes[name]
        yield PinRow(
            name=name,
            version=each.pin.version,
            stage=each.stage,
            stage_number=numbers[each.stage],
            file=_file(each),
            download=size_of(each) if download is None else download,
            installed=installed,
            askers=tuple(
                Asker(
                    name=via.source,
                    requirement=via.requirement,
                    is_pin=via.source in here.stored.pins,
                    rule=via.rule if via.rule in here.stored.explanation.rules else None,
                )
                for via in each.pin.via
            ),
            needs=tuple(need for need in each.pin.requires if need in here.stored.pins),
            rules=each.rules,
            passed_over=each.pin.passed_over,
        )


def _file(each: ExplainedPin) -> str:
    pin = each.pin
    if pin.file is not None:
        return pin.file.filename
    return f"{pin.direct.url} {pin.direct.commit or ''}".strip() if pin.direct else ""


def _rules(stored: StoredLockSet) -> Iterator[RuleRow]:
    for name, rule in stored.explanation.rules.items():
        yield RuleRow(
            id=name,
            kind=rule.kind,
            reason=rule.reason,
            remedy=rule.remedy,
            pins=tuple(pin for pin, each in stored.pins.items() if name in each.rules),
            waivers=tuple(each for each in stored.explanation.waivers if each.rule == name),
            evidence=tuple(
                Evidence(text=text, is_link=text.startswith(("https://", "http://")))
                for text in rule.evidence
            ),
        )


def _weights(pins: Sequence[PinRow], quantity: str) -> Iterator[Weight]:
    for pin in pins:
        size = pin.download if quantity == "download" else pin.installed
        yield Weight(
            name=pin.name,
            version=pin.version,
            stage=pin.stage,
            number=pin.stage_number,
            size=size or 0,
        )


def _graph(pins: Sequence[PinRow]) -> dict[str, Any]:
    """Return pins with who asks for them and what they need, each with its words."""
    words = {
        (asker.name, pin.name): asker.requirement
        for pin in pins
        for asker in pin.askers
        if asker.is_pin
    }
    return {
        escape(pin.name): {
            "version": escape(pin.version),
            "stage": escape(pin.stage),
            "file": escape(pin.file),
            "download": pin.download,
            "installed": pin.installed,
            "askers": [
                [escape(asker.name), escape(asker.requirement), asker.is_pin]
                for asker in pin.askers
            ],
            "needs": [
                [escape(need), escape(words.get((pin.name, need), ""))] for need in pin.needs
            ],
            "rules": [escape(rule) for rule in pin.rules],
            "passed": [
                [escape(_span(group.versions)), escape(group.reason)] for group in pin.passed_over
            ],
        }
        for pin in pins
    }


def _span(versions: Sequence[str]) -> str:
    """Return versions, the middle of a long list left out: ``2.4.4 … 2.0.0 (27)``."""
    if len(versions) <= _SHOWN:
        return ", ".join(versions)
    return f"{versions[0]} \u2026 {versions[-1]} ({len(versions)})"


def _comparison(there: Measured, here: Measured) -> Comparison:
    rows = tuple((tuple(_stages(each)), each) for each in (there, here))
    (old_stages, old), (new_stages, new) = rows
    old_sizes, new_sizes = old.sizes, new.sizes
    return comparison(
        old.stored,
        new.stored,
        (old_sizes, new_sizes),
        (
            ("Packages", len(old_sizes), len(new_sizes)),
            ("Download", _sum(old_sizes, 0), _sum(new_sizes, 0)),
            ("Installed", _sum(old_sizes, 1), _sum(new_sizes, 1)),
            ("Most disk while installing", _peak(old_stages), _peak(new_stages)),
        ),
    )


def _sum(sizes: Mapping[str, Sizes], which: int) -> Extent:
    return Extent.of(tuple(each[which] for each in sizes.values()))


def _peak(stages: Sequence[StageRow]) -> Extent:
    worst = max(stages, key=lambda stage: stage.peak, default=None)
    return Extent(known=worst.peak, unknown=int(not worst.sure)) if worst else Extent()
