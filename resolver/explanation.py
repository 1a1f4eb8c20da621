"""Words for a failure: a minimal core of clauses, where each comes from, and tried remedies.

A core is a fact, its sentences are made of it; a program reads the same from `details`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from depcheck.conflicts.matching import within
from depcheck.conflicts.model import RuleKind
from depcheck.errors import DepcheckError, ExitCode
from depcheck.index.project import newest_first
from depcheck.resolver.clauses import CONSTRAINT, REQUIREMENT, RULE, Clause
from depcheck.resolver.problem import DEFAULT_INDEX
from depcheck.resolver.remedies import tried_remedies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from depcheck.index.project import Project
    from depcheck.resolver.catalogue import Catalogue
    from depcheck.resolver.core import Core
    from depcheck.resolver.remedies import Remedies, Remedy
    from depcheck.resolver.search import Asked, Bench


_MOST_GROUPS = 4
"""Different demands of one package that a sentence names."""


class UnsatisfiableError(DepcheckError):
    """No set of candidates satisfies the problem."""

    exit_code = ExitCode.NO

    def __init__(
        self, message: str, *, hint: str | None, core: Core, remedies: tuple[Remedy, ...]
    ) -> None:
        super().__init__("unsatisfiable", message, hint=hint)
        self.core = core
        self.remedies = remedies

    @property
    def details(self) -> dict[str, Any]:
        """The explanation as data."""
        return {
            "minimal": self.core.minimal,
            "clauses": [
                {
                    "kind": clause.kind,
                    "source": clause.source,
                    "package": clause.package,
                    "stated": [
                        {
                            "by": str(asked.parent) if asked.parent else None,
                            "requirement": str(asked.want),
                            "rule": asked.want.rule,
                        }
                        for asked in wants
                    ],
                }
                for clause, wants in _in_order(self.core.stated)
            ],
            "remedies": [remedy.document() for remedy in self.remedies],
        }


def explain(bench: Bench, core: Core) -> UnsatisfiableError:
    """Return the error that says why a problem has no solution, and what would have one."""
    remedies = tried_remedies(bench, core)
    problem = bench.problem
    sentences = [_sentence(clause, wants) for clause, wants in _in_order(core.stated)]
    facts = sorted(set(_facts(bench.catalogue, core)))
    because = "because these cannot all hold:" if core.minimal else "because of some of these:"
    lines = [f"{problem.title} has no solution, {because}"]
    lines += [f"  - {each}" for each in [*sentences, *facts]]
    return UnsatisfiableError(
        "\n".join(lines), hint=_hint(bench, core, remedies), core=core, remedies=remedies.found
    )


def _in_order(
    stated: Mapping[Clause, Sequence[Asked]],
) -> Iterator[tuple[Clause, Sequence[Asked]]]:
    """Yield the image's own words first, then what follows from them, then rules."""
    rank = {REQUIREMENT: 0, CONSTRAINT: 1, RULE: 3}
    for clause in sorted(stated, key=lambda each: (rank.get(each.kind, 2), each)):
        yield clause, stated[clause]


def _sentence(clause: Clause, wants: Sequence[Asked]) -> str:
    if clause.kind == REQUIREMENT:
        return f"{clause.source} asks for {_listed(_texts(wants))}"
    if clause.kind == CONSTRAINT:
        return f"{clause.source} allows only {_listed(_texts(wants))}"
    groups = _groups(wants)
    shown = [f"{who} {what}" for what, who in groups[:_MOST_GROUPS]]
    more = len(groups) - _MOST_GROUPS
    if more > 0:
        shown.append(f"{more} other demand{'s' if more > 1 else ''} of `{clause.source}`")
    return "; ".join(shown)


def _texts(wants: Iterable[Asked]) -> list[str]:
    return sorted({f"`{asked.want}`" for asked in wants})


def _listed(texts: Sequence[str]) -> str:
    return " and ".join(texts)


def _groups(wants: Sequence[Asked]) -> list[tuple[str, str]]:
    """Return (what is said, who says it), newest versions first; versions are compressed."""
    by_demand: dict[str, dict[int, Asked]] = {}
    ranks: set[int] = set()
    for asked in wants:
        if asked.parent is not None:
            ranks.add(asked.parent.rank)
            by_demand.setdefault(_demand(asked), {})[asked.parent.rank] = asked
    visited = sorted(ranks)
    groups = sorted(by_demand.items(), key=lambda group: -max(group[1]))
    return [(what, _who(visited, by_rank)) for what, by_rank in groups]


def _demand(asked: Asked) -> str:
    want = asked.want
    if want.impossible:
        return f"cannot be used: {want.impossible}"
    rule = f" (rule `{want.rule}`)" if want.rule else ""
    if want.forbidden:
        return f"must not meet `{want.identifier}{want.specifier}`{rule}"
    return f"{'allows only' if want.weak else 'needs'} `{want}`{rule}"


def _who(visited: Sequence[int], by_rank: Mapping[int, Asked]) -> str:
    """Return `name==1.0`, or `name` with runs of its versions, as far as they were visited."""
    sample = next(iter(by_rank.values())).parent
    if sample is None or sample.project is None:
        return ""
    if len(by_rank) == 1:
        return f"`{sample}`"
    runs: list[list[int]] = []
    for place, rank in enumerate(visited):
        if rank not in by_rank:
            continue
        if runs and place and visited[place - 1] == runs[-1][-1]:
            runs[-1].append(rank)
        else:
            runs.append([rank])
    return f"`{sample.identifier}` {_listed([_run(sample.project, run) for run in runs])}"


def _run(project: Project, run: Sequence[int]) -> str:
    first, last = project.versions[run[0]], project.versions[run[-1]]
    return first if first == last else f"{first} to {last} ({len(run)} versions)"


def _facts(catalogue: Catalogue, core: Core) -> Iterator[str]:
    """Say of each package in the core why versions that are asked for are not there."""
    asked = [each.want for wants in core.stated.values() for each in wants]
    needed = [each for each in asked if not each.impossible and not each.weak]
    for want in {(each.name, each.specifier, each.rank): each for each in needed}.values():
        project = catalogue.project(want.name)
        if project is None:
            where = catalogue.index(want.name).location
            yield f"index `{where}` has no project `{want.name}`"
            continue
        ranks = (rank for rank in newest_first(want.mask(project)) if project.is_recorded(rank))
        first = next(ranks, None)
        if first is None:
            newest = project.versions[-1] if project.versions else None
            known = f"; the newest known is {newest}" if newest else ""
            location = catalogue.index(want.name).location
            where = "" if location == DEFAULT_INDEX else f" on index `{location}`"
            yield f"no version of `{want.name}`{where} matches `{want.specifier}`{known}"
            continue
        reason = catalogue.choice(project, first)
        if isinstance(reason, str) and all(
            isinstance(catalogue.choice(project, rank), str) for rank in ranks
        ):
            yield f"`{want.name}=={project.versions[first]}` is not offered: {reason}"


def _missing_builds(bench: Bench, core: Core) -> Iterator[str]:
    """Yield the rules that say of versions in the core that the variant has no build of them."""
    wants = [asked.want for stated in core.stated.values() for asked in stated]
    for rule in bench.problem.rules:
        if rule.kind is RuleKind.INDEX and any(
            want.name == canonicalize_name(rule.when.name)
            and within(SpecifierSet(want.specifier), rule.when.specifier)
            for want in wants
        ):
            yield rule.id


def _hint(bench: Bench, core: Core, remedies: Remedies) -> str | None:
    lines: list[str] = []
    if remedies.found:
        lines.append("one of these solves it (each was tried):")
        lines += [f"  - {remedy.text}" for remedy in remedies.found]
    if not remedies.complete:
        lines.append(
            "more may solve it that was not looked at, since it takes many requests to the index; "
            "record the index to have it tried"
        )
    rules = {clause.source for clause in core.stated if clause.kind == RULE}
    rules |= {
        asked.want.rule for wants in core.stated.values() for asked in wants if asked.want.rule
    }
    rules |= set(_missing_builds(bench, core))
    advice = [f"{rule.remedy} [{rule.id}]" for rule in bench.problem.rules if rule.id in rules]
    if advice:
        lines.append("what the rules advise:")
        lines += [f"  - {each}" for each in advice]
    return "\n".join(lines) or "relax one of the requirements above"
