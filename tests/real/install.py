"""Install lock sets of real packages by uv and by pip, whole and interrupted, and compare.

    python tests/real/install.py FOLDER [NAME...]

For each spec in `specs/` (or those named) and each installer: `install.sh` fills a fresh virtual
environment, the validator must find nothing, and `pip check` must complain of what the lock waives,
nothing more and nothing less. Then the same again in another environment, with every process killed
after a stage and in the middle of stages: what `pip freeze` says and which files there are must be
equal. At last one file is deleted, and the validator must miss that file and nothing else.

Needs the network, and about 15 GB in FOLDER (a new folder). Of all specs uv downloads some 10 GB,
and pip five times that where the index lets it cache nothing: what was killed is fetched again.
Writes FOLDER/summary.log, and what `install.sh` says into FOLDER/logs. No part of the test suite.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uv

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

    Moment = Callable[[str, int, int], bool]
    """Judges the log, and how many entries site-packages had before and has now."""

SPECS = Path(__file__).parent / "specs"
INSTALLERS = ("uv", "pip")
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
JUDGED = frozenset({"installed", "files", "metadata", "libraries", "imports"})
"""Checks of the validator that must have passed something, or nothing is proved."""
COMPLAINT = re.compile(r"(\S+) (\S+) (?:requires|has requirement) ([A-Za-z0-9._-]+)")


class Failure(Exception):
    """What was to be proved is not so."""


@dataclass(frozen=True)
class Machine:
    """A virtual environment and what installs a lock set into it."""

    folder: Path
    locks: Path
    installer: str

    @property
    def python(self) -> Path:
        return self.folder / "venv/bin/python"

    @property
    def packages(self) -> Path:
        return next((self.folder / "venv/lib").glob("python3.*")) / "site-packages"

    @property
    def environment(self) -> dict[str, str]:
        bin_ = self.folder / f"bin-{self.installer}"
        return {
            **{k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"},
            "PATH": f"{bin_}{os.pathsep}{SYSTEM_PATH}",
            "PYTHON": str(self.python),
            "UV_CACHE_DIR": str(self.folder / "cache"),
            "PIP_CACHE_DIR": str(self.folder / "cache"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    def log(self, how: str) -> Path:
        """Where the words of `install.sh` go."""
        return self.folder / "logs" / f"{self.locks.parent.name}-{self.installer}-{how}.log"

    def renew(self) -> None:
        """Make the virtual environment anew, empty but for pip where pip installs."""
        for name in ("venv", "tmp"):  # what was killed leaves downloads in its temporary folder
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / "tmp").mkdir()
        venv.create(self.folder / "venv", with_pip=self.installer == "pip")
        bin_ = self.folder / f"bin-{self.installer}"
        bin_.mkdir(exist_ok=True)
        if self.installer == "uv" and not (bin_ / "uv").exists():
            (bin_ / "uv").symlink_to(uv.find_uv_bin())

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Start `install.sh` in a session of its own."""
        with log.open("wb") as file:
            return subprocess.Popen(
                [str(self.locks / "install.sh")],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def pip(self, *arguments: str) -> list[str]:
        """Ask pip about the environment; return the lines that it prints."""
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in {0, 1} or "Traceback" in done.stderr:
            raise Failure(f"pip {arguments[0]}: {done.stderr}")
        return done.stdout.splitlines()

    def files(self) -> list[str]:
        """Return each file of the environment with its size; byte code comes and goes."""
        found = (path for path in (self.folder / "venv").rglob("*") if not path.is_dir())
        return sorted(
            f"{path.relative_to(self.folder)} {path.lstat().st_size}"
            for path in found
            if path.suffix != ".pyc"
        )


def stage_done(text: str, _before: int, _now: int) -> bool:
    """Tell whether a stage is complete."""
    return "installed and verified" in text


def grown(_text: str, before: int, now: int) -> bool:
    """Tell whether an installer has begun to write into site-packages."""
    return now > before


MOMENTS: tuple[tuple[Moment, float], ...] = (
    (grown, 0.0),
    (grown, 0.05),
    (grown, 0.3),
    (stage_done, 0.0),
    (grown, 0.0),
    (grown, 1.5),
)
"""When to kill, one run after the other, and how many seconds later."""


class Summary:
    """What people read in the end, on stdout and in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.failed = 0

    def say(self, text: str) -> None:
        print(text, flush=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def judge(self, title: str, step: Callable[[], str]) -> bool:
        """Run a step and say how it ended and how long it took."""
        started = time.monotonic()
        try:
            told = step()
        except Failure as failure:
            self.failed += 1
            self.say(f"  FAILED {title}: {failure}")
            return False
        self.say(f"  ok     {title}: {told} ({time.monotonic() - started:.0f} s)")
        return True


def main(folder: Path, names: list[str]) -> int:
    """Run every step for every spec; return 0 where each gave what it must."""
    specs = sorted(SPECS.glob("*.toml"))
    chosen = [spec for spec in specs if not names or spec.stem in names]
    if unknown := set(names) - {spec.stem for spec in specs}:
        sys.exit(f"no spec is called {', '.join(sorted(unknown))}")
    if shutil.which("uv", path=SYSTEM_PATH):
        sys.exit(f"uv is on {SYSTEM_PATH}, so that pip would not be tried")
    (folder / "logs").mkdir(parents=True)
    summary = Summary(folder / "summary.log")
    for spec in chosen:
        summary.say(f"{spec.stem}: solve")
        summary.judge("solve --live", lambda spec=spec: solve(spec, folder))  # type: ignore[misc]
    for installer in INSTALLERS:
        for spec in chosen:
            found = sorted((folder / "locks" / spec.stem).glob("*/install.sh"))
            for script in found:
                summary.say(f"{spec.stem} by {installer}")
                machine = Machine(folder=folder, locks=script.parent, installer=installer)
                prove(machine, summary)
        shutil.rmtree(folder / "cache", ignore_errors=True)
    summary.say(f"{summary.failed} failed" if summary.failed else "all as expected")
    return 1 if summary.failed else 0


def solve(spec: Path, folder: Path) -> str:
    """Solve a spec by the indexes themselves."""
    command = [sys.executable, "-m", "depcheck", "solve", str(spec), "--live"]
    command += ["--out", str(folder / "locks"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(done.stderr + done.stdout)
    [image] = json.loads(done.stdout)["solved"]
    return f"{len(image['pins'])} pins"


def prove(machine: Machine, summary: Summary) -> None:
    """Install whole, and then with interruptions, and compare."""
    held: list[list[str]] = []
    for kills in (False, True):
        machine.renew()
        how = "install, killed now and then" if kills else "install"
        step = interrupted if kills else whole
        if not summary.judge(how, lambda step=step: step(machine)):  # type: ignore[misc]
            continue
        held.append([*machine.pip("freeze", "--all"), *machine.files()])
        summary.judge("validate --full", lambda: validated(machine))
        summary.judge("pip check", lambda: checked(machine))
    if len(held) > 1:
        summary.judge("pip freeze and files", lambda: compared(*held))
        summary.judge("one file deleted", lambda: spoiled(machine))
    shutil.rmtree(machine.folder / "venv")
    if machine.installer == "uv":  # what it fetched again to install it again is there twice
        prune = [uv.find_uv_bin(), "cache", "prune", "--quiet"]
        subprocess.run(prune, env=machine.environment, check=True)


def whole(machine: Machine) -> str:
    """Run the script once, to its end."""
    log = machine.log("whole")
    if machine.start(log).wait():
        raise Failure(log.read_text(errors="replace")[-3000:])
    stages = len(re.findall("installed and verified", log.read_text()))
    packages = len(tomllib.loads((machine.locks / "pylock.toml").read_text())["packages"])
    return f"{packages} distributions in {stages} stages"


def interrupted(machine: Machine) -> str:
    """Kill the script in the middle of stages and between them, and let it end at last."""
    ends: list[str] = []
    text = ""
    for moment, delay in MOMENTS:
        end, told = killed(machine, moment, delay)
        text += told
        if end is None:
            break
        ends.append(end)
    log = machine.log("killed")
    status = machine.start(log).wait()
    text += log.read_text(errors="replace")
    log.write_text(text)
    if status:
        raise Failure(text[-3000:])
    if len(ends) < 2:  # in the middle and once more over what that left
        raise Failure(f"killed {len(ends)} times only: too fast for a proof")
    again = len(re.findall("installing it again", text))
    return f"killed {len(ends)} times, at {', '.join(ends)}; {again} times over what was there"


def killed(machine: Machine, moment: Moment, delay: float) -> tuple[str | None, str]:
    """Start the script, kill all that it started at a moment; say where, if so, and its log."""
    log = machine.log("killed")
    before = len(os.listdir(machine.packages))  # noqa: PTH208  # asked every few milliseconds
    child = machine.start(log)
    while child.poll() is None:
        now = len(os.listdir(machine.packages))  # noqa: PTH208
        if moment(log.read_text(errors="replace"), before, now):
            time.sleep(delay)
            break
        time.sleep(0.002)
    ended = child.poll()
    if ended is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    text = log.read_text(errors="replace")
    if ended:
        raise Failure(f"does not resume, ends with {ended}: {text[-3000:]}")
    last = [line for line in text.splitlines() if "] stage " in line][-1:]
    where = last[0].partition("] ")[2].partition(",")[0] if last else "before any stage"
    return (f"`{where}`" if ended is None else None, text)


def validated(machine: Machine) -> str:
    """Run the validator; whatever it finds is a failure."""
    status, document = validator(machine, "--full")
    results = document["results"]
    found = [each for each in results if each["status"] in {"fail", "warn", "error"}]
    bad = [f"{each['code']} {each['subject']}: {each['message']}" for each in found]
    if status or any(each["status"] != "warn" for each in found):
        raise Failure("; ".join(bad) or f"exit status {status}")
    if missing := JUDGED - {each["check"] for each in results if each["status"] == "pass"}:
        raise Failure(f"nothing passed {', '.join(sorted(missing))}")
    skipped = sorted({each["check"] for each in results if each["status"] == "skip"})
    told = ", ".join(f"{count} {status}" for status, count in document["counts"].items())
    told += f" ({', '.join(skipped)})" if skipped else ""
    return told + "".join(f"; warns of {each}" for each in bad)


def spoiled(machine: Machine) -> str:
    """Delete a module; the validator must miss it alone."""
    records = sorted(machine.packages.glob("*.dist-info/RECORD"))
    rows = (row for record in records for row in csv.reader(record.read_text().splitlines()))
    module = next(row[0] for row in rows if row[0].endswith(".py"))
    (machine.packages / module).unlink()
    status, document = validator(machine, "--only", "files")
    found = [each for each in document["results"] if each["status"] != "pass"]
    told = [f"{each['code']} {each['subject']}: {each['message']}" for each in found]
    if status != 1 or len(told) != 1 or "file-missing" not in told[0] or module not in str(found):
        raise Failure(f"{module}: exit status {status}, {told}")
    return told[0]


def validator(machine: Machine, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the validator with the variables that the image has; return its status and report."""
    program = str(machine.locks / "validate_dependencies")
    command = [program, "--python", str(machine.python), "--json", *options]
    image = {**machine.environment, **stated(machine)["env"]}
    done = subprocess.run(command, env=image, capture_output=True, check=False)
    return done.returncode, json.loads(done.stdout)


def checked(machine: Machine) -> str:
    """Compare what `pip check` complains of with the waivers of the lock."""
    expected = {
        (normalised(each["package"]), each["version"], normalised(name_of(each["requirement"])))
        for each in stated(machine)["waivers"]
    }
    lines = machine.pip("check")
    found: set[tuple[str, str, str]] = set()
    for line in lines:
        match = COMPLAINT.match(line)
        if match:
            found.add((normalised(match[1]), match[2], normalised(match[3])))
        elif line != "No broken requirements found.":
            raise Failure(line)
    if found != expected:
        raise Failure(f"complains of {sorted(found)}, waived are {sorted(expected)}")
    return "; ".join(lines) if expected else "nothing to complain of, nothing waived"


def stated(machine: Machine) -> dict[str, Any]:
    """Return what depcheck wrote into the lock for itself."""
    lock = tomllib.loads((machine.locks / "pylock.toml").read_text(encoding="utf-8"))
    return {"env": {}, "waivers": [], **lock["tool"]["depcheck"]}


def compared(one: list[str], other: list[str]) -> str:
    """Compare what two environments hold."""
    if one != other:
        raise Failure(f"differs: {sorted(set(one) ^ set(other))}")
    return f"equal, {len(one)} lines"


def normalised(name: str) -> str:
    """Return a name as packages are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    """Return the name in a requirement."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None
    return match[0]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:]))
