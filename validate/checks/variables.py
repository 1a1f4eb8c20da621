"""The variables that the spec or a rule asks for are set."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.findings import Code, Outcome, Passed

if TYPE_CHECKING:
    from depcheck.validate.context import Context

MISSING = Code(
    "variable-missing",
    "an environment variable that the image needs is not set",
    "set it in the Dockerfile with `ENV`; `Dockerfile.stages` of the lock set does",
)
DIFFERS = Code(
    "variable-differs",
    "an environment variable has another value than the image needs",
    "set it in the Dockerfile with `ENV`; `Dockerfile.stages` of the lock set does",
)


def run(context: Context) -> Iterator[Outcome]:
    """Compare the environment with what the lock asks for."""
    wanted = {
        name: value.replace("{site-packages}", context.environment.site_packages)
        for name, value in context.manifest.env.items()
    }
    for name, value in wanted.items():
        found = os.environ.get(name)
        if found is None:
            yield MISSING.found(name, f"want `{value}`, not set")
        elif found != value:
            yield DIFFERS.found(name, f"want `{value}`, found `{found}`")
    if all(os.environ.get(name) == value for name, value in wanted.items()):
        yield Passed(f"{len(wanted)} variable{'' if len(wanted) == 1 else 's'}", "set")


CHECK = Check(
    name="environment",
    summary="the environment variables that the image needs are set",
    codes=(MISSING, DIFFERS),
    run=run,
    needs_interpreter=False,
)
