"""Write examples/IMAGE/Dockerfile for the built-in images: ``python -m tools.example_dockerfiles``.

Each is a whole Dockerfile around the `Dockerfile.stages` of the image's lock set, for its default
variant: the layers are those that `depcheck solve` writes, so the two cannot differ.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depcheck.conflicts.loader import load_builtin_rules
from depcheck.images.loader import builtin_names, find_spec, select_variant
from depcheck.index.snapshot import open_snapshot
from depcheck.lockfiles.lockset import render
from depcheck.resolver.solve import solve
from depcheck.stating import stated_problem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depcheck.resolver.solution import Solution

FOLDER = Path(__file__).resolve().parent.parent / "examples"
_OS = {"manylinux_2_31": "20.04", "manylinux_2_35": "22.04", "manylinux_2_39": "24.04"}
_PACKAGED = {("22.04", "3.10"), ("22.04", "3.11"), ("24.04", "3.12")}
"""Which Python the packages of which Ubuntu have; another is fetched by uv."""
_COUNT = re.compile(r"(?m)^(# stage [\w-]+): .*$")
_HEAD = """\
# syntax=docker/dockerfile:1
# {image} ({variant}): {summary}.
#
# Written by `python -m tools.example_dockerfiles` around the lock set's own Dockerfile.stages.
# The build context is the lock set:
#
#   depcheck solve {image}
#   docker build -f examples/{image}/Dockerfile -t {image} locks/{image}/{variant}

# ---- what both stages have: the base image, its Python, the variables ----
FROM {base} AS base
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
"""
_UV = """\
# The packages of Ubuntu {os} have no Python {python}: uv fetches one that carries its libraries.
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/
ENV UV_PYTHON_INSTALL_DIR=/opt/python
RUN --mount=type=cache,target=/root/.cache,sharing=locked uv python install {python}
"""
_INSTALLER = """\
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/
"""
_FINAL = """\

# ---- the image: the environment without compilers and caches; its user may not change it ----
FROM base
RUN useradd --create-home --uid 10001 runner
COPY --from=build /opt/venv /opt/venv
COPY --chmod=755 validate_dependencies /opt/depcheck/
ENV PATH="/opt/venv/bin:${{PATH}}"
USER 10001
WORKDIR /home/runner
{expose}HEALTHCHECK --interval=5m --timeout=60s --start-period=60s \\
    CMD ["/opt/venv/bin/python", "/opt/depcheck/validate_dependencies", \\
         "--python", "/opt/venv/bin/python", "--quiet", "--require-gpu", \\
         "--only", "driver", "--only", "torch", "--only", "kernels"]
# Your program follows here: COPY it, and name it in CMD.
CMD ["python"]
"""


def dockerfile(image: str) -> str:
    """Return the Dockerfile of a built-in image."""
    spec = find_spec(image)
    variant = select_variant(spec, None)
    problem = stated_problem(spec, variant, load_builtin_rules())
    solution = solve(problem, open_snapshot().index)
    return _text(spec.summary, solution, render(solution)["Dockerfile.stages"].decode())


def _text(summary: str, solution: Solution, stages: str) -> str:
    told = tomllib.loads((FOLDER / "images.toml").read_text(encoding="utf-8"))[solution.image]
    target = solution.target
    os = _OS["_".join(target.platform.split("_")[:3])]
    head = _HEAD.format(
        image=solution.image, variant=solution.variant, summary=summary, base=target.base_image
    )
    python = (os, target.python) in _PACKAGED
    parts = [head, _packages(told, target.python if python else None)]
    parts.append("" if python else _UV.format(os=os, python=target.python))
    parts.append("".join(f"{line}\n" for line in _variables(stages)))
    builds = any(pin.needs_build for pin in solution.pins)
    parts.append(_build(target.python, stages, builds=builds, uv=not python))
    port = f"EXPOSE {told['port']}\n" if "port" in told else ""
    return "".join([*parts, _FINAL.format(expose=port)])


def _packages(told: Mapping[str, Any], python: str | None) -> str:
    """Return the layer of packages of the operating system, the Python's among them."""
    names = list(told["packages"])
    names += [f"python{python}", f"python{python}-venv"] if python else ["ca-certificates"]
    return (
        "# hadolint ignore=DL3008\n"
        "RUN apt-get update \\\n"
        "    && DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y \\\n"
        f"        {' '.join(sorted(names))} \\\n"
        f"    && rm -rf {' '.join(['/var/lib/apt/lists/*', *told.get('remove', ())])}\n"
    )


def _variables(stages: str) -> Iterator[str]:
    """Yield the variables that the image must set: a stage does not hand them to the next."""
    lines = stages.splitlines()
    variables = [line for line in lines if line.startswith("ENV ")]
    if any("SITE_PACKAGES" in line for line in variables):
        yield from (line for line in lines if line.startswith(("ARG VENV", "ARG SITE_PACKAGES")))
    yield from variables


def _build(python: str, stages: str, *, builds: bool, uv: bool) -> str:
    compilers = (
        "# hadolint ignore=DL3008\n"
        "RUN apt-get update \\\n"
        "    && DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y \\\n"
        f"        build-essential{'' if uv else f' python{python}-dev'} \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
    )
    layers = _COUNT.sub(r"\1", stages.partition("ARG VENV")[2])
    interpreter = (
        f'"$(uv python find --managed-python {python})"' if uv else f"/usr/bin/python{python}"
    )
    return (
        "\n# ---- the environment, one layer for each stage of the lock set ----\n"
        f"FROM base AS build\n{compilers if builds else ''}{'' if uv else _INSTALLER}"
        f"RUN {interpreter} -m venv --copies /opt/venv\nARG VENV{layers}"
    )


def main(arguments: list[str]) -> int:
    """Write the Dockerfiles, or with ``--check`` name those that are not up to date."""
    stale = []
    for image in builtin_names():
        path = FOLDER / image / "Dockerfile"
        text = dockerfile(image)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(image)
            if arguments != ["--check"]:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if arguments == ["--check"]:
        print("\n".join(stale))
        return 1 if stale else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
