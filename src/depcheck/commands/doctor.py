"""``depcheck doctor``: whether this machine has what an image needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from depcheck.errors import ExitCode
from depcheck.frozen import frozen
from depcheck.images.loader import find_spec, select_variant
from depcheck.index.default import configured_default_index
from depcheck.lockfiles.knowledge import cuda_facts
from depcheck.machine import look
from depcheck.paths import is_there
from depcheck.terminal import size_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from depcheck.images.model import Variant
    from depcheck.machine import Machine
    from depcheck.terminal import Console

_DISK_FACTOR = 3
"""Free bytes wanted per byte to download, as install.sh wants them."""
_COMMON = "pip"
"""A project that every index for images in general has."""


@frozen
class Check:
    """One thing that was looked at."""

    name: str
    status: str
    """pass, fail or skipped."""
    found: str
    remedy: str | None = None


@frozen
class Needs:
    """What an image needs of the machine; None and empty where it does not say."""

    python: str | None = None
    platform: str | None = None
    capabilities: tuple[str, ...] = ()
    cuda: str | None = None
    """``12.1``; None for an image without CUDA, or for no image."""
    disk_bytes: int | None = None


def run(options: Namespace, console: Console) -> ExitCode:
    """Look at the machine, and say what is missing."""
    variant = select_variant(find_spec(options.image), options.variant) if options.image else None
    folder = Path(options.out) / (find_spec(options.image).name if options.image else "")
    needs = _needs(variant, folder)
    machine = look(python=needs.python, folder=Path.cwd(), indexes=_pages(variant))
    checks = list(judge(machine, needs))
    failed = [check for check in checks if check.status == "fail"]
    if console.as_json:
        console.document({"image": options.image, "checks": [_document(each) for each in checks]})
    else:
        console.table(_rows(checks))
    return ExitCode.NO if failed else ExitCode.OK


def _rows(checks: list[Check]) -> Iterator[tuple[str, str, str]]:
    for check in checks:
        yield check.status, check.name, check.found
        if check.remedy is not None:
            yield "", "", f"remedy: {check.remedy}"


def judge(machine: Machine, needs: Needs) -> Iterator[Check]:
    """Yield every check of a machine against what is needed, in a fixed order."""
    yield _driver(machine, needs)
    yield _gpus(machine, needs)
    yield _glibc(machine, needs)
    yield _python(machine, needs)
    yield _installer(machine)
    yield _disk(machine, needs)
    for name, fault in machine.indexes.items():
        yield _check(
            f"index {name}",
            fault is None,
            fault or "it answers",
            "check network, proxy and certificates; install.sh takes a mirror by "
            f"DEPCHECK_INDEX_URL_{re.sub('[^A-Z0-9]', '_', name.upper())}, and a solve by what "
            "depcheck has recorded needs no index",
        )


def _check(name: str, holds: bool, found: str, remedy: str) -> Check:  # noqa: FBT001 - internal
    if holds:
        return Check(name=name, status="pass", found=found)
    return Check(name=name, status="fail", found=found, remedy=remedy)


def _skipped(name: str, why: str) -> Check:
    return Check(name=name, status="skipped", found=why)


def _driver(machine: Machine, needs: Needs) -> Check:
    if machine.driver is None:
        return _skipped("driver", "no NVIDIA driver here; it is needed where the image runs")
    wanted = cuda_facts().minimum_driver.get((needs.cuda or "").partition(".")[0])
    if wanted is None:
        return Check(name="driver", status="pass", found=machine.driver)
    try:
        holds = Version(machine.driver) >= Version(wanted)
    except InvalidVersion:
        return _skipped("driver", f"`{machine.driver}` is no version that can be compared")
    found = f"{machine.driver}; CUDA {needs.cuda} needs {wanted} or newer"
    return _check("driver", holds, found, f"install driver {wanted} or newer")


def _gpus(machine: Machine, needs: Needs) -> Check:
    if not machine.capabilities:
        return _skipped("GPUs", "none here that the driver names")
    if not needs.capabilities:
        listed = ", ".join(machine.capabilities)
        return _skipped("GPUs", f"{listed}; nothing says which the image is for")
    foreign = [each for each in machine.capabilities if each not in needs.capabilities]
    found = ", ".join(machine.capabilities)
    remedy = f"add {', '.join(foreign)} to `compute-capabilities` in the spec, and solve again"
    return _check("GPUs", not foreign, found, remedy)


def _glibc(machine: Machine, needs: Needs) -> Check:
    match = re.fullmatch(r"manylinux_(\d+)_(\d+)_(\w+)", needs.platform or "")
    if match is None or machine.glibc is None:
        return _skipped("platform", "nothing to compare: no image, or no glibc here")
    wanted = f"{match[1]}.{match[2]}"
    holds = Version(machine.glibc) >= Version(wanted) and machine.machine == match[3]
    found = f"{machine.machine}, glibc {machine.glibc}; the image is for {match[3]}, {wanted}"
    return _check("platform", holds, found, "install inside the base image, not on this machine")


def _python(machine: Machine, needs: Needs) -> Check:
    if needs.python is None:
        return _skipped("python", "no image says which")
    found = machine.python or f"there is no python{needs.python} on PATH"
    remedy = f"install it: `uv python install {needs.python}`, or the base image's package"
    return _check("python", machine.python is not None, found, remedy)


def _installer(machine: Machine) -> Check:
    found = ", ".join(
        each.partition(" from ")[0] for each in (machine.uv, machine.pip) if each is not None
    )
    return _check("installer", bool(found), found or "neither uv nor pip on PATH", "install uv")


def _disk(machine: Machine, needs: Needs) -> Check:
    free = size_text(machine.free_bytes)
    if needs.disk_bytes is None:
        return _skipped("disk", f"{free} free; no lock set says how much is needed")
    found = f"{free} free, {size_text(needs.disk_bytes)} needed to install"
    remedy = "free some space, or set a folder on another disk"
    return _check("disk", machine.free_bytes >= needs.disk_bytes, found, remedy)


def _needs(variant: Variant | None, folder: Path) -> Needs:
    """Return what a variant needs; its lock set says more than its spec, where there is one."""
    if variant is None:
        return Needs()
    target = variant.target
    match = re.fullmatch(r"cu(\d\d)(\d)", variant.name)
    cuda = f"{match[1]}.{match[2]}" if match else None
    disk = None
    if is_there(folder / variant.name / "explain.json"):
        from depcheck.lockfiles.manifest import cuda_version  # noqa: PLC0415 - only where locked
        from depcheck.lockfiles.stored import read_lock_set  # noqa: PLC0415

        stored = read_lock_set(folder / variant.name)
        cuda = cuda_version(each.pin for each in stored.pins.values())
        disk = _DISK_FACTOR * stored.known_bytes
    return Needs(
        python=".".join(target.python.split(".")[:2]),
        platform=target.platform,
        capabilities=target.compute_capabilities,
        cuda=cuda,
        disk_bytes=disk,
    )


def _pages(variant: Variant | None) -> dict[str, str]:
    """Return a small page of each index that is used."""
    pages = {"default": f"{configured_default_index()}{_COMMON}/"}
    for index in variant.indexes if variant is not None else ():
        if index.url.startswith(("http://", "https://")):
            pages[index.name] = f"{index.url}/{index.packages[0]}/"
    return pages


def _document(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "status": check.status,
        "found": check.found,
        "remedy": check.remedy,
    }
