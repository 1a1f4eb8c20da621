"""What is waited for shows on a terminal, and now and then elsewhere."""

from __future__ import annotations

import io
from contextlib import ExitStack

from depcheck.waiting import Waiting

PAGE = "http://h.example/simple/numpy/"
WHEEL = "http://h.example/files/pandas-2.0%2Bx.whl"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(stream: io.StringIO, *moments: float) -> str:
    """Return what is written while two requests are waited for, begun and ended at moments."""
    clock = iter(moments)
    last = 0.0

    def now() -> float:
        nonlocal last
        last = next(clock, last)
        return last

    waiting = Waiting(stream, clock=now)
    with ExitStack() as stack:
        stack.enter_context(waiting.on(WHEEL))
        stack.enter_context(waiting.on(PAGE))
    return stream.getvalue()


def test_nothing_is_said_of_quick_answers() -> None:
    assert "" == said(Terminal(), 0, 0.01, 0.02, 0.03)


def test_a_terminal_shows_one_line_that_goes_away() -> None:
    assert "\r\x1b[Kwaiting for numpy and 1 more (0 answered)\r\x1b[K" == said(
        Terminal(), 0, 0.01, 0.5
    )


def test_elsewhere_it_is_a_line_of_its_own() -> None:
    assert "waiting for pandas-2.0+x.whl (0 answered)\n" == said(io.StringIO(), 0, 20)


def test_elsewhere_it_is_silent_for_a_while() -> None:
    assert "" == said(io.StringIO(), 0, 10)


def test_text_from_outside_is_escaped() -> None:
    stream = io.StringIO()
    waiting = Waiting(stream, clock=iter([0, 20, 20, 20]).__next__)
    with waiting.on("http://h.example/simple/%1b[31m/"):
        pass

    assert "waiting for \\x1b[31m (0 answered)\n" == stream.getvalue()
