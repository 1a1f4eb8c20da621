"""The installed set equals the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Finding, Outcome, Passed
from depcheck.validate.versions import same_public_version, same_version

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.distributions import Distribution, Folder
    from depcheck.validate.manifest import Pin

UNREADABLE = Code(
    "packages-unreadable",
    "a folder of packages cannot be listed",
    "check that it is there and that this user may read it",
)
MISSING = Code(
    "distribution-missing",
    "a locked distribution is not installed",
    "run `install.sh` of the lock set; a stage that is complete is skipped",
)
VERSION = Code(
    "version-differs",
    "a distribution has another version than the lock",
    "run `install.sh` of the lock set, and install nothing after it",
)
LABEL = Code(
    "local-label-differs",
    "a distribution is another build of the locked version, for instance for another CUDA",
    "install it from the index that the lock names: run `install.sh` of the lock set",
)
SOURCE = Code(
    "source-differs",
    "a distribution was not installed from the locked commit or archive",
    "run `install.sh` of the lock set",
)
EXTRA = Code(
    "distribution-extra",
    "a distribution is installed that the lock does not hold",
    "uninstall it, or add it to the image spec and solve again",
)
DUPLICATE = Code(
    "distribution-duplicate",
    "a distribution has two metadata directories, so nobody knows which files are whose",
    "remove both and install it again",
)
BROKEN = Code(
    "metadata-broken",
    "a metadata directory cannot be used, as an installation that broke off leaves it",
    "remove the directory and run `install.sh` of the lock set",
)


def run(context: Context) -> Iterator[Outcome]:
    """Compare what is installed with the pins."""
    found = [*_judged(context)]
    yield from found
    if not found:
        count = len(context.pins)
        yield Passed(f"{count} distribution{'' if count == 1 else 's'}", "as locked")


def _judged(context: Context) -> Iterator[Finding]:
    installed = context.installed
    for folder in installed.folders:
        if folder.problem:
            yield UNREADABLE.found(str(folder.path), folder.problem, location=str(folder.path))
    if any(folder.problem and folder.path in installed.own for folder in installed.folders):
        return  # that nothing is installed would be the wrong answer
    visible = installed.visible
    for pin in context.pins:
        finding = _compared(pin, visible.get(pin.name))
        if finding is not None:
            yield finding
    own = [folder for folder in installed.folders if folder.path in installed.own]
    yield from _duplicates(context, own)
    if context.options.stage is None:
        yield from _unlocked(context, own)


def _compared(pin: Pin, found: Distribution | None) -> Finding | None:
    if found is None:
        return MISSING.found(pin.name, f"want {pin.version}, not installed")
    message = f"want {pin.version}, found {found.version}"
    where = str(found.info)
    if not same_version(found.version, pin.version):
        code = LABEL if same_public_version(found.version, pin.version) else VERSION
        return code.found(pin.name, message, location=where)
    if pin.source and not {pin.source, pin.url}.intersection(found.origins):
        origin = " ".join(found.origins) or "elsewhere"
        message = f"want {pin.source}, installed from {origin}"
        return SOURCE.found(pin.name, message, location=where)
    return None


def _duplicates(context: Context, own: list[Folder]) -> Iterator[Finding]:
    judged = {pin.name for pin in context.pins} if context.options.stage else None
    by_name: dict[str, list[Distribution]] = {}
    for folder in own:
        for each in folder.distributions:
            by_name.setdefault(each.name, []).append(each)
    for name, several in sorted(by_name.items()):
        if name and len(several) > 1 and (judged is None or name in judged):
            paths = "\n".join(str(each.info) for each in several)
            versions = ", ".join(each.version for each in several)
            message = f"has {len(several)} metadata directories: {versions}"
            yield DUPLICATE.found(name, message, evidence=paths)


def _unlocked(context: Context, own: list[Folder]) -> Iterator[Finding]:
    known = {pin.name for pin in context.manifest.pins} | set(context.manifest.tolerated)
    for folder in own:
        for each in folder.distributions:
            where = str(each.info)
            if each.problem:
                yield BROKEN.found(each.info.name, each.problem, location=where)
            elif each.name not in known:
                message = f"{each.version} is installed, the lock does not hold it"
                yield EXTRA.found(each.name, message, location=where)


CHECK = Check(
    name="installed",
    summary="what is installed is what is locked: nothing else, nothing less",
    codes=(UNREADABLE, MISSING, VERSION, LABEL, SOURCE, EXTRA, DUPLICATE, BROKEN),
    run=run,
    in_stage=True,
    needs_interpreter=False,
)
