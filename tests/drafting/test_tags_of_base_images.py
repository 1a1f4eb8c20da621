"""What the tags of base images say."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from depcheck.drafting.base_images import knowledge
from depcheck.images.loader import builtin_names, load_builtin

TAGS = {
    "nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04": ("2.35", None, "3.10", "12.1", None),
    "nvidia/cuda:12.8.1-cudnn-runtime-ubuntu22.04": ("2.35", None, "3.10", "12.8", None),
    "nvidia/cuda:11.8.0-base-ubuntu20.04": ("2.31", None, "3.8", "11.8", None),
    "nvcr.io/nvidia/cuda:12.6.3-devel-ubi9": ("2.34", None, "3.9", "12.6", None),
    "nvidia/cuda:12.1.1-runtime-ubuntu22.04@sha256:00ff": ("2.35", None, "3.10", "12.1", None),
    "pytorch/pytorch:2.7.0-cuda12.8-cudnn9-runtime": ("2.35", "3.11", "3.10", "12.8", "2.7.0"),
    "pytorch/pytorch:2.1.2-cuda12.1-cudnn8-devel": ("2.31", "3.10", "3.8", "12.1", "2.1.2"),
    "runpod/pytorch:2.1.0-py3.10-cuda11.8.0-devel-ubuntu22.04": (
        *("2.35", "3.10", "3.10", "11.8", "2.1.0"),
    ),
    "python:3.11-slim": ("2.36", "3.11", "3.11", None, None),
    "python:3.12.4": ("2.36", "3.12", "3.11", None, None),
    "docker.io/library/python:3.10-slim-bullseye": ("2.31", "3.10", "3.9", None, None),
    "ghcr.io/astral-sh/uv:python3.12-bookworm-slim": ("2.36", "3.12", "3.11", None, None),
    "ubuntu:24.04": ("2.39", None, "3.12", None, None),
    "debian:12-slim": ("2.36", None, "3.11", None, None),
}


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_is_read(tag: str) -> None:
    found = knowledge().image(tag)

    assert found is not None
    assert TAGS[tag] == (found.glibc, found.python, found.os_python, found.cuda, found.torch)


@pytest.mark.parametrize(
    "tag",
    ["my/own:1.0", "nvidia/cuda:12.1.1", "xnvidia/cuda:12.1.1-base-ubuntu22.04", "python:2.7"],
)
def test_an_unknown_tag_is_not_guessed_at(tag: str) -> None:
    assert knowledge().image(tag) is None


def test_each_pattern_reads_its_own_example() -> None:
    read = [(table.optional("example", str, ""), pattern) for pattern, table in knowledge().images]

    assert [example for example, _ in read] == [
        example for example, pattern in read if pattern.fullmatch(example)
    ]


@pytest.mark.parametrize("name", builtin_names())
def test_the_base_images_of_the_built_in_images_are_known(name: str) -> None:
    told = {
        variant.target.base_image: f"manylinux_{found.glibc.replace('.', '_')}_x86_64"
        for variant in load_builtin(name).variants.values()
        if variant.target.base_image
        and (found := knowledge().image(variant.target.base_image))
        and found.glibc
    }

    assert {
        variant.target.base_image: variant.target.platform
        for variant in load_builtin(name).variants.values()
        if variant.target.base_image
    } == told


@pytest.mark.parametrize(
    ("cuda", "torch", "build"),
    [
        ("12.1", "==2.2.2", "cu121"),
        ("12.4", "==2.2.2", "cu121"),
        ("12.2", "", "cu121"),
        ("12.8", "", "cu128"),
        ("12.8", "<2.7", "cu126"),
        ("11.8", "==2.5.1", "cu118"),
        ("11.8", "==2.9.0", None),
        ("10.2", "", None),
    ],
)
def test_the_newest_build_that_runs_on_the_base_image(
    cuda: str, torch: str, build: str | None
) -> None:
    found = knowledge().build_for(cuda, SpecifierSet(torch))

    assert build == (found.name if found else None)
