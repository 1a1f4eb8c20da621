"""Every kind of file that others write, read into an inventory."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from depcheck.errors import EnvironmentFailure, InputError
from depcheck.sources.choice import read_source
from depcheck.sources.installed import read_installed
from depcheck.sources.markers import counts

if TYPE_CHECKING:
    from depcheck.conflicts.inventory import Inventory

HASH = "0" * 64
NOT_TOML = "expected newline or end of document after a statement (at line 1, column 7)"
NO_END = "Expected semicolon (after name with no version specifier) or end"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(name: str, content: str, python: str | None = None) -> list[str]:
    Path(name).write_text(content)
    return lines(read_source(name, python))


def lines(inventory: Inventory) -> list[str]:
    """Return each package as ``place text``, with a question mark where it is not certain."""
    return [
        f"{each.origin} {each.text}{'' if each.certain else ' ?'}" for each in inventory.packages
    ]


def failure(name: str, content: str) -> str:
    Path(name).write_text(content)
    with pytest.raises(InputError) as caught:
        read_source(name, None)
    return caught.value.message


def test_requirements_file_with_everything_in_it() -> None:
    Path("more").mkdir()
    Path("more/other.txt").write_text("pandas<3\n-r ../requirements.txt\n-c limits.txt\n")
    Path("more/limits.txt").write_text("pandas>=2\nsix==1.16\n")
    content = f"""\
# a comment
--index-url https://download.pytorch.org/whl/cu121
--extra-index-url https://user:${{TOKEN}}@example.com/simple
-r more/other.txt
numpy==1.26.4 \\
    --hash=sha256:{HASH} \\
    --hash=sha256:{HASH}  # two files
torch[opt]>=2 ; python_version > "3.7"  # always
tomli>=1.1 ; python_version < "3.11"
colorama ; sys_platform == "win32"
xformers @ https://download.pytorch.org/whl/cu121/xformers-0.0.25-cp311-cp311-manylinux2014_x86_64.whl
private @ https://${{TOKEN}}@example.com/private-1.0.tar.gz
-e git+https://github.com/a/b@main#egg=edited
"""

    assert [
        "requirements.txt:13 edited",
        "requirements.txt:5 numpy==1.26.4",
        "more/other.txt:1, more/limits.txt:1 pandas<3, pandas>=2",
        "requirements.txt:12 private",
        "more/limits.txt:2 six==1.16 ?",
        "requirements.txt:9 tomli>=1.1 ?",
        "requirements.txt:8 torch>=2",
        "requirements.txt:11 xformers==0.0.25",
    ] == read("requirements.txt", content)


def test_a_given_python_decides_markers() -> None:
    content = 'tomli ; python_version < "3.11"\n'

    assert [[], ["r.txt:1 tomli"]] == [
        read("r.txt", content, "3.11"),
        read("r.txt", content, "3.9"),
    ]


def test_lines_on_one_package_hold_together() -> None:
    assert ["r.txt:1, r.txt:2 numpy>=1.20, numpy<2"] == read("r.txt", "numpy>=1.20\nNumPy<2\n")


def test_what_has_no_name_is_left_out_and_said() -> None:
    Path("r.txt").write_text("./local\n-e .\n-r https://example.com/r.txt\n")
    skipped = [
        f"{each.origin} {each.text}: {each.reason}" for each in read_source("r.txt", None).skipped
    ]

    assert [
        "r.txt:1 ./local: a path or URL without a name",
        "r.txt:2 -e .: a path or URL without a name",
        "r.txt:3 https://example.com/r.txt: an included URL is not fetched",
    ] == skipped


def test_output_of_pip_freeze_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "torch==2.2.2+cu121\n# Editable install with no version control (a==1)\n-e /src/a\nb @ file:///b.whl\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(text))

    assert ["-:4 b", "-:1 torch==2.2.2+cu121"] == lines(read_source("-", None))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "r.txt",
            "numpy\ntorch==\n",
            f"r.txt:2: `torch==`: {NO_END}",
        ),
        (
            "r.txt",
            "a b\nc d\n",
            f"r.txt: wrong lines\n  r.txt:1: `a b`: {NO_END}\n  r.txt:2: `c d`: {NO_END}",
        ),
        (
            "r.txt",
            "\n-r gone.txt\n",
            "r.txt:2: `gone.txt` cannot be read: no such file or directory",
        ),
        ("uv.lock", "version = 1\n", "uv.lock: there is no `[[package]]`"),
        (
            "uv.lock",
            '[[package]]\nname = "a"\nversion = "x"\n',
            "uv.lock:3: package[0].version: `x` is not a version",
        ),
        (
            "poetry.lock",
            '[[package]]\nversion = "1"\n',
            "poetry.lock:1: package[0]: key `name` is missing",
        ),
        (
            "poetry.lock",
            '[[package]]\nname = "a"\nmarkers = "never"\n',
            "poetry.lock:3: package[0].markers: `never` is not a marker",
        ),
        (
            "pylock.toml",
            "x = 1 2",
            f"pylock.toml: not valid TOML: {NOT_TOML}",
        ),
        (
            "pylock.toml",
            'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "A B"\n',
            "pylock.toml: Name 'A B' is not normalized in 'packages[0].name'",
        ),
        (
            "env.yml",
            "a: 1\nb: c: d",
            "env.yml:2: not valid YAML: mapping values are not allowed here",
        ),
        ("env.yml", "name: x\n", "env.yml: there is no list `dependencies`"),
    ],
)  # fmt: skip
def test_wrong_input_is_named_with_its_place(name: str, content: str, message: str) -> None:
    assert message == failure(name, content)


@pytest.mark.parametrize("name", ["r.txt", "uv.lock", "pylock.toml", "environment.yml"])
def test_a_file_that_is_not_there(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_source(name, None)

    assert caught.value.message in {
        f"`{name}` cannot be read: no such file or directory",
        f"{name}: cannot be read: no such file or directory",
    }


def test_pylock() -> None:
    wheel = f'url = "https://example.com/numpy-1.26.4-py3-none-any.whl", hashes.sha256 = "{HASH}"'
    content = f"""\
lock-version = "1.0"
created-by = "somebody"

[[packages]]
name = "numpy"
version = "1.26.4"
wheels = [{{ {wheel} }}]

[[packages]]
name = "colorama"
marker = "sys_platform == 'win32'"
version = "0.4.6"
directory = {{ path = "c" }}

[[packages]]
name = "tomli"
marker = "python_version < '3.11'"
version = "2.0"
directory = {{ path = "t" }}

[[packages]]
name = "mine"
directory = {{ path = "." }}
"""

    assert [
        "pylock.toml:21 mine",
        "pylock.toml:4 numpy==1.26.4",
        "pylock.toml:15 tomli==2.0 ?",
    ] == read("pylock.toml", content)
    assert read_source("pylock.toml", None).complete


def test_uv_lock_with_forks() -> None:
    content = """\
version = 1
requires-python = ">=3.10"

[[package]]
name = "project"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "numpy" }]

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://example.com/simple" }
resolution-markers = ["python_full_version < '3.11'"]

[[package]]
name = "numpy"
version = "2.1.3"
source = { registry = "https://example.com/simple" }
resolution-markers = ["python_full_version >= '3.11' and sys_platform == 'linux'"]

[[package]]
name = "torch"
version = "2.2.2"
source = { registry = "https://example.com/simple" }
resolution-markers = ["sys_platform == 'darwin'"]

[[package]]
name = "torch"
version = "2.2.2+cu121"
source = { registry = "https://example.com/simple" }
resolution-markers = ["sys_platform != 'darwin'"]
"""

    assert [
        "uv.lock:10, uv.lock:16 numpy==1.26.4 or numpy==2.1.3 ?",
        "uv.lock:28 torch==2.2.2+cu121",
    ] == read("uv.lock", content)
    assert ["uv.lock:16 numpy==2.1.3", "uv.lock:28 torch==2.2.2+cu121"] == lines(
        read_source("uv.lock", "3.11")
    )


def test_poetry_lock() -> None:
    content = """\
[[package]]
name = "NumPy"
version = "1.26.4"
optional = false
groups = ["main"]
files = []

[[package]]
name = "extra-thing"
version = "1.0"
optional = true
files = []

[[package]]
name = "tomli"
version = "2.0"
markers = "python_version < \\"3.11\\""

[[package]]
name = "grouped"
version = "3.0"
markers = { main = "sys_platform == \\"win32\\"", dev = "python_version >= \\"3.8\\"" }

[metadata]
lock-version = "2.1"
"""

    assert [
        "poetry.lock:8 extra-thing==1.0 ?",
        "poetry.lock:19 grouped==3.0",
        "poetry.lock:1 numpy==1.26.4",
        "poetry.lock:14 tomli==2.0 ?",
    ] == read("poetry.lock", content)


def test_conda_environment() -> None:
    """Conda packages are known by name, but its builds are not wheels: never certain."""
    content = """\
name: x
channels: [pytorch, nvidia, conda-forge]
dependencies:
  - python=3.11
  - pip
  - pytorch=2.2.2=py3.11_cuda12.1_cudnn8.9.2_0
  - conda-forge::scipy>=1.10,<1.14
  - pandas 2.1.*
  - numpy=1.26
  - pillow==10.0.0
  - weird=[a
  - pip:
      - transformers==4.41.0
      - tomli ; python_version < "3.11"
      - -r more.txt
"""
    Path("more.txt").write_text("peft==0.11\n")
    found = read("environment.yml", content)
    versions = {
        each.name: [v for v in ("2.2.2", "1.13", "1.26.4", "1.27", "10.0.0") if v in each.versions]
        for each in read_source("environment.yml", None).packages
    }

    assert [
        "environment.yml numpy=1.26 (conda) ?",
        "environment.yml pandas 2.1.* (conda) ?",
        "more.txt:1 peft==0.11",
        "environment.yml pillow==10.0.0 (conda) ?",
        "environment.yml pip (conda) ?",
        "environment.yml conda-forge::scipy>=1.10,<1.14 (conda) ?",
        "environment.yml pytorch=2.2.2=py3.11_cuda12.1_cudnn8.9.2_0 (conda) ?",
        "environment.yml: pip:1 transformers==4.41.0",
    ] == found
    assert {
        "numpy": ["1.26.4"],
        "pandas": [],
        "pillow": ["10.0.0"],
        "scipy": ["1.13"],
        "torch": ["2.2.2"],
    } == {
        name: found
        for name, found in versions.items()
        if name not in {"pip", "peft", "transformers"}
    }
    assert ["weird=[a"] == [each.text for each in read_source("environment.yml", None).skipped]


@pytest.mark.parametrize(
    ("marker", "python", "expected"),
    [
        (None, None, True),
        ("sys_platform == 'linux'", None, True),
        ("platform_machine == 'aarch64'", None, False),
        ("python_version < '3.11'", None, None),
        ("python_version < '3.11'", "3.10.4", True),
        ("python_full_version < '3.10.5'", "3.10.4", True),
        ("extra == 'gpu'", None, None),
        ("sys_platform === 'linux'", "3.11", None),
        ("'x' in extras", "3.11", None),
    ],
)
def test_markers(marker: str | None, python: str | None, expected: bool | None) -> None:  # noqa: FBT001 - parametrised
    assert expected is counts(marker, python)


def environment(root: Path) -> Path:
    """Return a virtual environment made of files alone, whose packages fail when imported."""
    site = root / "lib" / "python3.11" / "site-packages"
    for name, version in (("torch", "2.2.2+cu121"), ("NumPy", "2.0.1"), ("broken", "x")):
        folder = site / f"{name}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
    (site / "torch.py").write_text("raise AssertionError('imported')\n")
    (site / "evil.pth").write_text("import torch\n")
    (root / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    (root / "bin").mkdir()
    (root / "bin" / "python").symlink_to(sys.executable)
    return root


@pytest.mark.parametrize("place", ["", "bin/python", "lib/python3.11/site-packages"])
def test_installed_reads_an_environment_without_importing_it(tmp_path: Path, place: str) -> None:
    found = read_installed(environment(tmp_path / "venv") / place)

    assert ["numpy==2.0.1", "torch==2.2.2+cu121"] == [each.text for each in found.packages]
    assert ["broken-x.dist-info"] == [each.text for each in found.skipped]


def test_installed_agrees_with_pip_on_its_own_environment() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
        capture_output=True,
        check=True,
        text=True,
    )
    names = {canonicalize_name(line.partition("==")[0]) for line in listed.stdout.split()}

    assert names == {each.name for each in read_installed(None).packages}


def test_no_environment(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "gone"):
        with pytest.raises(InputError, match="is no Python environment"):
            read_installed(place)


def test_an_interpreter_that_is_none(tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "python"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)

    with pytest.raises(EnvironmentFailure) as caught:
        read_installed(fake)

    assert "interpreter-silent" == caught.value.reference
