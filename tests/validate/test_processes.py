"""Children that talk, hang, die by any signal, or hide what they do."""

from __future__ import annotations

import pytest

from depcheck.validate.processes import Ended, run_child

SILENT = 'exec >&- 2>&-; eval "exec $DEPCHECK_ANSWER>&-"; '


def shell(script: str, timeout: float = 60) -> Ended:
    return run_child(["bash", "-c", script], timeout=timeout, cwd="/")


@pytest.mark.parametrize(
    ("script", "status", "name"),
    [
        ("exit 3", 3, ""),
        ("kill -SEGV $$", -11, "SIGSEGV"),
        ("kill -35 $$", -35, "signal 35"),
        (f"{SILENT} exit 4", 4, ""),
        (f"{SILENT} sleep 0.2; exit 5", 5, ""),
    ],
)
def test_a_child_is_told_by_its_status_or_its_signal(script: str, status: int, name: str) -> None:
    ended = shell(script)

    assert (status, name, False) == (ended.status, ended.signal_name, ended.timed_out)


@pytest.mark.parametrize("script", ["sleep 60", f"{SILENT} sleep 60"])
def test_a_child_that_does_not_end_is_killed(script: str) -> None:
    ended = shell(script, timeout=0.3)

    assert (True, "SIGKILL") == (ended.timed_out, ended.signal_name)


def test_each_stream_keeps_its_start_and_its_end() -> None:
    ended = shell("printf answer >&$DEPCHECK_ANSWER; printf a; seq -f %09g 20000 >&2; printf z >&2")

    assert ("a", "answer") == (ended.stdout, ended.answer)
    assert ended.stderr.startswith("000000001\n000000002\n")
    assert "\n[...]\n" in ended.stderr
    assert ended.stderr.endswith("000020000\nz")


def test_a_program_that_is_not_there_cannot_be_started() -> None:
    with pytest.raises(FileNotFoundError):
        run_child(["/nowhere/python"], timeout=1)
