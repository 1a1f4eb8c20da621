from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support.solutions import heavy, other_pins, torch_pins

from depcheck.lockfiles.dockerfile import dockerfile_stages
from depcheck.lockfiles.stages import plan_stages

if TYPE_CHECKING:
    from depcheck.resolver.solution import Solution


HADOLINT = Path(sys.executable).parent / "hadolint"


def fragment(solution: Solution) -> str:
    return dockerfile_stages(solution, plan_stages(solution)).decode()


def layers(solution: Solution) -> list[str]:
    return fragment(solution).rstrip("\n").split("\n\n")[1:]


def test_hadolint_finds_no_error_in_a_minimal_dockerfile(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(
        "FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04\n" + fragment(heavy()) + "USER 1000\n"
    )
    command = [str(HADOLINT), "--no-color", "--format", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert [finding["message"] for finding in json.loads(done.stdout)] == []


def test_a_layer_copies_its_own_file_and_installs_it_with_uv_or_pip() -> None:
    uv = "-u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_CONFIG_FILE"
    options = "--require-hashes --only-binary :all: -r /opt/depcheck/stages/01-torch.txt"
    index = '"${DEPCHECK_INDEX_URL_PYTORCH_CU121}"'

    assert layers(heavy())[0].splitlines() == [
        "# stage torch: 2 pins, 0.0 MB and 1 of unknown size",
        'ARG DEPCHECK_INDEX_URL_PYTORCH_CU121="https://download.pytorch.org/whl/cu121"',
        "COPY stages/01-torch.txt /opt/depcheck/stages/",
        "RUN --mount=type=cache,target=/root/.cache,sharing=locked \\",
        "    if command -v uv >/dev/null; then \\",
        (
            f"        env {uv} UV_LINK_MODE=copy uv pip install"
            f' --python "${{VENV}}/bin/python" --no-deps --no-config --default-index {index}'
            f" {options}; \\"
        ),
        "    else \\",
        (
            "        env 'PIP_EXTRA_INDEX_URL= ' 'PIP_FIND_LINKS= ' PIP_NO_INDEX=0"
            ' "${VENV}/bin/python" -m pip install --no-deps --disable-pip-version-check'
            f" --index-url {index} {options}; \\"
        ),
        "    fi",
    ]


def test_a_change_in_a_late_stage_leaves_the_torch_layers_as_they_were() -> None:
    with_all = layers(heavy())
    without_builds = layers(heavy(pins=(*torch_pins(), *other_pins()[:1])))

    assert with_all[:3] == without_builds[:3]


def test_the_last_layer_proves_the_image() -> None:
    assert layers(heavy())[-1].splitlines() == [
        "# The image is as locked and its imports work, or the build ends here.",
        "COPY --chmod=755 validate_dependencies /opt/depcheck/",
        (
            'RUN "${VENV}/bin/python" /opt/depcheck/validate_dependencies'
            ' --python "${VENV}/bin/python"'
        ),
    ]


def test_variables_are_set_with_the_path_of_the_environment() -> None:
    env = {"PATHS": "{site-packages}/a:{site-packages}/b", "ODD": 'a "b" $c \\d'}
    lines = fragment(heavy(env=env, pins=())).split("\n\n")[0].splitlines()

    assert lines[3:] == [
        "# The image needs: libgomp1",
        "ARG VENV=/opt/venv",
        "ARG SITE_PACKAGES=${VENV}/lib/python3.11/site-packages",
        r'ENV ODD="a \"b\" \$c \\d"',
        'ENV PATHS="${SITE_PACKAGES}/a:${SITE_PACKAGES}/b"',
    ]
