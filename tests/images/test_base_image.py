"""What a spec says of packages that its base image has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.errors import InputError
from depcheck.images.loader import load_spec

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
name = "demo"
summary = "a demo"
default-variant = "cu121"
requirements = ["a"]

[target]
python = "3.11"
platform = "manylinux_2_35_x86_64"

[[base-packages]]
name = "NumPy"
version = "1.26.4"
path = "/usr/lib/python3/dist-packages/"

[[base-packages]]
name = "torch"
version = "2.3.0a0+ebedce4"
path = "/usr/lib/python3/dist-packages"
requires-dist = ["numpy"]

[variants.cu121]

[variants.cu128]

[[variants.cu128.base-packages]]
name = "numpy"
version = "2.1"
path = "/opt/lib"
upgrade = true
"""


def write(folder: Path, content: str) -> Path:
    path = folder / "demo.toml"
    path.write_text(content)
    return path


def test_a_variant_restates_what_it_has_of_the_base_image(tmp_path: Path) -> None:
    spec = load_spec(write(tmp_path, SPEC))
    stated = {
        variant.name: [
            (
                each.name,
                each.version,
                each.path,
                each.upgrade,
                None if each.requires_dist is None else list(map(str, each.requires_dist)),
            )
            for each in variant.base_packages
        ]
        for variant in spec.variants.values()
    }
    torch = ("torch", "2.3.0a0+ebedce4", "/usr/lib/python3/dist-packages", False, ["numpy"])

    assert {
        "cu121": [("numpy", "1.26.4", "/usr/lib/python3/dist-packages", False, None), torch],
        "cu128": [("numpy", "2.1", "/opt/lib", True, None), torch],
    } == stated


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ('version = "1"\npath = "/x"', "demo.toml:18: base-packages[2]: key `name` is missing"),
        (
            'name = "x"\nversion = "1"',
            "demo.toml:18: base-packages[2]: key `path` is missing",
        ),
        (
            'name = "x"\nversion = "1"\npath = "lib"',
            "demo.toml:21: base-packages[2].path: `lib` is not a path inside the image",
        ),
        (
            'name = "x"\nversion = "1"\npath = "/x"\nupdate = true',
            "demo.toml:22: base-packages[2].update: unknown key",
        ),
    ],
)
def test_wrong_statements_are_named(tmp_path: Path, stated: str, message: str) -> None:
    wrong = SPEC.replace("[variants.cu121]", f"[[base-packages]]\n{stated}\n\n[variants.cu121]")
    with pytest.raises(InputError) as caught:
        load_spec(write(tmp_path, wrong))

    assert message.partition(": ")[2] == caught.value.message.partition(": ")[2]
