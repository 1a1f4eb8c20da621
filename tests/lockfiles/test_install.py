"""The emitted install.sh, run for real with uv and with pip against a loopback index."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uv
from packaging.requirements import Requirement
from support.image import TORCH
from support.solutions import heavy
from support.wheelhouse import Wheelhouse, make_sdist, make_wheel, sdist_files, serve, sha256

from depcheck.conflicts.model import BuildNeeds
from depcheck.images.model import StageHint, Target
from depcheck.lockfiles.lockset import render, write
from depcheck.resolver.solution import (
    DirectSource,
    IndexUse,
    LockedFile,
    Pin,
    Solution,
    Waiver,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TORCH_FILE = f"{TORCH}ORIGIN = 'cu121'\n"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
PROGRAMS = ("bash", "env", "sed", "date", "dirname", "grep", "git", "sh")
INSTALLERS = ("uv", "pip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A loopback index, a lock set of what it serves, and an empty virtual environment."""

    house: Wheelhouse
    folder: Path
    installer: str

    @property
    def python(self) -> Path:
        return self.folder / "venv/bin/python"

    @property
    def packages(self) -> Path:
        return self.folder / f"venv/lib/python{PYTHON}/site-packages"

    @property
    def script(self) -> Path:
        return self.folder / "locks/install.sh"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder),
            "PYTHON": str(self.python),
            "PIP_INDEX_URL": self.house.index_url("default"),
            "PIP_NO_CACHE_DIR": "1",
            "UV_DEFAULT_INDEX": self.house.index_url("default"),
            "UV_CACHE_DIR": str(self.folder / "cache"),
        }

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.script), *arguments],
            env={**self.environment, **extra},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def evaluate(self, expression: str) -> str:
        """Evaluate an expression inside the virtual environment."""
        code = f"import importlib.metadata as m; print({expression})"
        done = subprocess.run(
            [str(self.python), "-c", code], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


def locked(house: Wheelhouse, index: str, name: str, version: str, **other: object) -> Pin:
    """Pin the distribution of this name and version that an index of the wheelhouse serves."""
    pattern = f"{name.replace('-', '_')}-{version}[-.]*"
    path = next(iter(house.folders[index].glob(pattern)))
    file = LockedFile(
        filename=path.name,
        url=house.file_url(index, path.name),
        sha256=sha256(path),
        size=path.stat().st_size,
        uploaded=None,
    )
    return Pin(name=name, version=version, index=index, file=file, **other)  # type: ignore[arg-type]


def make_repository(folder: Path) -> DirectSource:
    """Write a git repository of a package that builds itself."""
    folder.mkdir()
    for name, text in sdist_files("from-git", "0.4.1", preamble="BUILT_WITH = 'git'").items():
        (folder / name).write_text(text)
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return DirectSource(url=folder.as_uri(), vcs="git", commit=head.stdout.strip())


def make_files(default: Path, cu121: Path) -> None:
    make_wheel(cu121, "torch", "2.2.2+cu121", files={"torch/__init__.py": TORCH_FILE})
    # What must never be installed: the same name on the default index, newer, or just the same.
    make_wheel(default, "torch", "9.0", files={"torch.py": "ORIGIN = 'newer'\n"})
    make_wheel(default, "torch", "2.2.2+cu121", files={"torch.py": "ORIGIN = 'impostor'\n"})
    make_wheel(default, "filelock", "3.16.1")
    numpy = {
        "numpy.py": "__version__ = '1.26.4'\n",
        "numpy-1.26.4.dist-info/entry_points.txt": "[console_scripts]\nf2py = numpy:main\n",
    }
    make_wheel(default, "numpy", "1.26.4", requires=["not-there>=1"], files=numpy)
    make_wheel(default, "plain-backend", "1.0", files={"plain_backend.py": "VERSION = 1\n"})
    make_wheel(default, "plain-backend", "2.0", files={"plain_backend.py": "VERSION = 2\n"})
    make_sdist(
        default,
        "isolated",
        "1.0",
        preamble="import plain_backend\n"
        "BUILT_WITH = f'{plain_backend.VERSION} {os.environ[\"DEMO_BUILD\"]}'",
        build_requires=["plain-backend"],
    )
    make_sdist(default, "needs-torch", "1.0", preamble="import torch; BUILT_WITH = torch.ORIGIN")


def make_solution(house: Wheelhouse, repository: DirectSource) -> Solution:
    isolated = BuildNeeds(
        constraints=(Requirement("plain-backend<2"),), env={"DEMO_BUILD": "with 'quotes' $HOME"}
    )
    in_place = BuildNeeds(isolation=False)
    return heavy(
        pins=(
            locked(house, "cu121", "torch", "2.2.2+cu121", requires=("filelock",)),
            locked(house, "default", "filelock", "3.16.1"),
            locked(house, "default", "numpy", "1.26.4"),
            locked(house, "default", "isolated", "1.0", build=isolated),
            locked(house, "default", "needs-torch", "1.0", build=in_place),
            Pin(name="from-git", version="0.4.1", index=None, file=None, direct=repository),
        ),
        target=Target(python=PYTHON, platform="manylinux_2_35_x86_64"),
        indexes=(
            IndexUse(name="default", url=house.index_url("default")),
            IndexUse(name="cu121", url="https://index.invalid/cu121/", packages=("torch",)),
        ),
        waivers=(
            Waiver(
                package="numpy",
                version="1.26.4",
                requirement="not-there>=1",
                replacement=None,
                rule="numpy-alone",
                reason="a test",
            ),
        ),
        stages=(StageHint(name="torch", packages=("torch",)),),
        after=(("needs-torch", "torch"),),
    )


def make_programs(folder: Path, installer: str) -> None:
    """Make a PATH that holds what the script may call, and uv only if it is to be found."""
    folder.mkdir()
    for program in PROGRAMS:
        (folder / program).symlink_to(shutil.which(program) or program)
    if installer == "uv":
        (folder / "uv").symlink_to(uv.find_uv_bin())


def make_environment(folder: Path, installer: str) -> None:
    venv.create(folder, symlinks=True, with_pip=False)
    if installer == "pip":  # the pip of the test environment: quicker than ensurepip, and newer
        spec = importlib.util.find_spec("pip")
        assert spec is not None
        assert spec.origin is not None
        target = folder / f"lib/python{PYTHON}/site-packages/pip"
        target.symlink_to(Path(spec.origin).parent)


@contextmanager
def started(folder: Path, installer: str) -> Iterator[Machine]:
    make_files(folder / "default", folder / "cu121")
    make_programs(folder / "bin", installer)
    make_environment(folder / "venv", installer)
    repository = make_repository(folder / "repository")
    with serve({"default": folder / "default", "cu121": folder / "cu121"}) as house:
        write(render(make_solution(house, repository)), folder / "locks")
        yield Machine(house=house, folder=folder, installer=installer)


@pytest.fixture(params=INSTALLERS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    with started(tmp_path, request.param) as running:
        yield running


def log_of(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the script's own log lines, without their time."""
    stamp = re.compile(r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\] (.*)")
    return [match[1] for match in map(stamp.fullmatch, done.stderr.splitlines()) if match]


STAGES = [
    "torch",
    "torch-runtime",
    "packages",
    "build-isolated",
    "build-no-isolation",
    "direct-git",
]
REMINDERS = 3


def test_all_stages_install_what_is_locked_and_a_second_run_does_nothing(machine: Machine) -> None:
    mirror = {"DEPCHECK_INDEX_URL_CU121": machine.house.index_url("cu121")}
    first = machine.run(**mirror)

    assert (first.returncode, first.stdout) == (0, ""), first.stderr
    assert [f"stage {stage}: installed and verified" for stage in STAGES] == [
        line for line in log_of(first) if "verified" in line
    ]
    assert (
        machine.evaluate(
            "*map(m.version, 'torch filelock numpy isolated needs-torch from-git'.split())"
        )
        == "2.2.2+cu121 3.16.1 1.26.4 1.0 1.0 0.4.1"
    )
    assert machine.evaluate("__import__('torch').ORIGIN") == "cu121"
    assert machine.evaluate("__import__('needs_torch').BUILT_WITH") == "cu121"
    assert machine.evaluate("__import__('isolated').BUILT_WITH") == "1 with 'quotes' $HOME"

    machine.house.requests.clear()
    second = machine.run(**mirror)

    assert second.returncode == 0
    assert [f"stage {stage}: installed already" for stage in STAGES] == log_of(second)[:-REMINDERS]
    assert machine.house.requests == []


def test_a_wheel_from_a_url_is_installed_by_its_hash(machine: Machine) -> None:
    path = make_wheel(machine.folder / "default", "own", "1.0")
    url = machine.house.file_url("default", path.name)
    sources = [DirectSource(url=url, sha256=digest) for digest in (sha256(path), "0" * 64)]
    pins = [
        Pin(name="own", version="1.0", index=None, file=None, direct=source) for source in sources
    ]
    solution = make_solution(machine.house, DirectSource(url="https://git.example/x", vcs="git"))
    write(render(replace(solution, pins=(pins[1],), after=())), machine.folder / "locks")
    forged = machine.run()
    write(render(replace(solution, pins=(pins[0],), after=())), machine.folder / "locks")
    done = machine.run()

    assert (3, 0) == (forged.returncode, done.returncode), done.stderr
    assert "stage packages-direct: installed and verified" in log_of(done)
    assert machine.evaluate("m.version('own')") == "1.0"


def hostile(machine: Machine) -> dict[str, str]:
    """Return a user's configuration that offers another torch everywhere it can."""
    default = machine.house.index_url("default")
    pip_conf = machine.folder / "pip.conf"
    links = machine.folder / "default"
    pip_conf.write_text(
        f"[global]\nextra-index-url = {default}\n[install]\nfind-links = {links}\nno-index = true\n"
    )
    uv_toml = machine.folder / "uv.toml"
    uv_toml.write_text(f'index = [{{ url = "{default}" }}]\nno-index = true\n')
    return {
        "DEPCHECK_INDEX_URL_CU121": machine.house.index_url("cu121"),
        "PIP_CONFIG_FILE": str(pip_conf),
        "PIP_EXTRA_INDEX_URL": default,
        "UV_CONFIG_FILE": str(uv_toml),
        "UV_INDEX": default,
        "UV_INDEX_URL": default,
        "UV_FIND_LINKS": str(links),
    }


def test_an_explicit_index_is_the_only_one_asked_whatever_is_configured(machine: Machine) -> None:
    done = machine.run("--stage", "torch", "--no-hashes", **hostile(machine))

    assert done.returncode == 0, done.stderr
    assert machine.evaluate("__import__('torch').ORIGIN") == "cu121"
    assert [path for path in machine.house.requests if path.startswith("/default/")] == []


def test_without_hashes_all_stages_install(machine: Machine) -> None:
    done = machine.run("--no-hashes", DEPCHECK_INDEX_URL_CU121=machine.house.index_url("cu121"))

    assert done.returncode == 0, done.stderr
    assert machine.evaluate("__import__('needs_torch').BUILT_WITH") == "cu121"


def test_a_tampered_wheel_is_refused(machine: Machine) -> None:
    make_wheel(machine.folder / "default", "numpy", "1.26.4", files={"numpy.py": "evil = True\n"})
    done = machine.run("--stage", "packages")

    assert done.returncode == 3
    assert log_of(done)[-1] == "error: stage packages: the installer failed"
    assert machine.evaluate("any(d.name == 'numpy' for d in m.distributions())") == "False"


def test_what_is_installed_but_not_as_locked_is_named(machine: Machine) -> None:
    """A build that gives another version than the one locked is found by the verification."""
    solution = make_solution(machine.house, make_repository(machine.folder / "other"))
    pins = tuple(replace(pin, version="0.5") if pin.direct else pin for pin in solution.pins)
    write(render(replace(solution, pins=pins)), machine.folder / "locks")
    done = machine.run("--stage", "direct-git")

    assert done.returncode == 1
    assert log_of(done)[-2:] == [
        "FAIL installed from-git: want 0.5, found 0.4.1 [version-differs]",
        "error: stage direct-git: not as locked",
    ]


def test_another_commit_of_the_same_version_is_installed_again(machine: Machine) -> None:
    assert machine.run("--stage", "direct-git").returncode == 0
    repository = machine.folder / "repository"
    git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "two"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    source = DirectSource(url=repository.as_uri(), vcs="git", commit=head.stdout.strip())
    write(render(make_solution(machine.house, source)), machine.folder / "locks")

    done = machine.run("--stage", "direct-git")

    assert done.returncode == 0, done.stderr
    assert "stage direct-git: installed and verified" in log_of(done)


@pytest.mark.parametrize(
    "lost",
    [
        ("numpy.py",),
        ("numpy.py", "numpy-1.26.4.dist-info/RECORD"),
        ("numpy.py", "numpy-1.26.4.dist-info/RECORD", "numpy-1.26.4.dist-info/METADATA"),
    ],
    ids=["file", "record", "metadata"],
)
def test_what_a_killed_installer_left_half_done_is_completed(
    machine: Machine, lost: tuple[str, ...]
) -> None:
    """Both installers take a distribution for installed once its metadata directory is there."""
    assert machine.run("--stage", "packages").returncode == 0
    whole = (machine.packages / lost[0]).read_bytes()
    for name in lost:
        (machine.packages / name).unlink()
    done = machine.run("--stage", "packages")

    assert done.returncode == 0, done.stderr
    assert log_of(done)[-REMINDERS - 1] == "stage packages: installed and verified"
    assert whole == (machine.packages / lost[0]).read_bytes()
    assert [True, True, True] == [
        (machine.packages / f"numpy-1.26.4.dist-info/{name}").exists()
        for name in ("METADATA", "WHEEL", "RECORD")
    ]


def test_a_list_of_files_that_was_cut_off_is_written_anew(machine: Machine) -> None:
    """As `kill -9` leaves it while uv writes RECORD; uv itself then stops at it."""
    assert machine.run("--stage", "packages").returncode == 0
    record = machine.packages / "numpy-1.26.4.dist-info/RECORD"
    whole = record.read_text()
    record.write_text(whole[: len("numpy.p")])
    done = machine.run("--stage", "packages")

    assert done.returncode == 0, done.stderr
    assert sorted(whole.splitlines()) == sorted(record.read_text().splitlines())


def test_a_console_script_that_a_killed_installer_had_not_written_is_written(
    machine: Machine,
) -> None:
    """As `kill -9` leaves it when pip has unpacked a wheel, and its RECORD is still the wheel's."""
    assert machine.run("--stage", "packages").returncode == 0
    program = machine.folder / "venv/bin/f2py"
    record = machine.packages / "numpy-1.26.4.dist-info/RECORD"
    whole = program.read_text(), sorted(record.read_text().splitlines())
    with zipfile.ZipFile(next(machine.house.folders["default"].glob("numpy-*.whl"))) as wheel:
        record.write_bytes(wheel.read("numpy-1.26.4.dist-info/RECORD"))
    program.unlink()
    done = machine.run("--stage", "packages")

    assert done.returncode == 0, done.stderr
    assert whole == (program.read_text(), sorted(record.read_text().splitlines()))


def test_what_a_killed_pip_had_put_aside_is_removed(machine: Machine) -> None:
    assert machine.run("--stage", "packages").returncode == 0
    aside = machine.packages / "~umpy-1.26.3.dist-info"
    aside.mkdir()
    (aside / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.3\n")
    done = machine.run("--stage", "packages")

    assert done.returncode == 0, done.stderr
    assert ["numpy-1.26.4.dist-info", "numpy.py"] == sorted(
        each.name for each in machine.packages.glob("*umpy*")
    )


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Machine]:
    """A machine that installs nothing in the test."""
    with started(tmp_path, "uv") as running:
        yield running


def test_dry_run_prints_each_command_and_runs_none(idle: Machine) -> None:
    done = idle.run("--dry-run", PYTHON="/opt/my venv/bin/python")
    stages = f"{idle.folder}/locks/stages"
    install = r"uv pip install --python /opt/my\ venv/bin/python --no-deps"
    wheels = "--require-hashes --only-binary :all:"
    unset = "-u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_CONFIG_FILE"
    setting = r"DEMO_BUILD=with\ \'quotes\'\ \$HOME"
    constraints = "04-build-isolated.build-constraints.txt"
    commands = [
        f"env {unset} {install} --no-config --default-index https://index.invalid/cu121/ {wheels}",
        f"{install} {wheels}",
        f"{install} {wheels}",
        f"env {setting} {install} --build-constraints {stages}/{constraints} --require-hashes",
        f"{install} --require-hashes --no-build-isolation",
        install,
    ]

    assert (done.returncode, done.stderr) == (0, "")
    assert [
        f"{command} -r {stages}/{number:02d}-{stage}.txt"
        for number, (stage, command) in enumerate(zip(STAGES, commands, strict=True), start=1)
    ] == done.stdout.splitlines()
    assert idle.house.requests == []


def test_list_names_stages_with_pins_and_sizes(idle: Machine) -> None:
    done = idle.run("--list")

    assert done.stdout.splitlines() == [
        "01 torch: 1 pin, 0.0 MB",
        "02 torch-runtime: 1 pin, 0.0 MB",
        "03 packages: 1 pin, 0.0 MB",
        "04 build-isolated: 1 pin, 0.0 MB",
        "05 build-no-isolation: 1 pin, 0.0 MB",
        "06 direct-git: 1 pin, size unknown",
    ]


@pytest.mark.parametrize(
    ("arguments", "python", "message"),
    [
        (["--nonsense"], None, "error: unknown argument --nonsense; see --help"),
        (["--stage"], None, "error: --stage wants a name; --list names them"),
        (["--stage", "x"], None, "error: no stage is called x; --list names them"),
        (["--list", "--stage"], "/nowhere", None),
        ([], "/nowhere", "error: cannot run /nowhere; name an interpreter by PYTHON"),
    ],
)
def test_wrong_use_ends_with_2(
    idle: Machine, arguments: list[str], python: str | None, message: str | None
) -> None:
    done = idle.run(*arguments, PYTHON=python or str(idle.python))

    assert (2 if message else 0) == done.returncode
    assert ([message] if message else []) == log_of(done)


def test_a_python_of_another_version_is_refused(idle: Machine) -> None:
    text = idle.script.read_text()
    idle.script.write_text(text.replace(f"TARGET_PYTHON={PYTHON}", "TARGET_PYTHON=3.99"))
    done = idle.run("--stage", "torch")

    assert done.returncode == 2
    assert [
        f"error: {idle.python} is Python {PYTHON}, the lock is for 3.99; name another by PYTHON"
    ] == log_of(done)


def test_a_disk_too_small_stops_before_anything_is_fetched(idle: Machine) -> None:
    text = idle.script.read_text()
    idle.script.write_text(re.sub(r"bytes=\d+", f"bytes={10**16}", text))
    done = idle.run("--stage", "torch")

    assert done.returncode == 3
    assert re.fullmatch(
        r"error: stage torch wants 30000000000 MB of free disk, \d+ MB are left", log_of(done)[-1]
    )
    assert idle.house.requests == []


def test_the_environment_of_the_shell_decides_the_python(idle: Machine) -> None:
    environment = {**idle.environment, "VIRTUAL_ENV": str(idle.folder / "venv")}
    del environment["PYTHON"]
    done = subprocess.run(
        [str(idle.script), "--stage", "packages"],
        env=environment,
        cwd=os.sep,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert idle.evaluate("m.version('numpy')") == "1.26.4"


def ask(machine: Machine, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run an installer itself, with the loopback indexes as the user's own configuration."""
    extra = machine.house.index_url("cu121")
    return subprocess.run(
        [*command],
        env={**machine.environment, "PIP_EXTRA_INDEX_URL": extra, "UV_INDEX": extra},
        cwd=machine.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_uv_and_pip_accept_the_lock_files(machine: Machine) -> None:
    install: tuple[str | Path, ...] = (
        ("uv", "pip", "install", "--python", machine.python)
        if machine.installer == "uv"
        else (machine.python, "-m", "pip", "install")
    )
    locks = machine.folder / "locks"
    solution = make_solution(machine.house, DirectSource(url="https://git.example/x", vcs="git"))
    wheels = replace(solution, pins=tuple(pin for pin in solution.pins if not pin.needs_build))
    write(render(wheels), locks)
    dry_run = (*install, "--dry-run", "--no-deps")

    by_hash = ask(machine, *dry_run, "--require-hashes", "-r", locks / "requirements.txt")
    stripped = ask(machine, *dry_run, "-r", locks / "requirements.nohash.txt")
    by_pylock = ask(machine, *dry_run, "-r", locks / "pylock.toml")

    assert (by_hash.returncode, stripped.returncode, by_pylock.returncode) == (0, 0, 0), (
        by_hash.stderr + stripped.stderr + by_pylock.stderr
    )
    told = by_pylock.stdout + by_pylock.stderr
    assert [name in told for name in ("torch", "filelock", "numpy")] == [True, True, True]


def test_the_commands_of_the_dockerfile_install_the_same(machine: Machine) -> None:
    """Run the shell text of each RUN line, with the image's paths put into the test's folder."""
    locks = machine.folder / "locks"
    text = (locks / "Dockerfile.stages").read_text().replace("/opt/depcheck", str(locks))
    mount = "RUN --mount=type=cache,target=/root/.cache,sharing=locked"
    *layers, proof = text.split("\n\n")[1:]
    commands = [layer.partition(mount)[2].lstrip(" \\\n") for layer in layers]
    commands.append(proof.partition("RUN ")[2])
    arguments = {
        "VENV": str(machine.folder / "venv"),
        "HF_HUB_OFFLINE": "1",
        "NCCL_PATH": f"{machine.packages}/nvidia/libnccl.so.2",
        "DEPCHECK_INDEX_URL_CU121": machine.house.index_url("cu121"),
    }
    for command in commands:
        done = subprocess.run(
            ["sh", "-ec", command],
            env={**machine.environment, **arguments},
            cwd=machine.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    assert len(commands) == len(STAGES) + 1
    assert machine.evaluate("__import__('needs_torch').BUILT_WITH") == "cu121"
    assert machine.evaluate("__import__('isolated').BUILT_WITH") == "1 with 'quotes' $HOME"
    assert machine.evaluate("m.version('from-git')") == "0.4.1"
