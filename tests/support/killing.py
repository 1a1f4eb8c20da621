"""Kill writers at random moments: ``python -m support.killing KIND FOLDER COUNT``.

Forks a writer that replaces one output by another over and over, kills it, and looks at what is
there: the one or the other, whole. Prints how often it found which.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from depcheck.cache import Cache
from depcheck.index.live.answers import Answers
from depcheck.lockfiles.lockset import write
from depcheck.lockfiles.output import write_file
from support.recording import record
from support.small import files_of

if TYPE_CHECKING:
    from collections.abc import Callable

_BIG = b"x" * 20_000
LOCK_SETS = {
    name: {"pylock.toml": name.encode() + _BIG, f"stages/01-{name}.txt": _BIG, "install.sh": b"#"}
    for name in ("old", "new")
}
UNIVERSES: dict[str, Any] = {
    name: {"default": {f"{name}{number}": {"1.0": []} for number in range(40)}}
    for name in ("old", "new")
}
CONTENTS = {"old": b"old" + _BIG, "new": b"new" + _BIG}


def lock_set(folder: Path, name: str) -> None:
    """Write one of the lock sets."""
    write(LOCK_SETS[name], folder / "cu121")


def is_lock_set(folder: Path) -> str:
    """Name what is there."""
    found = files_of(folder / "cu121")
    return next((name for name, each in LOCK_SETS.items() if each == found), "BROKEN")


def snapshot(folder: Path, name: str) -> None:
    """Write one of the recordings."""
    record(folder / "snapshot.sqlite", UNIVERSES[name])


def is_snapshot(folder: Path) -> str:
    """Name what is there."""
    found = (folder / "snapshot.sqlite").read_bytes()
    for name in UNIVERSES:
        other = folder / "other"
        other.mkdir(exist_ok=True)
        snapshot(other, name)
        if (other / "snapshot.sqlite").read_bytes() == found:
            return name
    return "BROKEN"


def entry(folder: Path, name: str) -> None:
    """Write one of the cache entries."""
    Cache(folder).write("pages", "key", {"name": name}, CONTENTS[name])


def is_entry(folder: Path) -> str:
    """Name what is there."""
    found = Cache(folder).read("pages", "key")
    if found is None or found[1] != CONTENTS.get(found[0]["name"]):
        return "BROKEN"
    return str(found[0]["name"])


def answers(folder: Path, name: str) -> None:
    """Write both halves of what an index answered at once."""
    kept = Answers(folder)
    with kept.together():
        for half in "ab":
            kept.write("pages", half, {"name": name}, CONTENTS[name])


def are_answers(folder: Path) -> str:
    """Name what is there."""
    found = [Answers(folder).read("pages", half) for half in "ab"]
    names = {each[0]["name"] for each in found if each and each[1] == CONTENTS.get(each[0]["name"])}
    return names.pop() if None not in found and len(names) == 1 else "BROKEN"


def output(folder: Path, name: str) -> None:
    """Write one of the files."""
    write_file(CONTENTS[name], folder / "requirements.txt")


def is_output(folder: Path) -> str:
    """Name what is there."""
    found = (folder / "requirements.txt").read_bytes()
    return next((name for name, each in CONTENTS.items() if each == found), "BROKEN")


KINDS = {
    "lock-set": (lock_set, is_lock_set),
    "snapshot": (snapshot, is_snapshot),
    "cache": (entry, is_entry),
    "answers": (answers, are_answers),
    "output": (output, is_output),
}


def killed(put: Callable[[Path, str], None], folder: Path, seconds: float) -> None:
    """Write in a child and kill it after some time."""
    child = os.fork()
    if child == 0:
        while True:
            put(folder, "new")
            put(folder, "old")
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main() -> None:
    """Kill writers and count."""
    kind, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    put, look = KINDS[kind]
    random = Random(kind)
    found: Counter[str] = Counter()
    put(folder, "old")
    for _ in range(count):
        killed(put, folder, random.uniform(0.001, 0.03))
        found[look(folder)] += 1
    put(folder, "new")
    found[f"then {look(folder)}"] += 1
    print(json.dumps(found))


if __name__ == "__main__":
    main()
