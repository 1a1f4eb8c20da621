"""Says what is waited for: one line that changes on a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TextIO
from urllib.parse import unquote, urlsplit

from depcheck.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TERMINAL_SECONDS, _PLAIN_SECONDS = 0.1, 15.0
"""Between two lines."""
_ERASE = "\r\x1b[K"
_MOST = 50


class Waiting:
    """The requests under way; nothing is said of those that are answered soon."""

    def __init__(
        self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Write to a stream, to standard error by default."""
        self._stream = stream or sys.stderr
        self._clock = clock
        self._terminal = self._stream.isatty()
        self._pause = _TERMINAL_SECONDS if self._terminal else _PLAIN_SECONDS
        self._next = clock() + self._pause
        self._waiting: Counter[str] = Counter()
        self._answered = 0
        self._shown = False
        self._turn = Lock()

    @contextmanager
    def on(self, url: str) -> Iterator[None]:
        """Count a URL among those that are waited for while the block runs."""
        name = _name(url)
        with self._turn:
            self._waiting[name] += 1
            self._say()
        try:
            yield
        finally:
            with self._turn:
                self._answered += 1
                self._waiting[name] -= 1
                self._waiting += Counter()  # drops what is at zero
                self._say()

    def _say(self) -> None:
        if not self._waiting:
            if self._shown:
                self._write(_ERASE)
            self._shown = False
            return
        if self._clock() < self._next:
            return
        self._next = self._clock() + self._pause
        first, *others = sorted(self._waiting)
        more = f" and {len(others)} more" if others else ""
        text = f"waiting for {escape(first)[:_MOST]}{more} ({self._answered} answered)"
        self._write(f"{_ERASE}{text}" if self._terminal else f"{text}\n")
        self._shown = self._terminal

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _name(url: str) -> str:
    """Return what tells a request from others: a file, or a project."""
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
