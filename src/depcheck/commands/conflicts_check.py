"""``depcheck conflicts check``: judge what somebody else's file or environment holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.conflicts.accelerator import mixtures, variant_of
from depcheck.conflicts.judgement import Status, Verdict, judge
from depcheck.errors import ExitCode, InputError
from depcheck.frozen import frozen
from depcheck.images.values import python_version
from depcheck.settings import chosen_rules
from depcheck.tomlfile import BadValueError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from packaging.version import Version

    from depcheck.conflicts.accelerator import Mixture
    from depcheck.conflicts.inventory import Inventory
    from depcheck.conflicts.model import SwitchedOff
    from depcheck.terminal import Console

_TITLES = {
    Status.VIOLATED: "violated",
    Status.ADVISES: "advice",
    Status.POSSIBLE: "possible: it depends on what is left open",
}


@frozen
class _Checked:
    """One source, judged."""

    inventory: Inventory
    variant: str | None
    verdicts: tuple[Verdict, ...]
    mixed: tuple[Mixture, ...]
    switched_off: tuple[SwitchedOff, ...]


def check(options: Namespace, console: Console) -> ExitCode:
    """Judge one source; the answer is no where a rule is violated."""
    chosen = chosen_rules(options)
    inventory = _inventory(options)
    pins = _pins(inventory)
    variant = options.variant or variant_of(pins)
    checked = _Checked(
        inventory=inventory,
        variant=variant,
        verdicts=judge(chosen.rules, inventory, variant),
        mixed=mixtures(pins, variant),
        switched_off=chosen.switched_off,
    )
    if console.as_json:
        console.document(_document(checked))
    else:
        _show(console, checked)
    violated = any(each.status is Status.VIOLATED for each in checked.verdicts)
    return ExitCode.NO if violated else ExitCode.OK


def _inventory(options: Namespace) -> Inventory:
    if options.installed == bool(options.file):
        raise InputError(
            "no-source",
            "`--installed` takes no file" if options.file else "nothing to check was named",
            hint="name a requirements or lock file, `-` for the output of `pip freeze`, "
            "or `--installed`",
        )
    if options.python and not options.installed:
        raise InputError(
            "wrong-option", "`--python` is for `--installed`", hint="leave it out, or drop the file"
        )
    if options.installed:
        from depcheck.sources.installed import read_installed  # noqa: PLC0415

        return read_installed(Path(options.python) if options.python else None)
    from depcheck.sources.choice import read_source  # noqa: PLC0415

    return read_source(options.file, _python_version(options.python_version))


def _python_version(stated: str | None) -> str | None:
    if stated is None:
        return None
    try:
        return python_version(stated)
    except BadValueError as error:
        raise InputError(
            "invalid-option", f"`--python-version`: {error.message}", hint=error.remedy
        ) from error


def _pins(inventory: Inventory) -> dict[str, Version]:
    """Return what is there for sure at one known version."""
    return {
        each.name: each.version
        for each in inventory.packages
        if each.certain and each.version is not None
    }


def _show(console: Console, checked: _Checked) -> None:
    inventory = checked.inventory
    build = f", {checked.variant}" if checked.variant else ""
    title = f"{inventory.source} ({inventory.format}): {len(inventory.packages)} packages{build}"
    console.heading(title)
    for status, heading in _TITLES.items():
        found = [each for each in checked.verdicts if each.status is status]
        if found:
            colour = "red" if status is Status.VIOLATED else "yellow"
            console.result()
            console.styled(console.paint(heading, "bold", colour))
        for verdict in found:
            _show_verdict(console, verdict)
    for each in checked.mixed:
        console.warn(f"{', '.join(each.subjects)}: {each.message} [{each.code}]")
    for skipped in inventory.skipped:
        console.note(f"{skipped.origin}: `{skipped.text}` is left out: {skipped.reason}")
    for off in checked.switched_off:
        console.note(f"rule `{off.rule.id}` is switched off: {off.reason}")
    console.result()
    console.result(_count(checked.verdicts))


def _show_verdict(console: Console, verdict: Verdict) -> None:
    rule = verdict.rule
    console.styled(f"  {console.paint(rule.id, 'bold')}")
    rows = [("found", f"{each.text}  ({each.origin})") for each in verdict.subjects]
    rows += [("not stated", ", ".join(verdict.missing))] if verdict.missing else []
    rows += [("reason", rule.reason), ("remedy", rule.remedy)]
    rows += [("sets", f"{name}={value}") for name, value in rule.env.items()]
    rows += [("evidence", each) for each in rule.evidence]
    console.table(rows, indent="    ")


def _count(verdicts: tuple[Verdict, ...]) -> str:
    counts = {status: sum(each.status is status for each in verdicts) for status in Status}
    return (
        f"{len(verdicts)} rules apply: {counts[Status.VIOLATED]} violated, "
        f"{counts[Status.ADVISES]} advise, {counts[Status.POSSIBLE]} possible, "
        f"{counts[Status.SATISFIED]} satisfied"
    )


def _document(checked: _Checked) -> dict[str, Any]:
    inventory = checked.inventory
    return {
        "source": inventory.source,
        "format": inventory.format,
        "packages": len(inventory.packages),
        "complete": inventory.complete,
        "variant": checked.variant,
        "verdicts": list(_verdicts(checked.verdicts)),
        "mixtures": [
            {"code": each.code, "subjects": list(each.subjects), "message": each.message}
            for each in checked.mixed
        ],
        "skipped": [
            {"text": each.text, "origin": each.origin, "reason": each.reason}
            for each in inventory.skipped
        ],
        "switched-off": [{"id": off.rule.id, "reason": off.reason} for off in checked.switched_off],
    }


def _verdicts(verdicts: tuple[Verdict, ...]) -> Iterator[dict[str, Any]]:
    for each in verdicts:
        yield {
            "rule": each.rule.id,
            "kind": each.rule.kind.value,
            "status": each.status.value,
            "subjects": [
                {"name": s.name, "stated": s.text, "origin": s.origin, "certain": s.certain}
                for s in each.subjects
            ],
            "not-stated": list(each.missing),
            "reason": each.rule.reason,
            "remedy": each.rule.remedy,
            "evidence": list(each.rule.evidence),
        }
