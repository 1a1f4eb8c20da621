"""Each declared module imports, in a process of its own, without a word of warning on stderr."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Iterator

from depcheck.validate.checks.interface import Check
from depcheck.validate.environment import run_source
from depcheck.validate.findings import Code, Outcome, Passed, Skipped
from depcheck.validate.requirements import normalised

if TYPE_CHECKING:
    from depcheck.validate.context import Context
    from depcheck.validate.processes import Ended

MISSING = Code(
    "module-missing",
    "a declared module does not exist",
    "add the distribution that holds it to the image spec, or mend `validate.imports`",
)
FAILED = Code(
    "import-failed",
    "importing a declared module raises an exception",
    "the last line of the traceback says what is wrong; pin what is needed in the image spec",
)
CRASHED = Code(
    "import-crashed",
    "importing a declared module kills the process",
    "an extension module does not fit the others: look for a build for this torch, NumPy and C++ "
    "ABI",
)
HANGS = Code(
    "import-hangs",
    "importing a declared module does not end",
    "it may wait for the network: set its offline variables in `validate.env`; or raise --timeout",
)
EXITED = Code(
    "import-exited",
    "importing a declared module ends the process",
    "look at what it printed; a module that ends its process cannot be imported by a program",
)
COMPLAINS = Code(
    "import-complains",
    "a module imports, but says on stderr that it will not work",
    "pin versions that fit each other in the image spec",
)


def run(context: Context) -> Iterator[Outcome]:
    """Import every declared module, several at a time, and yield in the order of the spec."""
    imports = context.manifest.imports
    if not imports:
        yield Skipped("", "the spec declares no imports")
        return
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(context.options.jobs) as pool:
        yield from pool.map(lambda module: _judged(context, module, folder), imports)


def _judged(context: Context, module: str, folder: str) -> Outcome:
    ended = run_source(
        context.environment,
        "imports",
        [module],
        timeout=context.options.timeout,
        variables=context.manifest.import_env,
        cwd=folder,
    )
    answer = _answer(ended)
    trouble = _violent_end(module, ended, answer, context.options.timeout)
    if trouble is not None:
        return trouble
    if answer is None or "exit" in answer:
        status = ended.status if answer is None else answer["exit"]
        message = f"ends the process with status {status} before it is imported"
        return EXITED.found(module, message, evidence=_told(ended))
    if "error" in answer:
        return _failure(context, module, answer)
    for sign in context.manifest.stderr_signs:
        if sign.text in ended.stderr:
            return COMPLAINS.found(module, sign.meaning, evidence=ended.stderr, remedy=sign.remedy)
    version = answer["version"] or _version(context, module)
    return Passed(module, version or "of unknown version", ended.seconds)


def _violent_end(
    module: str, ended: Ended, answer: dict[str, Any] | None, timeout: float
) -> Outcome | None:
    """Return the finding for a process that did not end by itself, None where it did."""
    when = "is imported, but then the process" if answer else "the process"
    if ended.timed_out:
        return HANGS.found(
            module, f"{when} does not end within {timeout:g} s", evidence=_told(ended)
        )
    if ended.signal_name:
        message = f"{when} is killed by {ended.signal_name}"
        return CRASHED.found(module, message, evidence=_told(ended))
    return None


def _failure(context: Context, module: str, answer: dict[str, Any]) -> Outcome:
    message = f"{answer['error']}: {answer['message']}"
    wanted = [name for name in context.manifest.driver_libraries if name in answer["message"]]
    if wanted and context.without_driver:
        return Skipped(module, f"{context.without_driver} (it wants {wanted[0]})")
    own = answer["missing"] and f"{module}.".startswith(f"{answer['missing']}.")
    code = MISSING if own else FAILED
    return code.found(module, message, evidence=answer["traceback"])


def _answer(ended: Ended) -> dict[str, Any] | None:
    try:
        found = json.loads(ended.answer)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _told(ended: Ended) -> str:
    return ended.stderr.strip() or ended.stdout.strip()


def _version(context: Context, module: str) -> str:
    """Return the version of the distribution that is called like the module."""
    distribution = context.installed.visible.get(normalised(module.partition(".")[0]))
    return distribution.version if distribution else ""


CHECK = Check(
    name="imports",
    summary="each declared module imports, in a process of its own",
    codes=(MISSING, FAILED, CRASHED, HANGS, EXITED, COMPLAINS),
    run=run,
)
