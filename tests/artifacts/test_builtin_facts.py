"""What comes with depcheck loads, and says what is known of some wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depcheck.artifacts.coverage import architectures_text
from depcheck.artifacts.declared import load_declared, read_declared
from depcheck.artifacts.store import builtin_facts
from depcheck.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

CUBLAS_12_1 = "ee53ccca76a6fc08fb9701aa95b6ceb242cdaab118c3bb152af4e579af792728"


def test_measured_facts_are_there() -> None:
    store = builtin_facts()
    assert store is not None
    cublas = store.artifact(CUBLAS_12_1)
    assert cublas is not None

    assert ("nvidia-cublas-cu12", "12.1.3.1", 410594774) == (
        cublas.name,
        cublas.version,
        cublas.size,
    )
    assert {
        "nvidia/cublas/lib/libcublas.so.12": (
            "sm_50 sm_60 sm_61 sm_70 sm_75 sm_80 sm_86 sm_90 compute_90"
        ),
        "nvidia/cublas/lib/libcublasLt.so.12": (
            "sm_50 sm_60 sm_61 sm_70 sm_75 sm_80 sm_86 sm_89 sm_90 compute_90"
        ),
    } == {each.path: architectures_text(each.images) for each in cublas.objects if each.images}


def test_every_artifact_that_is_there_can_be_read() -> None:
    store = builtin_facts()
    assert store is not None
    everything = store.all()

    assert [] == [name for name, artifact in everything.values() if not artifact.members]
    assert {name for name, artifact in everything.values() if artifact.basis != "measured"} == set()


def test_declared_kernels_are_there() -> None:
    declared = load_declared()

    assert "sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90" == architectures_text(
        declared.kernels["torch", "2.2.2+cu121"]
    )
    assert "12.1" == declared.toolkits["torch", "2.2.2+cu121"]
    assert {"torch-pre-cxx11-abi"} == declared.interfaces("torch", "2.2.2+cu121")
    assert {"torch-cxx11-abi"} == declared.interfaces("torch", "2.7.1+cu128")
    assert set() == declared.interfaces("torch", "2.6.0+cu124")
    assert "libc10.so" in declared.libraries("torch", "2.2.2+cu121")


WRONG = """\
[[declared]]
package = "torch"
versions = ["2.0", "2.0"]
cuda = "11.8"
architectures = ["sm_80", "ampere"]
source = "x"
[[provides]]
package = "torch"
versions = "=>2"
libraries = ["libc10.so"]
"""


def test_declarations_that_are_wrong_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "declared.toml"
    path.write_text(WRONG)

    with pytest.raises(InputError) as caught:
        read_declared(path)

    assert [
        f"{path}: 4 problems",
        "  line 3: declared[0].versions: `torch==2.0` is declared twice",
        (
            "  line 5: declared[0].architectures[1]: `ampere` is not an architecture; "
            "write it like `sm_86` or `compute_90`"
        ),
        "  line 7: provides[0]: key `source` is missing; add `source = ...`",
        "  line 9: provides[0].versions: invalid specifier: '=>2'; write it like `>=2.7`",
    ] == caught.value.message.splitlines()
