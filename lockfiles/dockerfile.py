"""Write ``Dockerfile.stages``: the stages as layers, to be included in an image's Dockerfile.

Each layer depends on nothing but its own stage file, so a change in a late stage leaves the torch
layers in the build cache. That is why a layer states its command instead of calling install.sh.
Variables of the image come after the layers that it shares with others, which may have other ones.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from depcheck.lockfiles.install_script import check_environment, index_variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depcheck.lockfiles.stages import Stage
    from depcheck.resolver.solution import Solution

_FOLDER = "/opt/depcheck"
"""Where the image keeps stage files while it is built."""
_PROOF = (
    "# The image is as locked and its imports work, or the build ends here.",
    f"COPY --chmod=755 validate_dependencies {_FOLDER}/",
    f'RUN "${{VENV}}/bin/python" {_FOLDER}/validate_dependencies --python "${{VENV}}/bin/python"',
)
_CLEAN_UV = "-u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_CONFIG_FILE"
_CLEAN_PIP = "'PIP_EXTRA_INDEX_URL= ' 'PIP_FIND_LINKS= ' PIP_NO_INDEX=0"


def dockerfile_stages(solution: Solution, stages: Sequence[Stage]) -> bytes:
    """Return the Dockerfile fragment of a solution and its stage plan.

    Raises:
        InputError: a variable that the image or a build needs has no proper name or value.
    """
    check_environment(solution.env)
    minor = ".".join(solution.target.python.split(".")[:2])
    lines = [
        f"# Layers of {_comment(f'{solution.image} ({solution.variant})')}, written by depcheck.",
        "# Paste them after the lines that make the virtual environment; the build context is the",
        "# folder of this file. uv installs where the image has it, else pip.",
        *(f"# The image needs: {_comment(need)}" for need in solution.system),
        "ARG VENV=/opt/venv",
        f"ARG SITE_PACKAGES=${{VENV}}/lib/python{minor}/site-packages",
    ]
    shared = [stage for stage in stages if stage.shared]
    for stage in shared:
        lines += ["", *_layer(stage)]
    environment = list(_environment(solution))
    lines += ["", *environment] if shared and environment else environment
    for stage in stages[len(shared) :]:
        lines += ["", *_layer(stage)]
    lines += ["", *_PROOF]
    return "".join(f"{line}\n" for line in lines).encode()


def _environment(solution: Solution) -> Iterator[str]:
    for name, value in sorted(solution.env.items()):
        parts = (_escaped(part) for part in value.split("{site-packages}"))
        yield f'ENV {name}="{"${SITE_PACKAGES}".join(parts)}"'


def _layer(stage: Stage) -> Iterator[str]:
    """Yield the lines of one stage."""
    check_environment(stage.env)
    yield f"# stage {stage.name}: {stage.label}"
    if stage.explicit_index is not None:
        yield f'ARG {index_variable(stage.explicit_index)}="{_escaped(stage.explicit_index.url)}"'
    yield f"COPY {' '.join(_files(stage))} {_FOLDER}/stages/"
    yield "RUN --mount=type=cache,target=/root/.cache,sharing=locked \\"
    yield "    if command -v uv >/dev/null; then \\"
    yield f"        {_uv(stage)}; \\"
    yield "    else \\"
    yield f"        {_pip(stage)}; \\"
    yield "    fi"


def _files(stage: Stage) -> Iterator[str]:
    yield stage.file
    if stage.constraints_file is not None:
        yield stage.constraints_file


def _uv(stage: Stage) -> str:
    index = stage.explicit_index
    words = ["env", _CLEAN_UV if index else "", "UV_LINK_MODE=copy", *_build_env(stage)]
    words += ['uv pip install --python "${VENV}/bin/python" --no-deps']
    if index is not None:
        words.append(f'--no-config --default-index "${{{index_variable(index)}}}"')
    if stage.constraints_file is not None:
        words.append(f"--build-constraints {_FOLDER}/{stage.constraints_file}")
    return " ".join(filter(None, [*words, *_options(stage)]))


def _pip(stage: Stage) -> str:
    index = stage.explicit_index
    settings = [_CLEAN_PIP if index else "", *_build_env(stage)]
    words = ["env", *settings] if any(settings) else []
    words += ['"${VENV}/bin/python" -m pip install --no-deps --disable-pip-version-check']
    if index is not None:
        words.append(f'--index-url "${{{index_variable(index)}}}"')
    if stage.constraints_file is not None:
        words.append(f"--build-constraint {_FOLDER}/{stage.constraints_file}")
    return " ".join(filter(None, [*words, *_options(stage)]))


def _options(stage: Stage) -> Iterator[str]:
    """Yield the options that uv and pip spell alike."""
    if stage.hashed:
        yield "--require-hashes"
    if not stage.builds:
        yield "--only-binary :all:"
    if not stage.isolation:
        yield "--no-build-isolation"
    yield f"-r {_FOLDER}/{stage.file}"


def _build_env(stage: Stage) -> Iterator[str]:
    return (quote(f"{name}={value}") for name, value in sorted(stage.env.items()))


def _escaped(text: str) -> str:
    """Escape text for double quotes in a Dockerfile instruction."""
    return "".join(f"\\{character}" if character in '\\"$' else character for character in text)


def _comment(text: str) -> str:
    """Keep foreign text inside its comment line."""
    return "".join(character if character.isprintable() else "?" for character in text)
