"""Words for a failure: which requirements met, where each came from, what a rule advises.

resolvelib hands over the last conflict that it met, not a proof; the text says no more than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depcheck.errors import DepcheckError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from resolvelib.structs import RequirementInformation

    from depcheck.resolver.candidates import Candidate, Want
    from depcheck.resolver.catalogue import Catalogue
    from depcheck.resolver.problem import Problem

    Cause = RequirementInformation[Want, Candidate]


_LONGEST_CHAIN = 8


class UnsatisfiableError(DepcheckError):
    """No set of candidates satisfies the problem."""

    exit_code = ExitCode.NO

    def __init__(self, message: str, *, hint: str | None, facts: tuple[str, ...]) -> None:
        super().__init__("unsatisfiable", message, hint=hint)
        self.facts = facts
        """The requirements of the last conflict, in words."""


def explain_conflict(
    problem: Problem,
    catalogue: Catalogue,
    causes: Collection[Cause],
    asked_by: Mapping[str, tuple[Want, Candidate | None]],
) -> UnsatisfiableError:
    """Return the error that says why a problem has no solution.

    Args:
        problem: What was to be solved.
        catalogue: Where versions come from, to say why none is left.
        causes: The requirements that met.
        asked_by: Who asked for each package first, by identifier.
    """
    facts = tuple(sorted({_fact(cause, asked_by) for cause in causes}))
    missing = sorted(set(_missing(catalogue, causes)))
    lines = [f"  - {fact}" for fact in (*facts, *missing)]
    variant = problem.variant.name
    headline = f"`{problem.image}` ({variant}) has no solution; the last conflict found:"
    hints = list(_advice(problem, causes))
    return UnsatisfiableError(
        "\n".join([headline, *lines]),
        hint="\n      ".join(hints) or "relax one of the requirements above",
        facts=facts,
    )


def _fact(cause: Cause, asked_by: Mapping[str, tuple[Want, Candidate | None]]) -> str:
    want, parent = cause.requirement, cause.parent
    if parent is None:
        return f"{want.origin} {_demand(want)}"
    chain = _chain(parent, asked_by)
    came = f" ({chain})" if chain else ""
    if want.impossible:
        return f"`{parent}`{came} cannot be used: {want.impossible}"
    return f"`{parent}`{came} {_demand(want)}"


def _demand(want: Want) -> str:
    rule = f" (rule `{want.rule}`)" if want.rule else ""
    if want.forbidden:
        return f"forbids `{want.identifier}{want.specifier}`{rule}"
    return f"{'allows only' if want.weak else 'needs'} `{want}`{rule}"


def _chain(candidate: Candidate, asked_by: Mapping[str, tuple[Want, Candidate | None]]) -> str:
    """Return how a package came in: the packages above it, then the image's own requirement."""
    steps: list[str] = []
    parent: Candidate | None = candidate
    while parent is not None and parent.identifier in asked_by and len(steps) < _LONGEST_CHAIN:
        want, parent = asked_by[parent.identifier]
        steps.append(f"`{parent.name}`" if parent else str(want.origin))
    return "from " + " from ".join(dict.fromkeys(steps)) if steps else ""


def _missing(catalogue: Catalogue, causes: Iterable[Cause]) -> Iterator[str]:
    """Say of each package in the conflict why no version is left."""
    for cause in causes:
        want = cause.requirement
        if want.impossible or want.weak:
            continue
        project = catalogue.project(want.name)
        if project is None:
            where = catalogue.index(want.name).location
            yield f"index `{where}` has no project `{want.name}`"
            continue
        mask = want.mask(project)
        if not mask:
            newest = project.versions[-1] if project.versions else None
            known = f"; the newest known is {newest}" if newest else ""
            yield f"no version of `{want.name}` matches `{want.specifier}`{known}"
            continue
        barred = catalogue.choice(project, mask.bit_length() - 1)
        if isinstance(barred, str):
            newest = project.versions[mask.bit_length() - 1]
            yield f"`{want.name}=={newest}` is not offered: {barred}"


def _advice(problem: Problem, causes: Iterable[Cause]) -> Iterator[str]:
    stated = {cause.requirement.rule for cause in causes}
    for rule in problem.rules:
        if rule.id in stated:
            yield f"{rule.remedy} [{rule.id}]"
    # The image's own pins are what its author can change.
    origins = sorted({c.requirement.origin for c in causes if c.requirement.origin})
    if origins:
        yield f"relax or drop one of the image's own requirements: {', '.join(origins)}"
