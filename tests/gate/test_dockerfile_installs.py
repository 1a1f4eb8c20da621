"""What a Dockerfile installs beside the lock set."""

from __future__ import annotations

import pytest

from depcheck.gate.dockerfile import dockerfile_findings


@pytest.mark.parametrize(
    "command",
    [
        "pip install torch",
        "pip3 install --no-cache-dir 'torch==2.2.2'",
        "python -m pip install -r requirements.txt",
        "apt-get update && pip install torch",
        'sh -c "true"; /opt/venv/bin/pip install torch',
        "--mount=type=cache,target=/root/.cache uv pip install torch",
        '["pip", "install", "torch"]',
        "conda install -y pytorch",
        "pip install --upgrade pip torch",
        "pip install --require-hashes -r stages/01-torch.txt -r extra.txt",
    ],
)
def test_what_installs_packages_is_found(command: str) -> None:
    raw = f"FROM ubuntu:22.04\n# first\nRUN {command}\n".encode()

    assert [("dockerfile-install", "Dockerfile", 3)] == [
        (found.code, found.location.file, found.location.line)
        for found in dockerfile_findings(raw, "Dockerfile")
    ]


@pytest.mark.parametrize(
    "command",
    [
        "apt-get install -y python3-pip",
        "./install.sh --stage torch",
        "pip --version",
        "pip install --require-hashes --no-deps -r /opt/depcheck/stages/01-torch.txt",
        "python -m pip install --upgrade 'pip>=25' uv",
        "echo 'pip install torch is not run here'",
        "true # pip install torch",
    ],
)
def test_what_installs_none_is_not(command: str) -> None:
    assert [] == list(dockerfile_findings(f"FROM x\nRUN {command}\n".encode(), "Dockerfile"))


def test_a_line_in_the_middle_of_a_command() -> None:
    raw = (
        b"FROM x\n\nRUN apt-get update \\\n && pip install torch \\\n && true\nRUN pip install x\n"
    )

    assert [3, 6] == [each.location.line for each in dockerfile_findings(raw, "Dockerfile")]
