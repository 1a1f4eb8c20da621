"""State the problem of an image variant, with what is known of kernels for its GPUs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import depcheck.artifacts
from depcheck.cache import remembered
from depcheck.resolver.problem import build_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depcheck.conflicts.model import Rule, SwitchedOff
    from depcheck.images.model import ImageSpec, Variant
    from depcheck.resolver.problem import Problem


def stated_problem(
    spec: ImageSpec,
    variant: Variant,
    rules: Iterable[Rule],
    switched_off: Iterable[SwitchedOff] = (),
) -> Problem:
    """Return the problem of a variant: versions that cannot run on its GPUs are out."""
    unserved = _unserved(variant.target.compute_capabilities)
    return build_problem(spec, variant, rules, switched_off, unserved=unserved)


@cache  # most images declare the same GPUs
def _unserved(capabilities: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    if not capabilities:
        return {}
    room = Path(depcheck.artifacts.__path__[0])
    sources = (*room.glob("*.py"), *room.glob("data/*"))
    what = f"unserved {' '.join(capabilities)}"
    found: dict[str, dict[str, str]] = remembered(what, sources, lambda: _judged(capabilities))
    return found


def _judged(capabilities: tuple[str, ...]) -> dict[str, dict[str, str]]:
    from depcheck.artifacts.cuda import load_cuda_facts  # noqa: PLC0415 - all of it is remembered
    from depcheck.artifacts.declared import load_declared  # noqa: PLC0415
    from depcheck.artifacts.serving import unserved_versions  # noqa: PLC0415
    from depcheck.artifacts.store import builtin_facts  # noqa: PLC0415

    store = builtin_facts()
    measured = store.with_kernels() if store else ()
    return unserved_versions(capabilities, measured, load_declared(), load_cuda_facts())
