"""What the search moves: wants (requirements on an identifier) and candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depcheck.index.model import Dist
    from depcheck.index.project import Project

ABSENT = -1
"""Rank of the candidate that stands for "nobody needs this package"."""


def identifier(name: str, extra: str = "") -> str:
    """Return the search's key for a package, or for one extra of it."""
    return f"{name}[{extra}]" if extra else name


class Want:
    """One requirement, as it counts in the search.

    A *weak* want (a constraint, a `require` or `forbid` rule) narrows a package without asking for
    it. An *impossible* want carries the reason why the candidate that states it cannot be used.
    """

    __slots__ = (
        "declared",
        "exact",
        "extra",
        "forbidden",
        "identifier",
        "impossible",
        "name",
        "origin",
        "rank",
        "rule",
        "specifier",
        "weak",
    )

    def __init__(
        self,
        name: str,
        specifier: str = "",
        *,
        extra: str = "",
        weak: bool = False,
        forbidden: bool = False,
        origin: str | None = None,
        rule: str | None = None,
        rank: int | None = None,
        impossible: str | None = None,
        declared: bool = True,
    ) -> None:
        self.name = name
        self.extra = extra
        self.identifier = identifier(name, extra)
        self.specifier = specifier
        self.weak = weak
        self.forbidden = forbidden
        """The versions in the specifier are those not allowed."""
        self.origin = origin
        """File and key of a direct requirement; None where a candidate asks."""
        self.rule = rule
        self.rank = rank
        """The one rank allowed: an extra's hold on its base package."""
        self.impossible = impossible
        self.declared = declared
        """False where only a rule says so, and no published metadata."""
        self.exact = rank is not None or (
            specifier.startswith("==") and "," not in specifier and "*" not in specifier
        )

    def __repr__(self) -> str:
        return f"<Want {self}>"

    def __str__(self) -> str:
        """The requirement in PEP 508 form, or the reason of an impossible one."""
        if self.impossible:
            return self.impossible
        if self.forbidden:
            return f"not {self.identifier}{self.specifier}"
        return f"{self.identifier}{self.specifier}"

    @property
    def stated_in(self) -> str:
        """File and key of a direct requirement, without its position: what a lock may say.

        A requirements file is named as pip names it: ``-r FILE``, and ``-c FILE`` for constraints.
        """
        file, _, line = (self.origin or "").rpartition(":")
        if line.isdigit():
            return f"{'-c' if self.weak else '-r'} {file}"
        return (self.origin or "").partition("[")[0]

    def mask(self, project: Project) -> int:
        """Return the ranks of the project that the want allows."""
        if self.impossible:
            return 0
        if self.rank is not None:
            return 1 << self.rank
        mask = project.mask(self.specifier)
        return project.everything & ~mask if self.forbidden else mask


class Candidate:
    """One version of a package, or of an extra of it.

    There is one object per version, since resolvelib compares identities.
    """

    __slots__ = ("dist", "extra", "identifier", "name", "project", "rank")

    def __init__(
        self, name: str, extra: str, project: Project | None, rank: int, dist: Dist | None
    ) -> None:
        self.name = name
        self.extra = extra
        self.identifier = identifier(name, extra)
        self.project = project
        self.rank = rank
        self.dist = dist

    def __repr__(self) -> str:
        return f"<Candidate {self}>"

    def __str__(self) -> str:
        """``name==version``."""
        return f"{self.identifier}=={self.version}"

    @property
    def version(self) -> str:
        """The version as text, ``absent`` for the absent candidate."""
        if self.project is None or self.rank == ABSENT:
            return "absent"
        return self.project.versions[self.rank]
