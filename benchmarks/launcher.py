"""Starts one process after another, and says what each took.

A program of its own, which stays small: Linux counts the memory of the process that starts another
towards the peak of the other. Reads one order in JSON per line, answers with one line.
"""

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        started = time.perf_counter()
        child = os.fork()
        if child == 0:
            _become(order)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        wall = time.perf_counter() - started
        read = _bytes_read(child)
        _, status, used = os.wait4(child, 0)
        took = {
            "status": os.waitstatus_to_exitcode(status),
            "wall": wall,
            "cpu": used.ru_utime + used.ru_stime,
            "peak": used.ru_maxrss * 1024,
            "read": read,
        }
        print(json.dumps(took), flush=True)


def _become(order: "dict[str, Any]") -> None:
    try:
        os.chdir(order["folder"])
        for descriptor, name, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, order["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            (2, order["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        ):
            os.dup2(os.open(name, flags, 0o644), descriptor)
        os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606
    finally:
        os._exit(127)


def _bytes_read(child: int) -> int:
    """Return the bytes that a process and its children read from files and sockets."""
    with open(f"/proc/{child}/io", encoding="ascii") as counted:  # noqa: PTH123 - stays small
        for line in counted:
            if line.startswith("rchar:"):
                return int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
