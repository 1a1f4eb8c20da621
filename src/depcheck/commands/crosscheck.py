"""``depcheck crosscheck``: let other tools solve the same problem, and show what differs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from depcheck.commands.compile_request import read_request
from depcheck.commands.index_choice import open_indexes
from depcheck.commands.second_opinions import OPINIONS, READS_SDISTS, Answer
from depcheck.errors import DepcheckError, EnvironmentFailure, ExitCode, InputError
from depcheck.frozen import frozen
from depcheck.images.loader import builtin_names, find_spec, select_variant
from depcheck.index.live.credentials import redacted
from depcheck.index.live.server import address, serving
from depcheck.index.simple_api import BuildGuard, SimpleApi, is_wheel_url
from depcheck.paths import is_there
from depcheck.resolver.problem import DEFAULT_INDEX
from depcheck.resolver.solve import solve
from depcheck.settings import RuleSet, chosen_rules
from depcheck.stating import stated_problem
from depcheck.tomlfile import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping

    from depcheck.index.interface import PackageIndex
    from depcheck.resolver.problem import Problem
    from depcheck.terminal import Console

OURS = "depcheck"


@frozen
class _Ours:
    """Our own answer, and why newer versions than ours were not taken."""

    answer: Answer
    passed_over: Mapping[str, Mapping[str, str]]
    waiving: tuple[str, ...] = ()
    """The rules by which published requirements do not count: no other tool knows them."""


def run(options: Namespace, console: Console) -> ExitCode:
    """Solve with every tool; exit 1 where one disagrees."""
    tools = _tools(options)
    problem, indexes = _problem(options)
    ours = _solved(problem, indexes)
    _check_references(problem)
    apis = {tool: _api(problem, indexes, tool) for tool in tools}
    answers = {OURS: ours.answer}
    with serving(apis) as server, TemporaryDirectory() as folder:
        for tool in tools:
            console.note(f"asking {tool}")
            answers[tool] = OPINIONS[tool](problem, address(server, tool), Path(folder))
    rows = _differences(answers, ours)
    unknown = sorted({name for api in apis.values() for name in api.not_recorded})
    if console.as_json:
        console.document(_document(problem, answers, rows, unknown))
    else:
        _show(console, answers, rows)
        if unknown:
            console.warn(f"asked for, and not in the recording: {', '.join(unknown)}")
    return ExitCode.NO if rows else ExitCode.OK


def _api(problem: Problem, indexes: Callable[[str], PackageIndex], tool: str) -> SimpleApi:
    """Return the indexes of a problem as a tool may see them: it must run no foreign code."""
    return SimpleApi(
        lambda name: indexes(problem.index_of.get(name, DEFAULT_INDEX)),
        as_of=problem.variant.as_of,
        guard=BuildGuard(
            allowed=frozenset(problem.variant.allow_build), reads_sdists=tool in READS_SDISTS
        ),
    )


def _check_references(problem: Problem) -> None:
    """Refuse to let tools build what the user names by its address."""
    for each in problem.variant.requirements:
        found = each.requirement
        name = canonicalize_name(found.name)
        if found.url and not is_wheel_url(found.url) and name not in problem.variant.allow_build:
            raise InputError(
                "build-not-allowed",
                f"other tools would build `{found.name}` from `{redacted(found.url)}`",
                hint=f'add "{name}" to `allow-build` in an image spec, or name a wheel',
            )


def _tools(options: Namespace) -> list[str]:
    names = list(dict.fromkeys(filter(None, options.tools.split(","))))
    wrong = [name for name in names if name not in OPINIONS]
    if wrong or not names:
        raise InputError(
            "unknown-tool",
            f"`{wrong[0]}` is no tool to ask" if wrong else "no tool is named",
            hint=(did_you_mean(wrong[0], OPINIONS) if wrong else None)
            or f"name some of {', '.join(OPINIONS)}",
        )
    return names


def _problem(options: Namespace) -> tuple[Problem, Callable[[str], PackageIndex]]:
    first = options.files[0]
    if first in builtin_names() or (
        first.endswith(".toml") and Path(first).name != "pyproject.toml"
    ):
        if len(options.files) > 1:
            raise InputError("usage", "one image is compared at a time", hint="name one image")
        spec = find_spec(first)
        rules = RuleSet(rules=()) if options.no_rules else chosen_rules(options)
        variant = select_variant(spec, options.variant)
        return stated_problem(spec, variant, rules.rules, rules.switched_off), open_indexes(options)
    if not is_there(first) and (meant := did_you_mean(first, builtin_names())):
        raise InputError(
            "unknown-image", f"`{first}` is neither an image nor a file that is there", hint=meant
        )
    request = read_request(options)
    return request.problem, request.indexes


def _solved(problem: Problem, indexes: Callable[[str], PackageIndex]) -> _Ours:
    try:
        solution = solve(problem, indexes)
    except EnvironmentFailure:
        raise
    except DepcheckError as error:
        return _Ours(answer=Answer(failure=error.message.splitlines()[0]), passed_over={})
    return _Ours(
        answer=Answer(pins={pin.name: pin.version for pin in solution.pins}),
        waiving=tuple(sorted({each.rule for each in solution.waivers})),
        passed_over={
            pin.name: {
                version: group.reason for group in pin.passed_over for version in group.versions
            }
            for pin in solution.pins
        },
    )


def _differences(answers: Mapping[str, Answer], ours: _Ours) -> list[dict[str, Any]]:
    """Return the packages on which not all agree; verdicts that differ are a row without a name."""
    rows: list[dict[str, Any]] = []
    if len({answer.failure is None for answer in answers.values()}) > 1:
        verdicts = {tool: answer.failure or "solved" for tool, answer in answers.items()}
        waived = f"depcheck waives what packages publish, by {', '.join(ours.waiving)}"
        why = waived if ours.waiving else None
        rows.append({"package": None, "versions": verdicts, "why": why})
    solved = {tool: answer.pins for tool, answer in answers.items() if answer.failure is None}
    for name in sorted({name for pins in solved.values() for name in pins}):
        versions = {tool: pins.get(name) for tool, pins in solved.items()}
        if len(set(versions.values())) > 1:
            reasons = ours.passed_over.get(name, {})
            found = [reasons[each] for each in versions.values() if each and each in reasons]
            rows.append({"package": name, "versions": versions, "why": next(iter(found), None)})
    return rows


def _document(
    problem: Problem,
    answers: Mapping[str, Answer],
    rows: list[dict[str, Any]],
    unknown: list[str],
) -> dict[str, Any]:
    return {
        "problem": problem.image,
        "variant": problem.variant.name or None,
        "answers": {
            tool: {"pins": dict(answer.pins), "failure": answer.failure}
            for tool, answer in answers.items()
        },
        "differences": rows,
        "not-recorded": unknown,
    }


def _show(console: Console, answers: Mapping[str, Answer], rows: list[dict[str, Any]]) -> None:
    console.table([(tool, _verdict(answer)) for tool, answer in answers.items()])
    if not rows:
        console.result("all agree")
    for row in rows:
        if row["package"] is None:
            console.result("the verdicts differ" + (f": {row['why']}" if row["why"] else ""))
    table = [
        (row["package"], *[row["versions"].get(tool) or "-" for tool in answers], row["why"] or "")
        for row in rows
        if row["package"] is not None
    ]
    if table:
        console.heading("differences")
        console.table([("", *answers, "why depcheck took no other"), *table], indent="  ")


def _verdict(answer: Answer) -> str:
    count = len(answer.pins)
    return answer.failure or ("1 pin" if count == 1 else f"{count} pins")
