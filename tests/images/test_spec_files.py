"""A spec is loaded whole, or all that is wrong with it is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.errors import InputError
from depcheck.images.loader import find_spec, load_spec
from depcheck.images.model import OptionalFiles, ValidateSpec

if TYPE_CHECKING:
    from pathlib import Path

    from depcheck.images.model import Variant

GOOD = """
name = "demo"
summary = "a small image"
default-variant = "cu121"

[target]
python = "3.11"
platform = "manylinux_2_35_x86_64"
compute-capabilities = ["9.0", "8.9"]
disk-budget = "14 GB"

[variants.cu121]
as-of = 2024-07-15
requirements = [
  "torch==2.2.2",
  "numpy",
]
prerelease = "disallow"
allow-build = ["Flash_Attn"]
env = { HF_HOME = "/cache" }

[[variants.cu121.indexes]]
name = "pytorch-cu121"
url = "https://index.example/whl/cu121/"
packages = ["torch", "TorchVision"]

[[variants.cu121.overrides]]
requirement = "triton==2.2.0"
reason = "torch pins it"

[[variants.cu121.overrides]]
exclude = "Torch_AO"
reason = "not usable here"

[[variants.cu121.metadata]]
name = "flash-attn"
version = "2.5.8"
requires-dist = ["torch", "einops"]
reason = "setup.py imports torch"

[[stages]]
name = "torch"
packages = ["torch"]

[validate]
imports = ["torch.cuda"]
env = { HF_HUB_OFFLINE = "1" }
scripts = ["/opt/app"]
allow-extra = ["Our_Tool"]
gpu-memory = "24 GB"
self-contained = true
optional-files = [{ files = "torio/lib/*", reason = "no FFmpeg here" }]
""".lstrip()


def write(folder: Path, text: str) -> Path:
    path = folder / "demo.toml"
    path.write_text(text)
    return path


def failure(folder: Path, text: str) -> tuple[str, str | None]:
    """Return message, without the folder, and hint of the error that loading raises."""
    with pytest.raises(InputError) as caught:
        load_spec(write(folder, text))
    return caught.value.message.replace(f"{folder}/", ""), caught.value.hint


def loaded(folder: Path, text: str = GOOD) -> Variant:
    return load_spec(write(folder, text)).variants["cu121"]


def test_every_key_arrives(tmp_path: Path) -> None:
    variant = loaded(tmp_path)

    assert [str(found.requirement) for found in variant.requirements] == ["torch==2.2.2", "numpy"]
    assert variant.requirements[1].origin == "demo.toml: variants.cu121.requirements[1]"
    assert variant.prerelease == "disallow"
    assert variant.allow_build == ("flash-attn",)
    assert variant.env == {"HF_HOME": "/cache"}
    assert variant.indexes[0].url == "https://index.example/whl/cu121"
    assert variant.indexes[0].packages == ("torch", "torchvision")
    assert [(str(found.requirement), found.package) for found in variant.overrides] == [
        ("triton==2.2.0", "triton"),
        ("None", "torch-ao"),
    ]
    assert variant.overrides[1].origin == "demo.toml: variants.cu121.overrides[1]"
    assert variant.overrides[1].reason == "not usable here"
    assert [str(found) for found in variant.metadata[0].requires_dist] == ["torch", "einops"]
    assert variant.target.compute_capabilities == ("8.9", "9.0")
    assert variant.target.disk_budget == 14_000_000_000
    assert variant.stages[0].packages == ("torch",)
    assert variant.validate == ValidateSpec(
        imports=("torch.cuda",),
        env={"HF_HUB_OFFLINE": "1"},
        scripts=("/opt/app",),
        allow_extra=("our-tool",),
        optional_files=(OptionalFiles(files="torio/lib/*", reason="no FFmpeg here"),),
        gpu_memory=24_000_000_000,
        self_contained=True,
    )


def test_path_is_taken_as_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)

    assert find_spec(str(path)).name == "demo"
    assert find_spec(str(path)).path == path


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (
            "summary =",
            "sumary =",
            "demo.toml:2: sumary: unknown key",
            "did you mean `summary`?",
        ),
        (
            "python =",
            "pyhton =",
            "demo.toml:6: target.pyhton: unknown key",
            "did you mean `python`?",
        ),
        (
            "as-of =",
            "frobnicate =",
            "demo.toml:12: variants.cu121.frobnicate: unknown key",
            (
                "known here: `allow-build`, `as-of`, `base-packages`, `constraints`, `env`, "
                "`indexes`, `metadata`, "
                "`overrides`, `prerelease`, `requirements`, `stages`, `target`, `validate`"
            ),
        ),
        (
            'name = "demo"\n',
            "",
            "demo.toml: key `name` is missing",
            "add `name = ...`",
        ),
        (
            '"demo"',
            "7",
            "demo.toml:1: name: must be text, not a number",
            "write it in quotes",
        ),
        (
            '"demo"',
            '"My Image"',
            "demo.toml:1: name: `My Image` is not a name",
            "lower-case letters and digits, joined by `_`, `-` or `.`",
        ),
        (
            'summary = "a small image"\n',
            "",
            "demo.toml: key `summary` is missing",
            'add `summary = "..."`',
        ),
        (
            '"cu121"\n',
            '"cu12"\n',
            "demo.toml:3: default-variant: there is no variant `cu12`; known are `cu121`",
            "did you mean `cu121`?",
        ),
        (
            '"3.11"',
            '"py311"',
            "demo.toml:6: target.python: `py311` is not a Python version",
            "write it like `3.11` or `3.11.9`",
        ),
        (
            'python = "3.11"\n',
            "",
            "demo.toml:5: target: `python` and `platform` must be said",
            "add both below `[target]`",
        ),
        (
            "manylinux_2_35_x86_64",
            "linux_x86_64",
            (
                "demo.toml:7: target.platform: "
                "`linux_x86_64` is not a platform tag that depcheck solves for"
            ),
            "write it like `manylinux_2_35_x86_64`: `ldd --version` in the base image says 2.35",
        ),
        (
            '"8.9"',
            '"sm_89"',
            ("demo.toml:8: target.compute-capabilities[1]: `sm_89` is not a compute capability"),
            "write sm_89 as `8.9`: major, dot, minor",
        ),
        (
            "14 GB",
            "14 gigs",
            "demo.toml:9: target.disk-budget: `14 gigs` is not a size",
            "write it like `14 GB` or `12.5 GiB`",
        ),
        (
            "2024-07-15",
            '"2024-07-15"',
            "demo.toml:12: variants.cu121.as-of: must be a date, not text",
            "write it without quotes, like `2024-11-25`",
        ),
        (
            "2024-07-15",
            "2024-07-15T12:00:00",
            ("demo.toml:12: variants.cu121.as-of: `2024-07-15T12:00:00` has no offset from UTC"),
            "end it with `Z` or an offset",
        ),
        (
            '  "numpy",\n',
            '  "numpy=2",\n',
            (
                "demo.toml:15: variants.cu121.requirements[1]: `numpy=2` is not a requirement: "
                "expected semicolon (after name with no version specifier) or end"
            ),
            "write it like `torch==2.2.2` or `name @ git+https://host/repo@COMMIT`",
        ),
        (
            '  "numpy",\n',
            """  "numpy; sys_platform ~= 'linux'",\n""",
            (
                "demo.toml:15: variants.cu121.requirements[1]: the marker of "
                "`numpy; sys_platform ~= 'linux'` cannot be judged"
            ),
            "compare texts by `==`, `!=`, `in` or `not in`, and name variables of PEP 508",
        ),
        (
            '  "numpy",\n',
            '  "Torch>=2",\n',
            (
                "demo.toml:13: variants.cu121.requirements: `Torch>=2` repeats `torch==2.2.2` "
                "(demo.toml: variants.cu121.requirements[0])"
            ),
            "state each package once",
        ),
        (
            '  "numpy",\n',
            '  "axolotl @ git+https://github.com/axolotl-ai-cloud/axolotl@v0.4.1",\n',
            (
                "demo.toml:15: variants.cu121.requirements[1]: "
                "`axolotl @ git+https://github.com/axolotl-ai-cloud/axolotl@v0.4.1` "
                "names no full commit, so it can change"
            ),
            "end the address with `@` and the 40 hex digits of the commit",
        ),
        (
            '  "numpy",\n',
            '  "demo @ https://index.example/demo-1.tar.gz",\n',
            (
                "demo.toml:15: variants.cu121.requirements[1]: "
                "`demo @ https://index.example/demo-1.tar.gz` has no hash, so it can change"
            ),
            "end the address with `#sha256=` and the archive's SHA-256",
        ),
        (
            'requirements = [\n  "torch==2.2.2",\n  "numpy",\n]',
            'requirements = "torch"',
            "demo.toml:13: variants.cu121.requirements: must be a list, not text",
            "write it in brackets",
        ),
        (
            '"disallow"',
            '"allowed"',
            "demo.toml:17: variants.cu121.prerelease: `allowed` is not a pre-release policy",
            "did you mean `allow`?",
        ),
        (
            '"Flash_Attn"',
            '"flash attn"',
            "demo.toml:18: variants.cu121.allow-build[0]: `flash attn` is not a package name",
            "letters, digits, `-`, `_` and `.` only",
        ),
        (
            "HF_HOME =",
            '"HF-HOME" =',
            (
                "demo.toml:19: variants.cu121.env.HF-HOME: "
                "`HF-HOME` is not the name of an environment variable"
            ),
            "letters, digits and `_` only, no digit first",
        ),
        (
            '"https://index.example/whl/cu121/"',
            '"index.example"',
            (
                "demo.toml:23: variants.cu121.indexes[0].url: "
                "`index.example` is not the address of an index"
            ),
            "write it like `https://download.pytorch.org/whl/cu121`",
        ),
        (
            'packages = ["torch", "TorchVision"]',
            "packages = []",
            "demo.toml:21: variants.cu121.indexes[0]: names no packages",
            'add `packages = ["torch"]`',
        ),
        (
            'exclude = "Torch_AO"\n',
            "",
            (
                "demo.toml:30: variants.cu121.overrides[1]: "
                "must have one of the keys `requirement` and `exclude`"
            ),
            "`requirement` replaces what packages ask for, `exclude` drops it",
        ),
        (
            'reason = "torch pins it"\n',
            "",
            "demo.toml:26: variants.cu121.overrides[0]: key `reason` is missing",
            "add `reason = ...`",
        ),
        (
            '"2.5.8"',
            '"two"',
            "demo.toml:36: variants.cu121.metadata[0].version: `two` is not a version",
            "write it like `2.1.0`",
        ),
        (
            'requires-dist = ["torch", "einops"]\n',
            "",
            "demo.toml:34: variants.cu121.metadata[0]: key `requires-dist` is missing",
            "add `requires-dist = []` if it needs nothing",
        ),
        (
            "torch.cuda",
            "torch-cuda",
            "demo.toml:45: validate.imports[0]: `torch-cuda` is not a module",
            "write it as in `import torch.cuda`",
        ),
        (
            "/opt/app",
            "opt/app",
            "demo.toml:47: validate.scripts[0]: `opt/app` is not an absolute path",
            "write it as it is inside the image: `/opt/app`",
        ),
        (
            ', reason = "no FFmpeg here"',
            "",
            "demo.toml:51: validate.optional-files[0]: key `reason` is missing",
            "add `reason = ...`",
        ),
        (
            "[validate]",
            '[[stages]]\nname = "torch"\npackages = ["numpy"]\n\n[validate]',
            "demo.toml:40: stages: variant `cu121` has two stages named `torch`",
            "give each its own name",
        ),
        (
            'name = "demo"',
            'name = "demo"\nextends = "nexa_bse"',
            "demo.toml:2: extends: there is no built-in spec `nexa_bse`",
            "did you mean `nexa_base`?",
        ),
        (
            'name = "demo"',
            'name = "demo"\nabstract = true',
            "demo.toml: a baseline is no image: `abstract = true`",
            "name a spec that extends it",
        ),
    ],
)
def test_wrong_spec_does_not_load(
    tmp_path: Path, old: str, new: str, message: str, hint: str | None
) -> None:
    assert old in GOOD

    found, remedy = failure(tmp_path, GOOD.replace(old, new, 1))

    assert (message, hint) == (found, remedy)


def test_all_problems_are_named_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("disk-budget", "disk-buget").replace('"torch==2.2.2"', "5")
    text = text.replace('"3.11"', "3.11")

    assert failure(tmp_path, text)[0] == (
        "demo.toml: 3 problems\n"
        "  line 6: target.python: must be text, not a number; write it in quotes\n"
        "  line 9: target.disk-buget: unknown key; did you mean `disk-budget`?\n"
        "  line 13: variants.cu121.requirements[0]: must be text, not a number; "
        "write it in quotes"
    )


def test_variant_needs_a_name_and_requirements(tmp_path: Path) -> None:
    assert failure(tmp_path, GOOD + "\n[variants.CU128]\n") == (
        "demo.toml:53: variants.CU128: `CU128` is not a name",
        "lower-case letters and digits, joined by `_`, `-` or `.`",
    )
    assert failure(tmp_path, GOOD + "\n[variants.cu128]\n") == (
        "demo.toml:53: variants.cu128: has no requirements",
        'add `requirements = ["torch==2.2.2"]`',
    )


def test_broken_toml_is_placed(tmp_path: Path) -> None:
    assert failure(tmp_path, 'name = "demo\n') == (
        "demo.toml: not valid TOML: illegal character '\\n' (at line 1, column 13)",
        "mend the syntax; https://toml.io describes it",
    )


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "demo.toml"
    path.write_bytes(b'name = "\xff"\n')

    with pytest.raises(InputError) as caught:
        load_spec(path)

    assert caught.value.message == f"{path}: byte 8 is not UTF-8"


def test_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"

    with pytest.raises(InputError) as caught:
        load_spec(path)

    assert caught.value.reference == "toml-unreadable"
    assert caught.value.message == f"{path}: cannot be read: no such file or directory"


@pytest.mark.parametrize(
    "requirement",
    [
        "axolotl @ git+https://github.com/axolotl-ai-cloud/axolotl@" + "0f" * 20,
        "axolotl @ git+ssh://git@host.example/axolotl@" + "0f" * 20 + "#subdirectory=sub",
        "demo @ https://index.example/demo-1.tar.gz#sha256=" + "0f" * 32,
    ],
)
def test_fixed_direct_reference_is_accepted(tmp_path: Path, requirement: str) -> None:
    variant = loaded(tmp_path, GOOD.replace('"numpy"', f'"{requirement}"'))

    assert str(variant.requirements[1].requirement) == requirement


def test_same_package_may_be_required_for_different_markers(tmp_path: Path) -> None:
    text = GOOD.replace(
        '"numpy"',
        "\"numpy<2 ; python_version < '3.12'\", \"numpy ; python_version >= '3.12'\"",
    )

    assert len(loaded(tmp_path, text).requirements) == 3


def test_package_comes_from_one_index(tmp_path: Path) -> None:
    second = (
        '\n[[variants.cu121.indexes]]\nname = "other"\nurl = "https://other.example/simple"\n'
        'packages = ["torch"]\n'
    )

    assert failure(tmp_path, GOOD + second) == (
        "demo.toml:21: variants.cu121.indexes: `torch` is pinned to `pytorch-cu121` and `other`",
        "choose one",
    )
