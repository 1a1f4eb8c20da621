"""Ask the checked interpreter something, by one of the probes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Sequence

from depcheck.validate.environment import run_source

if TYPE_CHECKING:
    from depcheck.validate.context import Context


def ask(context: Context, program: str, arguments: Sequence[str] = ()) -> dict[str, Any] | str:
    """Return a probe's answer, or in words why there is none, followed by what it said."""
    timeout = context.options.timeout
    ended = run_source(
        context.environment,
        program,
        arguments,
        timeout=timeout,
        variables=context.manifest.import_env,
    )
    try:
        answer = json.loads(ended.answer)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and not ended.timed_out:
        return answer
    told = ended.stderr.strip()
    if ended.timed_out:
        return f"does not answer within {timeout:g} s\n{told}"
    if ended.signal_name:
        return f"its process is killed by {ended.signal_name}\n{told}"
    last = told.rpartition("\n")[2] or f"its process ends with status {ended.status}"
    return f"{last}\n{told}"
