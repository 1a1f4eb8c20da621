"""How a core is made smaller, with a search that answers by the book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from support.universe import indexes, problem

from depcheck.errors import DepcheckError
from depcheck.resolver import core as core_module
from depcheck.resolver.clauses import CONSTRAINT, METADATA, REQUIREMENT, RULE, UNUSABLE, Clause
from depcheck.resolver.core import Core, prove
from depcheck.resolver.search import Bench, Found, Refuted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FOUND = Bench(problem("a"), indexes({"a": {"1": []}})).attempt()


def clauses(kind: str, number: int) -> list[Clause]:
    return [Clause(kind, f"{place:02}", "p") for place in range(number)]


class Book(Bench):
    """Knows which sets of clauses cannot hold together, and writes down what it is asked."""

    def __init__(
        self,
        *contradictions: Iterable[Clause],
        knows: Callable[[frozenset[Clause] | None], bool] = lambda _: True,
        terse: bool = False,
        max_rounds: int = 20_000,
    ) -> None:
        super().__init__(problem("a", max_rounds=max_rounds), indexes({"a": {"1": []}}))
        self._contradictions = [frozenset(each) for each in contradictions]
        self._knows = knows
        self._terse = terse
        self.everything = frozenset[Clause]()
        self.asked: list[tuple[frozenset[Clause] | None, int | None, bool]] = []

    def refuted(self, everything: Iterable[Clause], *, proved: bool) -> Refuted:
        """Begin with the refutation of all clauses."""
        self.everything = frozenset(everything)
        return Refuted(
            stated=dict.fromkeys(self.everything, ()), missing={"p": 1} if proved else None
        )

    def attempt(
        self,
        kept: frozenset[Clause] | None = None,
        *,
        max_rounds: int | None = None,
        thorough: bool = False,
    ) -> Found | Refuted:
        self.asked.append((kept, max_rounds, thorough))
        if not self._knows(kept):
            raise DepcheckError("search-limit", "gave up", hint=None)
        asked = self.everything if kept is None else kept
        for each in self._contradictions:
            if each <= asked:
                rests_on = each if self._terse else asked
                return Refuted(stated=dict.fromkeys(rests_on, ()), missing={"p": 2})
        assert isinstance(FOUND, Found)
        return FOUND


def proved(book: Book, everything: Iterable[Clause], **options: Any) -> Core:
    found = prove(book, book.refuted(everything, **{"proved": True, **options}))
    assert isinstance(found, Core)
    return found


MANY = clauses(METADATA, 20)


@pytest.mark.parametrize("is_proved", [True, False])
@pytest.mark.parametrize("terse", [True, False])
@pytest.mark.parametrize(
    "needed", [MANY[:1], MANY[19:], MANY[3:6], [MANY[0], MANY[7], MANY[19]], MANY]
)
def test_what_is_left_cannot_be_spared(
    needed: list[Clause], *, terse: bool, is_proved: bool
) -> None:
    book = Book(needed, terse=terse)
    found = proved(book, MANY, proved=is_proved)

    assert (set(needed), True) == (set(found.stated), found.minimal)
    assert all(asked[1:] == (2_000, True) for asked in book.asked)


@pytest.mark.parametrize("place", range(5))
def test_the_words_of_the_image_are_kept_where_there_is_a_choice(place: int) -> None:
    """What is kept sooner comes last; the first so many kinds are left out of this."""
    order = (METADATA, UNUSABLE, RULE, CONSTRAINT, REQUIREMENT)
    each = [Clause(kind, "s", "p") for kind in order[place:]]
    book = Book(*([one] for one in each))

    assert {each[-1]} == set(proved(book, reversed(each)).stated)


def test_the_first_by_name_is_left_out_first_among_the_same_kind() -> None:
    book = Book(*([one] for one in MANY))

    assert {MANY[-1]} == set(proved(book, reversed(MANY)).stated)


def test_a_proof_is_gone_through_one_by_one() -> None:
    book = Book(MANY)
    found = proved(book, MANY)

    assert [frozenset(MANY) - {each} for each in MANY] == [kept for kept, _, _ in book.asked]
    assert {"p": 1} == found.missing


def test_what_is_no_proof_is_halved_as_long_as_that_helps() -> None:
    """Nobody can tell at once, so that the clauses of the quick search must do."""
    book = Book(MANY[7:8], knows=lambda kept: kept is not None)
    found = proved(book, MANY, proved=False)

    assert ({MANY[7]}, True, {"p": 2}) == (set(found.stated), found.minimal, found.missing)
    assert [None, 10, 10, 5, 0] == [
        None if kept is None else len(kept) for kept, _, _ in book.asked[:5]
    ]
    assert len(book.asked) <= 14


@pytest.mark.parametrize(("own", "expected"), [(20_000, 2_000), (50, 50)])
def test_what_is_no_proof_is_proved_first_within_the_budget(own: int, expected: int) -> None:
    book = Book(MANY[:1], max_rounds=own, terse=True)
    proved(book, MANY, proved=False)

    assert (None, expected, True) == book.asked[0]


def test_a_solution_that_the_quick_search_missed_is_the_answer() -> None:
    book = Book()

    assert FOUND is prove(book, book.refuted(MANY, proved=False))
    assert 1 == len(book.asked)


def test_a_solution_that_takes_long_to_find_is_the_answer_too() -> None:
    """Neither all clauses nor any part of them is settled within the smaller budget."""

    class Slow(Book):
        def attempt(self, kept: frozenset[Clause] | None = None, **options: Any) -> Found | Refuted:
            if options.get("max_rounds") is not None:
                raise DepcheckError("search-limit", "gave up", hint=None)
            return super().attempt(kept, **options)

    solved, refuted = Slow(), Slow(MANY[:2])

    assert FOUND is prove(solved, solved.refuted(MANY, proved=False))
    assert [(None, None, True)] == solved.asked
    found = proved(refuted, MANY, proved=False)
    assert (set(MANY), False) == (set(found.stated), found.minimal)


def test_a_clause_that_nobody_can_tell_about_stays_and_is_said_to_be_unsure() -> None:
    unsure = frozenset(MANY) - {MANY[4]}
    book = Book(MANY[:3], knows=lambda kept: kept is None or len(kept) < 19 or kept != unsure)
    plain = proved(Book(MANY[:3]), MANY)
    found = proved(Book(MANY[:3], knows=lambda kept: kept != frozenset(MANY[:3])), MANY[:4])

    assert set(proved(book, MANY).stated) == set(plain.stated)
    assert (set(MANY[:4]), False) == (set(found.stated), found.minimal)


@pytest.mark.parametrize(
    ("searches", "left", "minimal"), [(20, 1, True), (19, 1, False), (5, 15, False)]
)
def test_searches_are_limited(
    searches: int, left: int, monkeypatch: pytest.MonkeyPatch, *, minimal: bool
) -> None:
    monkeypatch.setattr(core_module, "_SEARCHES", searches)
    book = Book(MANY[19:])
    found = proved(book, MANY)

    assert (searches, left, minimal) == (len(book.asked), len(found.stated), found.minimal)
    assert MANY[19] in cast("Any", found.stated)
