"""Every requirement of every distribution holds, but for the lock's waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Finding, Outcome, Passed
from depcheck.validate.requirements import Requirement, marker_holds, parse_requirement
from depcheck.validate.versions import contains

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.distributions import Distribution
    from depcheck.validate.manifest import Pin, Waiver

UNMET = Code(
    "requirement-unmet",
    "a distribution requires another version than is installed, and no waiver of the lock says "
    "that this is known to work",
    "run `install.sh` of the lock set; if the pins are right, state why in a rule and solve again",
)
ABSENT = Code(
    "requirement-missing",
    "a distribution requires another that is not installed, and no waiver of the lock says so",
    "run `install.sh` of the lock set; if the pins are right, state why in a rule and solve again",
)
REPLACEMENT = Code(
    "replacement-unmet",
    "what a waiver requires instead of the published requirement does not hold",
    "run `install.sh` of the lock set",
)
STALE = Code(
    "waiver-stale",
    "a waiver of the lock has nothing to waive: the requirement is not published, or holds",
    "solve the image again; the lock is not for what is installed",
)
PYTHON = Code(
    "requires-python-unmet",
    "a distribution does not support this Python",
    "make the environment with the Python that the image spec names",
)


def run(context: Context) -> Iterator[Outcome]:
    """Judge the requirements of every visible distribution that the lock holds."""
    judge = _Judge(context)
    found = [*judge.findings()]
    yield from found
    if not found:
        waived = len(context.manifest.waivers)
        but = f" or are waived ({waived})" if waived else ""
        yield Passed(f"{judge.count} requirements", f"hold{but}")


class _Judge:
    """Goes through the requirements and remembers which waivers they needed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._visible = context.installed.visible
        self._used: set[Waiver] = set()
        self._waivers: dict[str, list[tuple[Waiver, Requirement]]] = {}
        for waiver in context.manifest.waivers:
            parsed = parse_requirement(waiver.requirement)
            if parsed is not None:
                self._waivers.setdefault(waiver.package, []).append((waiver, parsed))
        self.count = 0

    def findings(self) -> Iterator[Finding]:
        for pin in self._context.manifest.pins:
            distribution = self._visible.get(pin.name)
            if distribution is not None:
                yield from self._python(distribution)
                yield from self._requirements(pin, distribution)
        yield from self._stale()

    def _python(self, distribution: Distribution) -> Iterator[Finding]:
        version = self._context.environment.markers["python_full_version"]
        if contains(distribution.requires_python, version) is False:
            message = f"requires Python {distribution.requires_python}, this is {version}"
            yield PYTHON.found(distribution.label, message, location=str(distribution.info))

    def _requirements(self, pin: Pin, distribution: Distribution) -> Iterator[Finding]:
        for text in distribution.requires:
            requirement = parse_requirement(text)
            if requirement is not None and self._counts(requirement, pin.extras):
                self.count += 1
                finding = self._judged(pin, distribution, text, requirement)
                if finding is not None:
                    yield finding

    def _counts(self, requirement: Requirement, extras: tuple[str, ...]) -> bool:
        markers = self._context.environment.markers
        return any(
            marker_holds(requirement.marker, {**markers, "extra": extra}) for extra in ("", *extras)
        )

    def _judged(
        self, pin: Pin, distribution: Distribution, text: str, requirement: Requirement
    ) -> Finding | None:
        trouble = self._trouble(requirement)
        if trouble is None:
            return None
        where = str(distribution.info)
        waiver = self._waiver(pin, requirement)
        if waiver is None:
            code = UNMET if requirement.name in self._visible else ABSENT
            return code.found(distribution.label, f"requires {text}, {trouble}", location=where)
        self._used.add(waiver)
        instead = parse_requirement(waiver.replacement) if waiver.replacement else None
        trouble = self._trouble(instead) if instead else None
        if trouble is None:
            return None
        message = f"requires {waiver.replacement} by rule `{waiver.rule}`, {trouble}"
        return REPLACEMENT.found(distribution.label, message, location=where)

    def _trouble(self, requirement: Requirement) -> str | None:
        """Say why a requirement does not hold, None where it does."""
        found = self._visible.get(requirement.name)
        if found is None:
            return "not installed"
        holds = requirement.is_direct or contains(requirement.specifiers, found.version)
        return None if holds else f"found {found.version}"

    def _waiver(self, pin: Pin, requirement: Requirement) -> Waiver | None:
        """Return the waiver of a requirement.

        Metadata that was recorded for a source distribution may be worded otherwise than what its
        build writes; its waivers therefore count by name.
        """
        for waiver, waived in self._waivers.get(pin.name, ()):
            same = waived.identity == requirement.identity
            if same or (pin.recorded and waived.name == requirement.name):
                return waiver
        return None

    def _stale(self) -> Iterator[Finding]:
        pins = {pin.name: pin for pin in self._context.manifest.pins}
        for waiver in self._context.manifest.waivers:
            pin = pins.get(waiver.package)
            judged = pin is None or (waiver.package in self._visible and not pin.recorded)
            if waiver not in self._used and judged:
                message = f"does not need the waiver of {waiver.requirement} (rule `{waiver.rule}`)"
                yield STALE.found(waiver.package, message)


CHECK = Check(
    name="metadata",
    summary="published requirements hold, but for the waivers of the lock",
    codes=(UNMET, ABSENT, REPLACEMENT, STALE, PYTHON),
    run=run,
)
