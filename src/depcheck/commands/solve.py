"""``depcheck solve``: solve images and write their lock sets."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.utils import canonicalize_name

from depcheck.commands.index_choice import open_indexes
from depcheck.commands.ruletext import STEERING, rule_documents, write_rules
from depcheck.errors import ExitCode, InputError
from depcheck.gate.inputs import SETTINGS, given_rules
from depcheck.images.loader import builtin_names, find_spec, is_builtin, select_variant
from depcheck.index.default import DEFAULT
from depcheck.lockfiles.record import RECORD
from depcheck.paths import is_there
from depcheck.settings import chosen_rules, read_settings
from depcheck.terminal import size_text
from depcheck.tomlfile import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from depcheck.images.model import ImageSpec, Variant
    from depcheck.index.interface import PackageIndex
    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.problem import Problem
    from depcheck.resolver.solution import Solution
    from depcheck.settings import RuleSet
    from depcheck.terminal import Console


class Means(NamedTuple):
    """What every image of a run is solved with."""

    rules: RuleSet
    given: Mapping[str, str]
    """Digests of what states rules, for the record."""
    indexes: Callable[[str], PackageIndex]


class Choice(NamedTuple):
    """One image variant to be solved, and the folder of its lock set."""

    spec: ImageSpec
    variant: Variant
    folder: Path


class Solved(NamedTuple):
    """What a solve came to, nothing of it written yet."""

    solution: Solution
    seconds: float
    files: Mapping[str, bytes]


def run(options: Namespace, console: Console) -> ExitCode:
    """Solve what was asked for; nothing is written unless everything has a solution."""
    if options.executor is not None:
        from depcheck.commands.solve_jobs import run_by_executor  # noqa: PLC0415 - an engine only

        return run_by_executor(options, console)
    if options.align:
        from depcheck.commands.solve_fleet import run_aligned  # noqa: PLC0415 - several images only

        return run_aligned(options, console)
    means = means_of(options)
    choices = choices_of(options)
    if options.live:
        _ask_ahead(choices, means.indexes)
    solved = [solve_choice(each, means, options, console) for each in choices]
    documents = [deliver(*each, console) for each in zip(solved, choices, strict=True)]
    if console.as_json:
        console.document({"solved": documents})
    return ExitCode.OK


def means_of(options: Namespace) -> Means:
    """Read the rules and open the indexes that options name."""
    rules = chosen_rules(options)
    given = given_rules(options, read_settings(Path(SETTINGS)).rules)
    return Means(rules, given, open_indexes(options))


def choices_of(options: Namespace) -> list[Choice]:
    """Return the image variants that options name, each with a folder of its own."""
    out = Path(options.out)
    found = [
        Choice(spec, variant, out / spec.name / variant.name) for spec, variant in _chosen(options)
    ]
    _check_distinct([each.folder for each in found])
    return found


def _ask_ahead(choices: Iterable[Choice], indexes: Callable[[str], PackageIndex]) -> None:
    """Let live indexes look up what images name, while what solves and writes is imported."""
    from depcheck.index.interface import RemoteIndex  # noqa: PLC0415 - live indexes only

    for _, variant, _ in choices:
        explicit = {name: index.url for index in variant.indexes for name in index.packages}
        overridden = {each.package for each in variant.overrides}
        for requirement in (each.requirement for each in variant.requirements):
            name = canonicalize_name(requirement.name)
            index = indexes(explicit.get(name, DEFAULT))
            if requirement.url or requirement.marker or name in overridden:
                continue
            if isinstance(index, RemoteIndex):
                index.project_ahead(name)


def problem_of(choice: Choice, means: Means) -> Problem:
    """State the problem of an image variant."""
    from depcheck.stating import stated_problem  # noqa: PLC0415 - when requests are under way

    return stated_problem(choice.spec, choice.variant, means.rules.rules, means.rules.switched_off)


def solve_choice(choice: Choice, means: Means, options: Namespace, console: Console) -> Solved:
    """Solve one image variant by itself, and make its files."""
    from depcheck.resolver.solve import solve  # noqa: PLC0415 - when requests are under way

    started = time.perf_counter()
    problem = problem_of(choice, means)
    if options.keep or options.upgrade_package:
        problem = replace(problem, preferred=_earlier(choice.folder, options, console))
    solution = solve(problem, means.indexes)
    seconds = time.perf_counter() - started
    command = _command(choice.spec, choice.variant)
    return Solved(solution, seconds, lock_set(choice, means, problem, solution, command))


def lock_set(
    choice: Choice, means: Means, problem: Problem, solution: Solution, command: str
) -> dict[str, bytes]:
    """Return all files of a lock set, its record included."""
    from depcheck.gate.recording import recorded  # noqa: PLC0415 - when requests are under way
    from depcheck.lockfiles.lockset import render  # noqa: PLC0415

    files = render(solution, command=command)
    record = recorded(
        solution,
        files,
        spec=choice.spec,
        problem=problem,
        command=command,
        rule_files=means.given,
    )
    return {**files, RECORD: record}


def deliver(solved: Solved, choice: Choice, console: Console) -> dict[str, Any]:
    """Write a lock set, tell of it, and return the document that does."""
    from depcheck.lockfiles.lockset import write  # noqa: PLC0415 - when requests are under way
    from depcheck.lockfiles.stages import plan_stages  # noqa: PLC0415

    write(solved.files, choice.folder)
    stages = plan_stages(solved.solution)
    if not console.as_json:
        _show(console, solved.solution, stages, choice.folder, solved.seconds)
    return _document(solved.solution, stages, choice.folder)


def _earlier(folder: Path, options: Namespace, console: Console) -> dict[str, str]:
    """Return the versions of the earlier lock set that are to be kept; none where there is none."""
    from depcheck.lockfiles.explanation import read_explanation  # noqa: PLC0415 - only to keep

    if not is_there(folder / "explain.json"):
        console.note(f"there is no earlier lock set in {folder} to keep")
        return {}
    pins = read_explanation(folder, remedy="depcheck solve IMAGE").pins
    kept = {name: each.pin.version for name, each in pins.items() if each.pin.direct is None}
    for stated in options.upgrade_package:
        name = canonicalize_name(stated)
        if name not in pins:
            raise InputError(
                "package-not-locked",
                f"`{stated}` is not in the lock set in `{folder}`",
                hint=did_you_mean(name, pins)
                or "name a package of it; `depcheck explain` names all",
            )
        kept.pop(name, None)
    return kept


def _command(spec: ImageSpec, variant: Variant) -> str:
    """Return the command that makes a lock set again: it names a spec file, wherever that is."""
    return f"depcheck solve {image_word(spec)} --variant {variant.name}"


def image_word(spec: ImageSpec) -> str:
    """Return an image as a command line names it."""
    return shlex.quote(spec.name if is_builtin(spec) else f"./{spec.path.name}")


def _check_distinct(folders: list[Path]) -> None:
    twice = sorted({folder for folder in folders if folders.count(folder) > 1})
    if twice:
        raise InputError(
            "same-lock-set",
            f"two of the images would be written to `{twice[0]}`",
            hint="give each spec its own `name`, or solve them into different `--out` folders",
        )


def _chosen(options: Namespace) -> Iterator[tuple[ImageSpec, Variant]]:
    if options.all == bool(options.images):
        raise InputError(
            "no-image",
            "`--all` takes no image names" if options.all else "no image was named",
            hint="leave out the names, or `--all`"
            if options.all
            else f"name one or more of {', '.join(builtin_names())}, a spec file, or `--all`",
        )
    if options.all:
        for name in builtin_names():
            spec = find_spec(name)
            yield from ((spec, variant) for variant in spec.variants.values())
        return
    for name in dict.fromkeys(options.images):
        spec = find_spec(name)
        yield spec, select_variant(spec, options.variant)


def _document(solution: Solution, stages: tuple[Stage, ...], folder: Path) -> dict[str, Any]:
    return {
        "image": solution.image,
        "variant": solution.variant,
        "folder": str(folder),
        "input-digest": solution.input_digest,
        "pins": {pin.name: pin.version for pin in solution.pins},
        "stages": [
            {
                "name": stage.name,
                "index": stage.index.name if stage.index else None,
                "pins": len(stage.pins),
                "download-bytes": stage.download_bytes,
            }
            for stage in stages
        ],
        **rule_documents(solution),
        "env": dict(solution.env),
        "system": list(solution.system),
        "warnings": [*solution.warnings, *solution.fallbacks],
    }


def _show(
    console: Console, solution: Solution, stages: tuple[Stage, ...], folder: Path, seconds: float
) -> None:
    target = solution.target
    title = console.paint(f"{solution.image} ({solution.variant})", "bold", "green")
    console.styled(f"{title}  python {target.python}, {target.platform}")
    console.paragraph(f"{_extent(stages)}; solved in {seconds:.2f} s", indent="  ")
    _section(console, "stages", map(_stage_row, stages))
    steering = [rule for rule in solution.rules if rule.kind in STEERING]
    write_rules(console, "rules that decided", steering, solution.waivers)
    settings = ((f"{name}={value}",) for name, value in solution.env.items())
    _section(console, "the image must set", settings)
    _section(console, "the image must have", ((need,) for need in solution.system))
    console.styled(f"  {console.paint('written to', 'bold')} {console.paint(f'{folder}/')}")
    for warning in (*solution.warnings, *solution.fallbacks):
        console.warn(warning)
    console.result()


def _extent(stages: tuple[Stage, ...]) -> str:
    known = sum(stage.known_bytes for stage in stages)
    unknown = sum(stage.unknown_sizes for stage in stages)
    more = f" and {unknown} of unknown size" if unknown else ""
    return f"{_pins(sum(len(stage.pins) for stage in stages))}, download {size_text(known)}{more}"


def _pins(count: int) -> str:
    return "1 pin" if count == 1 else f"{count} pins"


def _section(console: Console, title: str, rows: Iterable[tuple[str, ...]]) -> None:
    lines = list(rows)
    if lines:
        console.heading(title, indent="  ")
        console.table(lines, indent="    ")


def _stage_row(stage: Stage) -> tuple[str, ...]:
    return (
        f"{stage.number:02}",
        stage.name,
        _pins(len(stage.pins)),
        _stage_size(stage),
        _how(stage),
    )


def _stage_size(stage: Stage) -> str:
    if stage.unknown_sizes == len(stage.pins):
        return "size unknown"
    more = f" + {stage.unknown_sizes} unknown" if stage.unknown_sizes else ""
    return size_text(stage.known_bytes) + more


def _how(stage: Stage) -> str:
    where = f"from {stage.index.name}" if stage.index else "from URLs"
    return f"{where}, built from source" if stage.builds else where
