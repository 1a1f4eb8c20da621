"""Completion for shells, printed on demand."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from depcheck.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_for_a_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--print-completion", shell])
    script = capsys.readouterr().out

    assert left.value.code == 0
    assert {"solve", "upgrade-package", "export"} == {
        word for word in ("solve", "upgrade-package", "export") if word in script
    }


def test_bash_completes_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    script = tmp_path / "completion.bash"
    script.write_text(capsys.readouterr().out)
    ask = (
        f"source {script}; COMP_WORDS=(depcheck so); COMP_CWORD=1; "
        '$(complete -p depcheck | sed "s/.*-F \\([^ ]*\\).*/\\1/"); echo "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)

    assert "solve" == ran.stdout.strip()


def test_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--print-completion", "nush"])

    assert (code, capsys.readouterr().out) == (2, "")
