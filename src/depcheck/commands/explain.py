"""``depcheck explain``: why a lock set holds what it holds."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from depcheck.commands.ruletext import waiver_text, write_rules
from depcheck.errors import ExitCode, InputError
from depcheck.images.loader import find_spec, select_variant
from depcheck.lockfiles.explanation import read_explanation
from depcheck.terminal import size_text
from depcheck.tomlfile import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from depcheck.lockfiles.explanation import ExplainedPin, Explanation
    from depcheck.resolver.solution import Pin, Via
    from depcheck.terminal import Console

_ASKERS = 4
"""How many of those who asked for a pin the overview names."""
_VERSIONS = 6
"""How many versions of a group are written out."""
_METADATA = {
    "wheel": "the wheel's own",
    "sdist": "the sdist's own",
    "spec": "stated in the image spec",
}


def run(options: Namespace, console: Console) -> ExitCode:
    """Explain a whole lock set, or one package of it."""
    spec = find_spec(options.image)
    variant = select_variant(spec, options.variant)
    explanation = read_explanation(
        Path(options.out) / spec.name / variant.name,
        remedy=f"depcheck solve {options.image} --variant {variant.name} --out {options.out}",
    )
    if options.package is None:
        if console.as_json:
            console.document(explanation.document)
        else:
            _show_all(console, explanation)
        return ExitCode.OK
    explained = _find(explanation, options.package, options.image)
    if console.as_json:
        console.document(_document(explanation, explained))
    else:
        _show_one(console, explanation, explained)
    return ExitCode.OK


def _find(explanation: Explanation, wanted: str, image: str) -> ExplainedPin:
    name = canonicalize_name(wanted)
    if name in explanation.pins:
        return explanation.pins[name]
    locked = f"`{wanted}` is not in the lock set of {explanation.image} ({explanation.variant})"
    for waiver in explanation.waivers:
        if waiver.replacement is None and _names(waiver.requirement, name):
            raise InputError(
                "package-dropped",
                f"{locked}: {waiver_text(waiver)}, since {waiver.reason} ({waiver.rule})",
                hint=f"`depcheck explain {image} {waiver.package}` explains who asked",
            )
    raise InputError(
        "package-not-locked",
        locked,
        hint=did_you_mean(name, explanation.pins) or f"`depcheck explain {image}` names all",
    )


def _names(requirement: str, name: str) -> bool:
    from packaging.requirements import Requirement  # noqa: PLC0415 - only after a mistake

    return canonicalize_name(Requirement(requirement).name) == name


def _document(explanation: Explanation, explained: ExplainedPin) -> dict[str, Any]:
    ids = _concerned(explained)
    return {
        "image": explanation.image,
        "variant": explanation.variant,
        "package": explained.pin.name,
        "pin": explanation.document["pins"][explained.pin.name],
        "rules": {
            name: rule for name, rule in explanation.document["rules"].items() if name in ids
        },
    }


def _concerned(explained: ExplainedPin) -> set[str]:
    return {*explained.steered_by, *explained.rules}


def _show_all(console: Console, explanation: Explanation) -> None:
    title = f"{explanation.image} ({explanation.variant})"
    console.styled(f"{console.paint(title, 'bold', 'green')}  {len(explanation.pins)} pins")
    console.paragraph(explanation.summary, indent="  ")
    if explanation.as_of is not None:
        console.result(f"  of what was uploaded before {explanation.as_of}")
    console.heading("pins, and who asked for them", indent="  ")
    console.table((_overview(each) for each in explanation.pins.values()), indent="    ")
    write_rules(console, "rules", explanation.rules.values(), explanation.waivers)
    if explanation.warnings:
        console.heading("warnings", indent="  ")
        for warning in explanation.warnings:
            console.paragraph(warning, indent="    ")


def _overview(explained: ExplainedPin) -> tuple[str, str, str]:
    pin = explained.pin
    askers = list(dict.fromkeys(via.source if via.is_package else "the image" for via in pin.via))
    askers.sort(key=lambda asker: asker != "the image")
    more = len(askers) - _ASKERS
    if more > 1:
        askers[_ASKERS:] = [f"and {more} more"]
    rules = "".join(f" [{rule}]" for rule in explained.steered_by)
    return pin.name, pin.version, ", ".join(askers) + rules


def _show_one(console: Console, explanation: Explanation, explained: ExplainedPin) -> None:
    pin = explained.pin
    where = f"{explanation.image} ({explanation.variant})"
    console.styled(f"{console.paint(f'{pin.name} {pin.version}', 'bold', 'green')}  in {where}")
    console.table(_facts(explained), indent="  ")
    console.heading("asked for by", indent="  ")
    console.table(((via.source, _requirement(via)) for via in pin.via), indent="    ")
    concerned = _concerned(explained)
    rules = [rule for rule in explanation.rules.values() if rule.id in concerned]
    write_rules(console, "rules", rules, explained.waivers, evidence=True)
    if pin.passed_over:
        console.heading("newer versions passed over", indent="  ")
        rows = ((_versions(group.versions), group.reason) for group in pin.passed_over)
        console.table(rows, indent="    ")


def _facts(explained: ExplainedPin) -> Iterator[tuple[str, str]]:
    pin = explained.pin
    yield from _origin(pin)
    if pin.extras:
        yield "extras", ", ".join(pin.extras)
    yield "stage", explained.stage
    yield "metadata", _metadata(pin.metadata_from)
    if pin.requires:
        yield "needs", ", ".join(pin.requires)


def _origin(pin: Pin) -> Iterator[tuple[str, str]]:
    if pin.direct is not None:
        yield "url", pin.direct.url
        if pin.direct.commit:
            yield "commit", pin.direct.commit
        if pin.direct.sha256:
            yield "sha256", pin.direct.sha256
        return
    yield "index", pin.index or "?"
    if pin.file is not None:
        yield "file", pin.file.filename
        yield "size", size_text(pin.file.size)
        yield "uploaded", _moment(pin.file.uploaded)
        yield "sha256", pin.file.sha256


def _moment(seconds: int | None) -> str:
    if seconds is None:
        return "the index does not say"
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M} UTC"


def _metadata(source: str) -> str:
    kind, _, rule = source.partition(":")
    return f"stated by rule {rule}" if kind == "rule" else _METADATA.get(source, source)


def _requirement(via: Via) -> str:
    return f"{via.requirement} [{via.rule}]" if via.rule else via.requirement


def _versions(versions: tuple[str, ...]) -> str:
    if len(versions) <= _VERSIONS:
        return ", ".join(versions)
    return f"{versions[0]}, {versions[1]} ... {versions[-1]} ({len(versions)})"
