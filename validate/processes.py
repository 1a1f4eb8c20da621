"""Run a child that may hang, crash or talk without end, and tell which it did."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Iterator, Mapping, Sequence

_KEPT = 64 * 1024
"""Bytes kept of the start and of the end of each stream."""
_GRACE = 0.5
"""Seconds that output may still arrive after the child has ended (grandchildren hold pipes)."""


@dataclass(frozen=True)
class Ended:
    """How a child ended, and what it said."""

    status: int
    """Exit status, negative for the signal that killed it."""
    stdout: str
    stderr: str
    answer: str
    """What it wrote to the descriptor that its variable ``DEPCHECK_ANSWER`` names."""
    seconds: float
    timed_out: bool = False

    @property
    def signal_name(self) -> str:
        """Name of the signal that killed it, empty where none did."""
        if self.status >= 0:
            return ""
        try:
            return signal.Signals(-self.status).name
        except ValueError:
            return f"signal {-self.status}"


class _Stream:
    """The start and the end of what a pipe gave."""

    def __init__(self) -> None:
        self._start = b""
        self._end = b""
        self._cut = False

    def add(self, data: bytes) -> None:
        room = _KEPT - len(self._start)
        self._start += data[: max(room, 0)]
        self._end += data[max(room, 0) :]
        if len(self._end) > _KEPT:
            self._end = self._end[-_KEPT:]
            self._cut = True

    def text(self) -> str:
        middle = b"\n[...]\n" if self._cut else b""
        return (self._start + middle + self._end).decode("utf-8", errors="replace")


def run_child(
    command: Sequence[str],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> Ended:
    """Run a command in a session of its own and wait until it ends; then end what it left behind.

    Raises:
        OSError: the command cannot be started.
    """
    reader, writer = os.pipe()
    started = time.monotonic()
    try:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**(os.environ if env is None else env), "DEPCHECK_ANSWER": str(writer)},
            cwd=cwd,
            pass_fds=(writer,),
            start_new_session=True,
        )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    if child.stdout is None or child.stderr is None:
        raise AssertionError(command)
    pipes = {child.stdout.fileno(): _Stream(), child.stderr.fileno(): _Stream(), reader: _Stream()}
    try:
        with _ended(child):
            in_time = _listen(child, pipes, started + timeout)
        _drain(pipes)
        out, err, answer = (stream.text() for stream in pipes.values())
    finally:
        child.stdout.close()
        child.stderr.close()
        os.close(reader)
    return Ended(
        status=child.returncode,
        stdout=out,
        stderr=err,
        answer=answer,
        seconds=time.monotonic() - started,
        timed_out=not in_time,
    )


@contextmanager
def _ended(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill the child's whole session at the end of the block, however that comes."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError, PermissionError):  # nothing of it is left
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _listen(child: subprocess.Popen[bytes], pipes: dict[int, _Stream], deadline: float) -> bool:
    """Read until the child has ended; False where the deadline came first."""
    with _selector(pipes) as selector:
        while True:
            ended = child.poll() is not None
            if ended:
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if selector.get_map():
                _read_ready(selector, pipes, min(left, 0.05))
            else:
                _wait(child, left)


def _wait(child: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):  # the caller looks at the clock
        child.wait(seconds)


def _drain(pipes: dict[int, _Stream]) -> None:
    """Read what is still in the pipes of a child that has ended."""
    deadline = time.monotonic() + _GRACE
    with _selector(pipes) as selector:
        while selector.get_map() and time.monotonic() < deadline:
            if not _read_ready(selector, pipes, _GRACE):
                return


@contextmanager
def _selector(pipes: dict[int, _Stream]) -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as selector:
        for descriptor in pipes:
            selector.register(descriptor, selectors.EVENT_READ)
        yield selector


def _read_ready(
    selector: selectors.BaseSelector, pipes: dict[int, _Stream], timeout: float
) -> list[int]:
    ready = [key.fd for key, _ in selector.select(timeout)]
    for descriptor in ready:
        data = os.read(descriptor, _KEPT)
        if data:
            pipes[descriptor].add(data)
        else:
            selector.unregister(descriptor)
    return ready
