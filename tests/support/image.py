"""A small image: a virtual environment with real wheels, and the validator of its lock."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uv

from depcheck.images.model import StageHint, Target, ValidateSpec
from depcheck.lockfiles.stages import plan_stages
from depcheck.lockfiles.validator import validate_dependencies
from depcheck.resolver.solution import IndexUse, Solution, Waiver
from depcheck.validate.processes import run_child
from support.solutions import DEFAULT, heavy, pin
from support.wheelhouse import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
TARGET = Target(python=MINOR, platform=f"manylinux_2_17_{os.uname().machine}")
WAIVER = Waiver(
    package="beta",
    version="1.5",
    requirement="gamma<1",
    replacement="gamma>=1",
    rule="beta-gamma",
    reason="beta works with gamma 1",
)
SOLUTION = heavy(
    image="small",
    target=TARGET,
    pins=(
        pin("alpha"),
        pin("beta", "1.5"),
        pin("gamma"),
        pin("torch", "2.2.2+cu121", index="cu121"),
    ),
    waivers=(WAIVER,),
    rules=(),
    indexes=(DEFAULT, IndexUse(name="cu121", url="https://x.example/cu121", packages=("torch",))),
    stages=(StageHint(name="torch", packages=("torch",)),),
    env={},
    validate=ValidateSpec(),
)
TORCH = (Path(__file__).parent / "simulated_torch.py").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An environment and the validator that judges it."""

    folder: Path
    solution: Solution = SOLUTION

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def packages(self) -> Path:
        return self.venv / "lib" / f"python{MINOR}" / "site-packages"

    @property
    def program(self) -> Path:
        return self.folder / "validate_dependencies"

    def locked(self, **changes: Any) -> Image:
        """Return the same environment, judged by a lock with these changes."""
        other = replace(self, solution=replace(self.solution, **changes))
        other.pack()
        return other

    def validating(self, **changes: Any) -> Image:
        """Return the same environment with another ``[validate]`` in its spec."""
        return self.locked(validate=replace(self.solution.validate, **changes))

    def pack(self) -> None:
        self.program.write_bytes(validate_dependencies(self.solution, plan_stages(self.solution)))
        self.program.chmod(0o755)

    def run(
        self,
        *arguments: str,
        runner: Path | str = sys.executable,
        env: Mapping[str, str] | None = None,
        python: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the packed validator under an interpreter, for this environment's interpreter."""
        return subprocess.run(
            [runner, str(self.program), "--python", str(python or self.python), *arguments],
            env={**CLEAN, **(env or {})},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def report(self, *arguments: str, **options: Any) -> dict[str, Any]:
        """Run the packed validator and return its JSON document."""
        done = self.run("--json", *arguments, **options)
        assert done.stderr == ""
        document: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == document["exit-code"]
        return document

    def findings(self, *arguments: str, **options: Any) -> list[tuple[str, str, str]]:
        """Run the packed validator and return (code, subject, message) of each finding."""
        return [
            (each["code"], each["subject"], each["message"])
            for each in self.report(*arguments, **options)["results"]
            if each["status"] in {"fail", "warn", "error"}
        ]


CLEAN = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
}


def probed(name: str, *arguments: str, **variables: str) -> Any:
    """Run a probe as a program of its own; return its answer, or how it ended without one."""
    command = [sys.executable, "-m", f"depcheck.validate.probes.{name}", *arguments]
    ended = run_child(command, timeout=60, env={**CLEAN, **variables})
    if ended.status or ended.timed_out:
        return ended.status, ended.stderr.strip().rpartition("\n")[2]
    answers = [json.loads(line) for line in ended.answer.splitlines()]
    return answers[0] if len(answers) == 1 else answers


def install(image: Image, *wheels: Path) -> None:
    """Install wheels into an environment, without an index."""
    command = [uv.find_uv_bin(), "pip", "install", "-q", "--no-deps", "--no-index", "--no-config"]
    command += ["--link-mode", "copy", "--python", str(image.python), "--reinstall"]
    subprocess.run([*command, *map(str, wheels)], check=True)


def healthy_image(folder: Path) -> Image:
    """Make an environment that is as its lock promises."""
    image = Image(folder=folder)
    wheels = folder / "wheels"
    venv.create(image.venv, symlinks=True, with_pip=False)
    install(
        image,
        make_wheel(wheels, "alpha", "1.0", requires=["beta>=1", "absent; extra == 'more'"]),
        make_wheel(wheels, "beta", "1.5", requires=["gamma<1", 'old; python_version < "3"']),
        make_wheel(wheels, "gamma", "1.0"),
        make_wheel(wheels, "torch", "2.2.2+cu121", files={"torch/__init__.py": TORCH}),
    )
    image.pack()
    return image


def copied(image: Image, folder: Path) -> Image:
    """Return a copy of an image that a test may spoil."""
    shutil.copytree(image.folder, folder, symlinks=True)
    return replace(image, folder=folder)
