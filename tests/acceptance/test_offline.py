"""The README's promise: solving needs no network, and little time."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.images import NEXA, pins

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("image", NEXA)
def test_an_image_is_solved_without_network_in_3_seconds_of_cpu(tmp_path: Path, image: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "depcheck", "solve", image, "--json", "--out", tmp_path],
        env={**os.environ, "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "ALL_PROXY": NOWHERE},
        capture_output=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["solved"][0]["pins"] == pins(image)
    assert seconds < 3
