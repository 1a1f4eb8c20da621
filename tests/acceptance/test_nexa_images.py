"""The three Nexa images, solved offline from the recording that ships with depcheck."""

from __future__ import annotations

import pytest
from packaging.pylock import Pylock
from support.images import NEXA, NEXA_HEAVY_GIT, lock_set, pins, pylock, solved

from depcheck.index.default import canonical_default_index

TORCH_FAMILY = {
    "nexa_light": {
        "torch": "2.2.2+cu121",
        "torchaudio": "2.2.2+cu121",
        "torchvision": "0.17.2+cu121",
    },
    "nexa_heavy": {
        "torch": "2.2.2+cu121",
        "torchaudio": "2.2.2+cu121",
        "torchvision": "0.17.2+cu121",
    },
    "nexa_infer": {"torch": "2.2.1+cu121"},
}
PYTORCH = "https://download.pytorch.org/whl/cu121"


@pytest.mark.parametrize("image", NEXA)
def test_the_torch_family_and_nothing_else_comes_from_the_pytorch_index(image: str) -> None:
    from_pytorch = {
        package["name"]: package["version"]
        for package in pylock(image)["packages"]
        if package["index"] == PYTORCH
    }
    others = {
        package["index"]
        for package in pylock(image)["packages"]
        if package["name"] not in TORCH_FAMILY[image]
    }

    assert TORCH_FAMILY[image] == from_pytorch
    assert {canonical_default_index()} == others


@pytest.mark.parametrize("image", NEXA)
def test_each_file_lies_where_its_index_keeps_files(image: str) -> None:
    places = {
        (package["name"] in TORCH_FAMILY[image], file["url"].startswith(f"{PYTORCH}/"))
        for package in pylock(image)["packages"]
        for file in package.get("wheels", [package.get("sdist")])
    }

    assert {(True, True), (False, False)} == places


@pytest.mark.parametrize("image", NEXA)
def test_numpy_is_below_2_because_of_a_rule_that_the_lock_names(image: str) -> None:
    torch = f"torch=={TORCH_FAMILY[image]['torch']}"
    rules = {rule["id"]: rule["subjects"] for rule in pylock(image)["tool"]["depcheck"]["rules"]}
    numpy = next(pin for pin in solved(image).pins if pin.name == "numpy")
    narrowed = [
        (via.source, via.requirement) for via in numpy.via if via.rule == "numpy2-torch-lt-2.3"
    ]

    assert numpy.version == "1.26.4"
    assert [("torch", "numpy<2")] == narrowed
    assert rules["numpy2-torch-lt-2.3"] == ["numpy==1.26.4", torch]


def test_nexa_infer_runs_vllm_on_the_torch_that_it_was_built_for() -> None:
    found = pins("nexa_infer")

    assert (found["torch"], found["vllm"], found["xformers"]) == ("2.2.1+cu121", "0.4.1", "0.0.25")
    assert "vllm-nccl-cu12" not in found


def test_nexa_infer_records_the_waiver_and_the_environment_of_vllm() -> None:
    table = pylock("nexa_infer")["tool"]["depcheck"]
    waived = [
        (each["package"], each["version"], each["requirement"], each.get("replacement"))
        for each in table["waivers"]
    ]

    assert [("vllm", "0.4.1", "vllm-nccl-cu12<2.19,>=2.18", None)] == waived
    assert [("vllm-nccl-drop", True)] == [
        (each["rule"], bool(each["reason"])) for each in table["waivers"]
    ]
    assert table["env"] == {
        "HF_HOME": "/home/runner/.cache/huggingface",
        "NCCL_CUMEM_ENABLE": "0",
        "VLLM_NCCL_SO_PATH": "{site-packages}/nvidia/nccl/lib/libnccl.so.2",
    }


def test_nexa_heavy_waives_what_axolotl_states_for_another_torch() -> None:
    waived = {
        (each["requirement"], each.get("replacement"))
        for each in pylock("nexa_heavy")["tool"]["depcheck"]["waivers"]
    }

    assert {
        ("liger-kernel==0.4.1", None),
        ("torch==2.5.1", "torch<2.3,>=2.2.2"),
        ("torchao==0.5.0", None),
        ("triton>=2.3.0", "triton==2.2.0"),
        ("xformers==0.0.28.post3", "xformers<0.0.26,>=0.0.25.post1"),
    } == waived


@pytest.mark.parametrize("image", [*NEXA, NEXA_HEAVY_GIT])
def test_packaging_reads_the_lock(image: str) -> None:
    lock = Pylock.from_dict(pylock(image))

    assert {pin.name for pin in solved(image).pins} == {package.name for package in lock.packages}


@pytest.mark.parametrize("image", NEXA)
def test_every_file_has_a_hash(image: str) -> None:
    unhashed = [pin.name for pin in solved(image).pins if not (pin.file and pin.file.sha256)]

    assert [] == unhashed


def test_a_git_reference_has_a_stage_of_its_own_without_hashes() -> None:
    commit = "47e19164847c3f3a3f0333339317f70126edc67f"
    files = lock_set(NEXA_HEAVY_GIT)
    stages = pylock(NEXA_HEAVY_GIT)["tool"]["depcheck"]["stages"]
    unhashed = [stage for stage in stages if not stage["hashed"]]
    line = f"axolotl @ git+https://github.com/axolotl-ai-cloud/axolotl@{commit}"

    assert [stage["pins"] for stage in unhashed] == [1]
    assert files[unhashed[0]["file"]].decode() == (
        f"# axolotl==0.4.1, pinned by commit {commit}\n{line}\n"
    )
    assert [text for text in files["requirements.txt"].decode().splitlines() if commit in text] == [
        f"# axolotl==0.4.1, pinned by commit {commit}, in a stage file of its own:",
        f"#     {line}",
    ]


def test_a_git_reference_is_named_in_the_lock_by_its_commit() -> None:
    package = next(each for each in pylock(NEXA_HEAVY_GIT)["packages"] if each["name"] == "axolotl")

    assert package["vcs"] == {
        "type": "git",
        "url": "https://github.com/axolotl-ai-cloud/axolotl",
        "commit-id": "47e19164847c3f3a3f0333339317f70126edc67f",
    }
    assert pins(NEXA_HEAVY_GIT)["torch"] == "2.2.2+cu121"
